"""Edges that are no steps: a straight ramp, whose foot is found, and a decay, which ends nowhere in particular.

Windows are laid over each other at an edge, so that noise averages. How long the current takes from one height to the next, heights a
factor of the square root of two apart, tells the shape: as long each time for an exponential decay, ever longer up a straight ramp,
no time at all at a step.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.inference_windows import Window
from costmodel.measurement.windows.readings import Reading
from costmodel.measurement.windows.trace_blocks import Blocks

_FACTOR: Final = float(np.sqrt(2.0))
_LOWEST: Final = 0.03
"""Share of a window's height down to which an edge is followed, where noise lets it."""
_NOISE: Final = 5.0
"""Standard deviations of the windows' mean above which it is."""
_LEAST_HEIGHTS: Final = 4
"""Heights an edge passes through, at least, before its shape can be told: a factor of four."""
_BELOW_TOP: Final = 0.9
"""Share of a window's height from which an edge is followed down: noise crosses the height itself anywhere."""
_LONGER: Final = 2.5
"""Times the usual time between two heights from which the current dwells at a level there."""
_SLACK: Final = 4.0
"""Standard deviations of the windows' mean by which noise may put off the height itself."""
_NO_TIME: Final = 0.2
"""Blocks within which a step falls."""
_EVEN: Final = 3.0
"""Times the usual time between two heights of a decay that the longest takes, at most."""
_STRAIGHT: Final = 0.5
"""Share of a straight ramp's growth of that time, from one height to the next, above which an edge counts as straight."""
_LEAST_BLOCKS: Final = 3
"""Blocks an edge that is no step takes, at least."""
_TIME_CONSTANTS: Final = 3.0
"""Time constants after which a decay is over: 95 % of its charge has flowed."""
_SAME_SPAN: Final = 0.01
"""Share of a window's duration that a decay may add without a difference to an answer good to 1 %."""
_INSIDE: Final = 0.75
"""Share of the shortest window, and of the shortest pause, that an edge is looked for in."""
_MOST_BLOCKS: Final = 8192


class SoftEdge(NamedTuple):
    """The shape of the windows' edge, in blocks from where the current left rest, outward."""

    foot_blocks: float
    """Where a straight ramp reaches rest; where a decay is over."""
    top_blocks: float
    """Where it begins to fall."""
    decays: bool
    """Whether it falls ever slower, so that it ends nowhere in particular."""


def soft_edge(
    above_a: Floats, places: NDArray[np.intp], outward: int, room: tuple[int, int], spread_a: float, width: int
) -> SoftEdge | None:
    """Find the shape of the windows' edge.

    Parameters
    ----------
    above_a : Floats, shape (blocks,)
        Current above rest [A].
    places : int array, shape (windows,)
        Block at which each window has left rest: its first, or the one after its last.
    outward : int
        1 for the end of windows, -1 for their begin.
    room : tuple of int
        Blocks looked at inside and outside.
    spread_a : float
        Standard deviation of a block at rest [A].
    width : int
        Blocks averaged for each.

    Returns
    -------
    SoftEdge or None
        None for a step, or where noise hides the shape.
    """
    inside, outside = (min(reach, _MOST_BLOCKS) for reach in room)
    offsets = np.arange(-inside, outside)
    blocks = places[:, None] + (offsets if outward == 1 else -1 - offsets)
    blocks = blocks[(blocks.min(axis=1) >= 0) & (blocks.max(axis=1) < len(above_a))]
    if not len(blocks) or inside < _LEAST_BLOCKS:
        return None
    # A median, where there are three, passes over spikes.
    profile = np.median(above_a[blocks], axis=0)
    top_a = float(np.quantile(profile[:inside], 0.9))
    if top_a <= 0.0:
        return None
    noise_a = spread_a / float(np.sqrt(len(blocks)))
    lowest_a = max(_LOWEST * top_a, _NOISE * noise_a)
    top_a *= _BELOW_TOP
    heights: Floats = np.asarray(top_a / _FACTOR ** np.arange(int(np.log(top_a / lowest_a) / np.log(_FACTOR)) + 1), dtype=np.float64)
    passed = np.array([_last_above(profile, height) for height in heights]) - inside
    # Below some height the current may not be back before the next rise.
    passed = passed[passed < outside - 1.0]
    heights = heights[: len(passed)]
    begin, end = _run(np.diff(passed), heights, noise_a)
    if end - begin < _LEAST_HEIGHTS:
        return None
    run = np.diff(passed[begin : end + 1])[::-1]
    took = float(passed[end] - passed[begin])
    if took < _LEAST_BLOCKS * width:
        return None
    growth = float(np.polyfit(np.arange(len(run)), np.log(np.maximum(run, 1e-3 * took)), 1)[0])
    if growth > _STRAIGHT * np.log(_FACTOR):
        slope, foot = np.polyfit(heights[begin : end + 1], passed[begin : end + 1], 1)
        return SoftEdge(float(foot), float(slope * heights[begin] + foot), decays=False)
    if run.max() > _EVEN * np.median(run):
        return None
    constant = took / (len(run) * float(np.log(_FACTOR)))
    top = float(passed[begin]) + (constant * float(np.log(_BELOW_TOP)) if begin == 0 else 0.0)
    return SoftEdge(top + _TIME_CONSTANTS * constant, top, decays=True)


