"""The arena of TensorFlow Lite Micro for one model and build: head, tail and both together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from costmodel.columns import Number
from costmodel.memory.strategies import arena_height_bytes, end_bytes, total_bytes
from costmodel.memory.tflm.builds import TflmBuild
from costmodel.memory.tflm.greedy import PlannedBuffer, aligned_bytes, place_greedily
from costmodel.memory.tflm.kernels import KERNELS
from costmodel.memory.tflm.lifetimes import planned_buffers
from costmodel.memory.tflm.refusals import why_unknown
from costmodel.memory.tflm.tail import tail_parts
from costmodel.provenance import formula, is_recording, leaf
from costmodel.specs.imported_graph import ImportedGraph

SOURCE: Final = "docs/tflm_arena.md"


class Arena(NamedTuple):
    """What one build needs."""

    buffers: tuple[PlannedBuffer, ...]
    offsets: tuple[int, ...]
    parts: Mapping[str, int]
    """Of the tail."""
    head_bytes: int
    tail_bytes: int
    total_bytes: int


@formula(
    id="tflm.arena",
    equation="A = H + T",
    symbols={
        "A": "bytes of the arena [B]",
        "H": "its head: tensors and scratch [B]",
        "T": "its tail: what is kept while a model is loaded [B]",
    },
    unit="B",
    source=SOURCE,
)
def both_bytes(head: Number, tail: Number) -> Number:
    """Return the bytes of head and tail."""
    return head + tail


def arena_of(graph: ImportedGraph, build: TflmBuild) -> Arena | str:
    """Return the arena of a model that the runtime starts.

    Parameters
    ----------
    graph : ImportedGraph
        One that `why_refused` has no reason against.
    build : TflmBuild
        Pointers and kernels.

    Returns
    -------
    Arena or str
        The reason where it is not known.
    """
    buffers = planned_buffers(graph, build)
    if (reason := why_unknown(graph, buffers)) is not None:
        return reason
    offsets = place_greedily(buffers)
    ends = [
        end_bytes(_chosen(offset, buffer.name), aligned_bytes(buffer.size_bytes)) for buffer, offset in zip(buffers, offsets, strict=True)
    ]
    parts = tail_parts(graph, build)
    head, tail = arena_height_bytes(ends), total_bytes([_kept(size, part) for part, size in parts.items()])
    return Arena(buffers, offsets, parts, head, tail, both_bytes(head, tail))


def registrations_of(graph: ImportedGraph) -> tuple[str, ...]:
    """Return the methods of `MicroMutableOpResolver` that register a model's operators, each once, in alphabetical order."""
    kinds = {operator.kind for body in (graph, *graph.bodies) for operator in body.operators}
    return tuple(sorted({KERNELS[kind].registration for kind in kinds if kind in KERNELS}))


def _chosen(offset: int, name: str) -> Number:
    """An offset; while formulas are being recorded it remembers that it was chosen."""
    # Of names that a converter joined, the first tells enough.
    if not is_recording():
        return offset
    return leaf(offset, f"offset of {name.partition(';')[0]}", "definition: chosen by TensorFlow Lite Micro's greedy planner")


def _kept(size: int, part: str) -> Number:
    return leaf(size, part, f"{SOURCE}: sizes of the runtime's records") if is_recording() else size
