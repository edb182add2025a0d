"""Windows of a capture: their edges placed between two raw samples, and what flows between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.ends.edges import placed_edge
from costmodel.measurement.windows.trace_blocks import Blocks

_ENOUGH_IDLE: Final = 0.25
"""Idle blocks from which the baseline of a window is taken, as a share of the window's own."""
_SINGLES: Final = 8
"""Samples an edge is looked for among, either side, where blocks are single samples."""
_OUTSIDE: Final = 3
"""Blocks beyond an edge that tell the level it steps from, at least."""
_LOCAL: Final = 16
"""Blocks beside an edge that tell the level it steps to, at most: further in, the level may be another."""
_SAME_LEVEL: Final = 3.0
"""Standard deviations within which the level of few blocks is that of many."""
_CLEAR: Final = 0.15
"""Share of the least step at an edge that the noise of a sample stays below where that step tells the edge."""
_BESIDE_STEP: Final = 0.1
"""Share of a window's height that the noise of that level stays below."""


class Window(NamedTuple):
    """One inference, or a run of many."""

    start_s: float
    end_s: float
    charge: float
    """Current integrated over it [A s]."""
    energy: float | None
    """Power integrated over it [J]; None without a voltage in the capture."""
    first: int
    """First block inside."""
    last: int
    """Block after the last inside; there is one at least."""
    idle_a: float
    """Current around it, which the board would have drawn meanwhile."""
    inference_count: int = 1
    kind: int = 0
    """Windows of one kind last as long and draw as much as each other; 0 is the one most time is spent in."""
    inner_blocks: float | None = None
    """Period its inside repeats with, in blocks: a run of inferences; None where it does not repeat."""


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
    """Rises that were too short."""
    other_count: int = 0
    """Rises unlike the inferences: radio bursts, a boot."""
    resting: NDArray[np.bool_] | None = None
    """Of each block, whether the board idles in it."""
    notes: tuple[str, ...] = ()
    marked: bool = False
    """Whether marks bound the windows."""


def bounded_window(
    blocks: Blocks,
    resting: NDArray[np.bool_],
    bounds: tuple[int, int],
    space: int,
    otherwise_a: float,
    width: int = 1,
    step_a: float = math.inf,
    fixed: Sequence[bool] = (False, False),
) -> Window:
    """Place the edges of a run of blocks, and integrate between them.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    resting : bool array, shape (blocks,)
        Whether the board idles in each.
    bounds : tuple of int
        First block and the one after the last, roughly.
    space : int
        Blocks to the nearest other run.
    otherwise_a : float
        Idle current where no block around idles [A].
    width : int, optional
        Blocks that were averaged to find the bounds.
    step_a : float, optional
        The least that the current steps by at an edge [A].
    fixed : sequence of bool, optional
        Whether begin and end are told already, since noise hides them in a single window.

    Returns
    -------
    Window
        With the idle current around it.
    """
    a, b = bounds
    means = blocks.mean_a
    inner = means[a + 1 : b - 1] if b - a > 4 else means[a:b]
    before, after = _idle(means, resting, a, b)
    height_a = abs(float(np.median(inner)) - otherwise_a)
    enough = int((blocks.noise_a / (_BESIDE_STEP * height_a)) ** 2 / blocks.samples_a_block) if height_a else _LOCAL
    reach = max(3, min((b - a) // 4, enough, _LOCAL))
    doubt_a = _SAME_LEVEL * blocks.noise_a / float(np.sqrt(reach * blocks.samples_a_block))
    wide = max(reach, (b - a) // 4)
    entered = _settled(float(np.median(inner[:reach])), float(np.median(inner[:wide])), doubt_a)
    left = _settled(float(np.median(inner[-reach:])), float(np.median(inner[-wide:])), doubt_a)
    near = max(_SINGLES, width) if blocks.samples_a_block == 1 else 1 if width == 1 else width
    near = min(near, max((b - a) // 2, 1), max(space // 2, 1))
    outside = max(min(reach, space - near), _OUTSIDE)
    came = _level(means[max(a - near - outside, 0) : max(a - near, 0)], before, space > near, doubt_a)
    goes = _level(means[b + near : b + near + outside], after, space > near, doubt_a)
    if blocks.noise_a <= _CLEAR * step_a:
        # A burst or a high level soon after an edge is no part of the step at the edge.
        entered, left = min(entered, came + step_a), min(left, goes + step_a)
    start = placed_edge(blocks, a, 0 if fixed[0] else near, came, entered)
    end = placed_edge(blocks, b, 0 if fixed[1] else near, left, goes)
    whole = slice(start.reach.stop, end.reach.start)
    return Window(
        start_s=start.time_s,
        end_s=end.time_s,
        charge=float(blocks.charge[whole].sum()) + start.charges[1] + end.charges[0],
        energy=None if blocks.energy is None else float(blocks.energy[whole].sum()) + start.energies[1] + end.energies[0],
        first=min(start.block, end.block - 1),
        last=end.block,
        idle_a=otherwise_a if np.isnan(before) and np.isnan(after) else float(np.nanmean([before, after])),
    )


def _level(beside: Floats, idle_a: float, outside: bool, doubt_a: float) -> float:
    """Return the level just outside an edge: that of the blocks beside it, or idle where they belong to another window or agree with it."""
    if len(beside) and (outside or np.isnan(idle_a)):
        own = float(np.median(beside))
        return own if np.isnan(idle_a) else _settled(own, idle_a, doubt_a)
    return idle_a


def _settled(own_a: float, wide_a: float, doubt_a: float) -> float:
    """Return a level from few blocks, or from many where both agree within the noise of the few."""
    return wide_a if abs(own_a - wide_a) <= doubt_a else own_a


def _idle(means: Floats, resting: NDArray[np.bool_], a: int, b: int) -> tuple[float, float]:
    """Return the mean current of the idle blocks before and after a window; NaN where there are none.

    As many blocks are looked at as the window is long; more where other windows leave little idle among them.
    """
    span = max(b - a, 8)
    sides = []
    for begin, onward in ((a - 3, False), (b + 2, True)):
        chosen = means[:0]
        for reach in (span, 4 * span, 16 * span):
            edges = (begin, begin + reach) if onward else (begin + 1 - reach, begin + 1)
            here = slice(max(edges[0], 0), max(edges[1], 0))
            side, idle = means[here], resting[here]
            # A block beside one that is not idle may hold an edge.
            inner = idle.copy()
            inner[1:] &= idle[:-1]
            inner[:-1] &= idle[1:]
            chosen = side[inner] if inner.any() else side[idle]
            if len(chosen) >= _ENOUGH_IDLE * span or len(side) < reach:
                break
        sides.append(float(chosen.mean()) if len(chosen) else float("nan"))
    return sides[0], sides[1]
