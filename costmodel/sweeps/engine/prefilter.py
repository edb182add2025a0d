"""A cheap first pass before an exact front: rows that a sample of rows already dominates, found without comparing pairs."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

_SAMPLE: Final = 1 << 16
_STRONGEST: Final = 3
_CELLS: Final = 1 << 18
"""Of the staircase: few enough for a processor's cache."""
_MOST_EDGES: Final = 1 << 12


class Screen(NamedTuple):
    """What some rows dominate, in two forms: by a few rows that dominate much, and by a staircase of all of them.

    The staircase divides all objectives but the last at a few edges. A cell holds the least last objective of the rows that are at most
    equal to the cell's lower edges in all others, so whatever falls into the cell with a greater last objective is dominated.
    """

    strongest: np.ndarray
    """Rows that dominate the largest share of the sample, the strongest first."""
    edges: tuple[np.ndarray, ...]
    """Of all objectives but the last, ascending."""
    least: np.ndarray
    """One dimension an objective but the last; the first entry of each is for what lies below all edges."""

    def passes(self, points: np.ndarray) -> np.ndarray:
        """Return the positions of the rows that this does not show to be dominated; never drops a row of the front.

        Parameters
        ----------
        points : array, shape (n, k)
            Less is better.

        Returns
        -------
        int array
            Ascending.
        """
        kept = survivors(points, self.strongest)
        rest = points if len(kept) == len(points) else points[kept]
        cells = tuple(np.searchsorted(edge, column, side="right") for edge, column in zip(self.edges, rest.T, strict=False))
        beaten = self.least[cells] < rest[:, -1]
        return kept[np.flatnonzero(~beaten)]


def screen_of(points: np.ndarray) -> Screen:
    """Return what an even sample of rows dominates.

    Parameters
    ----------
    points : array, shape (n, k)
        Less is better; rows with a NaN are left out.

    Returns
    -------
    Screen
        Of nothing, where there are no rows.
    """
    sample = points[:: max(1, -(-len(points) // _SAMPLE))]
    sample = sample[~np.isnan(sample).any(axis=1)] if sample.dtype.kind == "f" else sample
    objectives = points.shape[1]
    never = np.inf if sample.dtype.kind == "f" else np.iinfo(sample.dtype).max
    if not len(sample):
        return Screen(sample, (np.empty(0, sample.dtype),) * (objectives - 1), np.full((1,) * (objectives - 1), never, sample.dtype))
    most = min(_MOST_EDGES, round(_CELLS ** (1 / max(1, objectives - 1)))) - 1
    edges = tuple(_quantiles(column, most) for column in sample.T[:-1])
    least = np.full(tuple(len(edge) + 1 for edge in edges), never, dtype=sample.dtype)
    cells = tuple(np.searchsorted(edge, column, side="left") + 1 for edge, column in zip(edges, sample.T, strict=False))
    if cells:
        np.minimum.at(least, cells, sample[:, -1])
    else:
        least[()] = sample.min()
    for axis in range(least.ndim):
        np.minimum.accumulate(least, axis=axis, out=least)
    shares = np.prod(1.0 - ranks_of(sample) / (len(sample) + 1), axis=1)
    return Screen(sample[np.argsort(-shares, kind="stable")[:_STRONGEST]], edges, least)


def survivors(points: np.ndarray, strong: np.ndarray) -> np.ndarray:
    """Return the positions of the rows that none of a few strong rows dominates."""
    kept = np.arange(len(points))
    columns = [np.ascontiguousarray(column) for column in points.T]
    for row in strong:
        if not len(kept):
            break
        beaten = np.logical_and.reduce([column >= limit for column, limit in zip(columns, row, strict=True)])
        equal = np.logical_and.reduce([column == limit for column, limit in zip(columns, row, strict=True)])
        stays = ~beaten | equal
        if not stays.all():
            kept = kept[stays]
            columns = [column[stays] for column in columns]
    return kept


def worse_in_one(ranks: np.ndarray) -> np.ndarray:
    """Tell which rows are equal to another in all columns but one, and greater in that.

    Designs that differ only in what a single objective depends on (battery, period) are found so, however many they are.

    Parameters
    ----------
    ranks : int array, shape (n, k)
        Whole numbers from 0; at least two columns.

    Returns
    -------
    bool array, shape (n,)
        True where another row dominates in that way.
    """
    beaten = np.zeros(len(ranks), dtype=bool)
    tops = [int(top) + 1 for top in ranks.max(axis=0)] if len(ranks) else []
    for one, column in enumerate(ranks.T):
        others = [place for place in range(ranks.shape[1]) if place != one]
        if not tops or math.prod(tops[place] for place in others) > np.iinfo(np.int64).max:
            continue
        key = np.ravel_multi_index(tuple(ranks[:, place] for place in others), tuple(tops[place] for place in others))
        _, group = np.unique(key, return_inverse=True)
        least = np.full(len(ranks), tops[one])
        np.minimum.at(least, group, column)
        beaten |= column > least[group]
    return beaten


def ranks_of(points: np.ndarray) -> np.ndarray:
    """Replace each column by the order of its values: whole numbers of any size compare exactly, and equal stays equal."""
    ranks = np.empty(points.shape, dtype=np.int64)
    for column in range(points.shape[1]):
        _, ranks[:, column] = np.unique(points[:, column], return_inverse=True)
    return ranks


def _quantiles(column: np.ndarray, most: int) -> np.ndarray:
    """Return at most so many distinct values, evenly spread over a column's ordered distinct values, both ends among them."""
    distinct = np.unique(column)
    return distinct[np.unique(np.linspace(0, len(distinct) - 1, min(most, len(distinct))).round().astype(np.int64))]
