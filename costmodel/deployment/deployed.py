"""A deployed network: what a model file says, as values. Layers in running order, tensors with their place in the arena."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from costmodel.compression.quantise import Rescale
from costmodel.deployment.kernels.tiles import Tile
from costmodel.specs.layers import ELEMENT_BYTES, DataType
from costmodel.specs.quantisation import Quantisation

Int8Array: TypeAlias = NDArray[np.int8]
"""Quantised weights."""
ParameterArray: TypeAlias = NDArray[np.int32] | NDArray[np.int8]
"""Biases: int32 in the int8 variant, int8 in the float32 variant."""


class Variant(StrEnum):
    """How a network's numbers are carried."""

    INT8 = "int8"
    """int8 activations and weights, int32 biases and accumulators."""
    FLOAT32 = "float32"
    """The deck's: int8 weights and biases dequantised by their scale, float32 activations and accumulators; the network's input may be
    int8, dequantised by its scale too."""

    @property
    def activation_type(self) -> DataType:
        """Type of every tensor but the network's input."""
        return DataType.FLOAT32 if self is Variant.FLOAT32 else DataType.INT8

    @property
    def bias_bytes(self) -> int:
        """Bytes of one bias."""
        return 1 if self is Variant.FLOAT32 else 4


class Kernel(IntEnum):
    """What the firmware runs for a layer; the numbers are the model file's."""

    VIEW = 0
    """Nothing: flatten, a fused relu, a folded batch normalisation."""
    CONV2D = 1
    LINEAR = 2
    MAX_POOL = 3
    AVERAGE_POOL = 4
    ADAPTIVE_AVERAGE_POOL = 5
    RELU = 6
    BATCH_NORM = 7
    ADD = 8
    SOFTMAX = 9
    CONVERT = 10
    UNARY = 11


@dataclass(frozen=True)
class DeployedTensor:
    """A tensor and where it lies in the arena; a flat tensor is all channels."""

    channels: int
    height: int
    width: int
    arena_offset: int
    type: DataType
    quantisation: Quantisation | None = None
    """One scale and zero point, of an int8 tensor."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, rows, columns)."""
        return (self.channels, self.height, self.width)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return self.channels * self.height * self.width

    @property
    def size_bytes(self) -> int:
        """Bytes it takes."""
        return self.elements * ELEMENT_BYTES[self.type]


@dataclass(frozen=True)
class KernelWindow:
    """How a sliding window moves along one axis."""

    kernel: int = 1
    stride: int = 1
    pad_before: int = 0
    pad_after: int = 0
    dilation: int = 1


POINT: Final = KernelWindow()
"""A window of one tap."""


@dataclass(frozen=True, eq=False)
class DeployedLayer:
    """One layer, with the parameters its kernel reads."""

    name: str
    kernel: Kernel
    inputs: tuple[int, ...]
    """Tensors read, one or two."""
    output: int
    """Tensor written."""
    groups: int = 1
    height: KernelWindow = POINT
    width: KernelWindow = POINT
    relu: bool = False
    """Whether results below zero become zero."""
    highest: float | None = None
    """Largest result: a step in the int8 variant, a real number in the float32 variant; None where the type alone bounds it."""
    weights: Int8Array | None = None
    """(out, in, rows, columns), (out, in) or (channels,); the 256 results of a function, by the step as an unsigned byte."""
    bias: ParameterArray | None = None
    tile: Tile | None = None
    """How a generated kernel blocks its loops, in whose order its weights lie in the file; None for OIHW and a packaged kernel."""
    weight_quantisation: Quantisation | None = None
    """Of the tensor, or per output channel."""
    bias_quantisation: Quantisation | None = None
    """Of int8 biases (float32 variant); an int32 bias counts in steps of input scale times weight scale."""
    function: Callable[[NDArray[Any]], NDArray[Any]] | None = None
    """Float32 variant: what a layer that the firmware looks up computes of real numbers; for the reference alone."""
    rescales: tuple[Rescale, ...] = ()
    """int8 variant. Of a sum of products: one for the tensor or one per output channel. Of an addition: first input, second input, sum.
    Of a conversion, and of a mean in another scale: one. Of a softmax: a difference of inputs to an exponent with 5 integer bits."""


@dataclass(frozen=True, eq=False)
class DeployedNetwork:
    """Everything a model file holds."""

    name: str
    variant: Variant
    tensors: tuple[DeployedTensor, ...]
    layers: tuple[DeployedLayer, ...]
    input_tensor: int
    output_tensor: int
    activation_bytes: int
    """Largest end of a tensor in the arena."""
    example_input: NDArray[np.int8] | NDArray[np.float32] | None = field(default=None)
    """An input the firmware runs when it is given none, in the input tensor's shape."""

    @property
    def parameter_bytes(self) -> int:
        """Bytes of all weights and biases."""
        arrays = [array for layer in self.layers for array in (layer.weights, layer.bias) if array is not None]
        return sum(array.nbytes for array in arrays)
