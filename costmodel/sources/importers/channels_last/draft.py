"""A network in the making: its layers, where each tensor of the file is held, which are constant, and what became of each operator."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.dataflows.imported_counts import nominal_mac_count, nominal_macs
from costmodel.errors import FormatError, Location
from costmodel.sources.importers.channels_last.arrangement import (
    Arrangement,
    Axes,
    arranged_shape,
    file_order,
    places_in_file,
    same_order,
    usual_axes,
)
from costmodel.sources.importers.tflite_schema import ACTIVATIONS
from costmodel.specs.imported_graph import ELEMENT_BITS, ImportedGraph, ImportedOperator, ImportedTensor
from costmodel.specs.kinds.elementwise_layers import UnaryFunction
from costmodel.specs.layers import DataType

NUMPY_TYPES: Final = {
    "float32": "<f4", "float16": "<f2", "float64": "<f8", "int8": "<i1", "uint8": "<u1", "bool": "?", "int16": "<i2", "uint16": "<u2",
    "int32": "<i4", "uint32": "<u4", "int64": "<i8", "uint64": "<u8",
}  # fmt: skip
"""How NumPy reads each element type."""
CLAMPS: Final[dict[str, tuple[float | None, float | None]]] = {
    "RELU": (0.0, None), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0), "RELU_0_TO_1": (0.0, 1.0),
}  # fmt: skip
"""Bounds of the activations that keep elements between some."""
_SUPPORTED: Final = frozenset(DataType)


class Weights(NamedTuple):
    """Where a layer's parameters stand in the file, and how they are put in the network's order."""

    weight: int
    """Tensor of the weights."""
    arrange: Callable[[NDArray[Any]], NDArray[Any]]
    """From the file's array to (out, in, rows, columns), (out, in) or the shape of a constant operand."""
    bias: int | None = None
    """Tensor of the biases."""
    source: int = -1
    """Tensor that the weights are multiplied with, whose scale biases are in."""


