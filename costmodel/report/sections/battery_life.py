"""How long a battery lasts: life with intervals, what dominates, crossovers, sensitivities, and life against rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import CurveMark, LifeBand, LifeBands
from costmodel.report.document import Block, Column, Illustration, Paragraph, Remark, Remarks, Row, Section, Table
from costmodel.report.quantities import (
    DAYS,
    NONE,
    digits,
    every_text,
    life_scale,
    life_text,
    share_text,
    time_text,
    watt_hours_text,
)
from costmodel.report.words.battery_words import assumed_text, crossover_text, dominance_text, measure_next_text
from costmodel.report.words.reason_words import reason_text
from costmodel.results.battery_life import BatteryAnswer, BatteryLife, DrainShare, InferenceEnergy, Sensitivity
from costmodel.units import S_PER_DAY, S_PER_HOUR

_MOST_INPUTS: Final = 8
_FORMS: Final = {"A": Form.CURRENT, "s": Form.TIME, "W": Form.POWER, "J": Form.JOULES}


def battery_section(answer: BatteryAnswer, *, in_report: bool = False) -> Section:
    """Return an answer about a battery as a section of a document.

    Parameters
    ----------
    answer : BatteryAnswer
        The figures.
    in_report : bool, optional
        Whether it stands beside a report's own summary of the battery.

    Returns
    -------
    Section
        Life a rest, what it is spent on, where rests cross, what to measure, assumptions, chart.
    """
    blocks: list[Block] = []
    if in_report:
        blocks.append(
            Paragraph(
                f"The same lives as under Power and battery, with intervals: {answer.model} model, self-discharge, and what "
                f"{digits(answer.temperature_degc)} °C leaves of the capacity ({watt_hours_text(answer.usable_j)} usable)."
            )
        )
    # Within a report `explain` knows the scenario's own figures by other names.
    named = _unnamed if in_report else _named
    blocks += [_remarks(answer), _lives(answer, named), _drains(answer, named), _energy(answer, named)]
    if answer.sensitivities:
        blocks.append(_sensitivities(answer, named))
    if answer.assumptions:
        blocks.append(Paragraph("Assumed, not measured: " + "; ".join(map(assumed_text, answer.assumptions)) + "."))
    # On a logarithmic axis there is nothing to draw where no life is finite and above nothing.
    if any(life for curve in answer.curves for life in curve.life_s):
        blocks.append(_chart(answer))
    return Section("battery-life", f"Battery life on {answer.battery}", tuple(blocks))


def battery_lead(answer: BatteryAnswer) -> tuple[str, ...]:
    """Return what was asked, and the answer, in two sentences."""
    life = answer.lives[0]
    return (
        f"{answer.states} on {answer.battery} ({watt_hours_text(answer.usable_j)} usable), {_asked(answer)}; "
        f"{answer.model} model at {digits(answer.temperature_degc)} °C.",
        f"{with_interval(life.life_s, life.life_low_s, life.life_high_s)}; {dominance_text(life)}.",
        *(f"{reason_text(caveat)}." for caveat in answer.caveats),
    )


def _named(*path: str) -> str:
    """Return what `explain --of "battery ..."` calls a figure of the answer."""
    return ".".join(("battery", *path))


def _unnamed(*_: str) -> str:
    return ""


def _asked(answer: BatteryAnswer) -> str:
    life = answer.lives[0]
    if answer.cycle is not None:
        return f"repeating {answer.cycle} every {time_text(life.period_s)}"
    return f"{every_text(life.period_s)}, resting in {life.rest}"


def with_interval(value_s: float | None, low_s: float | None, high_s: float | None) -> str:
    """Return a life with its 95 % interval, in one unit."""
    if value_s is None:
        return "endless"
    scale = life_scale(value_s)
    ends = [NONE if end is None else digits(scale.shown(end)) for end in (low_s, high_s)]
    return f"{digits(scale.shown(value_s))} {scale.unit} ({ends[0]} to {ends[1]})"


def _remarks(answer: BatteryAnswer) -> Remarks:
    life = answer.lives[0]
    endless = "" if life.endless_reason is None else reason_text(life.endless_reason)
    items = [Remark("life", "verdict", f"{life.rest}: {with_interval(life.life_s, life.life_low_s, life.life_high_s)}", endless)]
    items += [Remark("warning", "suspicious", reason_text(warning)) for warning in answer.warnings]
    items.append(Remark("dominates", "dominates", dominance_text(life)))
    items += [Remark("crossover", "unknown", crossover_text(crossover)) for crossover in answer.crossovers]
    if answer.measure_next is not None:
        items.append(Remark("measure next", "suspicious", measure_next_text(answer.measure_next)))
    return Remarks(tuple(items))


def _lives(answer: BatteryAnswer, named: Callable[..., str]) -> Table:
    rows = tuple(
        Row(
            (
                life.rest,
                Cell(life.life_s, Form.LIFE, named("lives", life.rest, "life_s")) if life.life_s is not None else "endless",
                Cell(life.life_low_s, Form.LIFE, named("lives", life.rest, "life_low_s")),
                Cell(life.life_high_s, Form.LIFE, named("lives", life.rest, "life_high_s")),
                Cell(life.inference_count, Form.COUNT, named("lives", life.rest, "inference_count")),
                Cell(life.board_w, Form.POWER, named("lives", life.rest, "board_w")),
                Cell(life.average_w, Form.POWER, named("lives", life.rest, "average_w")),
                dominance_text(life),
            )
        )
        for life in answer.lives
    )
    columns = (
        Column("Between inferences", number=False),
        Column("Life"),
        Column("2.5 %"),
        Column("97.5 %"),
        Column("Inferences"),
        Column("Board"),
        Column("Battery"),
        Column("Spent on", number=False),
    )
    note = (
        f"Intervals: from the 2.5th to the 97.5th percentile of {answer.sample_count:,} samples, seed {answer.seed}. "
        f"Model: {answer.model_source}."
    )
    title = "Life" if answer.cycle is not None else f"Life, {every_text(answer.lives[0].period_s)}"
    return Table(title, columns, rows, note)


def _drains(answer: BatteryAnswer, named: Callable[..., str]) -> Table:
    def cell(drain: DrainShare, field: str, form: Form) -> Cell:
        return Cell(getattr(drain, field), form, named("lives", answer.lives[0].rest, "drains", drain.part, field))

    rows = tuple(
        Row(
            (
                drain.part,
                cell(drain, "duration_s", Form.TIME),
                cell(drain, "energy_j", Form.JOULES),
                cell(drain, "energy_low_j", Form.JOULES),
                cell(drain, "energy_high_j", Form.JOULES),
                cell(drain, "share_ratio", Form.SHARE),
            )
        )
        for drain in answer.lives[0].drains
    )
    columns = (
        Column("Part", number=False),
        Column("Time"),
        Column("Energy from the battery"),
        Column("2.5 %"),
        Column("97.5 %"),
        Column("Share"),
    )
    return Table(f"One period: {_asked(answer)}", columns, rows)


def _energy(answer: BatteryAnswer, named: Callable[..., str]) -> Table:
    energy, life = answer.inference, answer.lives[0]

    def ranged(told: str, part: BatteryLife | InferenceEnergy, figure: str, form: Form, note: str = "") -> Row:
        """A figure with the ends of its interval: `life_s`, `life_low_s`, `life_high_s`."""
        stem, _, unit = figure.rpartition("_")
        fields = (figure, f"{stem}_low_{unit}", f"{stem}_high_{unit}")
        owner = ("lives", life.rest) if part is life else ("inference",)
        return Row((told, *(Cell(getattr(part, field), form, named(*owner, field)) for field in fields), note))

    rows = (
        ranged("Inferences until empty", life, "inference_count", Form.COUNT),
        ranged("Average power at the board", life, "board_w", Form.POWER),
        ranged("Average power from the battery", life, "average_w", Form.POWER),
        ranged("Energy of one inference, at the board", energy, "inference_j", Form.JOULES, f"over {time_text(energy.duration_s)}"),
        ranged("of it what idling costs", energy, "baseline_j", Form.JOULES, share_text(energy.baseline_ratio)),
        ranged("of it what inferring adds", energy, "computational_j", Form.JOULES, share_text(energy.computational_ratio)),
    )
    columns = (Column("Figure", number=False), Column("Value"), Column("2.5 %"), Column("97.5 %"), Column("Note", number=False))
    return Table("What it rests on", columns, rows)


def _sensitivities(answer: BatteryAnswer, named: Callable[..., str]) -> Table:
    rows = tuple(
        Row(
            (
                each.input,
                *_input_cells(each),
                Cell(each.life_at_low_s, Form.LIFE, named("sensitivities", each.input, "life_at_low_s")),
                Cell(each.life_at_high_s, Form.LIFE, named("sensitivities", each.input, "life_at_high_s")),
                Cell(each.swing_s, Form.LIFE, named("sensitivities", each.input, "swing_s")),
            )
        )
        for each in answer.sensitivities[:_MOST_INPUTS]
    )
    columns = (
        Column("Input", number=False),
        Column("From"),
        Column("To"),
        Column("Life from"),
        Column("Life to"),
        Column("Swing"),
    )
    return Table("One input at a time over its range: the widest swing is worth measuring first", columns, rows)


def _input_cells(each: Sensitivity) -> tuple[Cell, Cell]:
    """The ends of an input's range, in a unit of everyday size."""
    form = _FORMS.get(each.unit)
    if form is not None:
        return Cell(each.low, form), Cell(each.high, form)
    unit = f" {each.unit}" if each.unit else ""
    return Cell(f"{each.low:,.4g}{unit}"), Cell(f"{each.high:,.4g}{unit}")


