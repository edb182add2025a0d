"""Options of `costmodel battery` to the question they ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from costmodel.cli.options import chosen
from costmodel.cli.quantity_text import SECONDS, VOLTS, period_of_rate, positive_quantity
from costmodel.errors import MissingError, SpecError, UnknownNameError

if TYPE_CHECKING:
    from costmodel.evaluation.battery.inquiry import BatteryQuestion
    from costmodel.evaluation.battery.patterns import Board
    from costmodel.specs.devices.power import DutyCycle

_USUAL_RATE: Final = "1/min"
_CURVE_POINTS: Final = 97
_SLOWEST_S: Final = SECONDS["day"]


class CommandInputs(NamedTuple):
    """What the command was given."""

    battery: str
    states: str
    rate: str | None
    sleep: str | None
    cycle: str | None
    model: str
    duration: str | None
    trace: Path | None
    supply_v: str | None
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
    from costmodel.evaluation.battery.cell_models import BatteryModelName
    from costmodel.evaluation.battery.inquiry import BatteryQuestion
    from costmodel.evaluation.battery.patterns import IDLE, Board
    from costmodel.provenance import Constant
    from costmodel.sources.catalogue import load_battery, load_power_states

    if inputs.supply_v is not None and inputs.trace is None:
        raise SpecError("--supply-v: the supply --trace was taken at; a board's own stands in its power states, --states FILE")
    states = load_power_states(inputs.states)
    if inputs.trace is not None:
        from costmodel.measurement.measured_constants import measured_states
        from costmodel.measurement.trace_analysis import FOUND
        from costmodel.sources.captures import analysed_capture

        supply_v = None if inputs.supply_v is None else positive_quantity("--supply-v", inputs.supply_v, VOLTS, "voltage")
        states = measured_states(states, analysed_capture(inputs.trace, supply_v, FOUND, {}).summary)
    duration = states.duration_s
    if inputs.duration is not None:
        seconds = positive_quantity("--duration", inputs.duration, SECONDS, "time")
        duration = Constant(seconds, "s", None, None, "given")
    if duration is None:
        raise MissingError(f"{states.name} states no duration of an inference: give --duration, or a measurement with --trace")
    board = Board(load_battery(inputs.battery), states)
    cycle = None if inputs.cycle is None else _cycle_of(board, inputs.cycle)
    for option, given in (("--rate", inputs.rate), ("--sleep", inputs.sleep)):
        if cycle is not None and given is not None:
            raise SpecError(f"{option}: the pattern of --cycle {cycle.name} says all; leave one of the two out")
    sleep = IDLE if inputs.sleep is None else inputs.sleep
    if sleep not in board.rests():
        raise UnknownNameError("--sleep", sleep, board.rests(), f"a state of {states.name}")
    period_s = period_of_rate("--rate", _USUAL_RATE if inputs.rate is None else inputs.rate, duration.value)
    return BatteryQuestion(
        board=board,
        duration_s=duration,
        period_s=period_s,
        rest=sleep,
        cycle=cycle,
        model=chosen("--model", inputs.model, BatteryModelName),
        temperature_degc=inputs.temperature_degc,
        sample_count=inputs.sample_count,
        seed=inputs.seed,
        curve_rates_hz=curve_rates_hz(duration.value, period_s),
    )


def _cycle_of(board: Board, reference: str) -> DutyCycle:
    """Return a duty cycle whose states are the board's; a state that is none is named with its place in the file."""
    from costmodel.sources.catalogue import load_duty_cycle
    from costmodel.sources.documents.text_file import FILE_SUFFIXES, read_document

    cycle = load_duty_cycle(reference)
    for place, phase in enumerate(cycle.phases):
        try:
            board.state(phase.state)
        except UnknownNameError as error:
            error.message = f"{cycle.name}, phases[{place}].{error.message}"
            if reference.endswith(FILE_SUFFIXES):
                error.location = read_document(Path(reference)).location(("phases", place, "state"))
            raise
    return cycle


def curve_rates_hz(duration_s: float, period_s: float) -> tuple[float, ...]:
    """Return the rates of a chart: from one a day, or the asked rate where that is slower, to back to back.

    Parameters
    ----------
    duration_s : float
        Of one inference [s].
    period_s : float
        The asked period [s].

    Returns
    -------
    tuple of float
        Rates [Hz], evenly spaced on a logarithmic axis.
    """
    slowest = max(_SLOWEST_S, period_s)
    step = (duration_s / slowest) ** (1.0 / (_CURVE_POINTS - 1))
    periods = [slowest * step**place for place in range(_CURVE_POINTS - 1)] + [duration_s]
    return tuple(1.0 / period for period in periods)
