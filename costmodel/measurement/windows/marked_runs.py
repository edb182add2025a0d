"""Inferences between marks the instrument's own program wrote: runs of many, one after the other without a pause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats, MarkedRun
from costmodel.measurement.windows.inference_level import Band
from costmodel.measurement.windows.inference_windows import FoundWindows, Window, WindowRule
from costmodel.measurement.windows.trace_blocks import Blocks

_AROUND: Final = 20
"""Blocks before and after a run that show idling: the program is done with the last transfer, and waits for the next."""
_BESIDE: Final = 2
"""Blocks beside an edge that may hold some of it."""
_MOST: Final = 0.975
"""Share of the blocks around runs that idle."""


def marked_windows(blocks: Blocks, marked: Sequence[MarkedRun]) -> tuple[Band, FoundWindows]:
    """Return a window for each marked run; idle is the current just before and after it.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    marked : sequence of MarkedRun
        In order of time; each holds a sample at least.

    Returns
    -------
    Band, FoundWindows
        What idles, and the windows.
    """
    begins, means = blocks.start_s[:-1], blocks.mean_a
    # A sample's cell begins half a period before it: a whole period before it, the one before begins no more.
    first = np.searchsorted(begins, [run.start_s - blocks.period_s for run in marked])
    last = np.maximum(np.searchsorted(begins, [run.end_s - blocks.period_s for run in marked]), first + 1)
    inside = np.zeros(len(means), dtype=bool)
    bounds = list(zip(first.tolist(), last.tolist(), strict=True))
    for a, b in bounds:
        inside[a:b] = True
    around = [_around(means, inside, a, b) for a, b in bounds]
    every = np.concatenate(around)
    idle_a = float(np.median(every)) if len(every) else 0.0
    reach_a = float(np.quantile(np.abs(every - idle_a), _MOST)) if len(every) else 0.0
    doubts = () if len(every) else ("nothing is seen around the runner's marks: all of the energy counts as computation",)
    reason = "what flows between the runner's own marks, which bound the windows"
    windows = [
        Window(
            start_s=float(blocks.start_s[a]),
            end_s=float(blocks.start_s[b]),
            charge=float(blocks.charge[a:b].sum()),
            energy=None if blocks.energy is None else float(blocks.energy[a:b].sum()),
            first=a,
            last=b,
            idle_a=float(np.median(beside)) if len(beside) else idle_a,
            inference_count=run.inference_count,
        )
        for (a, b), run, beside in zip(bounds, marked, around, strict=True)
    ]
    rule = WindowRule(
        float(np.nextafter(means[inside].min(), -np.inf)),
        float(np.nextafter(means[inside].max(), np.inf)),
        min(window.end_s - window.start_s for window in windows),
        float(blocks.start_s[0]),
        reason,
        "the shortest marked run",
        "the marks say where inferences run",
    )
    return Band(idle_a + reach_a, float(np.inf), idle_a, reason, doubts), FoundWindows(rule, windows, 0, 0)


def _around(means: Floats, inside: NDArray[np.bool_], a: int, b: int) -> Floats:
    """Return the blocks just before and after a run that lie in no run."""
    places = np.r_[
        max(a - _BESIDE - _AROUND, 0) : max(a - _BESIDE, 0), min(b + _BESIDE, len(means)) : min(b + _BESIDE + _AROUND, len(means))
    ]
    beside: Floats = means[places][~inside[places]]
    return beside
