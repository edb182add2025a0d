"""A low level beyond windows that noise hides in each of them: where one step down explains all of them laid over each other."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from costmodel.measurement.captures.trace_chunk import Floats

MEDIAN_OF: Final = 3
"""Windows from which their median is taken, which passes over spikes and bursts."""
_SIGMA_OF_MEDIAN: Final = 1.2533
"""Standard deviation of a median over that of a mean, of many values."""
_SIGMA_OF_MAD: Final = 1.4826
_LEAST_BLOCKS: Final = 3
_LEAST_HEIGHT: Final = 0.05
"""Share of the windows' height that a level has, at least."""
_MOST_HEIGHT: Final = 0.5
"""The same, at most: more is the windows' own edge."""
_BEGINS: Final = 0.5
"""Share of the level's height that its first third has, at least: less begins at rest, as a burst does."""
_FLAT: Final = 0.6
"""Share of its first third's height that its last third has, at least: less is a ramp or a decay."""
_LEVEL_SIGMAS: Final = 2.0
"""Standard deviations that thirds of a level may lie further apart than those of one without noise."""
_PLACED: Final = 3.0
"""Blocks that a step is placed to, usually, where noise is as high as it: as many more as the square of their ratio."""


class HiddenLevel(NamedTuple):
    """A level after windows, or before them."""

    blocks: int
    """For how many it goes on."""
    height_a: float
    sigmas: float
    """By how many standard deviations all windows together step down after it."""
    within_blocks: float
    """How near its end is told."""


def hidden_level(beyond_a: Floats, height_a: float, sigma_a: float, wander_a: float) -> HiddenLevel | None:
    """Find the step down that explains what follows windows best (least squares).

    Parameters
    ----------
    beyond_a : Floats, shape (windows, blocks)
        Current after each window, above rest [A].
    height_a : float
        Of the windows [A].
    sigma_a : float
        Standard deviation of a block at rest [A].
    wander_a : float
        What the mean of a stretch at rest differs by beyond white noise, where what follows is too short to tell [A].

    Returns
    -------
    HiddenLevel or None
        None where what comes before the step is no level: it falls as a ramp or a decay, begins at rest, or is the windows' own edge.
    """
    windows, count = beyond_a.shape
    if count <= 2 * _LEAST_BLOCKS:
        return None
    many = windows >= MEDIAN_OF
    profile = np.median(beyond_a, axis=0) if many else beyond_a.mean(axis=0)
    sigma_a = sigma_a / float(np.sqrt(windows)) * (_SIGMA_OF_MEDIAN if many else 1.0)
    sums, sizes = np.cumsum(profile), np.arange(1, count)
    steps = sums[:-1] / sizes - (sums[-1] - sums[:-1]) / (count - sizes)
    blocks = int(np.argmax(steps * np.sqrt(sizes * (count - sizes)))) + 1
    step_a = float(steps[blocks - 1])
    third = max(blocks // 3, 1)
    rest_a = float(profile[blocks:].mean())
    begin_a, end_a = float(profile[:third].mean()) - rest_a, float(profile[blocks - third : blocks].mean()) - rest_a
    tolerance_a = _LEVEL_SIGMAS * sigma_a / float(np.sqrt(third))
    flat = begin_a >= _BEGINS * step_a - tolerance_a and end_a >= _FLAT * begin_a - tolerance_a
    if blocks < _LEAST_BLOCKS or not _LEAST_HEIGHT * height_a <= step_a <= _MOST_HEIGHT * height_a or not flat:
        return None
    white_a = sigma_a * float(np.sqrt(1.0 / blocks + 1.0 / (count - blocks)))
    off_a = float(np.hypot(white_a, _wander_a(beyond_a[:, blocks:], blocks, wander_a)))
    return HiddenLevel(blocks, step_a, step_a / off_a if off_a else np.inf, _PLACED * (sigma_a / step_a) ** 2)


def _wander_a(rest_a: Floats, stretch: int, otherwise_a: float) -> float:
    """Return what means of stretches after the level differ by in all windows together, beyond white noise."""
    windows, count = rest_a.shape
    pieces = count // stretch
    if windows * pieces < 2 * MEDIAN_OF:
        return otherwise_a
    cut = rest_a[:, : pieces * stretch].reshape(windows * pieces, stretch)
    means = cut.mean(axis=1)
    usual_a = _SIGMA_OF_MAD * float(np.median(np.abs(means - np.median(means))))
    white_a = float(np.median(cut.std(axis=1))) / float(np.sqrt(stretch))
    return float(np.sqrt(max(usual_a**2 - white_a**2, 0.0) / windows))
