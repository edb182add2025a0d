"""Levels at the begin or the end of inferences that noise hides in each, but not in all of them laid over each other."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.ends.hidden_levels import MEDIAN_OF, hidden_level
from costmodel.measurement.windows.readings import Reading

_SIGMAS: Final = 5.0
"""Standard deviations of the mean over a stretch that such a level stands above rest, at least."""
_LEAST_HEIGHT: Final = 0.05
"""Share of the windows' height that it does, at least."""
_TOLD_HEIGHT: Final = 0.15
"""Share of the windows' height that is told from noise by the mean over a stretch."""
_STRETCH: Final = 1 / 40
"""Share of the windows' duration that it lasts, at most."""
_CLEARLY: Final = 1.3
"""Times what white noise leaves from which rest hums or wanders."""
_LEAST_BLOCKS: Final = 3
_FLAT: Final = 0.6
"""Share of its first third's height that its last third has, at least: less is a ramp or a decay."""
_INSIDE: Final = 0.6
"""Share of the shortest pause that it is looked for in."""
_FURTHER: Final = 1.5
"""Times its usual duration that its end is looked for in each window."""
_SIGMA_OF_MAD: Final = 1.4826
_MOST_BLOCKS: Final = 8192
_MOST_VALUES: Final = 1 << 22
"""Blocks beyond all windows together that are looked at, at most."""
_MOST_SINGLE: Final = 4096
"""Windows looked at one by one, at most."""
_TOLD_SIGMAS: Final = 5.0
"""Standard deviations by which all windows together step down once, at least, where a level goes on beyond them."""
_DOUBTED_SIGMAS: Final = 3.5
"""The same where one may, or noise does it."""
_EACH_SHARE: Final = 0.4
"""Share of its height that the noise of a block has, at most, where its end is told in each window."""
_WITHIN_BLOCKS: Final = 2.0
"""Blocks its end is told to, at least, or as near as matters."""
_DOUBTED_SHARE: Final = 0.01
"""Share of the windows' duration that such a level lasts, at least, to matter."""


class FaintEnds(NamedTuple):
    """Windows of one kind with the levels at their ends that noise hides in each of them."""

    first: NDArray[np.intp]
    """First block of each."""
    last: NDArray[np.intp]
    """The one after its last."""
    told_together: tuple[bool, bool]
    """Whether begins and ends are those of all windows together, since noise hides them in each."""
    doubted_blocks: int
    """Blocks that a level goes on for beyond them, or noise does it; 0 where nothing is in doubt."""


class _Beyond(NamedTuple):
    """How levels go on after windows."""

    blocks: NDArray[np.intp]
    """For how many, after each."""
    together: bool = False
    doubted: int = 0


class _Noise(NamedTuple):
    """What the mean of a stretch at rest differs by from rest."""

    stretch: int
    """Blocks it is taken over."""
    white_a: float
    """From block to block, less the more windows are laid over each other."""
    wander_a: float
    """Of a hum or a wandering, which stays."""
    matters: float
    """Blocks of one that may be noise, at least, to matter."""

    def least_a(self, windows: int, height_a: float) -> float:
        """Return how far above rest a level stands, at least, to be seen in so many windows of a height."""
        return max(_SIGMAS * float(np.hypot(self.white_a / np.sqrt(windows), self.wander_a)), _LEAST_HEIGHT * height_a)


def faint_ends(
    reading: Reading,
    first: NDArray[np.intp],
    last: NDArray[np.intp],
    all_first: NDArray[np.intp],
    all_last: NDArray[np.intp],
) -> FaintEnds:
    """Extend windows of one kind by the levels at their ends that noise hides in each of them.

    Parameters
    ----------
    reading : Reading
        What they were found by.
    first, last : int array, shape (windows,)
        First block of each and the one after its last.
    all_first, all_last : int array, shape (all windows,)
        The same of the windows of every kind.

    Returns
    -------
    FaintEnds
        The same, or further out.
    """
    above_a = reading.quiet.current_a - reading.rises.rest_a
    count = len(above_a)
    span, height_a = float(np.median(last - first)), float(np.median(reading.heights_a(first, last)))
    sigma_a = reading.rises.spread_a * float(np.sqrt(reading.quiet.width))
    stretch = int(np.clip((_SIGMAS * sigma_a / (_TOLD_HEIGHT * height_a)) ** 2, 1, max(_STRETCH * span, 1)))
    white_a = sigma_a / float(np.sqrt(stretch))
    resting = above_a[above_a <= reading.rises.left_a - reading.rises.rest_a]
    wander_a = float(np.sqrt(max(_wandering_a(resting, stretch) ** 2 - (_CLEARLY * white_a) ** 2, 0.0)))
    noise = _Noise(stretch, white_a, wander_a, _DOUBTED_SHARE * span)
    # Of whatever kind the window next to one is, it ends the pause between.
    ended, begun = np.sort(np.concatenate(([0], all_last))), np.sort(np.concatenate((all_first, [count])))
    before = first - ended[np.searchsorted(ended, first, side="right") - 1]
    after = begun[np.searchsorted(begun, last)] - last
    single_a = reading.quiet.single_a - reading.rises.rest_a
    begins = _level_blocks(above_a[::-1], single_a[::-1], count - first, int(before.min()), height_a, noise)
    ends = _level_blocks(above_a, single_a, last, int(after.min()), height_a, noise)
    doubted = max(begins.doubted, ends.doubted)
    return FaintEnds(first - begins.blocks, last + ends.blocks, (begins.together, ends.together), doubted)


