"""Options of `costmodel battery` to the question they ask."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from costmodel.cli.options import chosen
from costmodel.cli.quantity_text import SECONDS, period_of_rate, quantity
from costmodel.errors import MissingError, SpecError, UnknownNameError

if TYPE_CHECKING:
    from costmodel.evaluation.battery_answer import BatteryQuestion
    from costmodel.provenance import Constant
    from costmodel.results.trace import Spread, TraceSummary
    from costmodel.specs.power import PowerStates

_CURVE_POINTS: Final = 97
_SLOWEST_S: Final = SECONDS["day"]
_NORMAL_95: Final = 1.96


class CommandInputs(NamedTuple):
    """What the command was given."""

    battery: str
    states: str
    rate: str
    sleep: str
    cycle: Path | None
    model: str
    duration: str | None
    trace: Path | None
    temperature_degc: float
    sample_count: int
    seed: int


def question_of(inputs: CommandInputs) -> BatteryQuestion:
    """Return the question some options ask.

    Parameters
    ----------
    inputs : CommandInputs
        The options.

    Returns
    -------
    BatteryQuestion
        With the rates of the chart.

    Raises
    ------
    InputError
        If a name is unknown, a duration is missing, or they do not fit each other.
    """
    from costmodel.evaluation.battery_answer import BatteryQuestion
    from costmodel.evaluation.battery_models import BatteryModelName
    from costmodel.evaluation.battery_patterns import Board
    from costmodel.provenance import Constant
    from costmodel.sources.catalogue import load_battery, load_duty_cycle, load_power_states

    states = load_power_states(inputs.states)
    if inputs.trace is not None:
        states = _measured(states, inputs.trace)
    duration = states.duration_s
    if inputs.duration is not None:
        seconds = quantity("--duration", inputs.duration, SECONDS)
        if seconds <= 0.0:
            raise SpecError("--duration: expected a time above 0")
        duration = Constant(seconds, "s", None, None, "given")
    if duration is None:
        raise MissingError(f"{states.name} states no duration of an inference: give --duration, or a measurement with --trace")
    board = Board(load_battery(inputs.battery), states)
    cycle = None if inputs.cycle is None else load_duty_cycle(inputs.cycle)
    if inputs.sleep not in board.rests():
        raise UnknownNameError("--sleep", inputs.sleep, board.rests(), f"a state of {states.name}")
    period_s = period_of_rate("--rate", inputs.rate, duration.value)
    # From one a day, or the asked rate where that is slower, to back to back.
    slowest = max(_SLOWEST_S, period_s)
    step = (duration.value / slowest) ** (1.0 / (_CURVE_POINTS - 1))
    periods = [slowest * step**place for place in range(_CURVE_POINTS - 1)] + [duration.value]
    return BatteryQuestion(
        board=board,
        duration_s=duration,
        period_s=period_s,
        rest=inputs.sleep,
        cycle=cycle,
        model=chosen("--model", inputs.model, BatteryModelName),
        temperature_degc=inputs.temperature_degc,
        sample_count=inputs.sample_count,
        seed=inputs.seed,
        curve_rates_hz=tuple(1.0 / period for period in periods),
    )


def _measured(states: PowerStates, path: Path) -> PowerStates:
    """Put what a trace measured in place of the awake states and the duration."""
    from costmodel.cli.trace_source import analysed_capture
    from costmodel.measurement.trace_analysis import FOUND
    from costmodel.specs.base import with_changes

    summary = analysed_capture(path, None, FOUND, {}).summary
    supply = {"value": summary.supply_v, "source": summary.supply_source}
    inference = with_changes(states.inference, {"supply_v": supply, "current_a": _mean(summary.active_current, summary)})
    idle = with_changes(states.idle, {"supply_v": supply, "current_a": _mean(summary.idle_current, summary)})
    changes = {"inference": inference, "idle": idle, "duration_s": _mean(summary.duration, summary)}
    return with_changes(states, changes)


def _mean(spread: Spread, summary: TraceSummary) -> Constant:
    """Return a mean with its 95 % interval: the spread from inference to inference over the root of their number."""
    from costmodel.provenance import Constant

    count = len(summary.windows)
    half = _NORMAL_95 * spread.sigma / math.sqrt(count)
    source = f"{summary.capture}: mean over {count} inferences, with the 95 % interval of the mean"
    return Constant(spread.mean, spread.unit, max(spread.mean - half, 0.0), spread.mean + half, source)
