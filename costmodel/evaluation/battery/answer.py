"""The question `battery` answers: how long, with what interval, what dominates, where another rest pays, what to measure better."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Final

from costmodel.battery.duty_cycle import crossover_period_s
from costmodel.battery.energy_budget import (
    baseline_energy_j,
    computational_energy_j,
    electrical_power_w,
    energy_share_ratio,
    inference_energy_j,
    usable_energy_j,
)
from costmodel.battery.load_profile import drain_share_ratio, period_s, rate_of_hz, stopping_voltage_v, whole_inference_count
from costmodel.columns import Number, is_column, larger
from costmodel.evaluation.battery.drawn_samples import drawn_numbers
from costmodel.evaluation.battery.inputs import battery_model, plain, remembering
from costmodel.evaluation.battery.lives import REGULATOR, SELF_DISCHARGE, WAKE_UP, Drain, Life, drains_of, rest_currents
from costmodel.evaluation.battery.question import BatteryNumbers, BatteryQuestion
from costmodel.evaluation.battery.uncertainty import assumptions, curves, drawn_interval, interval, measure_next, sampler, sensitivities
from costmodel.provenance import formula, is_recording, lone, rounded
from costmodel.results.battery_life import BatteryAnswer, BatteryLife, Crossover, DrainShare, InferenceEnergy
from costmodel.results.conclusions.reason import Reason, ReasonKind, reason
from costmodel.specs.devices.battery import SHELF_DEGC
from costmodel.specs.devices.power import IDLE, INFERENCE
from costmodel.units import DAYS_PER_YEAR, S_PER_DAY

_LONG_YEARS: Final = 10


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
    awake = frozenset({INFERENCE, WAKE_UP, IDLE, SELF_DISCHARGE, REGULATOR, *(state.name for state in values.board.states)})
    found_drains = drains_of(values.cell, values.board, found.pattern)
    drains = _drains(question, rest, found_drains, drains_of(columns.cell, columns.board, sampled.pattern), awake)
    life = lone(found.life_s)
    endless = not math.isfinite(life)
    return BatteryLife(
        rest=rest if question.cycle is None else question.cycle.name,
        life_s=None if endless else life,
        life_low_s=span.low,
        life_high_s=span.high,
        endless_reason=reason(ReasonKind.NOTHING_DRAWN) if endless else None,
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


def _drains(
    question: BatteryQuestion, rest: str, found: tuple[Drain, ...], sampled: tuple[Drain, ...], awake: frozenset[str]
) -> tuple[DrainShare, ...]:
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
                asleep=drain.part not in awake,
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


@formula(
    id="battery.shortest_period",
    equation="T = tau + t_wake",
    symbols={
        "T": "shortest period a rest fits [s]",
        "tau": "duration of an inference [s]",
        "t_wake": "duration of the wake-up [s]",
    },
    unit="s",
    source="definition: a period is an inference, a rest and a wake-up",
)
def shortest_period_s(tau: Number, t_wake: Number) -> Number:
    """Return the shortest period a rest fits."""
    return tau + t_wake


@formula(
    id="battery.crossover_rate",
    equation="r = 1 / max(T, T_s)",
    symbols={
        "r": "rate below which a deeper rest lasts longer, at most the one it fits [Hz]",
        "T": "period from which on it does; infinite where it never does [s]",
        "T_s": "shortest period it fits [s]",
    },
    unit="Hz",
    source="definition: inverse of the period",
)
def crossover_rate_hz(T: Number, T_s: Number) -> Number:
    """Return the rate below which a deeper rest lasts longer; 0 where it never does."""
    return 1.0 / larger(T, T_s)


def crossovers(question: BatteryQuestion, values: BatteryNumbers, columns: BatteryNumbers) -> tuple[Crossover, ...]:
    """Return the rates below which each deeper rest lasts longer than the next lighter one."""
    if question.cycle is not None:
        return ()
    found = []
    states = {state.name: state for state in values.board.rests()}
    costs = {name: rest_currents(values.cell, values.board, state) for name, state in states.items()}
    for lighter, deeper in itertools.pairwise(sorted(costs, key=lambda rest: (-float(costs[rest][0]), -float(costs[rest][1])))):
        if costs[lighter][0] == costs[deeper][0]:
            # Two ways to wake up from the same sleep: the cheaper one lasts longer at every rate.
            continue
        period = lone(_crossover_s(values, lighter, deeper))
        if not math.isfinite(period) or period <= 0.0:
            continue
        rates = drawn_interval(_crossover_hz(columns, lighter, deeper), _drawn_crossover(question, lighter, deeper))
        earliest = lone(shortest_period_s(values.duration_s, states[deeper].wake_s))
        always = period <= earliest
        slowest = interval(1.0 / (columns.duration_s + columns.board.state(deeper).wake_s)).low
        period = earliest if always else period
        found.append(
            Crossover(
                deeper=deeper,
                lighter=lighter,
                period_s=period,
                rate_hz=rate_of_hz(1, period),
                rate_low_hz=rates.low,
                rate_high_hz=rates.high,
                at_every_rate=bool(always),
                within_ranges=bool(always) and not (rates.low is not None and slowest is not None and rates.low < slowest),
            )
        )
    return tuple(found)


def _drawn_crossover(question: BatteryQuestion, lighter: str, deeper: str) -> Callable[[int], Number]:
    return lambda place: _crossover_hz(drawn_numbers(question, place), lighter, deeper)


def _crossover_hz(numbers: BatteryNumbers, lighter: str, deeper: str) -> Number:
    shortest_s = shortest_period_s(numbers.duration_s, numbers.board.state(deeper).wake_s)
    return crossover_rate_hz(_crossover_s(numbers, lighter, deeper), shortest_s)


def _crossover_s(numbers: BatteryNumbers, lighter: str, deeper: str) -> Number:
    cell, board = numbers.cell, numbers.board
    light_a, light_charge, light_wake_s = rest_currents(cell, board, board.state(lighter))
    deep_a, deep_charge, deep_wake_s = rest_currents(cell, board, board.state(deeper))
    period = crossover_period_s(numbers.duration_s, deep_charge, deep_a, deep_wake_s, light_charge, light_a, light_wake_s)
    if not is_column(period):
        return period
    import numpy as np

    # Where the deeper rest happens to draw as much as the lighter one, it never pays: no period is long enough.
    return np.where(np.less(deep_a, light_a), period, math.inf)


def warnings(question: BatteryQuestion, values: BatteryNumbers) -> tuple[Reason, ...]:
    """Return where a temperature lies outside the cell's data, and where a cell cannot carry the load at all, whatever the model."""
    return (*_beyond_the_temperatures(question), *_too_weak(question, values))


