"""Which of the levels a capture dwells at is the inference.

An inference is a dwell that current rises into and falls out of. Idling between sleep and inference is not: it is left
upward. A radio burst is, but is short, so the level that such dwells spend the most time at is the inference.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.current_levels import Level, runs
from costmodel.measurement.windows.trace_blocks import Blocks
from costmodel.units import MA_PER_A

_DOUBTFUL_SHARE: Final = 0.25
"""Of the time at the chosen level: another level dwelt at for longer is told of."""
_LONGEST_BURST_S: Final = 0.01
"""A radio burst in the midst of an inference is shorter."""


@dataclass(frozen=True)
class Band:
    """Thresholds of the inference, and why."""

    minimum_a: float
    maximum_a: float
    idle_a: float
    """The level below, which the board would have drawn meanwhile; above the maximum where inferring draws less than idling."""
    reason: str
    doubts: tuple[str, ...] = ()
    """Other levels that may be the inference, and how to choose them."""

    def idles(self, currents: Floats) -> NDArray[np.bool_]:
        """Tell which currents lie as near to idle as the nearer threshold does."""
        margin = self.minimum_a - self.idle_a if self.idle_a <= self.minimum_a else self.idle_a - self.maximum_a
        near: NDArray[np.bool_] = np.abs(currents - self.idle_a) <= margin
        return near


def inference_band(blocks: Blocks, levels: list[Level]) -> Band | None:
    """Choose the level of the inference.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    levels : list of Level
        Its levels.

    Returns
    -------
    Band or None
        None where no level is risen into and fallen out of.
    """
    best: tuple[float, Band] | None = None
    chosen = 0
    means, spans = blocks.mean_a, np.diff(blocks.start_s)
    for place, (below, level) in enumerate(itertools.pairwise(levels), 1):
        minimum_a = level.low_a
        maximum_a = min(level.high_a, level.current_a + 2.0 * (level.current_a - below.current_a))
        first, last = _unbroken(*runs((means > minimum_a) & (means < maximum_a)), means <= minimum_a, blocks.start_s)
        inner = (first > 0) & (last < len(means))
        first, last = first[inner], last[inner]
        upward = (means[first - 1] <= minimum_a) & (means[np.minimum(last, len(means) - 1)] <= minimum_a)
        # A run of a block or two is an edge or a spike passing through.
        upward &= last - first > 2
        if not upward.any():
            continue
        dwell = float(sum(spans[a:b].sum() for a, b in zip(first[upward], last[upward], strict=True)))
        if best is None or dwell > best[0]:
            seen = ", ".join(f"{MA_PER_A * each.current_a:.4g}" for each in levels)
            reason = (
                f"the capture dwells at {seen} mA; {MA_PER_A * level.current_a:.4g} mA is the level risen into and "
                f"fallen out of for the longest "
                f"({dwell:.3g} s); thresholds half-way to {MA_PER_A * below.current_a:.4g} mA below and "
                + ("half-way to the level above" if maximum_a == level.high_a else "at three times the step above it")
            )
            chosen, best = place, (dwell, Band(minimum_a, maximum_a, below.current_a, reason))
    return None if best is None else replace(best[1], doubts=tuple(_doubts(blocks, levels, chosen, best[0])))


def _doubts(blocks: Blocks, levels: list[Level], chosen: int, dwell_s: float) -> Iterator[str]:
    """Name the other levels above rest that the capture dwells at again and again, for a time that matters."""
    means, spans = blocks.mean_a, np.diff(blocks.start_s)
    for place, level in enumerate(levels):
        if place in (0, chosen):
            continue
        first, last = runs((means > level.low_a) & (means < level.high_a))
        long = last - first > 2
        seconds = sum(float(spans[a:b].sum()) for a, b in zip(first[long], last[long], strict=True))
        if long.sum() < 2 or seconds < _DOUBTFUL_SHARE * dwell_s:
            continue
        upper = "" if math.isinf(level.high_a) else f" --max-current {MA_PER_A * level.high_a:.4g}mA"
        taken = "idle before or after the inference" if place == chosen - 1 else "something else"
        yield (
            f"current also dwells at {MA_PER_A * level.current_a:.4g} mA, {seconds:.3g} s in {int(long.sum())} runs, taken as {taken}; "
            f"if that is the inference, give --min-current {MA_PER_A * level.low_a:.4g}mA{upper}; if both are, "
            f"--min-current {MA_PER_A * min(level.low_a, levels[chosen].low_a):.4g}mA alone"
        )


def _unbroken(
    first: NDArray[np.intp], last: NDArray[np.intp], below: NDArray[np.bool_], starts: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Join runs with nothing but a short burst above them in between."""
    if len(first) < 2:
        return first, last
    gone_below = np.concatenate(([0], np.cumsum(below)))
    apart = gone_below[first[1:]] > gone_below[last[:-1]]
    apart |= starts[first[1:]] - starts[last[:-1]] > _LONGEST_BURST_S
    return first[np.concatenate(([True], apart))], last[np.concatenate((apart, [True]))]
