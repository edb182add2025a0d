"""A layer about to run: its tensors behind ports that count, and what comes of it."""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from costmodel.dataflows.executed.counted_memory import Memory, Operand
from costmodel.dataflows.executed.kinds.convolution import Progress
from costmodel.dataflows.executed.ports import ElementPort, Port
from costmodel.errors import MissingError, ShapeError
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Taps
from costmodel.specs.network import TensorBytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensor: TypeAlias = NDArray[Any]


class LayerTensors(NamedTuple):
    """The tensors a layer reads: NumPy arrays, activations CHW, weights OIHW."""

    inputs: tuple[Tensor, ...]
    """One array; two for an addition."""
    weight: Tensor | None = None
    """Convolution: (out, in per group, rows, columns); linear: (out, in); batch norm: (2, channels), scale and shift."""
    bias: Tensor | None = None
    """(out,); None where the layer has none."""


ONE_BYTE: Final = TensorBytes(1, 1, 1, 1)
"""Every element one byte."""


class Execution(NamedTuple):
    """What came of running a layer."""

    output: Tensor
    counts: AccessCounts


class LayerRun(NamedTuple):
    """A layer about to run: what it reads, how it counts, and where its accesses go."""

    tensors: LayerTensors
    taps: Taps
    count_bias: bool
    sizes: TensorBytes
    memory: Memory
    progress: Progress

    def input(self, position: int, shape: tuple[int, ...]) -> Port:
        """Return the port of one input."""
        if len(self.tensors.inputs) <= position:
            raise MissingError(f"tensors: input {position + 1} is missing")
        return self._tensor(Operand.INPUT, self.tensors.inputs[position], shape, self.sizes.input_bytes)

    def weight(self, shape: tuple[int, ...]) -> Port:
        """Return the port of the weights."""
        if self.tensors.weight is None:
            raise MissingError("tensors: this layer needs a weight")
        return self._tensor(Operand.WEIGHT, self.tensors.weight, shape, self.sizes.weight_bytes)

    def bias(self, length: int, has_bias: bool) -> Port:
        """Return the port of the biases; zeros that nobody counts where there are none."""
        if not has_bias:
            return ElementPort([0] * length)
        if self.tensors.bias is None:
            raise MissingError("tensors: this layer needs a bias")
        if not self.count_bias:
            return ElementPort(_elements(self.tensors.bias, (length,), Operand.BIAS))
        return self._tensor(Operand.BIAS, self.tensors.bias, (length,), self.sizes.bias_bytes)

    def output(self, length: int) -> Port:
        """Return the port of a new output."""
        return self.memory.tensor(Operand.OUTPUT, [None] * length, self.sizes.output_bytes)

    def finish(self, output: Port, shape: tuple[int, ...]) -> Execution:
        """Return what came of the run."""
        import numpy as np

        given = (*self.tensors.inputs, self.tensors.weight, self.tensors.bias)
        floats = [tensor.dtype for tensor in given if tensor is not None and tensor.dtype.kind == "f"]
        whole = np.int64 if all(isinstance(value, int) for value in output.values) else np.float64
        dtype = np.result_type(*floats) if floats else whole
        return Execution(np.array(output.values, dtype=dtype).reshape(shape), self.memory.counts())

    def _tensor(self, operand: Operand, tensor: Tensor, shape: tuple[int, ...], element_bytes: int) -> Port:
        return self.memory.tensor(operand, _elements(tensor, shape, operand), element_bytes)


def _elements(tensor: Tensor, shape: tuple[int, ...], operand: Operand) -> MutableSequence[Any]:
    """Return a tensor's elements as Python ints and floats; single precision stays single precision."""
    if tensor.shape != shape:
        expected, found = ("x".join(map(str, extents)) for extents in (shape, tensor.shape))
        raise ShapeError(operand.value, f"expected a tensor of {expected}, found {found}")
    single = tensor.dtype.kind == "f" and tensor.dtype.itemsize < 8
    return list(tensor.ravel()) if single else tensor.ravel().tolist()
