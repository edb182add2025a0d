"""Layers, as the field names them; a `Layer` is any of them, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import Field

from costmodel.specs.base import Extent
from costmodel.specs.kinds.elementwise_layers import Binary, Clamp, Convert, Unary
from costmodel.specs.kinds.layer_fields import (
    ARITHMETIC_TYPE,
    ELEMENT_BYTES,
    DataType,
    ExtentPair,
    KernelPair,
    LayerBase,
    Sides,
)
from costmodel.specs.kinds.moving_layers import Concat, Gather, PadNd, Rearrange, Reshape, Resize, Slice, Transpose
from costmodel.specs.kinds.sequence_layers import (
    Assign,
    Einsum,
    Embedding,
    ExtraInput,
    Gru,
    KeptState,
    Lstm,
    Reduce,
    Rnn,
    StoredTensor,
    Svdf,
)
from costmodel.specs.kinds.signals.layers import CumulativeSum, Detection, FilterBank, RealFft

__all__ = ["ARITHMETIC_TYPE", "ELEMENT_BYTES", "LAYERS", "DataType", "ExtentPair", "KernelPair", "Layer", "LayerBase", "Sides"]


class Conv2d(LayerBase):
    """Two-dimensional convolution; depthwise where groups equals the input channels."""

    kind: Literal["conv2d"] = "conv2d"
    out_channels: Extent
    """Output channels, all groups together."""
    kernel: KernelPair
    """Kernel as (rows, columns), or one number for both."""
    stride: ExtentPair = (1, 1)
    """Stride as (rows, columns), or one number for both."""
    padding: Sides = (0, 0, 0, 0)
    """Zeros around the input: (top, bottom, left, right), (rows, columns) or one number."""
    dilation: KernelPair = (1, 1)
    """Distance between taps as (rows, columns), or one number for both."""
    groups: Extent = 1
    """Independent groups of channels."""
    bias: bool = True
    """Whether each output channel has a bias."""
    weight_type: DataType | None = None
    """Element type of its weights; left out, the network's weight type."""


class TransposedConv2d(LayerBase):
    """Transposed convolution: each input adds a kernel's worth of products to the outputs it reaches."""

    kind: Literal["transposed_conv2d"] = "transposed_conv2d"
    out_channels: Extent
    """Output channels, all groups together."""
    kernel: KernelPair
    """Kernel as (rows, columns), or one number for both."""
    stride: ExtentPair = (1, 1)
    """Outputs from one input to the next as (rows, columns), or one number for both."""
    padding: Sides = (0, 0, 0, 0)
    """Outputs cut off around: (top, bottom, left, right), (rows, columns) or one number."""
    extra: Sides = (0, 0, 0, 0)
    """Outputs beyond the last kernel: bottom and right count, less than the stride; (0, bottom, 0, right)."""
    dilation: KernelPair = (1, 1)
    """Distance between taps as (rows, columns), or one number for both."""
    groups: Extent = 1
    """Independent groups of channels."""
    bias: bool = True
    """Whether each output channel has a bias."""
    weight_type: DataType | None = None
    """Element type of its weights; left out, the network's weight type."""


class Linear(LayerBase):
    """Fully connected layer over a flat input."""

    kind: Literal["linear"] = "linear"
    out_features: Extent
    """Outputs."""
    bias: bool = True
    """Whether each output has a bias."""
    weight_type: DataType | None = None
    """Element type of its weights; left out, the network's weight type."""


class WindowPool(LayerBase):
    """What the sliding poolings share."""

    kernel: KernelPair
    """Window as (rows, columns), or one number for both."""
    stride: ExtentPair | None = None
    """Stride; left out, the kernel, so that windows do not overlap."""
    padding: Sides = (0, 0, 0, 0)
    """Padding, never counted as input."""
    dilation: KernelPair = (1, 1)
    """Distance between taps."""

    left_to: ClassVar[dict[str, str]] = {"stride": "kernel"}


class MaxPool2d(WindowPool):
    """Largest element of each window."""

    kind: Literal["max_pool2d"] = "max_pool2d"


class AvgPool2d(WindowPool):
    """Mean of each window."""

    kind: Literal["avg_pool2d"] = "avg_pool2d"


class AdaptiveAvgPool2d(LayerBase):
    """Mean over windows that divide the input into a given number of parts."""

    kind: Literal["adaptive_avg_pool2d"] = "adaptive_avg_pool2d"
    output_size: ExtentPair
    """Output as (rows, columns), or one number for both."""


class ReLU(LayerBase):
    """Rectifier; fused into a convolution, linear, add or batch norm before it."""

    kind: Literal["relu"] = "relu"


class BatchNorm2d(LayerBase):
    """Batch normalisation; folded into a convolution before it."""

    kind: Literal["batch_norm2d"] = "batch_norm2d"


class Flatten(LayerBase):
    """All elements in one row; a view."""

    kind: Literal["flatten"] = "flatten"


class Add(LayerBase):
    """Sum of two tensors of one shape (a residual connection)."""

    kind: Literal["add"] = "add"


class Softmax(LayerBase):
    """Probabilities from scores, over the channels."""

    kind: Literal["softmax"] = "softmax"


class LogSoftmax(LayerBase):
    """Logarithms of probabilities from scores, over the channels."""

    kind: Literal["log_softmax"] = "log_softmax"


Layer: TypeAlias = Annotated[
    Conv2d
    | Linear
    | MaxPool2d
    | AvgPool2d
    | AdaptiveAvgPool2d
    | ReLU
    | BatchNorm2d
    | Flatten
    | Add
    | Softmax
    | LogSoftmax
    | TransposedConv2d
    | Clamp
    | Unary
    | Binary
    | Convert
    | Concat
    | Slice
    | PadNd
    | Transpose
    | Reshape
    | Gather
    | Resize
    | Rearrange
    | Reduce
    | Einsum
    | Embedding
    | Lstm
    | Gru
    | Rnn
    | Svdf
    | ExtraInput
    | KeptState
    | StoredTensor
    | Assign
    | CumulativeSum
    | RealFft
    | FilterBank
    | Detection,
    Field(discriminator="kind"),
]
"""Any layer, told apart by `kind`."""

LAYERS: Final[dict[str, type[LayerBase]]] = {str(member.model_fields["kind"].default): member for member in get_args(get_args(Layer)[0])}
"""Every kind of layer by its name."""
