"""A current trace: what was read, the inferences found, and their energy."""

from __future__ import annotations

import statistics
from typing import Final

from costmodel.report.charts import CurrentTrace
from costmodel.report.document import Block, Column, Fact, Facts, Illustration, Paragraph, Remark, Remarks, Row, Section, Table
from costmodel.report.quantities import count_text, digits, joules_text, power_text, share_text, time_text
from costmodel.results.trace import Spread, TraceCurve, TraceSummary
from costmodel.units import HZ_PER_KHZ, MA_PER_A

_MOST_ROWS: Final = 20


def trace_section(summary: TraceSummary, curve: TraceCurve) -> Section:
    """Return a trace as a section of a document.

    Parameters
    ----------
    summary : TraceSummary
        The figures.
    curve : TraceCurve
        What to draw; empty where the capture itself is not at hand.

    Returns
    -------
    Section
        Key figures, spreads, thresholds with their reasons, windows, chart.
    """
    blocks: list[Block] = [_facts(summary), _spreads(summary), _thresholds(summary), _windows(summary), _capture(summary)]
    if summary.warnings:
        blocks.insert(0, Remarks(tuple(Remark("note", "suspicious", note) for note in summary.warnings)))
    if len(curve.time_s):
        blocks.append(_chart(summary, curve))
    return Section("trace", f"Trace {summary.capture}", tuple(blocks))


def trace_lead(summary: TraceSummary) -> tuple[str, ...]:
    """Return what a trace says in two sentences."""
    rate = "" if summary.period_s is None else f", one every {time_text(summary.period_s)}"
    count = sum(window.inference_count for window in summary.windows)
    runs = len(summary.windows)
    where = f"{runs} run{'' if runs == 1 else 's'} between the runner's marks" if _marked(summary) else time_text(summary.duration_s)
    return (
        f"{count_text(count)} inference{'' if count == 1 else 's'} in {where}{rate}: "
        f"{joules_text(summary.inference.mean)} each over {time_text(summary.duration.mean)}.",
        f"{share_text(summary.baseline_ratio)} of that the idle board would have drawn anyway; "
        f"computing adds {share_text(summary.computational_ratio)}.",
    )


def _marked(summary: TraceSummary) -> bool:
    return any(window.inference_count > 1 for window in summary.windows)


def current_text(value_a: float) -> str:
    """Return a current in milliamperes."""
    return f"{digits(MA_PER_A * value_a)} mA"


def _facts(summary: TraceSummary) -> Facts:
    def between(spread: Spread) -> str:
        if len(summary.windows) == 1:
            return "one only" if not _marked(summary) else f"mean of a run of {count_text(summary.windows[0].inference_count)}"
        if _marked(summary):
            median_j = statistics.median(window.inference_j for window in summary.windows)
            return (
                f"mean of the runs; their median {joules_text(median_j)}, {joules_text(spread.smallest)} to {joules_text(spread.largest)}"
            )
        return f"95 % of them {joules_text(spread.low)} to {joules_text(spread.high)}"

    return Facts(
        (
            Fact("Energy of an inference", joules_text(summary.inference.mean), between(summary.inference)),
            Fact("of it baseline", joules_text(summary.baseline.mean), share_text(summary.baseline_ratio)),
            Fact("of it computation", joules_text(summary.computational.mean), share_text(summary.computational_ratio)),
            Fact("Idle", power_text(summary.idle_w), f"{current_text(summary.idle_current.mean)} at {digits(summary.supply_v)} V"),
            Fact("Inferring", power_text(summary.active_w), f"{current_text(summary.active_current.mean)}"),
            Fact("Whole capture", joules_text(summary.total_j), f"{power_text(summary.average_w)} on average"),
        )
    )


def _spreads(summary: TraceSummary) -> Table:
    rows = tuple(
        Row(
            (
                spread.name,
                show(spread.mean),
                show(spread.sigma),
                share_text(spread.cv, 2),
                show(spread.low),
                show(spread.high),
            )
        )
        for spread, show in (
            (summary.idle_current, current_text),
            (summary.active_current, current_text),
            (summary.duration, time_text),
            (summary.inference, joules_text),
            (summary.baseline, joules_text),
            (summary.computational, joules_text),
        )
    )
    columns = (
        Column("Figure", number=False),
        Column("Mean"),
        Column("Sigma"),
        Column("CV"),
        Column("2.5 %"),
        Column("97.5 %"),
    )
    each = "run to run" if _marked(summary) else "inference to inference"
    return Table(f"Spread from sample to sample (currents) and from {each}", columns, rows)


