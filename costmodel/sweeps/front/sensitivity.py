"""Which axis explains an objective: a plain decomposition of its variance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from costmodel.columns import Number
from costmodel.sweeps.engine.block_cost import chosen_block, costs_of
from costmodel.sweeps.engine.design_blocks import Block, blocks_of, conditions_hold, levelled_block
from costmodel.sweeps.engine.figure_values import Values
from costmodel.sweeps.study.axis_values import NumericAxis
from costmodel.sweeps.study.design_fields import DesignField
from costmodel.sweeps.study.space import Part, Space

_DESIGNS: Final = 1 << 18
"""Designs the decomposition looks at; larger grids are thinned evenly."""
_BINS: Final = 32
_IN_A_BIN: Final = 16
"""Designs a bin should hold at least: the mean of fewer says little."""


class Share(NamedTuple):
    """How much of an objective's variance one axis explains."""

    axis: str
    first: float
    """Alone: the variance of the objective's mean at each value of the axis, over its whole variance."""
    total: float | None
    """With all interactions; None where the designs are no full product of the axes, from which it cannot be told this way."""


class Explained(NamedTuple):
    """An objective and what explains it."""

    figure: str
    designs: int
    """Designs looked at, whether or not they satisfy the constraints."""
    shares: tuple[Share, ...]
    """Largest first; empty where the objective does not vary or is infinite somewhere."""
    note: str
    """What the shares rest on, and what they leave out."""


def explained(space: Space) -> tuple[Explained, ...]:
    """Decompose the variance of each objective.

    On a full product of axes the decomposition is the exact analysis of variance of a (thinned) full factorial: Saltelli et al., "Variance
    based sensitivity analysis of model output", Computer Physics Communications 181 (2010), equations 3 and 4. Designs that are sampled, or
    that conditions and layers that do not fit have left of a product, are put into bins along each axis: each axis alone.

    Parameters
    ----------
    space : Space
        The study's space.

    Returns
    -------
    tuple of Explained
        One an objective.
    """
    figures = tuple(dict.fromkeys(objective.figure for objective in space.study.objectives))
    if not figures:
        return ()
    return _of_grid(space, figures) if space.study.sample is None else _of_sample(space, figures)


def grid_shares(values: np.ndarray, labels: Sequence[str]) -> tuple[Share, ...]:
    """Decompose the variance over a full grid.

    Parameters
    ----------
    values : array
        One dimension an axis.
    labels : sequence of str
        Name of each axis.

    Returns
    -------
    tuple of Share
        Largest total first.
    """
    variance = float(values.var()) if np.isfinite(values).all() else 0.0
    if variance <= 0.0:
        return ()
    shares = []
    for place, label in enumerate(labels):
        others = tuple(other for other in range(values.ndim) if other != place)
        first = float(values.mean(axis=others).var()) / variance
        shares.append(Share(label, first, float(values.var(axis=place).mean()) / variance))
    return tuple(sorted(shares, key=lambda share: -(share.total or 0.0)))


