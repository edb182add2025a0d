"""A current trace: what was read, the inferences found, and their energy."""

from __future__ import annotations

from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import CurrentTrace
from costmodel.report.document import Block, Column, Fact, Facts, Illustration, Paragraph, Remark, Remarks, Row, Section, Table
from costmodel.report.quantities import count_text, current_text, digits, joules_text, power_text, share_text, time_text
from costmodel.results.runs.trace import Spread, TraceCurve, TraceSummary, WindowFigures
from costmodel.units import HZ_PER_KHZ, MA_PER_A, S_PER_HOUR, UA_PER_A

_MOST_ROWS: Final = 20
_MOST_SAID: Final = 4
"""Runs and kinds named in the first lines."""


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
    told = summary.told
    blocks: list[Block] = [_whole_facts(summary), _percentiles(summary), _capture(summary)]
    if told is not None:
        blocks = [_facts(summary, told), _spreads(summary, told), _thresholds(summary, told), _windows(summary), *blocks]
    if summary.warnings:
        blocks.insert(0, Remarks(tuple(Remark("note", "suspicious", note) for note in summary.warnings)))
    if len(curve.time_s):
        blocks.append(_chart(summary, told, curve))
    return Section("trace", f"Trace {summary.capture}", tuple(blocks))


def trace_lead(summary: TraceSummary) -> tuple[str, ...]:
    """Return what a trace says in a few sentences; what it was assumed to be supplied with is one of them."""
    assumed = (f"At {digits(summary.supply_v)} V, {summary.supply_source}.",) if summary.supply_source.startswith("assumed") else ()
    told = summary.told
    if told is None:
        mean = "" if summary.mean_a is None else f" at {current_text(summary.mean_a)} on average"
        return (
            f"No inference is given: {summary.withheld}.",
            f"The whole capture holds {joules_text(summary.total_j)} in {time_text(summary.duration_s)}{mean}.",
            *assumed,
        )
    sure = () if not summary.certainty else (f"How sure: {summary.certainty}.",)
    if _unknown(summary):
        return (*_runs_lead(summary), *sure, *assumed)
    rate = "" if summary.period_s is None else f", one every {time_text(summary.period_s)}"
    count = summary.inference_count
    runs = len(summary.windows)
    where = f"{runs} run{'' if runs == 1 else 's'}" if _marked(summary) else time_text(summary.duration_s)
    mean = (
        f"a median of {joules_text(told.inference.median)} each"
        if _marked(summary) and told.inference.median is not None
        else f"{joules_text(told.inference.mean)} each"
    )
    return (
        f"{count_text(count)} inference{'' if count == 1 else 's'} in {where}{rate}: {mean} over {time_text(told.duration.mean)}.",
        *_kinds_lead(summary),
        f"{share_text(summary.baseline_ratio)} of that the idle board would have drawn anyway; "
        f"computing adds {share_text(summary.computational_ratio)}.",
        *sure,
        *assumed,
    )


def _runs_lead(summary: TraceSummary) -> tuple[str, ...]:
    """Return what runs of an unknown number of inferences say: the energy of each run, and what gives that of an inference."""
    runs = summary.windows
    each = ", ".join(f"{joules_text(run.inference_j)} in {time_text(run.duration_s)}" for run in runs[:_MOST_SAID])
    more = f" and {len(runs) - _MOST_SAID} more" if len(runs) > _MOST_SAID else ""
    inner = "" if summary.inner_period_s is None else f" Its inside repeats every {time_text(summary.inner_period_s)}."
    return (
        f"{len(runs)} run{'' if len(runs) == 1 else 's'} of inferences: {each}{more}.{inner}",
        "How many inferences a run holds is not in the capture: --inferences N, --period or --marks gives the energy of one.",
    )


def _kinds_lead(summary: TraceSummary) -> tuple[str, ...]:
    """Return what each kind of inference costs, where there are several."""
    kinds = summary.kinds
    if len(kinds) < 2 or _marked(summary):
        return ()
    each = "; ".join(
        f"{kind.name}: {count_text(kind.window_count)} of {joules_text(kind.inference_j)} over {time_text(kind.duration_s)}"
        for kind in kinds[:_MOST_SAID]
    )
    return (f"They are of {len(kinds)} kinds: {each}.",)


