"""Levels at the begin or the end of inferences that noise hides in each, but not in all of them laid over each other."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.readings import Reading

_SIGMAS: Final = 5.0
"""Standard deviations of the mean over windows and blocks that such a level stands above rest, at least."""
_LEAST_HEIGHT: Final = 0.05
"""Share of the windows' height that it does, at least."""
_STRETCH: Final = 1 / 40
"""Share of the windows' duration that the mean is taken over."""
_LEAST_BLOCKS: Final = 3
_MEDIAN_OF: Final = 3
"""Windows from which their median is taken, which passes over spikes."""
_FLAT: Final = 0.6
"""Share of its first third's height that its last third has, at least: less is a ramp or a decay."""
_INSIDE: Final = 0.6
"""Share of the shortest pause that it is looked for in."""
_FURTHER: Final = 1.5
"""Times its usual duration that its end is looked for in each window."""
_MOST_BLOCKS: Final = 8192


def faint_ends(reading: Reading, first: NDArray[np.intp], last: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Extend windows of one kind by the levels at their ends that noise hides in each of them.

    Parameters
    ----------
    reading : Reading
        What they were found by.
    first, last : int array, shape (windows,)
        First block of each and the one after its last.

    Returns
    -------
    tuple of int array
        The same, or further out.
    """
    above_a = reading.quiet.current_a - reading.rises.rest_a
    count = len(above_a)
    span, height_a = float(np.median(last - first)), float(np.median(reading.heights_a(first, last)))
    noise_a = reading.rises.spread_a * float(np.sqrt(reading.quiet.width))
    before = first - np.concatenate(([0], last[:-1]))
    after = np.concatenate((first[1:], [count])) - last
    begins = first - _level_blocks(above_a[::-1], count - first, int(before.min()), span, height_a, noise_a)
    ends = last + _level_blocks(above_a, last, int(after.min()), span, height_a, noise_a)
    return begins, ends


def _level_blocks(above_a: Floats, places: NDArray[np.intp], pause: int, span: float, height_a: float, noise_a: float) -> NDArray[np.intp]:
    """Return for how many blocks such a level goes on after each window."""
    none = np.zeros(len(places), dtype=np.intp)
    room = min(int(_INSIDE * pause), _MOST_BLOCKS)
    stretch = max(int(_STRETCH * span), 1)
    least = max(_LEAST_BLOCKS, 2 * stretch)
    if room < least:
        return none
    beyond = above_a[places[:, None] + np.arange(room)]
    profile = np.median(beyond, axis=0) if len(places) >= _MEDIAN_OF else beyond.mean(axis=0)
    sums = np.concatenate(([0.0], np.cumsum(profile)))
    means = (sums[stretch:] - sums[:-stretch]) / stretch
    least_a = max(_SIGMAS * noise_a / float(np.sqrt(len(places) * stretch)), _LEAST_HEIGHT * height_a)
    back = np.flatnonzero(means < 0.5 * float(means[0]))
    if means[0] < least_a or not len(back):
        return none
    usual = int(back[0]) + stretch // 2
    third = usual // 3
    if usual < least or profile[usual - third : usual].mean() < _FLAT * profile[:third].mean():
        return none
    level_a = float(profile[:usual].mean())
    # Where one step down explains the blocks after a window best; a burst counts no more than the level it stands on.
    looked_at = np.clip(beyond[:, : int(_FURTHER * usual) + 1], -level_a, 2.0 * level_a)
    left = np.cumsum(0.5 * level_a - looked_at, axis=1)
    goes_on: NDArray[np.intp] = np.argmin(np.concatenate((np.zeros((len(places), 1)), left), axis=1), axis=1)
    return goes_on
