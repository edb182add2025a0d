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
from costmodel.evaluation.battery.answer_parts import assumptions, crossovers, curves, measure_next, sensitivities, warnings
from costmodel.evaluation.battery.cell_models import CAPACITY_SHARE, SOURCES
from costmodel.evaluation.battery.inquiry import BatteryQuestion, fits, life_s, pattern_of, refuse_impossible
from costmodel.evaluation.battery.patterns import IDLE, Pattern
from costmodel.evaluation.battery.uncertainty import interval, sampled
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
        cycle=None if question.cycle is None else question.cycle.name,
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
    asked_s, sampled_s = question.period_of(values), question.period_of(columns)
    life = float(life_s(question, rest, values, asked_s))
    lives = life_s(question, rest, columns, sampled_s)
    span = interval(lives)
    pattern = pattern_of(question, rest, values, asked_s)
    sampled_pattern = pattern_of(question, rest, columns, sampled_s)
    period = float(period_s(pattern.profile))
    inferences = sum(name == "inference" for name in pattern.names)
    counts = interval(inferences * lives / period_s(sampled_pattern.profile))
    board = interval(_board_w(sampled_pattern))
    power = interval(average_current_a(sampled_pattern.profile) * columns["battery voltage"])
    drains = _drains(_charges(pattern, values), _charges(sampled_pattern, columns))
    endless = not math.isfinite(life)
    label = rest if question.cycle is None else question.cycle.name
    return BatteryLife(
        rest=label,
        life_s=None if endless else life,
        life_low_s=span.low,
        life_high_s=span.high,
        endless_reason=_ENDLESS if endless else None,
        period_s=period,
        rate_hz=inferences / period,
        inference_count=None if endless else round(inferences * life / period),
        inference_low_count=None if counts.low is None else round(counts.low),
        inference_high_count=None if counts.high is None else round(counts.high),
        board_w=float(_board_w(pattern)),
        board_low_w=board.low,
        board_high_w=board.high,
        average_w=float(average_current_a(pattern.profile) * values["battery voltage"]),
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
    total, baseline, computational = (float(part) for part in _energies(values))
    spans = [interval(part) for part in _energies(columns)]
    return InferenceEnergy(
        duration_s=float(values["inference duration"]),
        inference_j=total,
        inference_low_j=spans[0].low,
        inference_high_j=spans[0].high,
        baseline_j=baseline,
        baseline_low_j=spans[1].low,
        baseline_high_j=spans[1].high,
        computational_j=computational,
        computational_low_j=spans[2].low,
        computational_high_j=spans[2].high,
        baseline_ratio=energy_share_ratio(baseline, total) if total else 0.0,
        computational_ratio=energy_share_ratio(computational, total) if total else 0.0,
    )


def _energies(values: Mapping[str, Number]) -> tuple[Number, Number, Number]:
    """Return the energy of an inference, what idling would have drawn, and what computing adds."""
    power, idle_w = (electrical_power_w(values[f"{state} supply"], values[f"{state} current"]) for state in ("inference", IDLE))
    total = inference_energy_j(power, values["inference duration"])
    baseline = baseline_energy_j(idle_w, values["inference duration"])
    return total, baseline, computational_energy_j(total, baseline)


def _charges(pattern: Pattern, values: Mapping[str, Number]) -> dict[str, tuple[Number | None, Number]]:
    """Return the time each part of a period takes, and the energy it draws from the battery."""
    volts = values["battery voltage"]
    parts: dict[str, tuple[Number | None, Number]] = {}
    for name, current, duration in zip(pattern.names, pattern.profile.currents_a, pattern.profile.durations_s, strict=True):
        seconds, energy = parts.get(name, (0.0, 0.0))
        own = step_charge(current - pattern.background_a, duration) * volts
        parts[name] = ((0.0 if seconds is None else seconds) + duration, energy + own)
    whole_s = period_s(pattern.profile)
    parts["regulator"] = None, (pattern.background_a - pattern.self_discharge_a) * whole_s * volts
    parts["self-discharge"] = None, pattern.self_discharge_a * whole_s * volts
    return parts


def _drains(parts: dict[str, tuple[Number | None, Number]], sampled: dict[str, tuple[Number | None, Number]]) -> tuple[DrainShare, ...]:
    total = sum(float(energy) for _, energy in parts.values())
    drains = []
    for name, (seconds, energy) in parts.items():
        if (float(energy) if seconds is None else float(seconds)) <= 0.0:
            continue
        span = interval(sampled[name][1])
        drains.append(
            DrainShare(
                part=name,
                duration_s=None if seconds is None else float(seconds),
                energy_j=float(energy),
                energy_low_j=span.low,
                energy_high_j=span.high,
                share_ratio=float(energy) / total if total else 0.0,
            )
        )
    return tuple(drains)


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
