"""Rises of the current out of a level it rests at: from where it leaves that level to where it is back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.windows.current_levels import Level, runs
from costmodel.measurement.windows.quiet_current import QuietCurrent

_LEAVES_SIGMAS: Final = 4.0
"""Standard deviations of rest beyond which the current has left it."""
_LEAVES_SHARE: Final = 0.1
"""Share of the way to the next level beyond which it has, at least."""
_LEAVES_MOST: Final = 0.9
_SIGMA_OF_MAD: Final = 1.4826
_BRIDGED_BLOCKS: Final = 1
"""Blocks back at rest that do not end a rise: noise, or a lost sample."""


@dataclass(frozen=True)
class Rises:
    """What rises out of one level."""

    rest_a: float
    left_a: float
    """Above it the current has left rest."""
    core_a: float
    """A rise reaches it: half-way to the next level."""
    spread_a: float
    """Standard deviation of what rests."""
    first: NDArray[np.intp]
    """First block of each."""
    last: NDArray[np.intp]
    """Block after the last of each."""
    cut: NDArray[np.bool_]
    """Whether the capture begins or ends within it."""
    separable: bool
    """Whether the step to the next level stands out of the noise at rest."""


def rises_out_of(quiet: QuietCurrent, level: Level) -> Rises:
    """Find where the current leaves a level upward, and where it is back.

    Parameters
    ----------
    quiet : QuietCurrent
        The capture.
    level : Level
        Where it rests; lower currents rest too.

    Returns
    -------
    Rises
        In order of time.
    """
    current = quiet.current_a
    core_a = level.high_a
    resting = current[(current <= core_a) & (current > level.low_a)]
    spread_a = quiet.noise_a
    rest_a = level.current_a
    if len(resting):
        rest_a = float(np.median(resting))
        spread_a = max(spread_a, _SIGMA_OF_MAD * float(np.median(np.abs(resting - rest_a))))
    way = core_a - rest_a
    left_a = rest_a + max(_LEAVES_SIGMAS * spread_a, _LEAVES_SHARE * way)
    separable = left_a <= rest_a + _LEAVES_MOST * way
    left_a = min(left_a, rest_a + _LEAVES_MOST * way)
    first, last = runs(current > left_a)
    first, last = _bridged(first, last)
    reaches = np.concatenate(([0], np.cumsum(current > core_a)))
    enough = reaches[last] - reaches[first] > 1
    first, last = first[enough], last[enough]
    return Rises(rest_a, left_a, core_a, spread_a, first, last, (first == 0) | (last == len(current)), separable)


def _bridged(first: NDArray[np.intp], last: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if not len(first):
        return first, last
    apart = first[1:] - last[:-1] > _BRIDGED_BLOCKS
    return first[np.concatenate(([True], apart))], last[np.concatenate((apart, [True]))]
