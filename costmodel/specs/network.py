"""A network: a graph of layers with its data types, checked as a whole on the way in."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from costmodel.columns import Number
from costmodel.errors import SpecError, UnknownNameError
from costmodel.specs.base import Extent, Name, Spec
from costmodel.specs.layers import ELEMENT_BYTES, DataType, Layer
from costmodel.specs.lowering import NETWORK_INPUT, Step, lower_network
from costmodel.specs.operations import operation_of


def _shape(found: Any) -> Any:
    """Let `3x32x32` stand for [3, 32, 32], and one number for a flat input."""
    if isinstance(found, str):
        parts = found.lower().split("x")
        if not all(part.strip().isdecimal() and len(part) < 100 for part in parts):
            raise PydanticCustomError(
                "shape", f"expected channels x rows x columns like 3x32x32, or features like [640], found {found[:60]!r}"
            )
        if len(parts) not in (1, 3):
            way = f"; a sequence is channels x steps x 1, such as {found.lower()}x1" if len(parts) == 2 else ""
            raise PydanticCustomError("shape", f"an input is channels x rows x columns, or features; found {len(parts)} extents{way}")
        return tuple(int(part) for part in parts)
    return (found,) if isinstance(found, int) and not isinstance(found, bool) else found


def _some_extents(shape: tuple[int, ...]) -> tuple[int, ...]:
    if not 1 <= len(shape) <= 8:
        raise PydanticCustomError("shape", f"an input has one to eight extents, channels first; found {len(shape)}")
    return shape


NetworkShape = Annotated[
    tuple[Extent, ...],
    BeforeValidator(_shape),
    AfterValidator(_some_extents),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": "^[0-9]+x[0-9]+x[0-9]+$"}, {"type": "array", "items": {"type": "integer", "minimum": 1}}]}
    ),
]
"""(channels, rows, columns), (features,), or any other number of extents; written `3x32x32` or [3, 32, 32]."""


class DataTypes(Spec):
    """Element types of a network's tensors where a layer does not say its own."""

    input: DataType = DataType.INT8
    """The network's input."""
    activation: DataType = DataType.INT8
    """Every layer's output."""
    weight: DataType = DataType.INT8
    """Weights."""
    bias: DataType = DataType.INT8
    """Biases."""
    pooled: DataType | None = None
    """Outputs of poolings, where they differ from the other activations."""


class TensorBytes(NamedTuple):
    """Bytes of one element of each tensor a layer touches; each an int or a column."""

    input_bytes: Number
    weight_bytes: Number
    bias_bytes: Number
    output_bytes: Number


