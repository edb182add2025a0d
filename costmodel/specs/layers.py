"""Layers, as the field names them; a `Layer` is any of them, told apart by `kind`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from costmodel.specs.base import Extent, KernelExtent, Name, PaddingExtent, Spec


class DataType(StrEnum):
    """Type of one tensor's elements."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    FLOAT32 = "float32"


ELEMENT_BYTES: Final[dict[DataType, int]] = {
    DataType.INT8: 1,
    DataType.UINT8: 1,
    DataType.INT16: 2,
    DataType.INT32: 4,
    DataType.FLOAT32: 4,
}
"""Bytes of one element."""
ARITHMETIC_TYPE: Final[dict[DataType, DataType]] = {kind: DataType.INT8 if kind is DataType.UINT8 else kind for kind in DataType}
"""Type whose multiply-accumulate a type's is: a sign changes nothing of its width."""


def _both_axes(found: Any) -> Any:
    """Let one number stand for both axes."""
    return (found, found) if isinstance(found, int) and not isinstance(found, bool) else found


def _all_sides(found: Any) -> Any:
    """Let one number stand for four sides, and two for (rows, columns)."""
    if isinstance(found, int) and not isinstance(found, bool):
        return (found,) * 4
    if isinstance(found, dict):
        unknown = sorted(map(str, set(found) - {"top", "bottom", "left", "right"}))
        if unknown:
            raise PydanticCustomError("padding", f"padding has top, bottom, left and right, not {unknown[0]!r}")
        return tuple(found.get(side, 0) for side in ("top", "bottom", "left", "right"))
    if isinstance(found, list | tuple) and len(found) == 2:
        rows, columns = found
        return (rows, rows, columns, columns)
    return found


_SHORT_PAIR = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}]}
_SHORT_SIDES = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 4},
        {
            "type": "object",
            "properties": {side: {"type": "integer", "minimum": 0} for side in ("top", "bottom", "left", "right")},
            "additionalProperties": False,
        },
    ]
}

KernelPair = Annotated[tuple[KernelExtent, KernelExtent], BeforeValidator(_both_axes), WithJsonSchema(_SHORT_PAIR)]
ExtentPair = Annotated[tuple[Extent, Extent], BeforeValidator(_both_axes), WithJsonSchema(_SHORT_PAIR)]
Sides = Annotated[
    tuple[PaddingExtent, PaddingExtent, PaddingExtent, PaddingExtent],
    BeforeValidator(_all_sides),
    WithJsonSchema(_SHORT_SIDES),
]
"""Padding as (top, bottom, left, right); one number stands for all four, two for (rows, columns)."""


class LayerBase(Spec):
    """What every layer has."""

    name: Name
    """Unique in its network."""
    inputs: tuple[Name, ...] = ()
    """Layers it reads (`input` is the network's input); left out, the layer before it."""
    output_type: DataType | None = None
    """Element type of its output; left out, the network's activation type."""


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
    """Probabilities from scores."""

    kind: Literal["softmax"] = "softmax"


Layer: TypeAlias = Annotated[
    Conv2d | Linear | MaxPool2d | AvgPool2d | AdaptiveAvgPool2d | ReLU | BatchNorm2d | Flatten | Add | Softmax,
    Field(discriminator="kind"),
]
"""Any layer, told apart by `kind`."""

LAYERS: Final[dict[str, type[LayerBase]]] = {
    str(member.model_fields["kind"].default): member
    for member in (Conv2d, Linear, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, ReLU, BatchNorm2d, Flatten, Add, Softmax)
}
"""Every kind of layer by its name."""