def _chart(answer: BatteryAnswer) -> Illustration:
    longest = max((life for curve in answer.curves for life in curve.life_s if life is not None), default=1.0)
    # Over decades a year is no unit: days, or hours where nothing lasts days.
    scale = DAYS if longest >= S_PER_DAY else life_scale(longest)

    def scaled(values: tuple[float | None, ...]) -> tuple[float | None, ...]:
        return tuple(None if value is None else scale.shown(value) for value in values)

    bands = tuple(
        LifeBand(
            curve.rest,
            tuple(S_PER_HOUR * rate for rate in curve.rate_hz),
            scaled(curve.life_s),
            scaled(curve.life_low_s),
            scaled(curve.life_high_s),
        )
        for curve in answer.curves
    )
    life = answer.lives[0]
    marks: tuple[CurveMark, ...] = ()
    if life.life_s:
        marks = (
            CurveMark(
                S_PER_HOUR * life.rate_hz, scale.shown(life.life_s), f"{life.rest}, {every_text(life.period_s)}: {life_text(life.life_s)}"
            ),
        )
    chart = LifeBands("Inferences an hour", f"Battery life [{scale.unit}]", bands, marks)
    said = f"Falling curves, one a way of resting; {life.rest} {every_text(life.period_s)} lasts {life_text(life.life_s)}"
    return Illustration("battery_life_bands", "Battery life against the rate of inferences, with 95 % intervals.", f"{said}.", chart)
