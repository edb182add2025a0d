"""Progress through layers that stream side by side: who asks for which unit when, and how many units each ring must keep."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final, NamedTuple

from costmodel.memory.streaming.reach import Reach

NEVER: Final = 1 << 62
"""A unit that nobody needs any more."""


class GraphEdge(NamedTuple):
    """What a node reads of one tensor."""

    source: int
    reach: Reach
    width: int
    """Columns of the tensor read."""


class GraphNode(NamedTuple):
    """A tensor that is made unit by unit, in raster order."""

    unit_count: int
    edges: tuple[GraphEdge, ...]


class _Need(NamedTuple):
    source: int
    until: list[int]
    """For each unit of the reader, the last unit of the source that must have been made."""
    since: list[int]
    """For each unit of the reader, the first unit of the source that it or a later one reads."""


def rings_of(nodes: Mapping[int, GraphNode], start: int, last: int, start_units: int) -> dict[int, int]:
    """Return how many units to keep of each tensor, so that all are made once.

    The last tensor's units are asked for one after the other; each asks for what it reads, in the order in which it reads it, as late as it
    can. What nobody asked for is made in the end: without it layers would not count what they count by themselves.

    Parameters
    ----------
    nodes : mapping of int to GraphNode
        In an order that runs.
    start : int
        The tensor that comes from outside.
    last : int
        The tensor that is asked for.
    start_units : int
        Units of the tensor from outside.

    Returns
    -------
    dict of int to int
        Units of each tensor but the last one, at least 1.
    """
    needs = {name: [_need(edge) for edge in node.edges] for name, node in nodes.items()}
    readers: dict[int, list[tuple[int, _Need]]] = {}
    for name, found in needs.items():
        for need in found:
            readers.setdefault(need.source, []).append((name, need))
    totals = {name: node.unit_count for name, node in nodes.items()} | {start: start_units}
    made = dict.fromkeys(totals, 0)
    kept = dict.fromkeys((name for name in totals if name != last), 1)

    def make(name: int) -> None:
        """Make one unit, and everything it waits for: depth first without recursion."""
        path = [name]
        while path:
            at = path[-1]
            unit = made[at]
            lacking = next((need.source for need in needs.get(at, ()) if made[need.source] <= need.until[unit]), None)
            if lacking is not None:
                path.append(lacking)
                continue
            path.pop()
            if at in kept:
                oldest = min((need.since[made[reader]] for reader, need in readers.get(at, ())), default=NEVER)
                kept[at] = max(kept[at], unit - oldest + 1)
            made[at] = unit + 1

    for name in reversed(list(nodes)):
        while made[name] < totals[name]:
            make(name)
    return kept


def _need(edge: GraphEdge) -> _Need:
    until, since = [], []
    width = edge.width
    for first_row, last_row in edge.reach.rows:
        for first, last in edge.reach.columns:
            empty = first_row > last_row or first > last
            until.append(-1 if empty else last_row * width + last)
            since.append(NEVER if empty else first_row * width + first)
    until = list(itertools.accumulate(until, max))
    since = list(itertools.accumulate(reversed(since), min))[::-1]
    return _Need(edge.source, until, [*since, NEVER])
