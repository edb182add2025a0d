"""The question `battery` answers: how long, with what interval, what dominates, where another rest pays, what to measure better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from costmodel.battery.duty_cycle import step_charge
from costmodel.battery.energy_budget import (
    baseline_energy_j,
    computational_energy_j,
    electrical_power_w,
    energy_share_ratio,
    inference_energy_j,
    usable_energy_j,
)
from costmodel.battery.load_profile import LoadProfile, average_current_a, period_s
from costmodel.columns import Number
from costmodel.evaluation.battery_inquiry import BatteryQuestion, fits, life_s, pattern_of, refuse_impossible
from costmodel.evaluation.battery_models import CAPACITY_SHARE, SOURCES
from costmodel.evaluation.battery_parts import assumptions, crossovers, curves, measure_next, sensitivities, warnings
from costmodel.evaluation.battery_patterns import IDLE, Pattern
from costmodel.evaluation.uncertainty import interval, sampled
from costmodel.results.battery_life import BatteryAnswer, BatteryLife, DrainShare, InferenceEnergy

_PARTS: Final = {
    "inference": "inferring",
    "wake-up": "waking up",
    IDLE: "idling awake between inferences",
    "self-discharge": "self-discharge",
}
_ENDLESS: Final = "nothing is drawn from the battery"
_TOO_WEAK: Final = "the battery cannot carry the load: its voltage falls below the cut-off at once"


def answer_battery(question: BatteryQuestion) -> BatteryAnswer:
    """Answer a question about a battery.

    Parameters
    ----------
    question : BatteryQuestion
        Board, pattern, model, samples.

    Returns
    -------
    BatteryAnswer
        Life of the asked rest first, then of the others that fit the period.

    Raises
    ------
    SpecError
        If an inference lasts longer than its period, or a wake-up does not fit.
    """
    refuse_impossible(question)
    inputs = question.inputs()
    values: dict[str, Number] = {name: constant.value for name, constant in inputs.items()}
    columns = sampled(inputs, question.sample_count, question.seed)
    rests = [question.rest, *(rest for rest in question.board.rests() if rest != question.rest and fits(question, rest))]
    asked = rests if question.cycle is None else [question.rest]
    lives = tuple(_life(question, rest, values, columns) for rest in asked)
    swung = sensitivities(question, inputs)
    cell = question.board.cell
    capacity_ah = cell.capacity_ah.value * float(values.get(CAPACITY_SHARE, 1.0))
    usable = usable_energy_j(cell.voltage_v.value, capacity_ah, cell.converter_ratio.value, cell.discharge_ratio.value)
    return BatteryAnswer(
        battery=cell.name,
        model=question.model.value,
        model_source=SOURCES[question.model],
        states=question.board.states.name,
        temperature_degc=question.temperature_degc,
        usable_j=usable,
        inference=_inference(values, columns),
        sample_count=question.sample_count,
        seed=question.seed,
        lives=lives,
        crossovers=crossovers(question, values, columns),
        sensitivities=swung,
        measure_next=measure_next(lives[0], swung),
        curves=curves(question, inputs),
        assumptions=assumptions(inputs),
        warnings=warnings(question, values),
    )


def _life(question: BatteryQuestion, rest: str, values: Mapping[str, Number], columns: Mapping[str, Number]) -> BatteryLife:
    life = float(life_s(question, rest, values, question.period_s))
    span = interval(life_s(question, rest, columns, question.period_s))
    pattern = pattern_of(question, rest, values, question.period_s)
    sampled_pattern = pattern_of(question, rest, columns, question.period_s)
    period = float(period_s(pattern.profile))
    volts = float(values["battery voltage"])
    board = interval(_board_w(sampled_pattern))
    power = interval(average_current_a(sampled_pattern.profile) * columns["battery voltage"])
    drains = _drains(pattern, period, volts)
    endless = not math.isfinite(life)
    label = rest if question.cycle is None else question.cycle.name
    count = (None, None, None) if endless else tuple(None if each is None else round(each / period) for each in (life, span.low, span.high))
    return BatteryLife(
        rest=label,
        life_s=None if endless else life,
        life_low_s=span.low,
        life_high_s=span.high,
        endless_reason=_ENDLESS if endless else None,
        period_s=period,
        rate_hz=1.0 / period,
        inference_count=count[0],
        inference_low_count=count[1],
        inference_high_count=count[2],
        board_w=float(_board_w(pattern)),
        board_low_w=board.low,
        board_high_w=board.high,
        average_w=float(average_current_a(pattern.profile)) * volts,
        average_low_w=power.low,
        average_high_w=power.high,
        drains=drains,
        dominated_by=_dominated(drains) if life else _TOO_WEAK,
    )


def _board_w(pattern: Pattern) -> Number:
    """Return the average power at the board's supply."""
    powers = tuple(electrical_power_w(step.supply_v, step.current_a) for step in pattern.steps)
    return average_current_a(LoadProfile(powers, pattern.profile.durations_s))


def _inference(values: Mapping[str, Number], columns: Mapping[str, Number]) -> InferenceEnergy:
    def energy(numbers: Mapping[str, Number]) -> Number:
        power = electrical_power_w(numbers["inference supply"], numbers["inference current"])
        return inference_energy_j(power, numbers["inference duration"])

    total, span = float(energy(values)), interval(energy(columns))
    idle_w = electrical_power_w(values["idle supply"], values["idle current"])
    baseline = float(baseline_energy_j(idle_w, values["inference duration"]))
    computational = float(computational_energy_j(total, baseline))
    return InferenceEnergy(
        duration_s=float(values["inference duration"]),
        inference_j=total,
        inference_low_j=span.low,
        inference_high_j=span.high,
        baseline_j=baseline,
        computational_j=computational,
        baseline_ratio=energy_share_ratio(baseline, total) if total else 0.0,
        computational_ratio=energy_share_ratio(computational, total) if total else 0.0,
    )


def _drains(pattern: Pattern, period: float, volts: float) -> tuple[DrainShare, ...]:
    parts: dict[str, tuple[float | None, float]] = {}
    for name, current, duration in zip(pattern.names, pattern.profile.currents_a, pattern.profile.durations_s, strict=True):
        seconds, charge = parts.get(name, (0.0, 0.0))
        own = float(step_charge(current - pattern.background_a, duration))
        if duration > 0.0:
            parts[name] = ((seconds or 0.0) + float(duration), charge + own)
    own_a = float(pattern.background_a - pattern.self_discharge_a)
    if own_a > 0.0:
        parts["regulator"] = (None, own_a * period)
    if float(pattern.self_discharge_a) > 0.0:
        parts["self-discharge"] = (None, float(pattern.self_discharge_a) * period)
    total = sum(charge for _, charge in parts.values())
    return tuple(
        DrainShare(part=name, duration_s=seconds, energy_j=charge * volts, share_ratio=charge / total if total else 0.0)
        for name, (seconds, charge) in parts.items()
    )


def _dominated(drains: tuple[DrainShare, ...]) -> str:
    ordered = sorted(drains, key=lambda drain: -drain.share_ratio)
    first = ordered[0]
    if first.share_ratio == 0.0:
        return "nothing draws from the battery"
    words = f"{_part(first.part)} takes {100 * first.share_ratio:.0f} % of the battery"
    if len(ordered) == 1 or ordered[1].share_ratio < 0.005:
        return words
    return f"{words}, {_part(ordered[1].part)} {100 * ordered[1].share_ratio:.0f} %"


def _part(name: str) -> str:
    return _PARTS.get(name, name if name == "regulator" else f"{name} sleep")
