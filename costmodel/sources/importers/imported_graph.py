"""A model of others as it stands in its file: tensors and operators, before anything is folded, fused or costed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

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
    """Its content where it is constant."""
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    channel_axis: int = 0
    """Axis along which scales differ, where there are several."""
    is_state: bool = False
    """Whether it keeps its value from one run to the next."""

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
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportedGraph:
    """The first graph of a model file."""

    name: str
    format_name: str
    tensors: tuple[ImportedTensor, ...]
    operators: tuple[ImportedOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    graph_count: int
    """Graphs in the file: what a condition, a loop or an initialisation runs beside the first."""
    const_bytes: int
    """Bytes of all constants of the file, each stored buffer once."""