def _thresholds(summary: TraceSummary) -> Table:
    rule = summary.thresholds
    reasons = {reason.split(": ", 1)[0]: reason.split(": ", 1)[1] for reason in rule.reasons}
    rows = (
        Row(("Current", f"{current_text(rule.minimum_a)} < I < {current_text(rule.maximum_a)}", reasons.get("current", ""))),
        Row(("Longer than", time_text(rule.shortest_s), reasons.get("tau_min", ""))),
        Row(("After", time_text(rule.boot_s) if rule.boot_s > 0 else "its begin", reasons.get("boot", ""))),
    )
    left_out = [
        f"{count} {text}"
        for count, text in (
            (summary.cut_count, "cut by the capture's begin or end"),
            (summary.short_count, "within the thresholds but too short"),
        )
        if count
    ]
    note = f"Left out: {', '.join(left_out)}." if left_out else ""
    return Table(
        "What counts as an inference",
        (Column("Rule", number=False), Column("Value", number=False), Column("Why", number=False)),
        rows,
        note,
    )


def _windows(summary: TraceSummary) -> Table:
    marked = _marked(summary)
    rows = tuple(
        Row(
            (
                str(place + 1),
                f"{window.start_s:.6f}",
                *((count_text(window.inference_count),) if marked else ()),
                time_text(window.duration_s),
                joules_text(window.inference_j),
                joules_text(window.baseline_j),
                joules_text(window.computational_j),
            )
        )
        for place, window in enumerate(summary.windows[:_MOST_ROWS])
    )
    columns = (
        Column("Run" if marked else "Inference", number=False),
        Column("Starts", "s"),
        *((Column("Inferences"),) if marked else ()),
        Column("Each lasts" if marked else "Lasts"),
        Column("Energy"),
        Column("Baseline"),
        Column("Computation"),
    )
    more = len(summary.windows) - _MOST_ROWS
    return Table(
        "Runs between the marks; energies of one inference" if marked else "Inferences found",
        columns,
        rows,
        f"{more} more in the JSON." if more > 0 else "",
    )


def _capture(summary: TraceSummary) -> Paragraph:
    parts = [
        f"{summary.format}; {count_text(summary.sample_count)} samples at {digits(summary.rate_hz / HZ_PER_KHZ)} kHz.",
        f"Supply {digits(summary.supply_v)} V ({summary.supply_source}).",
    ]
    if summary.nan_count:
        parts.append(f"{count_text(summary.nan_count)} samples hold no number, the first at {summary.first_nan}; they were left out.")
    if summary.gap_count:
        parts.append(
            f"{count_text(summary.gap_count)} gaps, {time_text(summary.gap_s)} in all, were bridged by straight lines: "
            f"{joules_text(summary.bridged_j)} of the total."
        )
    return Paragraph(" ".join(parts))


def _chart(summary: TraceSummary, curve: TraceCurve) -> Illustration:
    scale = MA_PER_A
    first = summary.windows[0]
    kind, kinds = (f"Run of {count_text(first.inference_count)}", "runs") if _marked(summary) else ("Inference analysis", "inferences")
    boot_end = curve.time_s[0] + summary.thresholds.boot_s
    chart = CurrentTrace(
        x_axis="Time [s]",
        y_axis="Current [mA]",
        time=tuple(curve.time_s),
        low=tuple(scale * value for value in curve.low_a),
        mean=tuple(scale * value for value in curve.mean_a),
        high=tuple(scale * value for value in curve.high_a),
        windows=tuple((window.start_s, window.end_s) for window in summary.windows),
        window_text=f"{kind}, bounded: {time_text(first.end_s - first.start_s)}, {joules_text(first.inference_j * first.inference_count)}",
        thresholds=(scale * summary.thresholds.minimum_a, scale * summary.thresholds.maximum_a),
        boot_end=boot_end if summary.thresholds.boot_s > 0 else None,
    )
    level = current_text(summary.active_current.mean)
    said = f"Current over {time_text(summary.duration_s)}, {len(summary.windows)} {kinds} at {level} shaded"
    return Illustration(
        "trace", f"The capture with its {kinds} shaded; below, the first close up between the thresholds.", f"{said}.", chart
    )