def _unknown(summary: TraceSummary) -> bool:
    return any(window.repeats for window in summary.windows)


def _marked(summary: TraceSummary) -> bool:
    return any(window.inference_count > 1 for window in summary.windows)


def _facts(summary: TraceSummary, told: WindowFigures) -> Facts:
    def between(spread: Spread) -> str:
        if len(summary.windows) == 1:
            return (
                ("one only" if not _unknown(summary) else "one run")
                if not _marked(summary)
                else f"mean of a run of {count_text(summary.windows[0].inference_count)}"
            )
        if _marked(summary):
            median = joules_text(spread.median)
            return f"mean of the runs; their median {median}, {joules_text(spread.smallest)} to {joules_text(spread.largest)}"
        return f"95 % of them {joules_text(spread.low)} to {joules_text(spread.high)}"

    return Facts(
        (
            Fact(f"Energy of {_noun(summary)}", Cell(told.inference.mean, Form.JOULES, "trace.inference.mean"), between(told.inference)),
            Fact("of it baseline", Cell(told.baseline.mean, Form.JOULES, "trace.baseline.mean"), share_text(summary.baseline_ratio)),
            Fact(
                "of it computation",
                Cell(told.computational.mean, Form.JOULES, "trace.computational.mean"),
                share_text(summary.computational_ratio),
            ),
            Fact(
                "Idle",
                Cell(told.idle_w, Form.POWER, "trace.idle_w"),
                f"{current_text(told.idle_current.mean)} at {digits(summary.supply_v)} V",
            ),
            Fact("Inferring", Cell(told.active_w, Form.POWER, "trace.active_w"), f"{current_text(told.active_current.mean)}"),
        )
    )


def _noun(summary: TraceSummary) -> str:
    return "a run" if _unknown(summary) else "an inference"


def _whole_facts(summary: TraceSummary) -> Facts:
    items = [Fact("Whole capture", Cell(summary.total_j, Form.JOULES, "trace.total_j"), f"{power_text(summary.average_w)} on average")]
    if summary.mean_a is not None and summary.charge_ah is not None:
        items.append(Fact("Mean current", Cell(summary.mean_a, Form.CURRENT, "trace.mean_a"), f"over {time_text(summary.duration_s)}"))
        items.append(
            Fact("Charge", f"{digits(summary.charge_ah * UA_PER_A)} µAh", f"{digits(summary.charge_ah * S_PER_HOUR * MA_PER_A)} mC")
        )
    if summary.above_a is not None and summary.above_s is not None:
        share = share_text(summary.above_ratio)
        items.append(
            Fact(f"Above {current_text(summary.above_a)}", Cell(summary.above_s, Form.TIME, "trace.above_s"), f"{share} of the capture")
        )
    return Facts(tuple(items))


def _percentiles(summary: TraceSummary) -> Table:
    rows = tuple(
        Row((share_text(each.share_ratio, 0), Cell(each.current_a, Form.CURRENT, f"trace.percentiles.{place}.current_a")))
        for place, each in enumerate(summary.percentiles)
    )
    return Table("Current that so much of the capture's time stays below", (Column("Time", number=False), Column("Current")), rows)


def _spreads(summary: TraceSummary, told: WindowFigures) -> Table:
    fields = (("mean", None), ("sigma", None), ("cv", Form.FINE_SHARE), ("low", None), ("high", None))
    forms = {
        "idle_current": Form.CURRENT,
        "active_current": Form.CURRENT,
        "duration": Form.TIME,
        "inference": Form.JOULES,
        "baseline": Form.JOULES,
        "computational": Form.JOULES,
    }
    # Samples of a current spread within one inference, too; of one inference there is no spread between several.
    alone = summary.inference_count == 1

    def cell(name: str, form: Form, spread: Spread, field: str, own: Form | None) -> Cell:
        if alone and field != "mean" and form is not Form.CURRENT:
            return Cell(None, own or form)
        return Cell(getattr(spread, field), own or form, f"trace.{name}.{field}")

    rows = tuple(
        Row((spread.name, *(cell(name, form, spread, *each) for each in fields)))
        for name, form in forms.items()
        for spread in (getattr(told, name),)
    )
    columns = (
        Column("Figure", number=False),
        Column("Mean"),
        Column("Sigma"),
        Column("CV"),
        Column("2.5 %"),
        Column("97.5 %"),
    )
    each = "run to run" if _marked(summary) or _unknown(summary) else "inference to inference"
    return Table(f"Spread from sample to sample (currents) and from {each}", columns, rows)


