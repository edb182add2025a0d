"""The windows of thresholds a user gives: `I_min < I(t) < I_max`, after boot, for longer than `tau_min`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.current_levels import runs
from costmodel.measurement.windows.inference_windows import FoundWindows, WindowRule, bounded_window
from costmodel.measurement.windows.trace_blocks import Blocks

_SHARE_OF_TYPICAL: Final = 0.25
"""tau_min, where it is not given, as a share of the typical window."""
_BRIDGED_SHARE: Final = 0.25
"""A burst above the thresholds shorter than this share of tau_min does not end a window."""
_BRIDGED_BELOW: Final = 1
"""Dips of this many blocks, or fewer, do not end a window."""
_LEAST_OUTSIDE: Final = 0.01
"""Share of the capture below given thresholds, at least, that is idle: fewer blocks are noise or a dip."""


@dataclass(frozen=True)
class Band:
    """Thresholds of the inference, and why."""

    minimum_a: float
    maximum_a: float
    idle_a: float
    """The level below, which the board would have drawn meanwhile; above the maximum where inferring draws less than idling."""
    reason: str

    def idles(self, currents: Floats) -> NDArray[np.bool_]:
        """Tell which currents lie as near to idle as the nearer threshold does."""
        margin = self.minimum_a - self.idle_a if self.idle_a <= self.minimum_a else self.idle_a - self.maximum_a
        near: NDArray[np.bool_] = np.abs(currents - self.idle_a) <= margin
        return near


def given_band(blocks: Blocks, minimum_a: float, maximum_a: float, reason: str) -> Band:
    """Return given thresholds with the current outside them: below, or above where nothing lies below.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    minimum_a, maximum_a : float
        The thresholds [A].
    reason : str
        Who gave them.

    Returns
    -------
    Band
        With the idle current.
    """
    means = blocks.mean_a
    for outside in (means[means <= minimum_a], means[means >= maximum_a]):
        if len(outside) > _LEAST_OUTSIDE * len(means):
            return Band(minimum_a, maximum_a, float(np.median(outside)), reason)
    below = means[means <= minimum_a]
    return Band(minimum_a, maximum_a, float(np.median(below)) if len(below) else 0.0, reason)


def windows_within(blocks: Blocks, band: Band, shortest_s: float | None = None, boot_s: float | None = None) -> FoundWindows:
    """Find the windows within thresholds.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    band : Band
        Thresholds on the current.
    shortest_s : float, optional
        tau_min [s]; found where it is left out.
    boot_s : float, optional
        Time after the capture's begin up to which nothing counts [s].

    Returns
    -------
    FoundWindows
        Windows in order of time, and the rule with its reasons.
    """
    means, starts = blocks.mean_a, blocks.start_s
    inside = (means > band.minimum_a) & (means < band.maximum_a)
    booted_s = float(starts[0]) + (boot_s or 0.0)
    inside &= starts[:-1] >= booted_s
    first, last = runs(inside)
    spans = starts[last] - starts[first]
    tau_s, tau_reason = _shortest(spans, blocks, shortest_s)
    first, last = _bridged(first, last, starts, means <= band.minimum_a, _BRIDGED_SHARE * tau_s)
    spans = starts[last] - starts[first]
    whole = (spans > tau_s) & (last - first > 1)
    cut = whole & ((first == 0) | ((boot_s is not None) & (starts[first] <= booted_s)) | (last == len(means)))
    resting = band.idles(means)
    windows = []
    ends, begins = np.concatenate(([0], last[:-1])), np.append(first[1:], len(means))
    kept = whole & ~cut
    spaces = np.minimum(first - ends, begins - last)[kept].tolist()
    for bounds, space in zip(zip(first[kept].tolist(), last[kept].tolist(), strict=True), spaces, strict=True):
        window = bounded_window(blocks, resting, bounds, space, band.idle_a)
        if window.end_s - window.start_s > tau_s:
            windows.append(window)
    boot_reason = "from its begin" if boot_s is None else "given"
    rule = WindowRule(band.minimum_a, band.maximum_a, tau_s, booted_s, band.reason, tau_reason, boot_reason)
    return FoundWindows(rule, windows, int(cut.sum()), int((~whole).sum()), resting=resting)


def _shortest(spans: Floats, blocks: Blocks, given_s: float | None) -> tuple[float, str]:
    if given_s is not None:
        return given_s, "given"
    least = 2.0 * blocks.samples_a_block * blocks.period_s
    if not len(spans):
        return least, "no run within the thresholds"
    order = np.argsort(spans)
    half = np.searchsorted(np.cumsum(spans[order]), 0.5 * spans.sum())
    typical = float(spans[order][half])
    reason = f"a quarter of {typical:.3g} s, in runs of which half the time within the thresholds lies"
    return max(_SHARE_OF_TYPICAL * typical, least), reason


def _bridged(
    first: NDArray[np.intp], last: NDArray[np.intp], starts: Floats, below: NDArray[np.bool_], bridge_s: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if not len(first):
        return first, last
    gone_below = np.concatenate(([0], np.cumsum(below)))
    apart = gone_below[first[1:]] - gone_below[last[:-1]] > _BRIDGED_BELOW
    apart |= starts[first[1:]] - starts[last[:-1]] > bridge_s
    return first[np.concatenate(([True], apart))], last[np.concatenate((apart, [True]))]
