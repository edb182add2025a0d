"""What an answer about a battery says beside lives: crossovers, sensitivities, curves, assumptions, warnings."""

from __future__ import annotations

import itertools
import math
from typing import Any, Final

from costmodel.battery.duty_cycle import crossover_period_s
from costmodel.battery.load_profile import rate_of_hz, stopping_voltage_v
from costmodel.columns import Number, is_column, larger
from costmodel.evaluation.battery.lives import rest_currents
from costmodel.evaluation.battery.question import BatteryNumbers, BatteryQuestion
from costmodel.evaluation.battery.uncertainty import interval, is_assumed, read_constants, sampler, swings
from costmodel.provenance import formula, lone
from costmodel.results.battery_life import BatteryLife, Crossover, LifeAgainstRate, Sensitivity
from costmodel.specs.devices.battery import SHELF_DEGC
from costmodel.specs.devices.power import IDLE
from costmodel.units import DAYS_PER_YEAR, MW_PER_W, S_PER_DAY, S_PER_HOUR, S_PER_MINUTE

_LONG_YEARS: Final = 10
_CURVE_SAMPLES: Final = 1000
_WHOLE_S: Final = 1000.0
"""Periods from here on are told to the second."""
_BLOCK_ELEMENTS: Final = 1 << 15


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
    id="battery.swing",
    equation="d = abs(t_high - t_low)",
    symbols={
        "d": "how far an input's range moves a life [s]",
        "t_high": "life at the high end of the input's range [s]",
        "t_low": "life at the low end of the input's range [s]",
    },
    unit="s",
    source="definition: difference without its sign",
)
def swing_s(t_low: float, t_high: float) -> float:
    """Return how far an input's range moves a life."""
    return abs(t_high - t_low)


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
        fits_s = columns.duration_s + columns.board.state(deeper).wake_s
        # At most the rate the deeper rest still fits; zero where it never pays.
        rates = interval(1.0 / larger(_crossover_s(columns, lighter, deeper), fits_s))
        earliest = lone(shortest_period_s(values.duration_s, states[deeper].wake_s))
        ends_text = " to ".join("never" if not rate else rate_text(rate) for rate in rates)
        if period <= earliest:
            statement = f"{deeper} beats {lighter} at every rate it fits (a period of at least {_seconds_text(earliest)})"
            period = earliest
            slowest = interval(1.0 / fits_s).low
            if rates.low is not None and slowest is not None and rates.low < slowest:
                statement += f"; within the inputs' ranges below {ends_text}"
        else:
            statement = (
                f"{deeper} beats {lighter} below {rate_text(1.0 / period)} ({ends_text}; a period longer than {_seconds_text(period)})"
            )
        found.append(
            Crossover(
                deeper=deeper,
                lighter=lighter,
                period_s=period,
                rate_hz=rate_of_hz(1, period),
                rate_low_hz=rates.low,
                rate_high_hz=rates.high,
                statement=statement,
            )
        )
    return tuple(found)


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


def rate_text(rate_hz: float) -> str:
    """Return a rate in the unit a person would say it in."""
    for unit, seconds in (("s", 1.0), ("min", S_PER_MINUTE), ("h", S_PER_HOUR)):
        if rate_hz * seconds >= 1.0:
            return f"{rate_hz * seconds:.3g}/{unit}"
    return f"{rate_hz * S_PER_DAY:.3g}/day"


def _seconds_text(period_s: float) -> str:
    """Return a period to three digits, and to the second where it has more of them."""
    return f"{period_s:,.0f} s" if period_s >= _WHOLE_S else f"{period_s:.3g} s"


def sensitivities(question: BatteryQuestion) -> tuple[Sensitivity, ...]:
    """Return what each input with a range does to the asked life, the widest first."""
    inputs = read_constants(question.numbers)
    found = swings(inputs, lambda read: lone(question.life(question.rest, question.numbers(read)).life_s))
    rows = []
    for swing in found:
        low, high = (each if math.isfinite(each) else None for each in (swing.at_low, swing.at_high))
        width = None if low is None or high is None else swing_s(low, high)
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


def measure_next(life: BatteryLife, sensitivities: tuple[Sensitivity, ...]) -> str | None:
    """Say which input to measure better; None where nothing would help."""
    if not sensitivities or not life.life_s:
        return None
    first = sensitivities[0]
    if first.swing_s is None:
        return f"{first.input}: at one end of its range the battery never empties"
    return f"{first.input}: its range alone moves the life by {100 * first.swing_s / life.life_s:.0f} %"


