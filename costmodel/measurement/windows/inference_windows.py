"""The windows in which a board infers: `I_min < I(t) < I_max`, after boot, for longer than `tau_min`.

Windows are found among block means, which noise hardly moves, and each edge is then placed between two raw samples: where a step from the
level before to the level after explains the samples around it best (least squares).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.current_levels import runs
from costmodel.measurement.windows.inference_level import Band
from costmodel.measurement.windows.trace_blocks import Blocks

_SHARE_OF_TYPICAL: Final = 0.25
"""tau_min, where it is not given, as a share of the typical window."""
_BRIDGED_SHARE: Final = 0.25
"""A burst above the thresholds shorter than this share of tau_min does not end a window."""
_BRIDGED_BELOW: Final = 1
"""Blocks at or below the lower threshold that do not end one: noise."""
_LEAST_SETTLED_S: Final = 0.05
"""Time a board idles for before it counts as booted."""
_ENOUGH_IDLE: Final = 0.25
"""Idle blocks from which the baseline of a window is taken, as a share of the window's own."""
_SINGLES: Final = 8
"""Samples an edge is looked for among, either side, where blocks are single samples."""


class Window(NamedTuple):
    """One inference, or a marked run of many."""

    start_s: float
    end_s: float
    charge: float
    """Current integrated over it [A s]."""
    energy: float | None
    """Power integrated over it [J]; None without a voltage in the capture."""
    first: int
    """First block that lies wholly inside."""
    last: int
    """Block after the last that does."""
    idle_a: float
    """Current around it, which the board would have drawn meanwhile."""
    inference_count: int = 1


@dataclass(frozen=True)
class WindowRule:
    """The rule windows were found by; given, or found with the reason."""

    minimum_a: float
    maximum_a: float
    shortest_s: float
    boot_s: float
    level_reason: str
    shortest_reason: str
    boot_reason: str


@dataclass(frozen=True)
class FoundWindows:
    """What the rule found."""

    rule: WindowRule
    windows: list[Window]
    cut_count: int
    """Windows the capture begins or ends in; not counted among the windows."""
    short_count: int
    """Runs within the thresholds that were too short."""


def find_windows(blocks: Blocks, band: Band, shortest_s: float | None = None, boot_s: float | None = None) -> FoundWindows:
    """Find the windows of a capture.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    band : Band
        Thresholds on the current.
    shortest_s : float, optional
        tau_min [s]; found where it is left out.
    boot_s : float, optional
        Time after the capture's begin up to which nothing counts [s]; found where it is left out.

    Returns
    -------
    FoundWindows
        Windows in order of time, and the rule with its reasons.
    """
    means, starts = blocks.mean_a, blocks.start_s
    inside = (means > band.minimum_a) & (means < band.maximum_a)
    booted_s, boot_reason = _boot(blocks, band, boot_s)
    inside &= starts[:-1] >= booted_s
    first, last = runs(inside)
    spans = starts[last] - starts[first]
    tau_s, tau_reason = _shortest(spans, blocks, shortest_s)
    first, last = _bridged(first, last, starts, means <= band.minimum_a, _BRIDGED_SHARE * tau_s)
    spans = starts[last] - starts[first]
    whole = (spans > tau_s) & (last - first > 1)
    at_begin = (first == 0) | (starts[first] <= booted_s)
    if boot_s is None and booted_s <= starts[0]:
        at_begin = first == 0
    cut = whole & (at_begin | (last == len(means)))
    windows = []
    ends, begins = np.concatenate(([0], last[:-1])), np.append(first[1:], len(means))
    for a, b, space in zip(
        first[whole & ~cut].tolist(),
        last[whole & ~cut].tolist(),
        np.minimum(first - ends, begins - last)[whole & ~cut].tolist(),
        strict=True,
    ):
        window = _window(blocks, band, a, b, space)
        if window.end_s - window.start_s > tau_s:
            windows.append(window)
    rule = WindowRule(band.minimum_a, band.maximum_a, tau_s, booted_s, band.reason, tau_reason, boot_reason)
    return FoundWindows(rule, windows, int(cut.sum()), int((~whole).sum()))


def _boot(blocks: Blocks, band: Band, given_s: float | None) -> tuple[float, str]:
    begin = float(blocks.start_s[0])
    if given_s is not None:
        return begin + given_s, "given"
    means, starts = blocks.mean_a, blocks.start_s
    idle = band.idles(means)
    first, last = runs(idle)
    settled = np.flatnonzero(starts[last] - starts[first] >= _LEAST_SETTLED_S)
    if not len(settled):
        return begin, "the capture never settles at idle: taken as running from its begin"
    at = int(first[settled[0]])
    if at == 0:
        return begin, "the capture begins at idle"
    return float(starts[at]), f"current first settles at idle after {float(starts[at]) - begin:.3g} s"


def _shortest(spans: Floats, blocks: Blocks, given_s: float | None) -> tuple[float, str]:
    if given_s is not None:
        return given_s, "given"
    least = 2.0 * blocks.samples_a_block * blocks.period_s
    if not len(spans):
        return least, "no run within the thresholds"
    order = np.argsort(spans)
    half = np.searchsorted(np.cumsum(spans[order]), 0.5 * spans.sum())
    typical = float(spans[order][min(int(half), len(spans) - 1)])
    return max(
        _SHARE_OF_TYPICAL * typical, least
    ), f"a quarter of {typical:.3g} s, in runs of which half the time within the thresholds lies"