@dataclass
class Draft:
    """A network in the making."""

    graph: ImportedGraph
    layers: list[dict[str, Any]] = field(default_factory=list)
    held: dict[int, Arrangement] = field(default_factory=dict)
    """For each tensor that the network computes, where it is."""
    folded: dict[int, NDArray[Any] | None] = field(default_factory=dict)
    """Tensors that are constant though computed by operators; None where what they hold is not needed."""
    stored: dict[int, int] = field(default_factory=dict)
    """For constants that are another constant in another form, that one."""
    weights: dict[str, Weights] = field(default_factory=dict)
    """Parameters by layer."""
    makes: dict[str, int] = field(default_factory=dict)
    """The file's tensor that each layer makes."""
    views: dict[int, str] = field(default_factory=dict)
    """Why an operator, by its place, costs nothing."""
    padded: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Tensors that are their source with zeros around, which the layer that reads them takes in."""
    variables: dict[int, str] = field(default_factory=dict)
    """Names of the variables that handles stand for."""
    states: dict[str, str] = field(default_factory=dict)
    """Layer that keeps each variable, and each tensor that keeps its value."""
    at: int = 0
    """Place of the operator at hand."""
    numbers: dict[str, int] = field(default_factory=dict)

    def tensor(self, operator: ImportedOperator, at: int) -> ImportedTensor:
        """Return an operator's input."""
        place = operator.inputs[at] if at < len(operator.inputs) else -1
        if place < 0:
            raise self.refused(operator, f"its input {at + 1} is left out")
        return self.graph.tensors[place]

    def has(self, operator: ImportedOperator, at: int) -> bool:
        """Tell whether an optional input is there."""
        return at < len(operator.inputs) and operator.inputs[at] >= 0

    def output(self, operator: ImportedOperator) -> ImportedTensor:
        """Return an operator's first output."""
        if not operator.outputs:
            raise self.refused(operator, "it makes nothing")
        return self.graph.tensors[operator.outputs[0]]

    @functools.cached_property
    def _mac_count(self) -> int:
        return nominal_mac_count(self.graph)

    def refused(self, operator: ImportedOperator, why: str) -> FormatError:
        """Return the error of an operator that cannot be taken over, with its share of the work and of the activations."""
        own, total = nominal_macs(self.graph, operator), self._mac_count
        moved = sum(self.graph.tensors[place].size_bytes for place in operator.outputs)
        share = f", {100 * own / total:.1f} % of the multiply-accumulates" if own and total else ""
        name = self.graph.tensors[operator.outputs[0]].name if operator.outputs else ""
        return FormatError(f"operator {self.at} ({operator.kind}, {name!r}{share}, {moved:,} B made): {why}", Location(self.graph.name))

    def is_constant(self, place: int) -> bool:
        """Tell whether a tensor holds the same on every run."""
        return place >= 0 and (self.graph.tensors[place].constant is not None or place in self.folded)

    def array(self, place: int) -> NDArray[Any] | None:
        """Return a constant's elements in its shape; None where it is none, or they are not known."""
        if place in self.folded:
            return self.folded[place]
        tensor = self.graph.tensors[place]
        code = NUMPY_TYPES.get(tensor.element)
        if tensor.constant is None or code is None or tensor.is_sparse:
            return None
        return np.frombuffer(tensor.constant, code).reshape(tensor.shape)

    def integers(self, operator: ImportedOperator, at: int) -> tuple[int, ...] | None:
        """Return the whole numbers of a constant input; None where it is no constant of such."""
        place = operator.inputs[at] if at < len(operator.inputs) else -1
        found = self.array(place) if self.is_constant(place) else None
        return None if found is None or found.dtype.kind not in "iu" else tuple(int(number) for number in found.reshape(-1).tolist())

    def source(self, operator: ImportedOperator, at: int = 0) -> Arrangement:
        """Return where an operator's input is held, however it lies."""
        place = operator.inputs[at] if at < len(operator.inputs) else -1
        if place < 0:
            raise self.refused(operator, f"its input {at + 1} is left out")
        found = self.held.get(place)
        if found is None and self.is_constant(place):
            shape = self.graph.tensors[place].shape
            found = self.written_out(place, shape, usual_axes(shape))
        if found is None:
            name = self.graph.tensors[place].name
            raise self.refused(
                operator, f"its input {at + 1} ({name!r}) is nothing that the network computes, which is not supported there"
            )
        return found

    def written_out(self, place: int, extents: tuple[int, ...], axes: Axes) -> Arrangement:
        """Return a constant as a tensor, for an operator that reads it as it reads what is computed."""
        shape = arranged_shape(extents, axes)
        layer = self.append("constant", "stored_tensor", [], place, shape=list(shape), weight_type=self.stored_type(place))

        def rows(values: NDArray[Any]) -> NDArray[Any]:
            ordered: NDArray[Any] = values.reshape(-1)[places_in_file(extents, axes)].reshape(shape[0], -1)
            return ordered

        self.weights[layer] = Weights(place, rows)
        return Arrangement(layer, extents, axes, shape)

    def usual(self, operator: ImportedOperator, at: int = 0) -> Arrangement:
        """Return an operator's input as channels x rows x columns, moved there if it lies otherwise."""
        shape = self.tensor(operator, at).shape
        return self.arranged(operator, at, shape, usual_axes(shape))

    def arranged(self, operator: ImportedOperator, at: int, extents: Sequence[int], axes: Axes) -> Arrangement:
        """Return an operator's input with given extents and axes: as it is, by a view, or moved; a constant is written out so."""
        place = operator.inputs[at] if at < len(operator.inputs) else -1
        if place not in self.held and self.is_constant(place) and math.prod(extents) == self.graph.tensors[place].element_count:
            return self.written_out(place, tuple(extents), axes)
        return self.relaid(operator, self.source(operator, at), operator.inputs[at], extents, axes)

    def relaid(self, operator: ImportedOperator, found: Arrangement, place: int, extents: Sequence[int], axes: Axes) -> Arrangement:
        """Return an arrangement with other extents and axes of the same elements."""
        shape = arranged_shape(extents, axes)
        if math.prod(found.extents) != math.prod(extents) or math.prod(shape) != math.prod(extents):
            raise self.refused(operator, f"a tensor of shape {list(found.extents)} cannot be taken as {list(extents)}, one batch at a time")
        if same_order((found.extents, found.axes), (extents, axes)):
            if found.shape == shape:
                return Arrangement(found.layer, tuple(extents), axes, shape)
            if len(shape) == 1:
                layer = self.append("flatten", "flatten", [found.layer], place)
            else:
                layer = self.append("reshape", "reshape", [found.layer], place, shape=list(shape))
            return Arrangement(layer, tuple(extents), axes, shape)
        layer = found.layer
        if found.shape != (own := arranged_shape(found.extents, found.axes)):
            layer = self.append("reshape", "reshape", [layer], place, shape=list(own))
        order, shape_order = file_order(found.axes), file_order(axes)
        layer = self.append("reorder", "reshape", [layer], place, shape=list(shape), order=list(order), shape_order=list(shape_order))
        return Arrangement(layer, tuple(extents), axes, shape)

    def append(self, stem: str, kind: str, inputs: Sequence[str], makes: int, **fields: Any) -> str:
        """Append a layer, named by what it is and a number."""
        element = self.graph.tensors[makes].element
        if element not in _SUPPORTED:
            raise FormatError(
                f"operator {self.at} makes {element} ({self.graph.tensors[makes].name!r}); supported are {', '.join(DataType)}",
                Location(self.graph.name),
            )
        self.numbers[stem] = self.numbers.get(stem, 0) + 1
        name = f"{stem}{self.numbers[stem]}"
        self.layers.append({"name": name, "kind": kind, "inputs": list(inputs), "output_type": element, **fields})
        self.makes[name] = makes
        return name

    def made(self, operator: ImportedOperator, layer: str, extents: Sequence[int], axes: Axes, number: int = 0) -> None:
        """Say that a layer makes an operator's output, with given extents and axes; what lies otherwise than usual is moved."""
        place = operator.outputs[number]
        tensor = self.graph.tensors[place]
        found = Arrangement(layer, tuple(extents), axes, arranged_shape(extents, axes))
        self.held[place] = self.relaid(operator, found, place, tensor.shape, usual_axes(tensor.shape))

    def made_usual(self, operator: ImportedOperator, layer: str, number: int = 0) -> None:
        """Say that a layer makes an operator's output as channels x rows x columns."""
        shape = self.graph.tensors[operator.outputs[number]].shape
        self.made(operator, layer, shape, usual_axes(shape), number)

    def made_alike(self, operator: ImportedOperator, layer: str, found: Arrangement) -> None:
        """Say that a layer makes an operator's output, its elements as those of an input lie."""
        self.held[operator.outputs[0]] = found._replace(layer=layer)

    def view(self, why: str) -> None:
        """Say why the operator at hand costs nothing."""
        self.views[self.at] = why

    def stored_type(self, place: int) -> str:
        """Return the element type that a constant is stored in."""
        element = self.graph.tensors[self.stored.get(place, place)].element
        if element not in _SUPPORTED:
            raise FormatError(
                f"operator {self.at} reads {element} weights ({self.graph.tensors[place].name!r}); supported are {', '.join(DataType)}",
                Location(self.graph.name),
            )
        return element

    def activated(self, operator: ImportedOperator, layer: str) -> str:
        """Append the activation that an operator applies on the way out; return the layer that makes its output."""
        code = operator.whole("activation")
        name = ACTIVATIONS[code] if 0 <= code < len(ACTIVATIONS) else str(code)
        place = operator.outputs[0]
        if name == "NONE":
            return layer
        if name == "TANH":
            table = ELEMENT_BITS[self.graph.tensors[place].element] == 8
            return self.append("tanh", "unary", [layer], place, function=UnaryFunction.TANH.value, table=table)
        if name not in CLAMPS:
            raise self.refused(operator, f"the activation {name} is not supported inside it")
        return self.clamp(name, layer, place)

    def clamp(self, name: str, layer: str, place: int) -> str:
        """Append what keeps elements between the bounds of an activation."""
        low, high = CLAMPS[name]
        if high is None:
            return self.append("relu", "relu", [layer], place)
        return self.append(name.lower(), "clamp", [layer], place, low=low, high=high)

    def state(self, name: str, place: int) -> str:
        """Return the layer that keeps a variable of a tensor's shape and type."""
        if name not in self.states:
            tensor = self.graph.tensors[place]
            shape = arranged_shape(tensor.shape, usual_axes(tensor.shape))
            self.states[name] = self.append("state", "kept_state", [], place, shape=list(shape))
        return self.states[name]
