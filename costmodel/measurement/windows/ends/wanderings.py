"""What of a capture's rises and pauses is none: idle that wanders has no edges, and a pause that is not back at idle is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.windows.readings import Reading

_AGAIN: Final = 3
"""Rises with an edge, at least, beside which others without one are wanderings; pauses, to be told from chance."""
_EDGE: Final = 0.2
"""Share of its height by which a rise steps at one of its ends, at least, within the blocks of an edge."""
_EDGE_BLOCKS: Final = 2
_SHARP: Final = 0.6
"""The same of a rise that clearly has one."""
_LOW_STEP: Final = 0.3
"""Share of the usual such step that one without an edge stays below."""
_SIGMAS: Final = 5.0
"""Standard deviations that pauses which are none lie above the others, at least."""
_LEAST_HEIGHT: Final = 0.05
"""Share of the rises' height that they do."""
_SPREADS: Final = 3.0
"""Times what either kind of pause spreads by that they do."""
_LEAST_BLOCKS: Final = 4
"""Blocks of a pause whose level is told, at least."""
_SAME_SHARE: Final = 0.8
"""Share of the inferences that have as many such pauses as the usual one, at least."""
_MOST_IN_ONE: Final = 12


def wanderings(reading: Reading, first: NDArray[np.intp], last: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which rises have no edge, where others do: idle that wanders.

    Parameters
    ----------
    reading : Reading
        What they were found by.
    first, last : int array, shape (rises,)
        First block of each and the one after its last; the capture neither begins nor ends in one.

    Returns
    -------
    bool array, shape (rises,)
        All false where rises with an edge are few, or the usual one's is soft.
    """
    current = reading.quiet.current_a
    reach = _EDGE_BLOCKS + reading.quiet.width - 1
    most = len(current) - 1
    up = current[np.minimum(first + reach - 1, most)] - current[first - 1]
    down = current[np.maximum(last - reach, 0)] - current[last]
    steps_a = np.maximum(up, down)
    edges = steps_a / np.maximum(reading.heights_a(first, last), 1e-12)
    sharp = edges >= _SHARP
    if np.count_nonzero(sharp) < _AGAIN:
        return np.zeros(len(first), dtype=np.bool_)
    soft: NDArray[np.bool_] = (edges < _EDGE) | ~sharp & (steps_a < _LOW_STEP * float(np.median(steps_a[sharp])))
    return soft


def with_bridges(reading: Reading) -> Reading:
    """Return a reading in which rises are joined between which the current does not come back to idle.

    Parameters
    ----------
    reading : Reading
        With a level between rises that noise hides in each pause, but not in all of them.

    Returns
    -------
    Reading
        The same where pauses are of one kind, or tell no pattern.
    """
    rises = reading.rises
    first, last = rises.first, rises.last
    begins, ends = last[:-1] + reading.quiet.width, first[1:] - reading.quiet.width
    told = ends - begins >= _LEAST_BLOCKS
    if not told.any():
        return reading
    sums = np.concatenate(([0.0], np.cumsum(reading.quiet.current_a)))
    # The level of a pause of few blocks is not told: it is one.
    levels_a = np.where(told, (sums[ends] - sums[begins]) / np.maximum(ends - begins, 1), -np.inf)
    order = np.sort(levels_a[told])
    lowest_high = int(np.argmax(np.diff(order, prepend=order[0])))
    lows, highs = order[:lowest_high], order[lowest_high:]
    if min(len(lows), len(highs)) < _AGAIN:
        return reading
    high = levels_a > lows[-1]
    apart_a = float(np.median(highs) - np.median(lows))
    white_a = rises.spread_a * float(np.sqrt(reading.quiet.width / np.min((ends - begins)[told])))
    spread_a = max(float(lows.std()), float(highs.std()))
    height_a = float(np.median(reading.heights_a(first, last)))
    if apart_a < max(_SIGMAS * white_a, _SPREADS * spread_a, _LEAST_HEIGHT * height_a):
        return reading
    parts = np.concatenate(([0], np.flatnonzero(~high) + 1, [len(first)]))
    sizes = np.diff(parts)
    usual = int(np.median(sizes))
    # What idles at two levels for long does so in few stretches of no usual length.
    if not 2 <= usual <= _MOST_IN_ONE or float(np.mean(sizes == usual)) < _SAME_SHARE:
        return reading
    first, last = first[parts[:-1]], last[parts[1:] - 1]
    return replace(reading, rises=replace(rises, first=first, last=last, cut=(first == 0) | (last == len(reading.quiet.current_a))))
