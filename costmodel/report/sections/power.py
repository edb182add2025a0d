"""Power of the board, energy of an inference and life of the battery."""

from __future__ import annotations

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import CurveMark, LifeCurve
from costmodel.report.document import Block, Column, Content, Illustration, Paragraph, Row, Section, Table
from costmodel.report.quantities import (
    duty_text,
    life_scale,
    life_text,
    share_text,
    time_text,
    watt_hours_text,
)
from costmodel.report.sections.outlook import power_text
from costmodel.report.words.power_words import power_source_text
from costmodel.report.words.reason_words import reason_text
from costmodel.results.conclusions.grounds import LifeAgainstPeriod
from costmodel.results.evaluation import Evaluation
from costmodel.results.power import BatterySummary, PowerGiver, PowerSummary
from costmodel.results.timing.outlook import EnergyEstimate, Outlook
from costmodel.specs.devices.power import IDLE
from costmodel.units import S_PER_HOUR


def power_section(evaluation: Evaluation, curve: LifeAgainstPeriod | None, outlook: Outlook | None = None) -> Section:
    """Return power, energy of an inference and battery life, or what to give for them.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    curve : LifeAgainstPeriod or None
        What to draw.
    outlook : Outlook, optional
        Where energy and life are estimated although nothing of the board was given, the section says so.

    Returns
    -------
    Section
        Tables, and a figure of life against rate.
    """
    power, battery = evaluation.power, evaluation.battery
    blocks: list[Block] = []
    estimated = power is None and battery is None and outlook is not None and outlook.energy is not None
    if estimated and outlook is not None and outlook.energy is not None:
        blocks.append(Paragraph(_estimated_text(outlook.energy)))
    if power is None:
        blocks.append(_missing("The board's own power" if estimated else "Power", evaluation, "power"))
    else:
        blocks.append(_power_table(power, evaluation))
    if battery is None:
        if not estimated:
            blocks.append(_missing("Battery life", evaluation, "battery"))
    else:
        blocks.append(_battery_table(battery, power))
    if curve is not None and battery is not None and evaluation.duration_s is not None:
        blocks.append(_life_figure(curve, battery, evaluation.duration_s))
    return Section("power", "Power and battery", tuple(blocks))


def _estimated_text(energy: EnergyEstimate) -> str:
    return f"Energy and battery life are estimated under Time, energy and battery, from {power_text(energy)}."


def _missing(what: str, evaluation: Evaluation, name: str) -> Paragraph:
    why = evaluation.missing.get(name)
    return Paragraph(f"{what} cannot be told: {'not given' if why is None else reason_text(why)}.")


def _power_table(power: PowerSummary, evaluation: Evaluation) -> Table:
    increase = "" if power.increase_ratio is None else f"+{share_text(power.increase_ratio)} over idle"
    facts: list[tuple[Content, ...]] = [
        ("Board, idle", Cell(power.idle_w, Form.POWER, "power.idle"), "awake, not inferring"),
        ("Board, inferring", Cell(power.active_w, Form.POWER, "power.active"), increase),
    ]
    if power.inference_j is not None:
        facts += [
            (
                "Energy of one inference",
                Cell(power.inference_j, Form.JOULES, "power.inference_energy"),
                f"over {time_text(evaluation.duration_s)}",
            ),
            (
                "of that, idling alone",
                Cell(power.baseline_j, Form.JOULES, "power.baseline_energy"),
                Cell(power.baseline_ratio, Form.SHARE, "power.baseline_share"),
            ),
            (
                "of that, inferring adds",
                Cell(power.computational_j, Form.JOULES, "power.computational_energy"),
                Cell(power.computational_ratio, Form.SHARE, "power.computational_share"),
            ),
        ]
    rows = tuple(Row(fact) for fact in facts)
    # The board's own states stand in for a power that is not given, and say so.
    title = "Power of the whole board" + (f", by {power_source_text(power)}" if power.given_by is PowerGiver.STATES else "")
    return Table(title, (Column("Figure", number=False), Column("Value"), Column("Note", number=False)), rows)


def _battery_table(battery: BatterySummary, power: PowerSummary | None) -> Table:
    rate = None if power is None else power.rate_hz
    rows = [
        Row(
            (
                "without pause",
                Cell(rate, Form.RATE, "power.rate"),
                Cell(1.0, Form.SHARE),
                Cell(None if power is None else power.active_w, Form.POWER, "power.active"),
                Cell(battery.continuous_life_s, Form.LIFE, "battery.continuous_life"),
                Cell(battery.continuous_inference_count, Form.COUNT, "battery.continuous_inferences"),
            )
        )
    ]
    if battery.period_s is not None and battery.duty_ratio is not None:
        rows.append(
            Row(
                (
                    duty_text(battery.period_s, battery.sleep),
                    Cell(battery.duty_rate_hz, Form.RATE, "battery.duty_rate_hz"),
                    Cell(battery.duty_ratio, Form.FINE_SHARE, "battery.duty"),
                    Cell(battery.duty_w, Form.POWER, "battery.duty_power"),
                    Cell(battery.duty_life_s, Form.LIFE, "battery.duty_life"),
                    Cell(battery.duty_inference_count, Form.COUNT, "battery.duty_inferences"),
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


def _life_figure(curve: LifeAgainstPeriod, battery: BatterySummary, duration_s: float) -> Illustration:
    scale = life_scale(max(curve.lives_s))
    continuous_s = battery.continuous_life_s or 0.0
    marks = [CurveMark(S_PER_HOUR / duration_s, scale.shown(continuous_s), f"without pause: {life_text(continuous_s)}")]
    if battery.period_s is not None and battery.duty_life_s is not None and battery.period_s > duration_s:
        mark = f"{duty_text(battery.period_s, battery.sleep)}: {life_text(battery.duty_life_s)}"
        marks.insert(0, CurveMark(S_PER_HOUR / battery.period_s, scale.shown(battery.duty_life_s), mark))
    resting = "idling" if battery.sleep == IDLE else battery.sleep
    limit_text = "" if curve.resting_life_s is None else f"{resting} alone empties it in {life_text(curve.resting_life_s)}"
    chart = LifeCurve(
        "Inferences an hour",
        f"Battery life [{scale.unit}]",
        tuple(S_PER_HOUR / period for period in curve.periods_s),
        tuple(scale.shown(life) for life in curve.lives_s),
        tuple(marks),
        None if curve.resting_life_s is None else scale.shown(curve.resting_life_s),
        limit_text,
    )
    said = "; ".join(mark.text for mark in marks) + (f"; {limit_text}" if limit_text else "")
    caption = "Battery life against the rate of inferences, from once a day to no pause at all."
    return Illustration("battery_life", caption, f"A falling curve: {said}.", chart)