def curves(question: BatteryQuestion, values: BatteryNumbers) -> tuple[LifeAgainstRate, ...]:
    """Return life against rate for every rest, with intervals."""
    if not question.curve_rates_hz or question.cycle is not None:
        return ()
    import numpy as np

    rates = np.array(question.curve_rates_hz)
    periods = 1.0 / rates
    sample_count = min(question.sample_count, _CURVE_SAMPLES)
    columns = question.numbers(sampler(sample_count, question.seed))
    curves = []
    for state in values.board.rests():
        fits = values.duration_s + state.wake_s <= periods * (1 + 1e-9)
        life = np.broadcast_to(question.life(state.name, values, periods).life_s, rates.shape)
        low, high = np.empty(rates.shape), np.empty(rates.shape)
        # What depends on the samples alone is computed once a block: the larger the block, the less often.
        rows = max(1, _BLOCK_ELEMENTS // sample_count)
        for first in range(0, len(rates), rows):
            some = slice(first, first + rows)
            spread = np.asarray(question.life(state.name, columns, periods[some, None]).life_s)
            ends = np.quantile(spread.reshape(len(periods[some]), -1), (0.025, 0.975), axis=1, method="closest_observation")
            low[some], high[some] = ends
        curves.append(
            LifeAgainstRate(
                rest=state.name,
                rate_hz=tuple(question.curve_rates_hz),
                life_s=_finite(life, fits),
                life_low_s=_finite(low, fits),
                life_high_s=_finite(high, fits),
            )
        )
    return tuple(curves)


def _finite(column: Any, fits: Any) -> tuple[float | None, ...]:
    return tuple(float(value) if fit and math.isfinite(value) else None for value, fit in zip(column, fits, strict=True))


def warnings(question: BatteryQuestion, values: BatteryNumbers) -> tuple[str, ...]:
    """Say where a temperature lies outside the cell's data, and where a cell cannot carry the load at all, whatever the model."""
    return (*_beyond_the_temperatures(question), *_too_weak(question, values))


def _beyond_the_temperatures(question: BatteryQuestion) -> tuple[str, ...]:
    cell, asked = question.cell, question.temperature_degc.value
    if not cell.temperatures:
        said = f"{cell.name} does not say what temperature does to its capacity: {asked:g} degC changes self-discharge alone"
        return () if asked == SHELF_DEGC else (said,)
    degrees = [point.temperature_degc.value for point in cell.temperatures]
    nearest = min(max(asked, degrees[0]), degrees[-1])
    if nearest == asked:
        return ()
    return (
        f"{cell.name} says what temperature does to its capacity from {degrees[0]:g} to {degrees[-1]:g} degC: at {asked:g} the "
        f"share at {nearest:g} is taken",
    )


def _too_weak(question: BatteryQuestion, values: BatteryNumbers) -> tuple[str, ...]:
    cell = question.cell
    if cell.voltage is None:
        return ()
    pattern = question.life(question.rest, values, question.period_s).pattern
    peak_w = max(pattern.profile.currents_a) * float(values.cell.voltage_v)
    stop_v = float(stopping_voltage_v(cell.voltage.cutoff_v.value, cell.voltage.resistance_ohm.value, peak_w))
    full_v = cell.voltage.points[-1].voltage_v.value
    if stop_v <= full_v:
        return ()
    return (
        f"{cell.name} cannot carry {MW_PER_W * peak_w:.3g} mW: at {cell.voltage.resistance_ohm.value:g} ohm its {full_v:g} V fall below "
        f"the cut-off of {cell.voltage.cutoff_v.value:g} V; --model voltage says what that means",
    )


def caveats(question: BatteryQuestion, life: BatteryLife) -> tuple[str, ...]:
    """Say what an answer holds for: a bare module, a capture beside another's sleep, a life beyond what cells are kept for."""
    said = []
    states = question.states
    if states is not None and states.bare and question.power is None:
        others = {state.name for state in states.states}
        radio = question.cycle is not None and any(phase.does in others for phase in question.cycle.phases)
        named = f" (its states {', '.join(sorted(others))} are for the phases of a --cycle)" if others else ""
        off = "" if radio else f" with its radio off{named}"
        said.append(
            f"{states.name} is a bare module{off}: a board's regulator, LED, USB bridge and sensors draw more; a file of --states with "
            f"`base: {states.name}` takes what the board adds"
        )
    sleeps = question.cycle is not None or question.rest != IDLE
    if states is not None and states.awake_from and sleeps:
        said.append(
            f"awake as {states.awake_from} measured, asleep as {states.name}: a capture names no chip, so whether they are one board "
            "is for you to say; --states FILE gives the board's own sleep"
        )
    if life.life_s is not None and life.life_s > _LONG_YEARS * DAYS_PER_YEAR * S_PER_DAY:
        said.append(
            f"beyond {_LONG_YEARS} years shelf life and self-discharge decide, which makers state for less: read it as {_LONG_YEARS} years "
            "or more"
        )
    return tuple(said)


def assumptions(question: BatteryQuestion) -> tuple[str, ...]:
    """Return the inputs whose source says that they are assumed."""
    inputs = read_constants(question.numbers)
    return tuple(f"{words}: {constant.source}" for words, constant in inputs.items() if is_assumed(constant))
