"""Power of the board, energy of an inference and life of the battery."""

from __future__ import annotations

from costmodel.battery.energy_budget import battery_life_s, duty_cycled_power_w, duty_ratio
from costmodel.report.charts import CurveMark, LifeCurve
from costmodel.report.document import Block, Column, Illustration, Paragraph, Row, Section, Table
from costmodel.report.quantities import (
    count_text,
    digits,
    every_text,
    joules_text,
    life_text,
    life_unit,
    power_text,
    share_text,
    time_text,
    watt_hours_text,
)
from costmodel.results.evaluation import Evaluation
from costmodel.results.power import BatterySummary, PowerSummary
from costmodel.units import S_PER_DAY, S_PER_HOUR

CURVE_POINTS = 97
"""Points of the curve: 24 a decade over four decades, and more where the range is wider."""


def power_section(evaluation: Evaluation) -> Section:
    """Return power, energy of an inference and battery life, or what to give for them.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    Section
        Tables, and a figure of life against rate.
    """
    power, battery = evaluation.power, evaluation.battery
    blocks: list[Block] = []
    if power is None:
        blocks.append(_missing("Power", evaluation, "power"))
    else:
        blocks.append(_power_table(power, evaluation))
    if battery is None:
        blocks.append(_missing("Battery life", evaluation, "battery"))
    else:
        blocks.append(_battery_table(battery, power))
    if power is not None and battery is not None and evaluation.duration_s is not None:
        blocks += _life_figure(power, battery, evaluation.duration_s)
    return Section("power", "Power and battery", tuple(blocks))


def _missing(what: str, evaluation: Evaluation, name: str) -> Paragraph:
    return Paragraph(f"{what} cannot be told: {evaluation.reasons.get(name, 'not given')}.")


def _power_table(power: PowerSummary, evaluation: Evaluation) -> Table:
    increase = "" if power.increase_ratio is None else f"+{share_text(power.increase_ratio)} over idle"
    facts = [
        ("Board, idle", power_text(power.idle_w), "awake, not inferring"),
        ("Board, inferring", power_text(power.active_w), increase),
    ]
    if power.inference_j is not None:
        facts += [
            ("Energy of one inference", joules_text(power.inference_j), f"over {time_text(evaluation.duration_s)}"),
            ("of that, idling alone", joules_text(power.baseline_j), share_text(power.baseline_ratio)),
            ("of that, inferring adds", joules_text(power.computational_j), share_text(power.computational_ratio)),
        ]
    rows = tuple(Row(fact) for fact in facts)
    return Table("Power of the whole board", (Column("Figure", number=False), Column("Value"), Column("Note", number=False)), rows)


def _battery_table(battery: BatterySummary, power: PowerSummary | None) -> Table:
    rate = None if power is None else power.rate_hz
    rows = [
        Row(
            (
                "without pause",
                "–" if rate is None else f"{digits(rate)} Hz",
                share_text(1.0),
                power_text(None if power is None else power.active_w),
                life_text(battery.continuous_life_s),
                count_text(battery.continuous_inference_count),
            )
        )
    ]
    if battery.period_s is not None and battery.duty_ratio is not None:
        rows.append(
            Row(
                (
                    every_text(battery.period_s),
                    f"{digits(1 / battery.period_s)} Hz",
                    share_text(battery.duty_ratio, 2),
                    power_text(battery.duty_w),
                    life_text(battery.duty_life_s),
                    count_text(battery.duty_inference_count),
                )
            )
        )
    columns = (
        Column("Inferring", number=False),
        Column("Rate"),
        Column("Duty cycle"),
        Column("Average power"),
        Column("Life"),
        Column("Inferences"),
    )
    return Table(f"Battery {battery.battery}: {watt_hours_text(battery.usable_j)} usable", columns, tuple(rows))


def _life_figure(power: PowerSummary, battery: BatterySummary, duration_s: float) -> list[Block]:
    """The curve runs from one inference a day to inferring without pause."""
    slowest = max(S_PER_DAY, duration_s, battery.period_s or 0.0)
    if duration_s <= 0 or slowest <= duration_s or battery.continuous_life_s is None:
        return []
    step = (duration_s / slowest) ** (1 / (CURVE_POINTS - 1))
    periods = [slowest * step**place for place in range(CURVE_POINTS)]
    periods[-1] = duration_s
    lives = [_life_s(power, battery, duration_s, period) for period in periods]
    if any(life == float("inf") for life in lives):
        return []
    unit, seconds = life_unit(max(lives))
    marks = [
        CurveMark(S_PER_HOUR / duration_s, battery.continuous_life_s / seconds, f"without pause: {life_text(battery.continuous_life_s)}")
    ]
    if battery.period_s is not None and battery.duty_life_s is not None and battery.period_s > duration_s:
        mark = f"{every_text(battery.period_s)}: {life_text(battery.duty_life_s)}"
        marks.insert(0, CurveMark(S_PER_HOUR / battery.period_s, battery.duty_life_s / seconds, mark))
    endless = power.idle_w <= 0
    limit = None if endless else battery_life_s(battery.usable_j, power.idle_w)
    limit_text = "" if limit is None else f"idling alone empties it in {life_text(limit)}"
    chart = LifeCurve(
        "Inferences an hour",
        f"Battery life [{unit}]",
        tuple(S_PER_HOUR / period for period in periods),
        tuple(life / seconds for life in lives),
        tuple(marks),
        None if limit is None else limit / seconds,
        limit_text,
    )
    said = "; ".join(mark.text for mark in marks) + (f"; {limit_text}" if limit_text else "")
    caption = "Battery life against the rate of inferences, from once a day to no pause at all."
    return [Illustration("battery_life", caption, f"A falling curve: {said}.", chart)]


def _life_s(power: PowerSummary, battery: BatterySummary, duration_s: float, period_s: float) -> float:
    average_w = duty_cycled_power_w(power.idle_w, power.active_w, duty_ratio(duration_s, period_s))
    life: float = battery_life_s(battery.usable_j, average_w)
    return life
