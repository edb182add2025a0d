"""Segments: what a run of blocks keeps while it streams, the least of the ways its poolings can be fused."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from costmodel.memory.streaming.blocks import (
    Layout,
    is_pool,
    reach_of_step,
    reads_each_once,
    ring,
    rings_inside,
    running_row,
    whole_bytes,
)
from costmodel.memory.streaming.reach import Reach, columns_read, ring_units
from costmodel.specs.axis import AdaptiveAxis
from costmodel.specs.operations import Action
from costmodel.specs.running.stages import Grain, Held, Stage, Strip
from costmodel.specs.work import LoopNest


class Fusion(StrEnum):
    """How a pooling takes what it reads."""

    GATHER = "gather"
    """From a ring that holds its window."""
    WINDOW = "window"
    """It asks for its window's elements one by one, each computed as it is asked for."""
    SCATTER = "scatter"
    """It adds each element as it is made to the results it belongs to."""


class Way(NamedTuple):
    """How a run of blocks streams."""

    grain: Grain
    fusions: frozenset[Fusion]
    """How a pooling may take what it reads; the first step of a run gathers, and so does what cannot do otherwise."""
    scatters_last: bool = True
    """Whether a pooling that ends the run may be scattered right into the tensor it leaves."""
    sums_whole: bool = False
    """Whether a mean that ends the run has an accumulator for each of its results, even where a row of them would do."""
    strip_count: int = 1
    """Vertical strips."""


class Segment(NamedTuple):
    """A run of blocks that streams."""

    first: int
    """Its first block."""
    end: int
    """The block after its last."""
    stage: Stage
    input_bytes: int
    """Of the tensor it reads, where that lies whole."""
    output_bytes: int
    """Of the tensor it leaves."""

    @property
    def size_bytes(self) -> int:
        """Bytes while it runs."""
        return self.input_bytes + self.output_bytes + sum(held.size_bytes for held in self.stage.held)


class _Path(NamedTuple):
    """One way to make a tensor unit by unit."""

    size_bytes: int
    held: tuple[Held, ...]
    scattered: frozenset[int]


class _Run:
    """Streams blocks from one on; the cheapest way to make each tensor follows from those to make the tensors before it."""

    def __init__(self, layout: Layout, first: int, way: Way, keeps_input: bool, strips: Sequence[Strip]) -> None:
        self.layout, self.first, self.way, self.strips = layout, first, way, strips
        self.keeps_input = keeps_input
        self.paths: list[_Path | None] = [_Path(0, (), frozenset())]

    def extend(self) -> None:
        """Take in the next block."""
        layout, grain, fusions = self.layout, self.way.grain, self.way.fusions
        number = len(self.paths) - 1
        block = layout.blocks[self.first + number]
        kept = number > 0 or self.keeps_input
        step = block.makes
        if len(block.steps) > 1:
            units, inside = rings_inside(layout, block, grain)
            own = [ring(layout, block.reads, units, grain)] if kept else []
            self.paths.append(self._after(number, [*own, *inside]))
            return
        options = []
        pools = is_pool(layout, step) and number > 0
        if pools and Fusion.SCATTER in fusions:
            options.append(self._after(number, self._scattering(step), step))
        if pools and Fusion.WINDOW in fusions and grain is Grain.PIXELS:
            source = layout.blocks[self.first + number - 1]
            if len(source.steps) == 1 and reads_each_once(layout, step, reach_of_step(layout, step)):
                held = [self._ring_read(source.reads, (source.makes, step))] if number > 1 or self.keeps_input else []
                options.append(self._after(number - 1, held))
        if Fusion.GATHER in fusions or not any(options):
            options.append(self._after(number, [self._ring_read(block.reads, (step,))] if kept else []))
        self.paths.append(min((path for path in options if path is not None), key=lambda path: path.size_bytes, default=None))

    def finished(self, end: int, start_bytes: int) -> Segment:
        """End the run: the last tensor lies whole beside what makes it, or its pooling is scattered right into it."""
        layout, number = self.layout, end - self.first
        step = layout.blocks[end - 1].makes
        steps = tuple(at for block in layout.blocks[self.first : end] for at in block.steps)
        options = []
        means = layout.steps[step].operation.action is Action.MEAN and number > 1
        if (path := self.paths[number]) is not None and not (self.way.sums_whole and means):
            options.append((path, whole_bytes(layout, step, False)))
        if self.way.scatters_last and number > 1 and is_pool(layout, step):
            bands = [held for held in self._scattering(step) if held.step != step]
            if (path := self._after(number - 1, bands, step)) is not None:
                options.append((path, whole_bytes(layout, step, True)))
        path, output = min(options, key=lambda option: option[0].size_bytes + option[1])
        stage = Stage(steps, self.way.grain, path.held, path.scattered, self._strips(step, path))
        return Segment(self.first, end, stage, start_bytes, output)

    def _strips(self, last: int, path: _Path) -> tuple[Strip, ...]:
        """The strips as a stage states them."""
        if len(self.strips) == 1:
            return ()
        everything = (0, self.layout.maps[last].columns - 1)
        shared = {last} if last in path.scattered and all(strip.columns[last] == everything for strip in self.strips) else set()
        return tuple(Strip({step: span for step, span in strip.columns.items() if step not in shared}) for strip in self.strips)

    def _after(self, number: int, held: Sequence[Held], scattered: int | None = None) -> _Path | None:
        before = self.paths[number]
        if before is None:
            return None
        more = frozenset() if scattered is None else frozenset({scattered})
        size = before.size_bytes + sum(one.size_bytes for one in held)
        return _Path(size, (*before.held, *held), before.scattered | more)

    def _ring_read(self, source: int, through: Sequence[int]) -> Held:
        """The ring of a tensor that steps read one through the other; as large as the strip that asks for most."""
        units = 1
        for strip in self.strips:
            reach = reach_in(self.layout, through[0], source, strip)
            for before, step in itertools.pairwise(through):
                reach = reach_in(self.layout, step, before, strip).through(reach)
            first, last = strip.columns[source]
            by_rows = self.way.grain is Grain.ROWS
            units = max(units, ring_units(reach.by_rows(), 1) if by_rows else ring_units(reach, last - first + 1))
        return ring(self.layout, source, units, self.way.grain)

    def _scattering(self, step: int) -> list[Held]:
        """What a pooling that scatters keeps; at the grain of rows, what no pooling made is a band of one row before it is scattered."""
        layout, grain = self.layout, self.way.grain
        source = layout.sources[step][0]
        rows = [running_row(layout, step, reach_in(layout, step, source, strip), grain) for strip in self.strips]
        held = [max(rows, key=lambda one: one.size_bytes)]
        if grain is Grain.ROWS and not is_pool(layout, source):
            held.insert(0, ring(layout, source, 1, grain))
        return held


