"""Windows between marks of whoever took the capture: the runner of a benchmark, a pin of the board, a list of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.captures.trace_chunk import Floats, MarkedRun
from costmodel.measurement.windows.inference_windows import FoundWindows, Window, WindowRule
from costmodel.measurement.windows.trace_blocks import Blocks

_AROUND: Final = 20
"""Blocks before and after a run that show idling: the program is done with the last transfer, and waits for the next."""
_BESIDE: Final = 2
"""Blocks beside an edge that may hold some of it."""
_MOST: Final = 0.975
"""Share of the blocks around runs that idle."""


def marked_windows(blocks: Blocks, marked: Sequence[MarkedRun]) -> FoundWindows:
    """Return a window for each marked run; idle is the current just before and after it.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    marked : sequence of MarkedRun
        In order of time; each within the capture.

    Returns
    -------
    FoundWindows
        A window for each, and what idles.
    """
    starts, means = blocks.start_s, blocks.mean_a
    # A sample's cell begins half a period before it.
    begin_s = np.array([run.start_s for run in marked]) - 0.5 * blocks.period_s
    end_s = np.array([run.end_s for run in marked]) - 0.5 * blocks.period_s
    nearly = 1e-6 * blocks.period_s
    first = np.clip(np.searchsorted(starts, begin_s - nearly), 0, len(means) - 1)
    last = np.clip(np.searchsorted(starts, end_s - nearly), first + 1, len(means))
    charges = np.concatenate(([0.0], np.cumsum(blocks.charge)))
    energies = None if blocks.energy is None else np.concatenate(([0.0], np.cumsum(blocks.energy)))
    inside = np.zeros(len(means), dtype=bool)
    bounds = list(zip(first.tolist(), last.tolist(), strict=True))
    for a, b in bounds:
        inside[a:b] = True
    around = [_around(means, inside, a, b) for a, b in bounds]
    every = np.concatenate(around)
    idle_a = float(np.median(every)) if len(every) else 0.0
    reach_a = float(np.quantile(np.abs(every - idle_a), _MOST)) if len(every) else 0.0
    windows = [
        Window(
            start_s=float(begin),
            end_s=float(end),
            charge=float(np.interp(end, starts, charges) - np.interp(begin, starts, charges)),
            energy=None if energies is None else float(np.interp(end, starts, energies) - np.interp(begin, starts, energies)),
            first=a,
            last=b,
            idle_a=float(np.median(beside)) if len(beside) else idle_a,
            inference_count=run.inference_count,
        )
        for (a, b), begin, end, run, beside in zip(bounds, begin_s.tolist(), end_s.tolist(), marked, around, strict=True)
    ]
    rule = WindowRule(
        float(np.nextafter(means[inside].min(), -np.inf)),
        float(np.nextafter(means[inside].max(), np.inf)),
        min(window.end_s - window.start_s for window in windows),
        float(starts[0]),
        "what flows between the marks, which bound the windows",
        "the shortest marked run",
        "the marks say where inferences run",
    )
    doubts = () if len(every) else ("nothing is seen around the marks: all of the energy counts as computation",)
    resting: NDArray[np.bool_] = np.abs(means - idle_a) <= reach_a
    return FoundWindows(rule, windows, 0, 0, resting=resting, notes=doubts, marked=True)


def _around(means: Floats, inside: NDArray[np.bool_], a: int, b: int) -> Floats:
    """Return the blocks just before and after a run that lie in no run."""
    places = np.r_[
        max(a - _BESIDE - _AROUND, 0) : max(a - _BESIDE, 0), min(b + _BESIDE, len(means)) : min(b + _BESIDE + _AROUND, len(means))
    ]
    beside: Floats = means[places][~inside[places]]
    return beside