def _level_blocks(above_a: Floats, single_a: Floats, places: NDArray[np.intp], pause: int, height_a: float, noise: _Noise) -> _Beyond:
    """Return for how many blocks such a level goes on after each window: seen in all of them together, or in single ones."""
    goes_on = np.zeros(len(places), dtype=np.intp)
    room = min(int(_INSIDE * pause), _MOST_BLOCKS, _MOST_VALUES // len(places))
    stretch = noise.stretch
    if room < max(_LEAST_BLOCKS, 2 * stretch):
        return _Beyond(goes_on)
    around = places[:, None] + np.arange(room)
    beyond = above_a[around]
    profile = np.median(beyond, axis=0) if len(places) >= MEDIAN_OF else beyond.mean(axis=0)
    together = _level(profile, stretch, noise.least_a(len(places), height_a))
    sigma_a = noise.white_a * float(np.sqrt(stretch))
    hidden = hidden_level(single_a[around], height_a, sigma_a, noise.wander_a)
    if hidden is not None and sigma_a <= _EACH_SHARE * hidden.height_a:
        # Not hidden: what a board draws between inferences is seen in each pause.
        hidden = None
    if together is not None and hidden is None:
        return _Beyond(_fallen(beyond, *together))
    doubted = 0
    if hidden is not None and hidden.sigmas >= _DOUBTED_SIGMAS and hidden.blocks >= noise.matters:
        if hidden.sigmas >= _TOLD_SIGMAS and hidden.within_blocks <= max(noise.matters, _WITHIN_BLOCKS):
            # Where it ends in each window noise hides; in all of them together it is told.
            return _Beyond(goes_on + hidden.blocks, together=True)
        doubted = hidden.blocks
    sums = np.cumsum(beyond[:, :stretch], axis=1)[:, -1]
    single = np.flatnonzero(sums > stretch * noise.least_a(1, height_a))
    for place in single[:_MOST_SINGLE].tolist():
        alone = _level(beyond[place], stretch, noise.least_a(1, height_a))
        if alone is not None:
            goes_on[place] = _fallen(beyond[place : place + 1], *alone)[0]
    return _Beyond(goes_on, doubted=doubted)


def _wandering_a(rest_a: Floats, stretch: int) -> float:
    """Return how far the mean of a stretch at rest lies from rest, usually: more than white noise leaves where rest hums or wanders."""
    count = len(rest_a) // stretch
    if not count:
        return 0.0
    means = rest_a[: count * stretch].reshape(count, stretch).mean(axis=1)
    return _SIGMA_OF_MAD * float(np.median(np.abs(means - np.median(means))))


def _level(profile: Floats, stretch: int, least_a: float) -> tuple[float, int] | None:
    """Return the level a profile begins with, and for how many blocks it does; None where it is at rest, or falls as a ramp or a decay."""
    sums = np.concatenate(([0.0], np.cumsum(profile)))
    means = (sums[stretch:] - sums[:-stretch]) / stretch
    back = np.flatnonzero(means < 0.5 * float(means[0]))
    if means[0] < least_a or not len(back):
        return None
    usual = int(back[0]) + stretch // 2
    third = usual // 3
    if usual < max(_LEAST_BLOCKS, 2 * stretch) or profile[usual - third : usual].mean() < _FLAT * profile[:third].mean():
        return None
    return float(profile[:usual].mean()), usual


def _fallen(beyond: Floats, level_a: float, usual: int) -> NDArray[np.intp]:
    """Return where one step down explains the blocks after each window best; a burst counts no more than the level it stands on."""
    looked_at = np.clip(beyond[:, : int(_FURTHER * usual) + 1], -level_a, 2.0 * level_a)
    left = np.cumsum(0.5 * level_a - looked_at, axis=1)
    falls: NDArray[np.intp] = np.argmin(np.concatenate((np.zeros((len(beyond), 1)), left), axis=1), axis=1)
    return falls
