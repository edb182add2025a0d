"""What a trace measured, in place of what a board's data states."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from costmodel.cli.trace_source import analysed_capture
from costmodel.provenance import Constant
from costmodel.results.trace import Spread, TraceSummary
from costmodel.specs.base import with_changes
from costmodel.specs.power import PowerStates

_NORMAL_95: Final = 1.96


def measured_states(states: PowerStates, path: Path) -> PowerStates:
    """Put what a trace measured in place of the awake states and the duration.

    Parameters
    ----------
    states : PowerStates
        Of the board.
    path : Path
        The trace.

    Returns
    -------
    PowerStates
        With the sleeps as they were.
    """
    from costmodel.measurement.trace_analysis import FOUND

    summary = analysed_capture(path, None, FOUND, {}).summary
    supply = {"value": summary.supply_v, "source": summary.supply_source}
    inference = with_changes(states.inference, {"supply_v": supply, "current_a": mean_of(summary.active_current, summary)})
    idle = with_changes(states.idle, {"supply_v": supply, "current_a": mean_of(summary.idle_current, summary)})
    changes = {"inference": inference, "idle": idle, "duration_s": mean_of(summary.duration, summary)}
    return with_changes(states, changes)


def mean_of(spread: Spread, summary: TraceSummary) -> Constant:
    """Return a mean with its 95 % interval: the spread over the root of the number of inferences.

    Parameters
    ----------
    spread : Spread
        A figure of the trace.
    summary : TraceSummary
        The trace.

    Returns
    -------
    Constant
        With the trace as its source.
    """
    count = len(summary.windows)
    half = _NORMAL_95 * spread.sigma / math.sqrt(count)
    source = f"{summary.capture}: mean over {count} inferences, with the 95 % interval of the mean"
    return Constant(spread.mean, spread.unit, max(spread.mean - half, 0.0), spread.mean + half, source)