def _bridged(
    first: NDArray[np.intp], last: NDArray[np.intp], starts: Floats, below: NDArray[np.bool_], bridge_s: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if len(first) < 2:
        return first, last
    gone_below = np.concatenate(([0], np.cumsum(below)))
    apart = gone_below[first[1:]] - gone_below[last[:-1]] > _BRIDGED_BELOW
    apart |= starts[first[1:]] - starts[last[:-1]] > bridge_s
    return first[np.concatenate(([True], apart))], last[np.concatenate((apart, [True]))]


def _window(blocks: Blocks, band: Band, a: int, b: int, space: int) -> Window:
    """Place the edges of the run of blocks a..b-1, with so many blocks to the nearest other run, and integrate between them."""
    means = blocks.mean_a
    reach = max(3, (b - a) // 4)
    inner = means[a + 1 : b - 1] if b - a > 4 else means[a:b]
    entered, left = float(np.median(inner[:reach])), float(np.median(inner[-reach:]))
    before, after = _idle(blocks, band, a, b)
    width = min(_SINGLES, max((b - a) // 2, 1), max(space // 2, 1)) if blocks.samples_a_block == 1 else 1
    start = _edge(blocks, a, width, _level(means, a - 1 - width, before, space > width), entered)
    end = _edge(blocks, b, width, left, _level(means, b + width, after, space > width))
    whole = slice(start.reach.stop, end.reach.start)
    return Window(
        start_s=start.time_s,
        end_s=end.time_s,
        charge=float(blocks.charge[whole].sum()) + start.charges[1] + end.charges[0],
        energy=None if blocks.energy is None else float(blocks.energy[whole].sum()) + start.energies[1] + end.energies[0],
        first=whole.start,
        last=whole.stop,
        idle_a=band.idle_a if np.isnan(before) and np.isnan(after) else float(np.nanmean([before, after])),
    )


def _level(means: Floats, index: int, otherwise: float, outside: bool) -> float:
    """Return the level just outside an edge: the block's own mean, or idle where there is none outside the windows."""
    if 0 <= index < len(means) and (outside or np.isnan(otherwise)):
        return float(means[index])
    return otherwise


def _idle(blocks: Blocks, band: Band, a: int, b: int) -> tuple[float, float]:
    """Return the mean current of the idle blocks before and after a window; NaN where there are none.

    As many blocks are looked at as the window is long; more where other windows leave little idle among them.
    """
    means = blocks.mean_a
    span = max(b - a, 8)
    sides = []
    for begin, step in ((a - 3, -1), (b + 2, 1)):
        chosen = means[:0]
        for reach in (span, 4 * span, 16 * span):
            edges = (begin, begin + reach) if step > 0 else (begin + 1 - reach, begin + 1)
            side = means[max(edges[0], 0) : max(edges[1], 0)]
            idle = band.idles(side)
            # A block beside one that is not idle may hold an edge.
            inner = idle.copy()
            inner[1:] &= idle[:-1]
            inner[:-1] &= idle[1:]
            chosen = side[inner] if inner.any() else side[idle]
            if len(chosen) >= _ENOUGH_IDLE * span or len(side) < reach:
                break
        sides.append(float(chosen.mean()) if len(chosen) else float("nan"))
    return sides[0], sides[1]


class _Edge(NamedTuple):
    time_s: float
    charges: tuple[float, float]
    """Of the looked-at samples before and after it."""
    energies: tuple[float, float]
    reach: range
    """The blocks looked at; empty where their samples were not kept, and the edge lies between two blocks."""


def _edge(blocks: Blocks, boundary: int, width: int, before_a: float, after_a: float) -> _Edge:
    """Place an edge among the samples of the blocks either side of a boundary."""
    reach = range(max(boundary - width, 0), min(boundary + width, len(blocks.charge)))
    if blocks.samples_a_block == 1:
        current = blocks.mean_a[reach.start : reach.stop]
        energy = None if blocks.energy is None else blocks.energy[reach.start : reach.stop]
        begins = blocks.start_s[reach.start : reach.stop + 1]
    elif all(block in blocks.raw for block in reach):
        current = np.concatenate([blocks.raw[block][1] for block in reach])
        begins = np.append(np.concatenate([blocks.raw[block][0] for block in reach]), blocks.start_s[reach.stop])
        volts = [part for block in reach if (part := blocks.raw[block][2]) is not None]
        energy = current * np.diff(begins) * np.concatenate(volts) if volts else None
    else:
        return _Edge(float(blocks.start_s[boundary]), (0.0, 0.0), (0.0, 0.0), range(boundary, boundary))
    deviation = np.concatenate(([0.0], np.cumsum(current - 0.5 * (before_a + after_a))))
    split = int(np.argmin(deviation) if after_a > before_a else np.argmax(deviation))
    charge = current * np.diff(begins)
    return _Edge(float(begins[split]), _halves(charge, split), _halves(energy, split), reach)


def _halves(parts: Floats | None, split: int) -> tuple[float, float]:
    return (0.0, 0.0) if parts is None else (float(parts[:split].sum()), float(parts[split:].sum()))
