"""A trace, analysed: condensed, its windows found or withheld, their energy split into baseline and computation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from costmodel.errors import FormatError, Location, MissingError
from costmodel.measurement.captures.trace_chunk import MarkedRun, Trace
from costmodel.measurement.trace_figures import capture_curve, capture_figures, capture_warnings, no_window_figures, window_figures
from costmodel.measurement.windows.coarse_instrument import too_coarse
from costmodel.measurement.windows.given_thresholds import given_band, windows_within
from costmodel.measurement.windows.inference_windows import FoundWindows, Window
from costmodel.measurement.windows.marked_runs import marked_windows
from costmodel.measurement.windows.repetition import likeness
from costmodel.measurement.windows.trace_blocks import Blocks, condensed
from costmodel.measurement.windows.window_finder import Decision, Hints, found_inferences
from costmodel.results.runs.trace import AnalysedTrace, TraceSummary
from costmodel.units import MA_PER_A, MS_PER_S

_BELOW_ZERO: Final = 0.1
"""Share of the largest current that a median below zero is no offset any more."""
_NEAR: Final = 0.1
"""Share a given period may differ from what the capture shows."""


class Thresholds(NamedTuple):
    """What the user says of the inferences; None where it is to be found."""

    minimum_a: float | None = None
    maximum_a: float | None = None
    shortest_s: float | None = None
    boot_s: float | None = None
    duration_s: float | None = None
    """Of one inference."""
    period_s: float | None = None
    """From the begin of one inference to the next."""
    inference_count: int | None = None
    """Inferences in each window."""


FOUND: Final = Thresholds()
"""Everything found."""


def analyse_trace(
    trace: Trace, supply_v: float, supply_source: str, thresholds: Thresholds = FOUND, above_a: float | None = None
) -> AnalysedTrace:
    """Find the inferences of a trace and what they cost.

    Parameters
    ----------
    trace : Trace
        The capture; walked through once.
    supply_v : float
        Supply voltage, used where the capture holds none [V].
    supply_source : str
        Where that voltage comes from.
    thresholds : Thresholds, optional
        What the user says of the inferences.
    above_a : float, optional
        Current the time above which is told [A]; the mean current where it is left out.

    Returns
    -------
    AnalysedTrace
        Figures and curve; without windows where the capture does not tell them, with the reason in `withheld`.

    Raises
    ------
    FormatError
        If the capture is not what it should be.
    MissingError
        If what the user says fits nothing in it: what was seen, and what to change.
    """
    blocks = condensed(trace.chunks)
    if blocks is None:
        raise FormatError("the capture holds no sample with a number", Location(trace.name))
    if np.median(blocks.mean_a) < -_BELOW_ZERO * np.quantile(np.abs(blocks.mean_a), 0.999):
        raise FormatError(
            f"current is negative, {MA_PER_A * float(np.median(blocks.mean_a)):.4g} mA in the median: the instrument's leads are "
            "reversed; swap them, or change the sign of the column",
            Location(trace.name),
        )
    decision = _decision(trace, blocks, thresholds)
    coarse = ""
    if decision.found is not None:
        doubt, coarse = too_coarse(blocks, decision.found)
        if doubt and not decision.found.marked and thresholds == FOUND:
            decision, coarse = Decision(None, doubt), ""
    volts, source, total_j = _supply(blocks, supply_v, supply_source)
    figures = capture_figures(trace, blocks, volts, source, total_j, above_a)
    warnings = (*trace.notes, *capture_warnings(blocks, decision.found), *([coarse] if coarse else ()))
    if decision.found is None:
        summary = TraceSummary(**figures, **no_window_figures(decision.reason), warnings=warnings)
    else:
        told = window_figures(blocks, decision.found, volts, decision.likeness_ratio)
        if decision.found.marked:
            told["certainty"] = "the marks say where inferences run"
        summary = TraceSummary(**figures, **told, warnings=warnings)
    return AnalysedTrace(summary, capture_curve(blocks))


def _supply(blocks: Blocks, supply_v: float, supply_source: str) -> tuple[float, str, float]:
    charge = float(blocks.charge.sum())
    if blocks.energy is None:
        return supply_v, supply_source, charge * supply_v
    total = float(blocks.energy.sum())
    return (total / charge if charge else supply_v), "the capture's voltage", total


def _decision(trace: Trace, blocks: Blocks, given: Thresholds) -> Decision:
    where = Location(trace.name)
    if trace.runs and given.minimum_a is None and given.maximum_a is None:
        found = marked_windows(blocks, _within_capture(trace.runs, blocks, where))
        windows = found.windows
        like = likeness(blocks.mean_a, [window.first for window in windows], [window.last for window in windows])
        decision = Decision(found, found.rule.level_reason, like)
    elif given.minimum_a is not None or given.maximum_a is not None:
        decision = _within(blocks, given, where)
    else:
        decision = found_inferences(blocks, Hints(given.duration_s, given.shortest_s, given.boot_s))
        if decision.found is None and given != FOUND:
            raise MissingError(f"no inference window: {decision.reason}", where)
    if decision.found is None:
        return decision
    windows = [window for window in decision.found.windows if given.shortest_s is None or window.end_s - window.start_s > given.shortest_s]
    found = replace(decision.found, windows=windows)
    if not windows:
        raise MissingError(_no_window(blocks, found, given), where)
    if given.inference_count is not None or given.period_s is not None:
        found = replace(found, windows=[_counted(window, given, blocks, where) for window in windows])
    if given.period_s is not None:
        _check_period(found.windows, given.period_s, where)
    return decision._replace(found=found)


def _within_capture(runs: Sequence[MarkedRun], blocks: Blocks, where: Location) -> list[MarkedRun]:
    """Return the marked runs that lie in the capture; marks that all lie beside it are no marks of this capture."""
    begin, end = float(blocks.start_s[0]), float(blocks.start_s[-1])
    inside = [run for run in runs if run.start_s >= begin and run.end_s <= end + blocks.period_s]
    if not inside:
        raise MissingError(
            f"none of the marks ({runs[0].start_s:.6g} to {runs[-1].end_s:.6g} s) is within the capture ({begin:.6g} to {end:.6g} s)",
            where,
        )
    return inside


def _within(blocks: Blocks, given: Thresholds, where: Location) -> Decision:
    minimum_a, reason = given.minimum_a, "given"
    if minimum_a is None:
        found = found_inferences(blocks, Hints()).found
        if found is None:
            raise MissingError("no inference window below --max-current: give --min-current as well", where)
        minimum_a, reason = found.rule.minimum_a, f"maximum given; minimum: {found.rule.level_reason}"
    maximum_a = math.inf if given.maximum_a is None else given.maximum_a
    within = windows_within(blocks, given_band(blocks, minimum_a, maximum_a, reason), given.shortest_s, given.boot_s)
    if not within.windows:
        raise MissingError(_no_window(blocks, within, given), where)
    windows = within.windows
    return Decision(within, reason, likeness(blocks.mean_a, [window.first for window in windows], [window.last for window in windows]))


def _counted(window: Window, given: Thresholds, blocks: Blocks, where: Location) -> Window:
    """Return a window with the inferences in it: as given, or as many periods as it is long."""
    if given.inference_count is not None:
        return window._replace(inference_count=given.inference_count)
    span_s = window.end_s - window.start_s
    if given.period_s is None or span_s < 1.5 * given.period_s:
        return window
    inner_s = None if window.inner_blocks is None else window.inner_blocks * blocks.samples_a_block * blocks.period_s
    if inner_s is not None:
        times = max(given.period_s / inner_s, inner_s / given.period_s)
        if abs(times - round(times)) > _NEAR * round(times):
            raise MissingError(
                f"--period {given.period_s:.4g}s: the run at {window.start_s:.4g} s repeats every {inner_s:.4g} s; "
                "give that, or --inferences",
                where,
            )
    return window._replace(inference_count=max(round(span_s / given.period_s), 1))


def _check_period(windows: list[Window], period_s: float, where: Location) -> None:
    starts = [window.start_s for window in windows if window.inference_count == 1]
    if len(starts) < 2 or len(starts) < len(windows):
        return
    seen = float(np.median(np.diff(starts)))
    if abs(seen / period_s - 1.0) > _NEAR:
        raise MissingError(f"--period {period_s:.4g}s: inferences begin every {seen:.4g} s in this capture", where)


def _no_window(blocks: Blocks, found: FoundWindows, given: Thresholds) -> str:
    rule, means = found.rule, blocks.mean_a
    inside = (means > rule.minimum_a) & (means < rule.maximum_a)
    low, median, high = (MA_PER_A * float(value) for value in np.quantile(means, (0.001, 0.5, 0.999)))
    band = f"above {MA_PER_A * rule.minimum_a:,.4g} mA"
    if math.isfinite(rule.maximum_a):
        band = f"between {MA_PER_A * rule.minimum_a:,.4g} and {MA_PER_A * rule.maximum_a:,.4g} mA"
    text = f"no inference window {band}: current lies at {low:.4g} to {high:.4g} mA (median {median:.4g})"
    if not inside.any():
        side = "lower --min-current" if means.max() <= rule.minimum_a else "raise --max-current"
        return f"{text}; {side}"
    if found.cut_count:
        return (
            f"{text}; {found.cut_count} window(s) reach the capture's begin or end: capture idle around the inference, "
            "or raise --min-current"
        )
    where = "after boot " if given.boot_s is not None else ""
    shortest_s = rule.shortest_s if given.shortest_s is None else given.shortest_s
    return (
        f"{text}; {found.short_count} run(s) {where}within them, none longer than tau_min {MS_PER_S * shortest_s:.6g} ms: "
        "lower --min-duration or --boot, or widen the thresholds"
    )
