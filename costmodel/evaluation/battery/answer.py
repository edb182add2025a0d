"""The question `battery` answers: how long, with what interval, what dominates, where another rest pays, what to measure better."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from costmodel.battery.energy_budget import (
    baseline_energy_j,
    computational_energy_j,
    electrical_power_w,
    energy_share_ratio,
    inference_energy_j,
    usable_energy_j,
)
from costmodel.battery.load_profile import drain_share_ratio, period_s, rate_of_hz, whole_inference_count
from costmodel.columns import Number
from costmodel.evaluation.battery.answer_parts import assumptions, caveats, crossovers, curves, measure_next, sensitivities, warnings
from costmodel.evaluation.battery.drawn_samples import drawn_numbers
from costmodel.evaluation.battery.inputs import battery_model, plain, remembering
from costmodel.evaluation.battery.lives import SELF_DISCHARGE, WAKE_UP, Drain, Life, drains_of
from costmodel.evaluation.battery.question import BatteryNumbers, BatteryQuestion
from costmodel.evaluation.battery.uncertainty import drawn_interval, sampler
from costmodel.provenance import is_recording, lone, rounded
from costmodel.results.battery_life import BatteryAnswer, BatteryLife, DrainShare, InferenceEnergy
from costmodel.specs.devices.power import IDLE, INFERENCE

_PARTS: Final = {
    INFERENCE: "inferring",
    WAKE_UP: "waking up",
    IDLE: "idling awake between inferences",
    SELF_DISCHARGE: SELF_DISCHARGE,
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
    values = question.numbers(remembering if is_recording() else plain)
    question.refuse_impossible(values)
    columns = question.numbers(sampler(question.sample_count, question.seed))
    lives = tuple(_life(question, rest, values, columns) for rest in question.rests(values))
    swung = sensitivities(question)
    cell = values.cell
    return BatteryAnswer(
        battery=question.cell.name,
        cycle=None if question.cycle is None else question.cycle.name,
        model=question.model.value,
        model_source=battery_model(cell).source,
        states=question.board_name,
        temperature_degc=question.temperature_degc.value,
        usable_j=usable_energy_j(cell.voltage_v, cell.held_ah, cell.converter_ratio, cell.discharge_ratio),
        inference=_inference(question, values, columns),
        sample_count=question.sample_count,
        seed=question.seed,
        lives=lives,
        crossovers=crossovers(question, values, columns),
        sensitivities=swung,
        measure_next=measure_next(lives[0], swung),
        curves=curves(question, values),
        assumptions=assumptions(question),
        warnings=warnings(question, values),
        caveats=caveats(question, lives[0]),
    )


def _life(question: BatteryQuestion, rest: str, values: BatteryNumbers, columns: BatteryNumbers) -> BatteryLife:
    found, sampled = question.life(rest, values), question.life(rest, columns)
    period, sampled_period = lone(period_s(found.pattern.profile)), period_s(sampled.pattern.profile)
    inferences = sum(step.name == INFERENCE for step in found.pattern.steps)

    def drawn(place: int) -> Life:
        return question.life(rest, drawn_numbers(question, place))

    def drawn_count(place: int) -> Number:
        one = drawn(place)
        return whole_inference_count(inferences, one.life_s, period_s(one.pattern.profile))

    span = drawn_interval(sampled.life_s, lambda place: drawn(place).life_s)
    counts = drawn_interval(inferences * sampled.life_s / sampled_period, drawn_count)
    board = drawn_interval(sampled.board_w, lambda place: drawn(place).board_w)
    power = drawn_interval(sampled.average_w, lambda place: drawn(place).average_w)
    drains = _drains(
        question, rest, drains_of(values.cell, values.board, found.pattern), drains_of(columns.cell, columns.board, sampled.pattern)
    )
    life = lone(found.life_s)
    endless = not math.isfinite(life)
    return BatteryLife(
        rest=rest if question.cycle is None else question.cycle.name,
        life_s=None if endless else life,
        life_low_s=span.low,
        life_high_s=span.high,
        endless_reason=_ENDLESS if endless else None,
        period_s=period,
        rate_hz=rate_of_hz(inferences, period),
        inference_count=None if endless else whole_inference_count(inferences, life, period),
        inference_low_count=None if counts.low is None else rounded(counts.low),
        inference_high_count=None if counts.high is None else rounded(counts.high),
        board_w=lone(found.board_w),
        board_low_w=board.low,
        board_high_w=board.high,
        average_w=lone(found.average_w),
        average_low_w=power.low,
        average_high_w=power.high,
        drains=drains,
        dominated_by=_dominated(drains, frozenset(state.name for state in values.board.states)) if life else _TOO_WEAK,
    )


def _inference(question: BatteryQuestion, values: BatteryNumbers, columns: BatteryNumbers) -> InferenceEnergy:
    total, baseline, computational = (lone(part) for part in _energies(values))

    def drawn(part: int) -> Callable[[int], Number]:
        return lambda place: _energies(drawn_numbers(question, place))[part]

    spans = [drawn_interval(column, drawn(part)) for part, column in enumerate(_energies(columns))]
    return InferenceEnergy(
        duration_s=lone(values.duration_s),
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


def _energies(numbers: BatteryNumbers) -> tuple[Number, Number, Number]:
    """Return the energy of an inference, what idling would have drawn, and what computing adds."""
    board = numbers.board
    power_w, idle_w = (electrical_power_w(state.supply_v, state.current_a) for state in (board.inference, board.idle))
    total = inference_energy_j(power_w, numbers.duration_s)
    baseline = baseline_energy_j(idle_w, numbers.duration_s)
    return total, baseline, computational_energy_j(total, baseline)


def _drains(question: BatteryQuestion, rest: str, found: tuple[Drain, ...], sampled: tuple[Drain, ...]) -> tuple[DrainShare, ...]:
    energies = [lone(drain.energy_j) for drain in found]
    spread = {drain.part: drain.energy_j for drain in sampled}

    def drawn(part: str) -> Callable[[int], Number]:
        return lambda place: _drawn_j(question, rest, part, place)

    drains = []
    for drain in found:
        seconds, energy_j = drain.duration_s, lone(drain.energy_j)
        if (energy_j if seconds is None else float(seconds)) <= 0.0:
            continue
        span = drawn_interval(spread[drain.part], drawn(drain.part))
        drains.append(
            DrainShare(
                part=drain.part,
                duration_s=None if seconds is None else lone(seconds),
                energy_j=energy_j,
                energy_low_j=span.low,
                energy_high_j=span.high,
                share_ratio=drain_share_ratio(energy_j, energies) if any(energies) else 0.0,
            )
        )
    return tuple(drains)


def _drawn_j(question: BatteryQuestion, rest: str, part: str, place: int) -> Number:
    """What one part of a period draws in one sample."""
    numbers = drawn_numbers(question, place)
    drains = drains_of(numbers.cell, numbers.board, question.life(rest, numbers).pattern)
    return next(drain.energy_j for drain in drains if drain.part == part)


def _dominated(drains: tuple[DrainShare, ...], awake: frozenset[str]) -> str:
    ordered = sorted(drains, key=lambda drain: -drain.share_ratio)
    first = ordered[0]
    if first.share_ratio == 0.0:
        return "nothing draws from the battery"
    words = f"{_part(first.part, awake)} takes {100 * first.share_ratio:.0f} % of the battery"
    if len(ordered) == 1 or ordered[1].share_ratio < 0.005:
        return words
    return f"{words}, {_part(ordered[1].part, awake)} {100 * ordered[1].share_ratio:.0f} %"


def _part(name: str, awake: frozenset[str]) -> str:
    return _PARTS.get(name, name if name == "regulator" or name in awake else f"{name} sleep")