def segments_from(layout: Layout, first: int, way: Way, *, input_whole: bool = True, keeps_input: bool = False) -> Iterator[Segment]:
    """Stream from one block on, ending after each of the next in turn.

    Parameters
    ----------
    layout : Layout
        The network.
    first : int
        The first block.
    way : Way
        In one strip.
    input_whole : bool
        Whether the tensor it reads lies whole in the arena.
    keeps_input : bool
        Whether a ring of it is kept, where it does not.

    Yields
    ------
    Segment
        The one that takes the least for each end, until a block cannot be streamed or leaves an output of the network.
    """
    start_bytes = layout.maps[layout.blocks[first].reads].size_bytes if input_whole else 0
    run = _Run(layout, first, way, keeps_input, (_whole(layout),))
    for end in range(first + 1, len(layout.blocks) + 1):
        if layout.blocks[end - 1].why is not None:
            return
        run.extend()
        yield run.finished(end, start_bytes)
        if layout.blocks[end - 1].stays:
            return


def strip_segment(layout: Layout, end: int, way: Way) -> Segment | str:
    """Stream from the network's input, which is read as often as it takes, to a block's end in vertical strips.

    Parameters
    ----------
    layout : Layout
        The network.
    end : int
        The block after the last that streams; two blocks at least.
    way : Way
        With its strips.

    Returns
    -------
    Segment or str
        Or why there is none.
    """
    branch = next((block for block in layout.blocks[:end] if len(block.steps) > 1), None)
    if branch is not None:
        return f"strips serve chains only: {layout.name(branch.reads)} is read by several layers"
    for block in layout.blocks[: end - 1]:
        work = layout.steps[block.makes].lowered.work
        if isinstance(work, LoopNest) and isinstance(work.w, AdaptiveAxis):
            return f"strips cut sliding windows only: {layout.name(block.makes)} has adaptive ones before the last layer"
    strips = _strips(layout, end, way.strip_count)
    if isinstance(strips, str):
        return strips
    run = _Run(layout, 0, way, False, strips)
    for _ in range(end):
        run.extend()
    return run.finished(end, 0)


def _whole(layout: Layout) -> Strip:
    return Strip({step: (0, own.columns - 1) for step, own in layout.maps.items()})


def _strips(layout: Layout, end: int, count: int) -> tuple[Strip, ...] | str:
    """The strips share out the last map; where that is what a mean leaves, the map before it. What several read, each computes."""
    blocks = layout.blocks[:end]
    last = blocks[-1].makes
    divided = blocks[-1].reads if layout.steps[last].operation.action is Action.MEAN else last
    width = layout.maps[divided].columns
    if count > width:
        return f"{count} strips need as many columns: {layout.name(divided)} has {width}"
    strips = []
    for number in range(count):
        columns = {last: (0, layout.maps[last].columns - 1)} | {divided: (number * width // count, (number + 1) * width // count - 1)}
        for block in reversed(blocks):
            first, final = columns[block.makes]
            if block.reads not in columns:
                columns[block.reads] = columns_read(reach_of_step(layout, block.makes).columns[first : final + 1])
        strips.append(Strip(columns))
    return tuple(strips)


def reach_in(layout: Layout, step: int, source: int, strip: Strip) -> Reach:
    """Return the reach of a step inside a strip, its columns and its source's counted from the strip's first."""
    reach = reach_of_step(layout, step)
    first, last = strip.columns[step]
    begin, end = strip.columns[source]
    columns = tuple((max(low, begin) - begin, min(high, end) - begin) for low, high in reach.columns[first : last + 1])
    return Reach(reach.rows, columns)
