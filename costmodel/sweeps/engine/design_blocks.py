"""The designs of a study's space, block by block: columns of a grid, of a filtered product or of a sample."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.columns import Number
from costmodel.sweeps.study.design_fields import DesignField
from costmodel.sweeps.study.inequality import Inequality
from costmodel.sweeps.study.space import Part, Space
from costmodel.sweeps.study.study_spec import SampleKind

GRID_BLOCK: Final = 1 << 20
"""Designs of a grid that are evaluated at once: most sub-expressions are far smaller."""
SCATTER_BLOCK: Final = 1 << 14
"""Scattered designs that are evaluated at once: all their columns together stay in the processor's cache."""


class Block(NamedTuple):
    """Designs that are evaluated together."""

    columns: Mapping[DesignField, Number]
    """Numbers and columns that broadcast to `shape`."""
    axes: Mapping[str, Number]
    """Each numeric axis's values, likewise."""
    shape: tuple[int, ...]
    numbers: np.ndarray | None
    """Number of each design in the part's order; None where they are consecutive from `first`."""
    first: int


def blocks_of(space: Space, part: Part, start: int, stop: int) -> Iterator[Block]:
    """Yield the designs of a part from number `start` to before `stop`, some at a time.

    Parameters
    ----------
    space : Space
        The study's space.
    part : Part
        One combination of choices.
    start, stop : int
        For a grid, any range; for a sample, multiples of the block.

    Yields
    ------
    Block
        In order.
    """
    if space.study.sample is not None:
        yield from _sampled(space, part, start, stop)
    elif space.conditions:
        yield from _filtered(space, part, start, stop)
    else:
        yield from _grid(part, start, stop)


def _grid(part: Part, start: int, stop: int) -> Iterator[Block]:
    shape = part.shape
    at = start
    while at < stop:
        yield _grid_block(part, shape, at, stop)
        at += _grid_length(shape, at, stop)


def _grid_length(shape: tuple[int, ...], at: int, stop: int) -> int:
    """Longest run from `at` that is a rectangle of the grid and no larger than a block."""
    inner, length = 1, 1
    for extent in reversed(shape):
        if at % (inner * extent) == 0 and inner * extent <= min(GRID_BLOCK, stop - at):
            length = inner = inner * extent
            continue
        room = extent - at // inner % extent
        return inner * max(1, min(room, min(GRID_BLOCK, stop - at) // inner))
    return length


def _grid_block(part: Part, shape: tuple[int, ...], at: int, stop: int) -> Block:
    length = _grid_length(shape, at, stop)
    positions: list[tuple[int, int]] = []
    inner, left = math.prod(shape), length
    for extent in shape:
        inner //= extent
        first = at // inner % extent
        count = max(1, min(extent, left // inner))
        positions.append((first, count))
    block_shape = tuple(count for _, count in positions)
    axes: dict[str, Number] = {}
    columns: dict[DesignField, Number] = {}
    for place, (axis, (first, count)) in enumerate(zip(part.axes, positions, strict=True)):
        spread = tuple(count if other == place else 1 for other in range(len(shape)))
        chosen = slice(first, first + count)
        axes[axis.label] = _spread(axis.levels, chosen, spread)
        columns |= {spot: _spread(values, chosen, spread) for spot, values in (axis.applied or {}).items()}
    # Where all axes are choices, one design is left, in one row.
    return Block(columns, axes, block_shape or (1,), None, at)


def _spread(values: np.ndarray | None, chosen: slice, spread: tuple[int, ...]) -> Number:
    part = np.empty(0) if values is None else values[chosen]
    return part[0].item() if part.size == 1 else part.reshape(spread)


def _filtered(space: Space, part: Part, start: int, stop: int) -> Iterator[Block]:
    for first in range(start, stop, GRID_BLOCK):
        numbers = np.arange(first, min(stop, first + GRID_BLOCK))
        positions = np.unravel_index(numbers, part.shape)
        values: dict[str, Any] = dict(part.choices)
        for axis, at in zip(part.axes, positions, strict=True):
            if axis.levels is not None:
                values[axis.label] = axis.levels[at]
        held = np.flatnonzero(conditions_hold(space.conditions, values, numbers.shape))
        for begin in range(0, len(held), SCATTER_BLOCK):
            some = held[begin : begin + SCATTER_BLOCK]
            chosen = [at[some] for at in positions]
            yield levelled_block(part, chosen, numbers[some])


def levelled_block(part: Part, positions: Sequence[np.ndarray], numbers: np.ndarray) -> Block:
    """Return designs of a grid by the position of each on every axis, and their numbers."""
    axes = {axis.label: axis.levels[at] for axis, at in zip(part.axes, positions, strict=True) if axis.levels is not None}
    columns = {place: column[at] for axis, at in zip(part.axes, positions, strict=True) for place, column in (axis.applied or {}).items()}
    return Block(columns, axes, numbers.shape, numbers, int(numbers[0]))


def conditions_hold(conditions: tuple[Inequality, ...], values: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    """Return where all conditions hold, given the values of the axes."""
    held = np.ones(shape, dtype=bool)
    for comparison in conditions:
        held &= comparison.holds(values)
    return held


def _unit_columns(kind: SampleKind, draw: np.random.Generator, axis_count: int, design_count: int) -> np.ndarray:
    """Return numbers from 0 to 1 for each axis (rows) of each design (columns)."""
    if kind is not SampleKind.LATIN or not axis_count:
        return draw.random((axis_count, design_count))
    from scipy.stats.qmc import LatinHypercube  # half a second to import, and only such samples need it

    return LatinHypercube(axis_count, rng=draw).random(design_count).T


def _sampled(space: Space, part: Part, start: int, stop: int) -> Iterator[Block]:
    sample = space.study.sample
    if sample is None:
        return
    # The part is in the seed, so that the same sample does not repeat under each choice; blocks are, so that any worker draws any block.
    place = next(at for at, other in enumerate(space.parts) if other is part)
    for first in range(start, stop, SCATTER_BLOCK):
        count = min(SCATTER_BLOCK, part.designs - first, stop - first)
        draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence((sample.seed, place, first))))
        axes: dict[str, Number] = {}
        columns: dict[DesignField, Number] = {}
        for axis, units in zip(part.axes, _unit_columns(sample.kind, draw, len(part.axes), count), strict=True):
            if axis.levels is None:
                axes[axis.label] = axis.drawn(units)
                columns |= axis.columns(axes[axis.label])
            else:
                at = axis.drawn_levels(units)
                axes[axis.label] = axis.levels[at]
                columns |= {spot: column[at] for spot, column in (axis.applied or {}).items()}
        numbers = np.arange(first, first + count)
        if space.conditions:
            held = np.flatnonzero(conditions_hold(space.conditions, {**part.choices, **axes}, (count,)))
            if not len(held):
                continue
            columns = {spot: column[held] for spot, column in columns.items()}
            axes = {label: column[held] for label, column in axes.items()}
            numbers = numbers[held]
        yield Block(columns, axes, numbers.shape, numbers, int(numbers[0]))
