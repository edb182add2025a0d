"""What a trace measured, in place of what a board's data states."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Sequence
from typing import Final

from costmodel.errors import FormatError, MissingError
from costmodel.provenance import Constant
from costmodel.results.runs.trace import TraceSummary, WindowFigures
from costmodel.specs.base import LARGEST, with_changes
from costmodel.specs.devices.power import PowerStates
from costmodel.specs.scenario import Scenario

_LEVEL: Final = 0.95
"""Confidence of the intervals."""


def measured_states(states: PowerStates, summary: TraceSummary) -> PowerStates:
    """Put what a trace measured in place of the awake states and the duration.

    Parameters
    ----------
    states : PowerStates
        Of the board.
    summary : TraceSummary
        Figures of the trace.

    Returns
    -------
    PowerStates
        With the sleeps as they were.
    """
    supply = {"value": summary.supply_v, "source": summary.supply_source}
    inference = with_changes(states.inference, {"supply_v": supply, "current_a": active_current_of(summary)})
    idle = with_changes(states.idle, {"supply_v": supply, "current_a": idle_current_of(summary)})
    changes = {"inference": inference, "idle": idle, "duration_s": duration_of(summary), "bare": False, "awake_from": summary.capture}
    return with_changes(states, changes)


def measured_scenario(scenario: Scenario, summary: TraceSummary, given: Collection[str]) -> Scenario:
    """Put what a trace measured in place of a scenario's power and duration.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    summary : TraceSummary
        Figures of the trace.
    given : collection of str
        `idle_a`, `active_a`, `duration_s`: what stays the scenario's own.

    Returns
    -------
    Scenario
        Each number with the trace as its source.
    """
    measured: dict[str, object] = {
        "supply_v": {"value": summary.supply_v, "source": summary.supply_source},
        "idle_a": idle_current_of(summary),
        "active_a": active_current_of(summary),
    }
    kept = {} if scenario.power is None else {name: getattr(scenario.power, name) for name in measured if name in given}
    fields: dict[str, object] = {"power": measured | kept}
    if "duration_s" not in given:
        fields["duration_s"] = duration_of(summary)
    return with_changes(scenario, fields)


def active_current_of(summary: TraceSummary) -> Constant:
    """Return the current while inferring, with the interval of its mean over inferences."""
    own = [window.inference_j / (window.duration_s * summary.supply_v) for window in summary.windows]
    return _mean(_told(summary).active_current.mean, "A", own, summary)


def idle_current_of(summary: TraceSummary) -> Constant:
    """Return the current while idling, with the interval of its mean around inferences."""
    own = [window.baseline_j / (window.duration_s * summary.supply_v) for window in summary.windows]
    return _mean(_told(summary).idle_current.mean, "A", own, summary)


def duration_of(summary: TraceSummary) -> Constant:
    """Return the duration of an inference, with the interval of its mean."""
    return _mean(_told(summary).duration.mean, "s", [window.duration_s for window in summary.windows], summary)


def _told(summary: TraceSummary) -> WindowFigures:
    """Return what the windows of a trace give; withheld windows, or runs of an unknown number of inferences, give nothing."""
    told = summary.told
    if told is None:
        raise MissingError(f"{summary.capture} tells no inference: {summary.withheld}")
    if any(window.repeats for window in summary.windows):
        raise MissingError(
            f"{summary.capture} holds runs of inferences: analyse it with `costmodel trace --inferences N` or --period, --format json"
        )
    return told


def _mean(value: float, unit: str, own: Sequence[float], summary: TraceSummary) -> Constant:
    """Return a mean with its 95 % interval by Student's t: noise within an inference averages out, what differs between them does not."""
    count, each = len(own), summary.windows[0].inference_count
    if count < 2:
        kind = "inference" if each == 1 else f"run of {each} inferences"
        return _credible(Constant(value, unit, None, None, f"{summary.capture}: one {kind}, so no interval is known"), summary)
    from scipy.special import stdtrit

    kinds = "inferences" if each == 1 else f"runs of {each} inferences"
    half = float(stdtrit(count - 1, 0.5 + 0.5 * _LEVEL)) * statistics.stdev(own) / math.sqrt(count)
    source = f"{summary.capture}: mean over {count} {kinds}, with the 95 % interval of the mean (Student's t)"
    # Of a few that differ much the interval reaches below zero, where no time or current is: then none was less than the least of them.
    low = value - half if value > half else max(min(*own, value), 0.0)
    return _credible(Constant(value, unit, low, value + half, source), summary)


def _credible(constant: Constant, summary: TraceSummary) -> Constant:
    """Refuse what no board has: figures of a trace are a file, and may say anything."""
    high = constant.value if constant.high is None else constant.high
    if constant.value >= 0.0 and high <= LARGEST:
        return constant
    told = f"{constant.value:.6g} {constant.unit}" + ("" if high <= LARGEST else f" with an interval up to {high:.6g} {constant.unit}")
    raise FormatError(f"{summary.capture}: its windows give {told}, which no board has")