class Ends(NamedTuple):
    """The shape of a capture's windows at their begin and their end."""

    begin: SoftEdge | None
    end: SoftEdge | None

    def spans_s(self, span_s: float, block_s: float) -> tuple[float, float] | None:
        """Return how long windows last without and with the decay they end in; None where that makes no difference."""
        if self.end is None or not self.end.decays:
            return None
        without, including = (span_s + blocks * block_s for blocks in (self.end.top_blocks, self.end.foot_blocks))
        apart_s = including - without
        return (without, including) if apart_s > max(_SAME_SPAN * without, _LEAST_BLOCKS * block_s) else None

    def nearer_s(self, span_s: float, block_s: float, duration_s: float) -> float:
        """Return how much longer windows last with or without their decay, whichever is nearer to a duration; 0 where it is none."""
        spans = self.spans_s(span_s, block_s)
        return 0.0 if spans is None else min(spans, key=lambda each: abs(each - duration_s)) - span_s


def soft_ends(reading: Reading, first: NDArray[np.intp], last: NDArray[np.intp]) -> Ends:
    """Find the shape of the edges of windows of one kind.

    Parameters
    ----------
    reading : Reading
        What they were found by.
    first, last : int array, shape (windows,)
        First block of each and the one after its last.

    Returns
    -------
    Ends
        None for steps.
    """
    rises, width = reading.rises, reading.quiet.width
    above_a = reading.quiet.current_a - rises.rest_a
    inside = int(_INSIDE * np.min(last - first))
    shapes = []
    for outward, places, others in ((-1, first, rises.last), (1, last, rises.first)):
        others = np.sort(np.append(others, (0, len(above_a))))
        nearest = np.searchsorted(others, places, side="left") if outward == 1 else np.searchsorted(others, places, side="right") - 1
        pauses = np.abs(others[nearest] - places)
        outside = int(_INSIDE * np.min(pauses))
        shapes.append(soft_edge(above_a, places, outward, (inside, max(outside, 1)), rises.spread_a, width))
    return Ends(*shapes)


def softened(
    blocks: Blocks, windows: list[Window], bounds: tuple[NDArray[np.intp], NDArray[np.intp]], ends: Ends, duration_s: float | None
) -> list[Window]:
    """Return windows that begin and end at the foot of a straight ramp, and with or without a decay as the duration that was given says.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    windows : list of Window
        As their steps bound them.
    bounds : tuple of int array
        First block of each window and the one after its last, as soft_ends was given them.
    ends : Ends
        The shape of their edges.
    duration_s : float or None
        Of an inference, where it was given [s].

    Returns
    -------
    list of Window
        As many.
    """
    first, last = bounds
    block_s = blocks.samples_a_block * blocks.period_s
    begins_s = [window.start_s for window in windows]
    ends_s = [window.end_s for window in windows]
    if ends.begin is not None and not ends.begin.decays and ends.begin.foot_blocks > 0.0:
        begins_s = (blocks.start_s[first] - ends.begin.foot_blocks * block_s).tolist()
    if ends.end is not None and not ends.end.decays and ends.end.foot_blocks > 0.0:
        ends_s = (blocks.start_s[last] + ends.end.foot_blocks * block_s).tolist()
    if duration_s is not None:
        more_s = ends.nearer_s(float(np.median(blocks.start_s[last] - blocks.start_s[first])), block_s, duration_s)
        ends_s = (blocks.start_s[last] + more_s).tolist() if more_s else ends_s
    charges = np.concatenate(([0.0], np.cumsum(blocks.charge)))
    energies = None if blocks.energy is None else np.concatenate(([0.0], np.cumsum(blocks.energy)))
    moved = []
    for window, begin_s, end_s in zip(windows, begins_s, ends_s, strict=True):
        if (begin_s, end_s) == (window.start_s, window.end_s):
            moved.append(window)
            continue
        times = (begin_s, window.start_s, window.end_s, end_s)
        flow = np.interp(times, blocks.start_s, charges)
        energy = None
        if window.energy is not None and energies is not None:
            spent = np.interp(times, blocks.start_s, energies)
            energy = window.energy + float(spent[1] - spent[0] + spent[3] - spent[2])
        charge = window.charge + float(flow[1] - flow[0] + flow[3] - flow[2])
        moved.append(window._replace(start_s=begin_s, end_s=end_s, charge=charge, energy=energy))
    return moved


def _last_above(profile: Floats, height_a: float) -> float:
    """Return where a profile falls below a height for the last time, between two blocks' middles."""
    above = np.flatnonzero(profile >= height_a)
    last = int(above[-1])
    if last + 1 == len(profile):
        return float(last) + 0.5
    upper, lower = float(profile[last]), float(profile[last + 1])
    return last + 0.5 + (upper - height_a) / (upper - lower)


def _run(times: Floats, heights: Floats, noise_a: float) -> tuple[int, int]:
    """Return the heights between which an edge takes about as long from each to the next, from the lowest up.

    What happens once at rest, below a few of them, is no part of it; nor is a level the current dwells at.
    """
    end = len(times)
    while end > 2 and times[end - 1] > _LONGER * max(float(times[end - 3 : end - 1].max()), _NO_TIME):
        end -= 1
    begin = end
    while begin > 0 and (end - begin < 2 or times[begin - 1] <= _most_blocks(times, heights, noise_a, begin)):
        begin -= 1
    return begin, end


def _most_blocks(times: Floats, heights: Floats, noise_a: float, below: int) -> float:
    """Return how long an edge may take down to a height, as it goes on below: noise crosses a height early or late."""
    after = times[below : below + 2]
    fell_a = float(heights[below] - heights[below + len(after)])
    return _LONGER * max(float(after.max()), _NO_TIME) + _SLACK * noise_a * float(after.sum()) / fell_a
