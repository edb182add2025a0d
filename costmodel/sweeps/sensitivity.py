"""Which axis explains an objective: a plain decomposition of its variance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.columns import Number
from costmodel.sweeps.axis_values import NumericAxis
from costmodel.sweeps.block_cost import costs_of
from costmodel.sweeps.figure_values import Values
from costmodel.sweeps.places import Place
from costmodel.sweeps.space import Block, Part, Space, blocks_of

_DESIGNS: Final = 1 << 18
"""Designs the decomposition looks at; larger grids are thinned evenly."""
_BINS: Final = 32


class Share(NamedTuple):
    """How much of an objective's variance one axis explains."""

    axis: str
    first: float
    """Alone: the variance of the objective's mean at each value of the axis, over its whole variance."""
    total: float | None
    """With all interactions; None for scattered designs, from which it cannot be told this way."""


class Explained(NamedTuple):
    """An objective and what explains it."""

    figure: str
    designs: int
    """Designs looked at, whether or not they satisfy the constraints."""
    shares: tuple[Share, ...]
    """Largest first; empty where the objective does not vary or is infinite somewhere."""


def explained(space: Space) -> tuple[Explained, ...]:
    """Decompose the variance of each objective.

    On a product of axes the decomposition is the exact analysis of variance of a (thinned) full factorial: Saltelli et al., "Variance based
    sensitivity analysis of model output", Computer Physics Communications 181 (2010), equations 3 and 4. Scattered designs are put into
    bins along each axis.

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
    if space.study.sample is None and not space.study.conditions:
        return _of_grid(space, figures)
    return _of_scatter(space, figures)


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


def scatter_shares(values: np.ndarray, axes: Mapping[str, np.ndarray]) -> tuple[Share, ...]:
    """Decompose the variance of scattered designs by bins along each axis.

    Parameters
    ----------
    values : array
        One an objective value.
    axes : mapping
        Axis to its value for each design.

    Returns
    -------
    tuple of Share
        Largest first; without totals.
    """
    variance = float(values.var()) if len(values) and np.isfinite(values).all() else 0.0
    if variance <= 0.0:
        return ()
    shares = []
    for label, column in axes.items():
        _, place = np.unique(column.astype(str) if column.dtype == object else column, return_inverse=True)
        if place.max() >= 2 * _BINS:
            place = place.argsort(kind="stable").argsort(kind="stable") * _BINS // len(place)
        count = np.bincount(place)
        mean = np.bincount(place, weights=values) / np.maximum(count, 1)
        shares.append(Share(label, float(np.average((mean - values.mean()) ** 2, weights=count)) / variance, None))
    return tuple(sorted(shares, key=lambda share: -share.first))


def _of_grid(space: Space, figures: Sequence[str]) -> tuple[Explained, ...]:
    first = space.parts[0]
    counts = [len(axis.levels) if axis.levels is not None else 0 for axis in first.axes]
    while math.prod(counts) * len(space.parts) > _DESIGNS and max(counts, default=0) > 2:
        widest = counts.index(max(counts))
        counts[widest] = (counts[widest] + 1) // 2
    choices: dict[str, list[Any]] = {}
    for part in space.parts:
        for label, value in part.choices.items():
            choices.setdefault(label, [])
            choices[label] += [] if value in choices[label] else [value]
    shape = (*(len(values) for values in choices.values()), *counts)
    if math.prod(shape) != math.prod(counts) * len(space.parts):
        return ()
    labels = (*choices, *(axis.label for axis in first.axes))
    columns: dict[str, list[np.ndarray]] = {figure: [] for figure in figures}
    for part in space.parts:
        block = _thinned(part.axes, counts)
        for smaller, answer in costs_of(part, block):
            values = Values(space, part, smaller, answer)
            for figure in figures:
                columns[figure].append(np.broadcast_to(np.asarray(values[figure], dtype=np.float64), block.shape).reshape(-1))
    return tuple(
        Explained(figure, math.prod(shape), grid_shares(np.concatenate(found).reshape(shape), labels)) for figure, found in columns.items()
    )


def _thinned(axes: Sequence[NumericAxis], counts: Sequence[int]) -> Block:
    columns: dict[Place, Number] = {}
    values: dict[str, Number] = {}
    for place, (axis, count) in enumerate(zip(axes, counts, strict=True)):
        if axis.levels is None:
            continue
        chosen = np.linspace(0, len(axis.levels) - 1, count).astype(np.int64)
        spread = tuple(count if other == place else 1 for other in range(len(axes)))
        values[axis.label] = axis.levels[chosen].reshape(spread)
        columns |= {spot: column[chosen].reshape(spread) for spot, column in (axis.applied or {}).items()}
    return Block(columns, values, tuple(counts), None, 0)


def _of_scatter(space: Space, figures: Sequence[str]) -> tuple[Explained, ...]:
    share = max(1, _DESIGNS // len(space.parts))
    axes: dict[str, list[np.ndarray]] = {label: [] for label in space.labels}
    columns: dict[str, list[np.ndarray]] = {figure: [] for figure in figures}
    for part in space.parts:
        for block, values in _some(space, part, share):
            for label in axes:
                found = part.choices.get(label, block.axes.get(label))
                kept = np.full(block.shape, str(found), dtype=object) if label in part.choices else np.broadcast_to(found, block.shape)
                axes[label].append(kept.reshape(-1))
            for figure in figures:
                columns[figure].append(np.broadcast_to(np.asarray(values[figure], dtype=np.float64), block.shape).reshape(-1))
    merged = {label: np.concatenate(found) for label, found in axes.items() if found}
    return tuple(
        Explained(figure, len(whole), scatter_shares(whole, merged))
        for figure, found in columns.items()
        for whole in [np.concatenate(found) if found else np.empty(0)]
    )


def _some(space: Space, part: Part, wanted: int) -> Any:
    """Yield blocks with their values until enough designs were seen."""
    left = wanted
    for block in blocks_of(space, part, 0, part.designs):
        for smaller, answer in costs_of(part, block):
            yield smaller, Values(space, part, smaller, answer)
            left -= math.prod(smaller.shape)
        if left <= 0:
            return