def scatter_shares(values: np.ndarray, axes: Mapping[str, np.ndarray], *, drawn: bool) -> tuple[Share, ...]:
    """Decompose the variance of scattered designs by bins along each axis.

    Parameters
    ----------
    values : array
        One an objective value.
    axes : mapping
        Axis to its value for each design.
    drawn : bool
        Whether the designs are a random sample: the variance that bins of few designs show by chance is then taken off (epsilon squared).

    Returns
    -------
    tuple of Share
        Largest first; without totals.
    """
    designs = len(values)
    variance = float(values.var()) if designs and np.isfinite(values).all() else 0.0
    if variance <= 0.0:
        return ()
    bins = max(2, min(_BINS, designs // _IN_A_BIN))
    shares = []
    for label, column in axes.items():
        _, place = np.unique(column.astype(str) if column.dtype == object else column, return_inverse=True)
        if column.dtype != object and place.max() >= 2 * bins:
            # Equal values stay together: a bin ends where the last of them does.
            place = (np.cumsum(np.bincount(place)) - 1)[place] * bins // designs
        count = np.bincount(place)
        mean = np.bincount(place, weights=values) / np.maximum(count, 1)
        first = float(np.average((mean - values.mean()) ** 2, weights=count)) / variance
        used = np.count_nonzero(count)
        if drawn and designs > used:
            first = max(0.0, 1.0 - (1.0 - first) * (designs - 1) / (designs - used))
        shares.append(Share(label, first, None))
    return tuple(sorted(shares, key=lambda share: -share.first))


def _of_grid(space: Space, figures: Sequence[str]) -> tuple[Explained, ...]:
    counts = [len(axis.levels) if axis.levels is not None else 0 for axis in space.parts[0].axes]
    while math.prod(counts) * len(space.parts) > _DESIGNS and max(counts, default=0) > 2:
        widest = counts.index(max(counts))
        counts[widest] = (counts[widest] + 1) // 2
    if math.prod(counts) * len(space.parts) > _DESIGNS:
        return _of_drawn(space, figures)
    labels = (*space.parts[0].choices, *(axis.label for axis in space.parts[0].axes))
    columns = _Columns(space.labels, figures)
    for part in space.parts:
        block = _thinned(part.axes, counts)
        held = np.flatnonzero(conditions_hold(space.conditions, {**part.choices, **block.axes}, block.shape))
        if len(held):
            columns.take(space, part, block if len(held) == math.prod(block.shape) else chosen_block(block, held))
    choices = [dict.fromkeys(str(part.choices[label]) for part in space.parts) for label in space.parts[0].choices]
    shape = (*(len(values) for values in choices), *counts)
    possible = math.prod(counts) * len(space.parts)
    thinned = "" if possible == space.designs else f" of an even grid out of {space.designs:,}"
    if columns.designs == math.prod(shape):
        return tuple(
            _told(figure, values, grid_shares(values[columns.order()].reshape(shape), labels), f"all {len(values):,} designs{thinned}")
            for figure, values in columns.figures()
        )
    told = f"the {columns.designs:,} designs that fit{thinned or f' out of {space.designs:,}'}, each axis alone"
    return _of_columns(columns, told, drawn=False)


def _of_drawn(space: Space, figures: Sequence[str]) -> tuple[Explained, ...]:
    """Decompose designs drawn from a product of so many axes that two values of each are too many."""
    draw = np.random.Generator(np.random.PCG64(0))
    columns = _Columns(space.labels, figures)
    chosen = space.parts if len(space.parts) <= _DESIGNS else [space.parts[at] for at in draw.integers(0, len(space.parts), _DESIGNS)]
    for part in chosen:
        numbers = np.unique(draw.integers(0, part.designs, max(1, _DESIGNS // len(chosen))))
        positions = np.unravel_index(numbers, part.shape) if part.shape else ()
        block = levelled_block(part, positions, numbers)
        held = np.flatnonzero(conditions_hold(space.conditions, {**part.choices, **block.axes}, block.shape))
        if len(held):
            columns.take(space, part, chosen_block(block, held))
    return _of_columns(columns, f"{columns.designs:,} designs drawn out of {space.designs:,}, each axis alone", drawn=True)


def _of_sample(space: Space, figures: Sequence[str]) -> tuple[Explained, ...]:
    share = max(1, _DESIGNS // len(space.parts))
    columns = _Columns(space.labels, figures)
    for part in space.parts:
        left = share
        for block in blocks_of(space, part, 0, part.designs):
            left -= columns.take(space, part, block)
            if left <= 0:
                break
    some = "" if columns.designs >= space.designs else f" out of {space.designs:,}"
    return _of_columns(columns, f"{columns.designs:,} sampled designs{some}, each axis alone", drawn=True)


def _of_columns(columns: _Columns, told: str, *, drawn: bool) -> tuple[Explained, ...]:
    axes = columns.axes()
    return tuple(_told(figure, values, scatter_shares(values, axes, drawn=drawn), told) for figure, values in columns.figures())


def _told(figure: str, values: np.ndarray, shares: tuple[Share, ...], told: str) -> Explained:
    if shares:
        note = f"Shares of the variance over {told}, those that a constraint removes included."
    elif len(values) and not np.isfinite(values).all():
        without = np.count_nonzero(~np.isfinite(values))
        note = f"{figure} is infinite or unknown for {without:,} of {len(values):,} designs: no variance to share."
    else:
        note = f"{figure} is the same for all {len(values):,} designs."
    return Explained(figure, len(values), shares, note)


class _Columns:
    """Axes and figures of the designs looked at."""

    def __init__(self, labels: Sequence[str], figures: Sequence[str]) -> None:
        self._axes: dict[str, list[np.ndarray]] = {label: [] for label in labels}
        self._figures: dict[str, list[np.ndarray]] = {figure: [] for figure in figures}
        self._numbers: list[np.ndarray] = []
        self.designs = 0

    def take(self, space: Space, part: Part, block: Block) -> int:
        """Evaluate a block; return how many of its designs fit."""
        before = self.designs
        for smaller, answer in costs_of(part, block):
            values = Values(part, smaller, answer)
            count = math.prod(smaller.shape)
            for label, found in self._axes.items():
                value = part.choices.get(label, smaller.axes.get(label))
                spread = np.full(count, str(value), dtype=object) if label in part.choices else np.broadcast_to(value, smaller.shape)
                found.append(spread.reshape(-1))
            for figure, found in self._figures.items():
                found.append(np.broadcast_to(np.asarray(values.optional(figure), dtype=np.float64), smaller.shape).reshape(-1))
            numbers = smaller.first + np.arange(count) if smaller.numbers is None else smaller.numbers
            place = next(at for at, other in enumerate(space.parts) if other is part)
            self._numbers.append(numbers + place * part.designs)
            self.designs += count
        return self.designs - before

    def order(self) -> np.ndarray:
        """Return the positions of the designs in the order of the product: pieces of a block are evaluated apart."""
        return np.argsort(np.concatenate(self._numbers), kind="stable")

    def axes(self) -> dict[str, np.ndarray]:
        """Return each axis's value, one a design."""
        return {label: np.concatenate(found) if found else np.empty(0) for label, found in self._axes.items()}

    def figures(self) -> list[tuple[str, np.ndarray]]:
        """Return each figure's values, one a design."""
        return [(figure, np.concatenate(found) if found else np.empty(0)) for figure, found in self._figures.items()]


def _thinned(axes: Sequence[NumericAxis], counts: Sequence[int]) -> Block:
    columns: dict[DesignField, Number] = {}
    values: dict[str, Number] = {}
    for place, (axis, count) in enumerate(zip(axes, counts, strict=True)):
        if axis.levels is None:
            continue
        chosen = np.linspace(0, len(axis.levels) - 1, count).astype(np.int64)
        spread = tuple(count if other == place else 1 for other in range(len(axes)))
        values[axis.label] = axis.levels[chosen].reshape(spread)
        columns |= {spot: column[chosen].reshape(spread) for spot, column in (axis.applied or {}).items()}
    return Block(columns, values, tuple(counts) or (1,), None, 0)
