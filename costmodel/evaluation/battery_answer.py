"""The question `battery` answers: how long, with what interval, what dominates, where another rest pays, what to measure better."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from costmodel.battery.duty_cycle import crossover_period_s, step_charge
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
from costmodel.errors import SpecError
from costmodel.evaluation.battery_models import SOURCES, BatteryModelName, battery_model, capacity_share_ratio, model_inputs
from costmodel.evaluation.battery_patterns import IDLE, Board, Pattern, cycle_pattern, rate_pattern, rest_currents
from costmodel.evaluation.uncertainty import Interval, interval, sampled, swings
from costmodel.provenance import Constant
from costmodel.results.battery_life import BatteryAnswer, BatteryLife, Crossover, DrainShare, InferenceEnergy, LifeAgainstRate, Sensitivity
from costmodel.specs.power import DutyCycle
from costmodel.units import S_PER_DAY, S_PER_HOUR

SHELF_DEGC: Final = 20.0
_CURVE_SAMPLES: Final = 1000
_PARTS: Final = {
    "inference": "inferring",
    "wake-up": "waking up",
    IDLE: "idling awake between inferences",
    "self-discharge": "self-discharge",
}
_ENDLESS: Final = "nothing is drawn from the battery"
_TOO_WEAK: Final = "the battery cannot carry the load: its voltage falls below the cut-off at once"


@dataclass(frozen=True)
class BatteryQuestion:
    """One question about a battery."""

    board: Board
    duration_s: Constant
    """Of one inference."""
    period_s: float
    """From one inference's start to the next; for a written cycle, its own."""
    rest: str = IDLE
    cycle: DutyCycle | None = None
    """A written pattern instead of inference and rest."""
    model: BatteryModelName = BatteryModelName.ENERGY
    temperature_degc: float = SHELF_DEGC
    sample_count: int = 10_000
    seed: int = 0
    curve_rates_hz: tuple[float, ...] = ()
    """Rates of the chart."""

    def inputs(self) -> dict[str, Constant]:
        """Return every number the answer rests on."""
        return self.board.inputs(self.duration_s) | model_inputs(self.board.cell, self.model)


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
    rests = [question.rest, *(rest for rest in question.board.rests() if rest != question.rest and _fits(question, rest))]
    asked = rests if question.cycle is None else [question.rest]
    lives = tuple(_life(question, rest, values, columns) for rest in asked)
    sensitivities = _sensitivities(question, inputs)
    cell = question.board.cell
    share = capacity_share_ratio(cell, question.temperature_degc)
    usable = usable_energy_j(cell.voltage_v.value, cell.capacity_ah.value * share, cell.converter_ratio.value, cell.discharge_ratio.value)
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
        crossovers=_crossovers(question, values, columns),
        sensitivities=sensitivities,
        measure_next=_measure_next(lives[0], sensitivities),
        curves=_curves(question, inputs),
        assumptions=_assumptions(inputs),
    )


def refuse_impossible(question: BatteryQuestion) -> None:
    """Raise SpecError where an inference, or an inference and the wake-up before it, is longer than its period."""
    if question.cycle is not None:
        return
    duration_s, asked_s = question.duration_s.value, question.period_s
    if duration_s > asked_s * (1 + 1e-9):
        raise SpecError(
            f"an inference of {duration_s:.6g} s does not fit its period of {asked_s:.6g} s; "
            f"at most {1 / duration_s:.6g} inferences a second run back to back"
        )
    if not _fits(question, question.rest):
        wake_s = question.board.state(question.rest).wake_s.value
        raise SpecError(
            f"an inference of {duration_s:.6g} s and a wake-up from {question.rest} of {wake_s:.6g} s do not fit "
            f"the period of {asked_s:.6g} s; choose a lighter sleep or a lower rate"
        )


def life_s(question: BatteryQuestion, rest: str, values: Mapping[str, Number], asked_period_s: Number) -> Number:
    """Return the life under a pattern.

    Parameters
    ----------
    question : BatteryQuestion
        Board, model, temperature.
    rest : str
        State between inferences.
    values : mapping
        Each input, as a float or a column.
    asked_period_s : float or column
        Period [s].

    Returns
    -------
    float or column
        Life [s].
    """
    pattern = _pattern(question, rest, values, asked_period_s)
    return battery_model(question.board.cell, question.model, values, question.temperature_degc).battery.life_s(pattern.profile)


def _pattern(question: BatteryQuestion, rest: str, values: Mapping[str, Number], asked_period_s: Number) -> Pattern:
    if question.cycle is not None:
        return cycle_pattern(question.board, values, question.cycle, question.temperature_degc)
    return rate_pattern(question.board, values, rest, asked_period_s, question.temperature_degc)


def _fits(question: BatteryQuestion, rest: str) -> bool:
    wake_s = question.board.state(rest).wake_s.value
    return question.duration_s.value + wake_s <= question.period_s * (1 + 1e-9)


def _life(question: BatteryQuestion, rest: str, values: Mapping[str, Number], columns: Mapping[str, Number]) -> BatteryLife:
    life = float(life_s(question, rest, values, question.period_s))
    span = interval(life_s(question, rest, columns, question.period_s))
    pattern = _pattern(question, rest, values, question.period_s)
    sampled_pattern = _pattern(question, rest, columns, question.period_s)
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