def _thresholds(summary: TraceSummary, told: WindowFigures) -> Table:
    rule = told.thresholds
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
            (summary.short_count, "too short"),
            (summary.other_count, "unlike the inferences"),
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
    marked, unknown = _marked(summary), _unknown(summary)
    kinds = len({window.kind for window in summary.windows}) > 1
    rows = tuple(
        Row(
            (
                str(place + 1),
                f"{window.start_s:.6f}",
                *((Cell(window.inference_count, Form.COUNT),) if marked else ()),
                *((window.kind,) if kinds else ()),
                Cell(window.duration_s, Form.TIME, f"trace.windows.{place}.duration_s"),
                Cell(window.inference_j, Form.JOULES, f"trace.windows.{place}.inference_j"),
                Cell(window.baseline_j, Form.JOULES, f"trace.windows.{place}.baseline_j"),
                Cell(window.computational_j, Form.JOULES, f"trace.windows.{place}.computational_j"),
            )
        )
        for place, window in enumerate(summary.windows[:_MOST_ROWS])
    )
    columns = (
        Column("Run" if marked or unknown else "Inference", number=False),
        Column("Starts", "s"),
        *((Column("Inferences"),) if marked else ()),
        *((Column("Kind", number=False),) if kinds else ()),
        Column("Each lasts" if marked else "Lasts"),
        Column("Energy"),
        Column("Baseline"),
        Column("Computation"),
    )
    more = len(summary.windows) - _MOST_ROWS
    return Table(
        "Runs; energies of one inference" if marked else "Runs found; energies of the whole run" if unknown else "Inferences found",
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
            f"{count_text(summary.gap_count)} gaps, {time_text(summary.gap_s)} in total, were bridged by straight lines: "
            f"{joules_text(summary.bridged_j)} of the total."
        )
    return Paragraph(" ".join(parts))


def _chart(summary: TraceSummary, told: WindowFigures | None, curve: TraceCurve) -> Illustration:
    windows = summary.windows
    run = _marked(summary) or _unknown(summary)
    kinds = "runs" if run else "inferences"
    text = ""
    if windows:
        first = windows[0]
        kind = f"Run of {count_text(first.inference_count)}" if _marked(summary) else "Run" if run else "Inference analysis"
        text = f"{kind}, bounded: {time_text(first.span_s)}, {joules_text(first.all_j)}"
    boot_s = 0.0 if told is None else told.thresholds.boot_s
    chart = CurrentTrace(
        x_axis="Time [s]",
        y_axis="Current [mA]",
        time=tuple(curve.time_s),
        low=tuple(MA_PER_A * value for value in curve.low_a),
        mean=tuple(MA_PER_A * value for value in curve.mean_a),
        high=tuple(MA_PER_A * value for value in curve.high_a),
        windows=tuple((window.start_s, window.end_s) for window in windows),
        window_text=text,
        thresholds=() if told is None else (MA_PER_A * told.thresholds.minimum_a, MA_PER_A * told.thresholds.maximum_a),
        boot_end=curve.after_s(boot_s) if boot_s > 0 else None,
    )
    said = f"Current over {time_text(summary.duration_s)}"
    if told is None:
        return Illustration("trace", "The capture; no window is given in it.", f"{said}, no window shaded.", chart)
    level = current_text(told.active_current.mean)
    caption = f"The capture with its {kinds} shaded; below, the first close up between the thresholds."
    return Illustration("trace", caption, f"{said}, {len(windows)} {kinds} at {level} shaded.", chart)
