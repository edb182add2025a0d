"""A deployed network: what a model file says, as values. Layers in running order, tensors with their place in the arena."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Int8Array: TypeAlias = NDArray[np.int8]
"""Quantised weights."""
ParameterArray: TypeAlias = NDArray[np.int32] | NDArray[np.int8]
"""Biases: int32 in the int8 variant, int8 in the float32 variant."""


class Variant(StrEnum):
    """How a network's numbers are carried."""

    INT8 = "int8"
    """int8 activations and weights, int32 biases and accumulators."""
    FLOAT32 = "float32"
    """The deck's: int8 weights and biases dequantised by their scale, float32 activations and accumulators."""

    @property
    def activation_bytes(self) -> int:
        """Bytes of one activation."""
        return 4 if self is Variant.FLOAT32 else 1

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


@dataclass(frozen=True)
class DeployedTensor:
    """A tensor and where it lies in the arena; a flat tensor is all channels."""

    channels: int
    height: int
    width: int
    arena_offset: int
    scale: float = 1.0
    """Real value of one step (int8 variant)."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, rows, columns)."""
        return (self.channels, self.height, self.width)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return self.channels * self.height * self.width


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
    weights: Int8Array | None = None
    """(out, in, rows, columns), (out, in) or (channels,)."""
    bias: ParameterArray | None = None
    weight_scale: float = 1.0
    bias_scale: float = 1.0
    multiplier: int = 0
    """Requantisation: value * multiplier / 2**shift, rounded to nearest, halves upwards."""
    second_multiplier: int = 0
    """Of an addition's second operand."""
    shift: int = 1


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
    """Arena bytes of the tensors, a multiple of 8."""
    example_input: NDArray[np.int8] | NDArray[np.float32] | None = field(default=None)
    """An input the firmware runs when it is given none, in the input tensor's shape."""

    @property
    def parameter_bytes(self) -> int:
        """Bytes of all weights and biases."""
        arrays = [array for layer in self.layers for array in (layer.weights, layer.bias) if array is not None]
        return sum(array.nbytes for array in arrays)