class Network(Spec):
    """A graph of layers."""

    name: Name
    """What reports call it."""
    description: str = ""
    """Where it comes from and what it is for."""
    input: NetworkShape
    """Input as channels x rows x columns (`3x32x32`), features, or a list of extents; further inputs are layers `extra_input`."""
    types: DataTypes = DataTypes()
    """Element types; a layer's own come first."""
    layers: tuple[Layer, ...]
    """The layers; each reads the one before it unless it names its inputs."""
    left_out: tuple[str, ...] = ()
    """Operators of the model file it was read from that are not among the layers: every total is then at least what is told."""
    decided: tuple[str, ...] = ()
    """What its model file leaves to the data and how it is counted: which branch, how often a loop runs."""

    def parts_of(self, field: str) -> tuple[str, ...]:
        """Return the names of the extents of an input, by how many there are."""
        if field != "input":
            return super().parts_of(field)
        return ("channels", "rows", "columns") if len(self.input) == 3 else ("features",)

    @model_validator(mode="after")
    def _fits(self) -> Network:
        self.output_types  # noqa: B018 - lowering the graph once proves names, order, shapes and types
        return self

    def __hash__(self) -> int:
        """Hash of the whole graph, taken once: what is fitted to a network is looked up by it."""
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.name, self.input, self.types, self.layers))

    @functools.cached_property
    def order(self) -> tuple[int, ...]:
        """Positions of the layers in an order in which each comes after what it reads."""
        order: list[int] = []
        state = [0] * len(self.layers)
        for start in range(len(self.layers)):
            # Depth first without recursion: a network may have more layers than Python has stack.
            path = [] if state[start] else [start]
            while path:
                position = path[-1]
                state[position] = 1
                waiting = [read for read in self._reads[position] if read >= 0 and state[read] != 2]
                if not waiting:
                    state[position] = 2
                    order.append(path.pop())
                elif state[waiting[0]] == 1:
                    names = [self.layers[at].name for at in path[path.index(waiting[0]) :]]
                    raise SpecError(f"layers: a cycle: {' -> '.join([*names, names[0]])}", layer=names[0])
                else:
                    path.append(waiting[0])
        return tuple(order)

    @functools.cached_property
    def _reads(self) -> tuple[tuple[int, ...], ...]:
        positions: dict[str, int] = {NETWORK_INPUT: -1}
        for position, layer in enumerate(self.layers):
            if layer.name in positions:
                raise SpecError(f"layers: the name {layer.name!r} is used twice", layer=layer.name)
            positions[layer.name] = position
        reads = []
        for position, layer in enumerate(self.layers):
            for name in layer.inputs:
                if name not in positions:
                    raise UnknownNameError(f"{layer.name}.inputs", name, positions, "a layer of this network")
            row = operation_of(layer.kind)
            if row.reads_nothing and layer.inputs:
                why = "is there before anything runs and" if row.given else "is part of the network and"
                raise SpecError(f"{layer.name}.inputs: {layer.kind} {why} reads nothing", layer=layer.name)
            reads.append(tuple(positions[name] for name in layer.inputs) or (() if row.reads_nothing else (position - 1,)))
        return tuple(reads)

    @functools.cached_property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """For each layer in running order, the places in that order of what it reads; -1 is the network's input."""
        place = {position: index for index, position in enumerate(self.order)} | {-1: -1}
        return tuple(tuple(place[read] for read in self._reads[position]) for position in self.order)

    @functools.cached_property
    def ordered(self) -> tuple[Layer, ...]:
        """The layers in running order."""
        return tuple(self.layers[position] for position in self.order)

    @functools.cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every layer lowered, in running order."""
        if not self.layers:
            raise SpecError("layers: a network needs at least one layer")
        return lower_network(self.ordered, self.sources, self.input)

    @functools.cached_property
    def convolutions(self) -> tuple[str, ...]:
        """Names of the layers that a dataflow applies to."""
        return tuple(step.name for step in self.steps if step.operation.takes_dataflow)

    @functools.cached_property
    def linear_layers(self) -> tuple[str, ...]:
        """Names of the fully connected layers, which some dataflows apply to as well."""
        return tuple(step.name for step in self.steps if step.operation.multiplies_every_input)

    def in_a_line(self) -> str:
        """Return its input, layers and parameters."""
        extents = "x".join(map(str, self.input)) if isinstance(self.input, tuple) else "several inputs"
        return f"<Network {self.name}: {extents}, {len(self.layers)} layers, {self.parameter_count:,} parameters>"

    @property
    def parameter_count(self) -> int:
        """Weights and biases of all layers."""
        return sum(step.lowered.weight_count + step.lowered.bias_count for step in self.steps)

    @property
    def input_bytes(self) -> int:
        """Bytes of one element of the network's input."""
        return ELEMENT_BYTES[self.types.input]

    @functools.cached_property
    def output_types(self) -> tuple[DataType, ...]:
        """Element type of each layer's output, in running order; what shares its producer's buffer has its producer's type."""
        types: list[DataType] = []
        for layer, reads, step in zip(self.ordered, self.sources, self.steps, strict=True):
            pooled = self.types.pooled if step.operation.pools else None
            given = layer.output_type or pooled or self.types.activation
            if step.merged:
                given = self._type_read(types, reads[0])
                if layer.output_type not in (None, given):
                    raise SpecError(
                        f"{layer.name}: output_type {layer.output_type} differs from {given}, the type of the buffer it shares"
                        " with the layer before; set it there",
                        layer=layer.name,
                    )
            types.append(given)
        return tuple(types)

    @functools.cached_property
    def tensor_bytes(self) -> tuple[TensorBytes, ...]:
        """Element sizes of what each layer touches, in running order."""
        return tuple(
            TensorBytes(
                input_bytes=ELEMENT_BYTES[self._type_read(self.output_types, reads[0]) if reads else output],
                weight_bytes=ELEMENT_BYTES[getattr(layer, "weight_type", None) or self.types.weight],
                bias_bytes=ELEMENT_BYTES[self.types.bias],
                output_bytes=ELEMENT_BYTES[output],
            )
            for layer, reads, output in zip(self.ordered, self.sources, self.output_types, strict=True)
        )

    def _type_read(self, types: Sequence[DataType], source: int) -> DataType:
        return self.types.input if source < 0 else types[source]