def _crossovers(question: BatteryQuestion, values: Mapping[str, Number], columns: Mapping[str, Number]) -> tuple[Crossover, ...]:
    if question.cycle is not None:
        return ()
    found = []
    for lighter, deeper in itertools.pairwise(
        sorted(question.board.rests(), key=lambda rest: -float(rest_currents(question.board, values, rest)[0]))
    ):
        period = float(_crossover_s(question.board, values, lighter, deeper))
        if not math.isfinite(period) or period <= 0.0:
            continue
        ends = interval(_crossover_s(question.board, columns, lighter, deeper))
        rates = Interval(*(None if end is None or end <= 0.0 else 1.0 / end for end in (ends.high, ends.low)))
        earliest = float(values["inference duration"]) + float(values[f"{deeper} wake-up time"])
        if period <= earliest:
            statement = f"{deeper} beats {lighter} at every rate it fits (a period of at least {earliest:.3g} s)"
            period = earliest
        else:
            statement = f"{deeper} beats {lighter} below {rate_text(1.0 / period)} (a period longer than {period:.3g} s)"
        found.append(
            Crossover(
                deeper=deeper,
                lighter=lighter,
                period_s=period,
                rate_hz=1.0 / period,
                rate_low_hz=rates.low,
                rate_high_hz=rates.high,
                statement=statement,
            )
        )
    return tuple(found)


def _crossover_s(board: Board, values: Mapping[str, Number], lighter: str, deeper: str) -> Number:
    light_a, light_charge, light_wake_s = rest_currents(board, values, lighter)
    deep_a, deep_charge, deep_wake_s = rest_currents(board, values, deeper)
    return crossover_period_s(values["inference duration"], deep_charge, deep_a, deep_wake_s, light_charge, light_a, light_wake_s)


def rate_text(rate_hz: float) -> str:
    """Return a rate in the unit a person would say it in."""
    for unit, seconds in (("s", 1.0), ("min", 60.0), ("h", S_PER_HOUR)):
        if rate_hz * seconds >= 1.0:
            return f"{rate_hz * seconds:.3g}/{unit}"
    return f"{rate_hz * S_PER_DAY:.3g}/day"


def _sensitivities(question: BatteryQuestion, inputs: Mapping[str, Constant]) -> tuple[Sensitivity, ...]:
    found = swings(inputs, lambda values: float(life_s(question, question.rest, values, question.period_s)))
    rows = []
    for swing in found:
        low, high = (each if math.isfinite(each) else None for each in (swing.at_low, swing.at_high))
        width = None if low is None or high is None else abs(high - low)
        rows.append(
            Sensitivity(
                input=swing.name,
                unit=inputs[swing.name].unit,
                low=swing.low,
                high=swing.high,
                life_at_low_s=low,
                life_at_high_s=high,
                swing_s=width,
            )
        )
    return tuple(rows)


def _measure_next(life: BatteryLife, sensitivities: tuple[Sensitivity, ...]) -> str | None:
    if not sensitivities or not life.life_s:
        return None
    first = sensitivities[0]
    if first.swing_s is None:
        return f"{first.input}: at one end of its range the battery never empties"
    return f"{first.input}: its range alone moves the life by {100 * first.swing_s / life.life_s:.0f} %"


def _curves(question: BatteryQuestion, inputs: Mapping[str, Constant]) -> tuple[LifeAgainstRate, ...]:
    if not question.curve_rates_hz or question.cycle is not None:
        return ()
    import numpy as np

    rates = np.array(question.curve_rates_hz)
    values: dict[str, Number] = {name: constant.value for name, constant in inputs.items()}
    columns = sampled(inputs, min(question.sample_count, _CURVE_SAMPLES), question.seed)
    curves = []
    for rest in question.board.rests():
        duration_s = question.duration_s.value + question.board.state(rest).wake_s.value
        periods = 1.0 / rates
        fits = duration_s <= periods * (1 + 1e-9)
        life = np.broadcast_to(life_s(question, rest, values, periods), rates.shape)
        spread = life_s(question, rest, columns, periods[:, None])
        low, high = np.quantile(
            np.broadcast_to(spread, (len(rates), np.size(spread) // len(rates))), (0.025, 0.975), axis=1, method="closest_observation"
        )
        curves.append(
            LifeAgainstRate(
                rest=rest,
                rate_hz=tuple(question.curve_rates_hz),
                life_s=_finite(life, fits),
                life_low_s=_finite(low, fits),
                life_high_s=_finite(high, fits),
            )
        )
    return tuple(curves)


def _finite(column: Any, fits: Any) -> tuple[float | None, ...]:
    return tuple(float(value) if fit and math.isfinite(value) else None for value, fit in zip(column, fits, strict=True))


def _assumptions(inputs: Mapping[str, Constant]) -> tuple[str, ...]:
    return tuple(f"{name}: {constant.source}" for name, constant in inputs.items() if constant.source.startswith("assumption"))
