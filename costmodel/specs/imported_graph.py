"""A model of others as it stands in its file: tensors and operators, before anything is folded, fused or costed.

Readers make it; lowering, figures of a graph and the plan of another runtime's arena take it. Like a model it holds contents, and is no
Pydantic spec: a file's thousands of tensors are read in milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

ELEMENT_BITS: Final[Mapping[str, int]] = {
    "int4": 4,
    "int8": 8,
    "uint8": 8,
    "bool": 8,
    "int16": 16,
    "uint16": 16,
    "float16": 16,
    "bfloat16": 16,
    "int32": 32,
    "uint32": 32,
    "float32": 32,
    "int64": 64,
    "uint64": 64,
    "float64": 64,
    "complex64": 64,
    "complex128": 128,
}
"""Bits of one element by its type; types that are not here (string, resource, variant) have no size of their own."""

OptionValue: TypeAlias = int | float | str | bytes | tuple["OptionValue", ...] | Mapping[str, "OptionValue"] | None
"""What an attribute of an operator may be."""


@dataclass(frozen=True)
class ImportedTensor:
    """One tensor of the file."""

    name: str
    shape: tuple[int, ...]
    """Extents; a batch of -1 is 1."""
    element: str
    """Element type by name."""
    buffer: int
    """Which of the file's buffers its constant lies in; equal constants share one."""
    constant: bytes | None = None
    """Its content where it is constant, little-endian and dense, in the file's own layout."""
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    channel_axis: int = 0
    """Axis along which scales differ, where there are several."""
    is_state: bool = False
    """Whether it keeps its value from one run to the next."""
    channels_last: bool = False
    """Whether its file lays out activations as batch x rows x columns x channels."""
    open_axes: tuple[int, ...] = ()
    """Axes whose extent the file leaves open; their extents in `shape` were asked for, or are 1."""
    is_sparse: bool = False
    """Whether its content lists only what is not zero."""

    @property
    def element_count(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes; 0 for types without a size."""
        return (self.element_count * ELEMENT_BITS.get(self.element, 0) + 7) // 8


@dataclass(frozen=True)
class ImportedOperator:
    """One operator of the file."""

    kind: str
    """As the format names it: `CONV_2D`; an operator of its author's own is `CUSTOM:name`."""
    version: int
    inputs: tuple[int, ...]
    """Places among the tensors; -1 is an optional input left out."""
    outputs: tuple[int, ...]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    """Attributes by name."""
    name: str = ""
    """Its own name, in formats that give one."""

    def whole(self, option: str, default: int = 0) -> int:
        """Return an attribute that is a whole number; the default where it is absent or something else."""
        value = self.options.get(option, default)
        return value if isinstance(value, int) else default

    def real(self, option: str, default: float = 0.0) -> float:
        """Return an attribute that is a number; the default where it is absent or something else."""
        value = self.options.get(option, default)
        return value if isinstance(value, int | float) else default

    def text(self, option: str, default: str = "") -> str:
        """Return an attribute that is text; the default where it is absent or something else."""
        value = self.options.get(option, default)
        return value if isinstance(value, str) else default

    def wholes(self, option: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return an attribute that lists whole numbers; the default where it is absent or something else."""
        value = self.options.get(option, default)
        if not isinstance(value, tuple):
            return default
        found = tuple(item for item in value if isinstance(item, int))
        return found if len(found) == len(value) else default


class FoldedOperators(NamedTuple):
    """Operators of a file that reading took out of its graph."""

    kind: str
    why: str
    operator_count: int


class OperatorFate(NamedTuple):
    """What became of an operator of a graph."""

    layers: tuple[str, ...]
    """Layers of the network that came of it."""
    why: str
    """Why none did; empty where some did."""


@dataclass(frozen=True)
class GraphBody:
    """One graph of a model file: the first, or what a condition, a loop or an initialisation runs."""

    tensors: tuple[ImportedTensor, ...]
    operators: tuple[ImportedOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class ImportedGraph(GraphBody):
    """A model file: its first graph, and the others beside it."""

    name: str
    """File name."""
    format_name: str
    const_bytes: int
    """Bytes of all constants of the file, each stored buffer once."""
    folded: tuple[FoldedOperators, ...] = ()
    """Operators that are in the file and, as reading made it, not in the graph."""
    bodies: tuple[GraphBody, ...] = ()
    """The file's other graphs, in its order: an attribute that names graph 1 means the first of these."""
    metadata: tuple[str, ...] = ()
    """Names of what the file says of itself beside its graphs."""
    notes: tuple[str, ...] = ()
    """What was decided where the file leaves it to the data: which branch is counted, how often a loop runs."""

    @property
    def graph_count(self) -> int:
        """Graphs in the file."""
        return 1 + len(self.bodies)

    def graph(self, number: int) -> GraphBody | None:
        """Return a graph by its number in the file; None where there is none of that number."""
        if number == 0:
            return self
        return self.bodies[number - 1] if 0 < number <= len(self.bodies) else None
