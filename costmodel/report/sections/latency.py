"""Time of an inference: what it was calibrated on, what is robust and what is not identified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import ShareBars
from costmodel.report.document import Block, Column, Illustration, Paragraph, Row, Section, Table
from costmodel.report.quantities import digits, rate_text, sentence, share_text, time_scale, time_text
from costmodel.report.sections.energy import MOST_BARS
from costmodel.report.sections.outlook import time_words
from costmodel.report.words.reason_words import reason_text, reasons_text
from costmodel.results.evaluation import DataflowEvaluation, Evaluation
from costmodel.results.timing.latency import AlternativeFit, Condition, LatencySummary, RateSummary, UnmetCondition
from costmodel.results.timing.outlook import Outlook
from costmodel.results.timing.time_estimate import TimeBasis
from costmodel.specs.scenario import Storage

_MEMORIES: Final = {Storage.RAM.value: "RAM", Storage.FLASH.value: "flash"}


def latency_section(evaluation: Evaluation, outlook: Outlook | None = None) -> Section:
    """Return the time of each layer where a calibration holds, and why not where none does.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    outlook : Outlook, optional
        Where the time that is read first is another runtime's, it is told apart from this firmware's.

    Returns
    -------
    Section
        What the times rest on, in words; then table, rates and figure.
    """
    elsewhere = other_runtime_text(outlook)
    told = [_basis_text(answer) for answer in evaluation.dataflows]
    blocks: list[Block] = [Paragraph(elsewhere)] if elsewhere else []
    blocks += [Paragraph(f"This project's own firmware, {text}" if elsewhere else sentence(text)) for text in told]
    blocks.append(Paragraph(_duration_text(evaluation, estimated=bool(elsewhere))))
    timed = next((answer for answer in evaluation.dataflows if answer.latency.total_s is not None), None)
    if timed is not None:
        blocks += _timed_blocks(timed)
    return Section("latency", "Time", tuple(blocks))


def other_runtime_text(outlook: Outlook | None) -> str:
    """Return the time that was estimated under another runtime than this firmware's; empty where there is none.

    Parameters
    ----------
    outlook : Outlook or None
        With the time that is read first.

    Returns
    -------
    str
        One sentence.
    """
    if outlook is None or outlook.time.high_s is None or outlook.time.basis in (TimeBasis.GIVEN, TimeBasis.LAYER_TIMES):
        return ""
    return (
        f"Under {outlook.time.runtime} an inference takes {time_words(outlook.time)} ({outlook.time.trust.value}): see Time, energy and"
        " battery. What stands here is about this project's own firmware, whose layers are timed one by one."
    )


def _basis_text(answer: DataflowEvaluation) -> str:
    latency = answer.latency
    if latency.total_s is None:
        beyond = "; ".join(condition_text(unmet) for unmet in latency.conditions)
        return f"{answer.dataflow.value}: {reason_text(latency.basis)}." + (f" {sentence(beyond)}" if beyond else "")
    own = ", on this very network: fitted to these times, so not a prediction" if latency.fitted else ""
    return f"{answer.dataflow.value}: {time_text(latency.total_s)}, {reason_text(latency.basis)}{own}."


def condition_text(unmet: UnmetCondition) -> str:
    """Return in words what was not measured."""
    if unmet.condition is Condition.WEIGHTS_ELSEWHERE:
        here = Storage.FLASH if unmet.measured_in == Storage.RAM.value else Storage.RAM
        return f"the rates were measured with weights in {_MEMORIES[unmet.measured_in or here]}, here they are in {_MEMORIES[here]}"
    if unmet.condition is Condition.KIND_NOT_MEASURED:
        return f"no {unmet.kind} layer was measured, and {unmet.layer} is one"
    times = digits(unmet.ratio or 0.0)
    return f"{unmet.layer} has {times} times the taps of {unmet.measured_layer}, the largest {unmet.kind} layer that was measured"


def _duration_text(evaluation: Evaluation, *, estimated: bool) -> str:
    if evaluation.duration_s is None:
        who = "Leakage has" if estimated else "Battery and leakage have"
        return f"{who} {reasons_text(evaluation.duration_basis)}."
    return f"Battery and leakage use {time_text(evaluation.duration_s)}: {reasons_text(evaluation.duration_basis)}."


def _timed_blocks(answer: DataflowEvaluation) -> list[Block]:
    layers = [(layer.name, layer.duration_s) for layer in answer.layers if layer.duration_s]
    scale, shares = time_scale([answer.latency.total_s or 0.0]), answer.time_shares
    dataflow = answer.dataflow.value
    rows = [
        Row(
            (
                name,
                Cell(duration, Form.TIME, f"{name}.time", dataflow, scale),
                Cell(shares[name], Form.SHARE, f"dataflows.{dataflow}.time_shares.{name}", dataflow),
            )
        )
        for name, duration in layers
    ]
    whole = Cell(answer.latency.total_s, Form.TIME, "latency.total", dataflow, scale)
    rows.append(Row(("all", whole, Cell(1.0, Form.SHARE)), total=True))
    columns = (Column("Layer", number=False), Column("Time", scale.unit), Column("Share"))
    basis = reason_text(answer.latency.basis)
    table = Table(f"{dataflow}: time of each layer, {basis}", columns, tuple(rows), supplementary=True)
    ranked = sorted(layers, key=lambda item: -item[1])
    bars = ranked[:MOST_BARS]
    rest = [name for name, _ in ranked[MOST_BARS:]]
    chart = ShareBars(
        f"Time [{scale.unit}]",
        tuple(name for name, _ in bars),
        tuple(scale.shown(duration) for _, duration in bars),
        tuple(f"{scale.number(duration)} ({share_text(shares[name])})" for name, duration in bars),
        tuple(shares[name] >= 0.1 for name, _ in bars),
    )
    said = ", ".join(f"{name} {scale.text(duration)} ({share_text(shares[name])})" for name, duration in bars)
    caption = f"Where the time of one inference goes: {dataflow}, {basis}."
    if rest:
        # A bar of what is left over would compare unlike things.
        caption += f" {len(rest)} other layers take {share_text(answer.time_share_of(rest))} together."
    figure = Illustration("time_per_layer", caption, f"Bars, longest first: {said}.", chart)
    return [figure, table, *_rate_blocks(answer.latency, f"dataflows.{dataflow}.latency")]


def _rate_blocks(latency: LatencySummary, owner: str) -> list[Block]:
    rates = latency.rates
    if rates is None:
        return []
    blocks: list[Block] = [Paragraph(_rates_text(latency, rates))]
    if latency.alternatives:
        rows = tuple(
            Row((fit.name, *_rates(fit, f"{owner}.alternatives.{fit.name}", ("first_s", "second_s")), _credible(fit)))
            for fit in latency.alternatives
        )
        columns = (Column("Charged to", number=False), Column("First", "ns"), Column("Second", "ns"), Column("Credible", number=False))
        note = (
            "What the readings agree on is robust; what they disagree on is not identified by these measurements."
            if latency.measurement_count <= 2
            else "What the readings agree on is robust."
        )
        used = _rates(rates, f"{owner}.rates", ("interior_tap_s", "boundary_tap_s"))
        chosen = Row(("interior tap and nominal boundary tap (used)", *used, "yes"))
        blocks.append(Table("The same measured times, read in other ways", columns, (chosen, *rows), note))
    return blocks


def _rates_text(latency: LatencySummary, rates: RateSummary) -> str:
    clock = "" if rates.interior_tap_cycles is None else f" ({digits(rates.interior_tap_cycles)} cycles)"
    text = (
        f"Rates: {rate_text(rates.interior_tap_s)} per tap of interior pixels{clock},"
        f" {rate_text(rates.boundary_tap_s)} per tap of boundary pixels,"
        f" {rate_text(rates.other_tap_s)} per tap of the other layers."
    )
    if not clock:
        text += " No cycles are given: the source of the times does not state a clock."
    if latency.measurement_count == 2:
        text += (
            " Two rates were fitted to two measured convolutions: two unknowns fit two figures always, so the fit itself proves nothing."
        )
    return text


def _rates(of: AlternativeFit | RateSummary, owner: str, fields: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(Cell(getattr(of, field), Form.NANOSECONDS, f"{owner}.{field}") for field in fields)


def _credible(fit: AlternativeFit) -> str:
    return "yes" if fit.credible else "no: negative"
