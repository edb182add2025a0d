"""Idle that steps to another level for good: something is switched on or off while inferences go on as before."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.current_levels import runs
from costmodel.measurement.windows.quiet_current import QuietCurrent
from costmodel.measurement.windows.readings import Reading

_AGAIN: Final = 3
"""Rises, at least, on either side of a step."""
_ALIKE: Final = 1.35
"""Ratio within which the rises on both sides last alike and stand alike above their own idle."""
_MOST: Final = 0.8
"""Share of them that do."""
_FAR_LONGER: Final = 3.0
"""Times the usual rise that one lasts which may be the time after a step."""
_SIGMAS: Final = 4.0
_LEAST_STEP: Final = 0.02
"""Share of the rises' height that a step has, at least, to matter."""
_LOOKED_AT: Final = 1 << 18
"""Blocks at rest that a step is looked for among, at most."""
_BACK: Final = 0.01
"""Share of the time after a step that the current is back at the level before it, at most."""
_SPREAD: Final = 0.25
"""Share of a step that idle spreads by on either side of it, at most: more is a wandering."""


class _Step(NamedTuple):
    """Blocks that idle at another level, and by how much."""

    blocks: slice
    above_a: float


def without_idle_step(reading: Reading) -> QuietCurrent | None:
    """Take a step of the idle current out of a capture.

    Parameters
    ----------
    reading : Reading
        The capture, read without one.

    Returns
    -------
    QuietCurrent or None
        The capture with the lower idle throughout; None where no step lies between rises that are alike.
    """
    step = _shifted_rest(reading) or _long_rise(reading)
    if step is None:
        return None
    current, single = reading.quiet.current_a.copy(), reading.quiet.single_a.copy()
    for each in (current, single):
        each[step.blocks] -= step.above_a
    at = (step.blocks.start, step.above_a) if step.blocks.start else (step.blocks.stop, -step.above_a)
    return replace(reading.quiet, current_a=current, single_a=single, steps=(*reading.quiet.steps, at))


def _long_rise(reading: Reading) -> _Step | None:
    """Find the time after a step, or before it, in a rise that the capture ends or begins in."""
    rises = reading.rises
    spans = rises.last - rises.first
    usual = float(np.median(spans))
    long = np.flatnonzero(spans >= _FAR_LONGER * usual)
    if not len(long):
        return None
    current = reading.quiet.current_a
    count = len(current)
    after = slice(int(rises.first[long[0]]), count), np.arange(int(long[0]))
    before = slice(0, int(rises.last[long[-1]])), np.arange(int(long[-1]) + 1, len(spans))
    for here, others in (after, before):
        if len(others) < _AGAIN:
            continue
        height_a = float(np.median(reading.heights_a(rises.first[others], rises.last[others])))
        inside, outside = current[here], np.concatenate((current[: here.start], current[here.stop :]))
        rest_a = float(np.median(outside[outside <= rises.core_a]))
        low = inside[inside < float(np.quantile(inside, 0.05)) + 0.25 * height_a]
        above_a = float(np.median(low)) - rest_a
        stays = np.mean(inside < rest_a + 0.5 * above_a) <= _BACK
        if stays and abs(above_a) < height_a and _goes_on(inside - rest_a - above_a, float(np.median(spans[others])), height_a):
            return _Step(here, above_a)
    return None


def _goes_on(above_a: Floats, usual: float, height_a: float) -> bool:
    """Tell whether the rises of a stretch last as long and are as high above its own idle as the usual one."""
    first, last = runs(above_a > 0.5 * height_a)
    whole = (first > 0) & (last < len(above_a))
    first, last = first[whole], last[whole]
    if len(first) < _AGAIN:
        return False
    sums = np.concatenate(([0.0], np.cumsum(above_a)))
    heights = (sums[last] - sums[first]) / (last - first)
    alike = np.maximum(_apart(last - first, usual), _apart(heights, height_a)) <= np.log(_ALIKE)
    return bool(np.mean(alike) >= _MOST)


def _apart(values: NDArray[np.generic], usual: float) -> Floats:
    return np.abs(np.log(np.maximum(np.asarray(values, dtype=np.float64), 1e-12) / usual))


def _shifted_rest(reading: Reading) -> _Step | None:
    """Find one step in what rests, too small to be a rise of its own."""
    rises, current = reading.rises, reading.quiet.current_a
    places = np.flatnonzero(current <= rises.core_a)
    places = places[:: len(places) // _LOOKED_AT + 1]
    rest = current[places]
    count = len(rest)
    if count < 4 * _AGAIN:
        return None
    sums = np.cumsum(rest)
    sizes = np.arange(1, count)
    left, right = sums[:-1] / sizes, (sums[-1] - sums[:-1]) / (count - sizes)
    split = int(np.argmax((left - right) ** 2 * sizes * (count - sizes))) + 1
    before, after = rest[:split], rest[split:]
    above_a = float(np.median(after) - np.median(before))
    at = int(places[split])
    height_a = float(np.median(reading.heights_a(rises.first, rises.last)))
    spread_a = max(float(np.median(np.abs(side - np.median(side)))) for side in (before, after))
    enough = min(np.count_nonzero(rises.first < at), np.count_nonzero(rises.last > at)) >= _AGAIN
    if not enough or spread_a > _SPREAD * abs(above_a) or abs(above_a) < max(_SIGMAS * reading.quiet.noise_a, _LEAST_STEP * height_a):
        return None
    return _Step(slice(at, len(current)), above_a) if above_a > 0.0 else _Step(slice(0, at), -above_a)
