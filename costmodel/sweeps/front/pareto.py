"""The Pareto front of many designs, and its knee."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.sweeps.engine.prefilter import ranks_of, screen_of, worse_in_one
from costmodel.sweeps.front.dominance import dominated_rows
from costmodel.sweeps.study.study_spec import Ties

_SMALL: Final = 20_000
"""Fewer rows are not worth filtering first."""
_DEAR: Final = 4
"""Objectives from which on the exact comparison costs more than sorting the rows once an objective."""


def front_rows(objectives: np.ndarray, ties: Ties = Ties.KEEP) -> np.ndarray:
    """Return the rows that no other row dominates.

    A row dominates another if it is at most equal in every objective and less in one. Rows that are equal in all do not dominate each
    other: on the front they stay together (`keep`) or the first stands for them (`first`); off the front they all go. Rows with a NaN are
    on no front.

    Parameters
    ----------
    objectives : array, shape (n, k)
        Less is better; 1 to 4 columns.
    ties : Ties
        What becomes of equal rows.

    Returns
    -------
    int array
        Positions of the front's rows, ascending.
    """
    places = np.flatnonzero(~np.isnan(objectives).any(axis=1)) if objectives.dtype.kind == "f" else np.arange(len(objectives))
    points = objectives if len(places) == len(objectives) else objectives[places]
    while len(points) > _SMALL:
        kept = screen_of(points).passes(points)
        shrunk = len(kept) < 0.7 * len(points)
        points, places = points[kept], places[kept]
        if not shrunk:
            break
    if not len(points):
        return places
    order = np.lexsort(points.T[::-1])
    ordered = points[order]
    changes = (ordered[1:] != ordered[:-1]).any(axis=1)
    group = np.concatenate([[0], np.cumsum(changes)])
    leaders = np.flatnonzero(np.concatenate([[True], changes]))
    ranks = ranks_of(ordered[leaders])
    on_front = ~worse_in_one(ranks) if ranks.shape[1] >= _DEAR else np.ones(len(ranks), dtype=bool)
    on_front[on_front] = ~dominated_rows(ranks[on_front])
    # lexsort is stable, so the first of a group is the first in the order given.
    chosen = leaders[on_front] if ties is Ties.FIRST else np.flatnonzero(on_front[group])
    return np.sort(places[order[chosen]])


def knee_row(objectives: np.ndarray) -> int:
    """Suggest a compromise: the row of a front that is nearest to the best of everything.

    Each objective is scaled to 0 at its best and 1 at its worst on the front; the knee has the least Euclidean distance from the point that
    is best in all, the ideal point (Marler and Arora, "Survey of multi-objective optimization methods for engineering", Structural and
    Multidisciplinary Optimization 26, 2004, section 2.1). The plain sum would name a corner of most fronts of three or four objectives.

    Parameters
    ----------
    objectives : array, shape (n, k)
        Rows of a front; less is better. What is infinite counts as the nearest finite value.

    Returns
    -------
    int
        Position of the knee; the first of several.
    """
    distance = np.zeros(len(objectives))
    for column in objectives.T:
        finite = column[np.isfinite(column)]
        low, high = (finite.min(), finite.max()) if len(finite) else (0, 0)
        distance += ((np.clip(column, low, high) - low) / (high - low if high > low else 1)) ** 2
    return int(np.argmin(distance))
