"""Readings of a capture: a level the board idles at, and the rises out of it that are inferences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.current_levels import Level, current_levels, dwelt_at
from costmodel.measurement.windows.ends.rises import Rises, rises_out_of
from costmodel.measurement.windows.quiet_current import QuietCurrent, averaged
from costmodel.measurement.windows.trace_blocks import Blocks

WIDTHS: Final = (1, 2, 4, 8, 16, 32, 64)
"""Blocks averaged, from the fewest up, until a step stands out of the noise."""
_TEXTURE: Final = 0.1
"""A step smaller than this share of the way up to what is drawn in the rises is what the board does at idle."""
_STANDS_OUT: Final = 8.0
"""Standard deviations that a short rise stands out of a capture of one level."""
_STEADY: Final = 3
"""Rises, at least, that are met again with twice as many blocks averaged."""
_BEGIN: Final = 3
"""Blocks from the edge of a rise on whose current it begins with."""
_SLEEPS: Final = 0.1
"""Share of the next level below which a level is sleep, not idling awake."""


@dataclass(frozen=True)
class Reading:
    """One way to read a capture."""

    quiet: QuietCurrent
    levels: tuple[Level, ...]
    place: int
    """Of the idle level among them."""
    rises: Rises

    @property
    def whole(self) -> NDArray[np.intp]:
        """Numbers of the rises that the capture neither begins nor ends in."""
        return np.flatnonzero(~self.rises.cut)

    def heights_a(self, first: NDArray[np.intp], last: NDArray[np.intp]) -> Floats:
        """Return the mean current of rises above rest, from their first blocks and those after their last."""
        sums = np.concatenate(([0.0], np.cumsum(self.quiet.current_a - self.rises.rest_a)))
        heights: Floats = (sums[last] - sums[first]) / (last - first)
        return heights


def readings_of(blocks: Blocks, quiet: QuietCurrent) -> Iterator[Reading]:
    """Yield the readings of a capture: the lowest idle level first, at the fewest blocks averaged that tell one from noise.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    quiet : QuietCurrent
        Its current without spikes and drift.

    Yields
    ------
    Reading
        Each with a whole rise at least.
    """
    fallback: list[Reading] = []
    counted = 0
    for width in WIDTHS:
        if 4 * width > len(quiet.current_a):
            break
        smooth = averaged(quiet, width)
        levels = dwelt_at(current_levels(smooth.current_a, blocks.samples_a_block * width, blocks.period_s, smooth.noise_a))
        if len(levels) < 2:
            levels = _lone(smooth, levels)
        found: list[Reading] = []
        hidden, lowest = False, True
        for place, level in enumerate(levels[:-1]):
            rises = rises_out_of(smooth, level)
            if rises.cut.all() or _is_texture(smooth.current_a, rises, levels[place + 1]):
                continue
            # Noise that leaves as many rises whatever is averaged hides none of them.
            whole = len(rises.cut) - int(np.count_nonzero(rises.cut))
            steady = lowest and whole == counted >= _STEADY
            counted, lowest = whole if lowest else counted, False
            if rises.separable or steady:
                found.append(Reading(smooth, levels, place, rises))
            # A step out of a lower level that noise still hides is told by averaging more, not by taking the next level for idle.
            hidden = hidden or not found
        if found and not hidden:
            yield from found
            return
        fallback = fallback or found
    yield from fallback


def sleeps(reading: Reading) -> bool:
    """Tell whether a reading's idle level is sleep: next to nothing beside the level above.

    Parameters
    ----------
    reading : Reading
        One way to read a capture.

    Returns
    -------
    bool
        False for a board that idles awake.
    """
    return reading.rises.rest_a < _SLEEPS * reading.levels[reading.place + 1].current_a


def wakes_of(reading: Reading) -> Iterator[Reading]:
    """Yield the reading in which the current that rises begin at is that of a board idling awake, where one can be told.

    Parameters
    ----------
    reading : Reading
        One in which the board sleeps.

    Yields
    ------
    Reading
        Of the same capture, with rises out of the current that most of its rises begin with: too short to be a level of its own.
    """
    current, rises, whole = reading.quiet.current_a, reading.rises, reading.whole
    long = whole[rises.last[whole] - rises.first[whole] > 2 * _BEGIN]
    if not len(long):
        return
    begins = rises.first[long][:, None] + np.arange(1, _BEGIN)
    awake_a = float(np.median(current[begins]))
    inside = np.concatenate([current[a:b] for a, b in zip(rises.first[long].tolist(), rises.last[long].tolist(), strict=True)])
    above = inside[inside > awake_a + _STANDS_OUT * reading.quiet.noise_a]
    if not len(above):
        return
    top_a = float(np.median(above))
    awake = Level(awake_a, 0.5 * (rises.rest_a + awake_a), 0.5 * (awake_a + top_a), len(inside) / len(current))
    out = rises_out_of(reading.quiet, awake)
    if out.separable and len(out.first) and not out.cut.all():
        yield Reading(reading.quiet, (reading.levels[reading.place], awake, Level(top_a, awake.high_a, np.inf, 0.0)), 1, out)


def _lone(smooth: QuietCurrent, levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """Return the level a capture stays at and that of rises too short to be dwelt at; the levels as they are without such rises."""
    current = smooth.current_a
    rest_a = float(np.median(current))
    spread_a = max(1.4826 * float(np.median(np.abs(current - rest_a))), smooth.noise_a)
    above = current[current > rest_a + _STANDS_OUT * spread_a]
    if len(above) < 2:
        return levels
    top_a = float(np.median(above))
    middle_a = 0.5 * (rest_a + top_a)
    share = len(above) / len(current)
    return Level(rest_a, float(current.min()), middle_a, 1.0 - share), Level(top_a, middle_a, np.inf, share)


def _is_texture(current: Floats, rises: Rises, above: Level) -> bool:
    inside = np.zeros(len(current) + 1, dtype=np.int64)
    np.add.at(inside, rises.first, 1)
    np.add.at(inside, rises.last, -1)
    drawn = current[np.cumsum(inside[:-1]) > 0]
    return above.current_a - rises.rest_a < _TEXTURE * (float(np.median(drawn)) - rises.rest_a)