def _beyond_the_temperatures(question: BatteryQuestion) -> tuple[Reason, ...]:
    cell, asked = question.cell, question.temperature_degc.value
    if not cell.temperatures:
        unstated = reason(ReasonKind.TEMPERATURE_NOT_STATED, cell=cell.name, temperature_degc=asked)
        return () if asked == SHELF_DEGC else (unstated,)
    degrees = [point.temperature_degc.value for point in cell.temperatures]
    nearest = min(max(asked, degrees[0]), degrees[-1])
    if nearest == asked:
        return ()
    return (
        reason(
            ReasonKind.TEMPERATURE_BEYOND,
            cell=cell.name,
            low_degc=degrees[0],
            high_degc=degrees[-1],
            temperature_degc=asked,
            taken_degc=nearest,
        ),
    )


def _too_weak(question: BatteryQuestion, values: BatteryNumbers) -> tuple[Reason, ...]:
    cell = question.cell
    if cell.voltage is None:
        return ()
    pattern = question.life(question.rest, values, question.period_s).pattern
    peak_w = max(pattern.profile.currents_a) * float(values.cell.voltage_v)
    resistance_ohm, cutoff_v = cell.voltage.resistance_ohm.value, cell.voltage.cutoff_v.value
    full_v = cell.voltage.points[-1].voltage_v.value
    if float(stopping_voltage_v(cutoff_v, resistance_ohm, peak_w)) <= full_v:
        return ()
    return (
        reason(ReasonKind.LOAD_TOO_GREAT, cell=cell.name, peak_w=peak_w, resistance_ohm=resistance_ohm, full_v=full_v, cutoff_v=cutoff_v),
    )


def caveats(question: BatteryQuestion, life: BatteryLife) -> tuple[Reason, ...]:
    """Return what an answer holds for: a bare module, a capture beside another's sleep, a life beyond what cells are kept for."""
    found = []
    states = question.states
    if states is not None and states.bare and question.power is None:
        others = {state.name for state in states.states}
        if question.cycle is not None and any(phase.does in others for phase in question.cycle.phases):
            found.append(reason(ReasonKind.BARE_MODULE, states=states.name))
        else:
            found.append(reason(ReasonKind.BARE_WITHOUT_RADIO, states=states.name, others=", ".join(sorted(others))))
    sleeps = question.cycle is not None or question.rest != IDLE
    if states is not None and states.awake_from and sleeps:
        found.append(reason(ReasonKind.CAPTURE_BESIDE_STATES, capture=states.awake_from, states=states.name))
    if life.life_s is not None and life.life_s > _LONG_YEARS * DAYS_PER_YEAR * S_PER_DAY:
        found.append(reason(ReasonKind.BEYOND_SHELF_LIFE, year_count=_LONG_YEARS))
    return tuple(found)
