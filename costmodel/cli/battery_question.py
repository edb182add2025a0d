"""Options of `costmodel battery` to the answer they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from costmodel.cli.options import chosen
from costmodel.cli.quantity_text import period_of_rate, positive_quantity
from costmodel.errors import SpecError, UnknownNameError
from costmodel.units import SECONDS, VOLTS

if TYPE_CHECKING:
    from costmodel.results.battery_life import BatteryAnswer
    from costmodel.specs.devices.power import DutyCycle, PowerStates

_USUAL_RATE: Final = "1/min"


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


def answer_of(inputs: CommandInputs) -> BatteryAnswer:
    """Return the answer to what some options ask.

    Parameters
    ----------
    inputs : CommandInputs
        The options.

    Returns
    -------
    BatteryAnswer
        With the curves of the chart.

    Raises
    ------
    InputError
        If a name is unknown, a duration is missing, or they do not fit each other.
    """
    from costmodel.evaluation.battery.question import estimate_battery
    from costmodel.sources.catalogue import load_battery, load_power_states
    from costmodel.specs.devices.battery import BatteryModelName
    from costmodel.specs.devices.power import IDLE

    if inputs.supply_v is not None and inputs.trace is None:
        raise SpecError("--supply-v: the supply --trace was taken at; a board's own stands in its power states, --states FILE")
    states = load_power_states(inputs.states)
    if inputs.trace is not None:
        from costmodel.measurement.measured_constants import measured_states
        from costmodel.measurement.trace_analysis import FOUND
        from costmodel.sources.measured.captures import analysed_capture

        supply_v = None if inputs.supply_v is None else positive_quantity("--supply-v", inputs.supply_v, VOLTS, "voltage")
        states = measured_states(states, analysed_capture(inputs.trace, supply_v, FOUND, {}).summary)
    cycle = None if inputs.cycle is None else _cycle_of(states, inputs.cycle)
    for option, given in (("--rate", inputs.rate), ("--sleep", inputs.sleep)):
        if cycle is not None and given is not None:
            raise SpecError(f"{option}: the pattern of --cycle {cycle.name} says all; leave one of the two out")
    return estimate_battery(
        load_battery(inputs.battery),
        states,
        duration_s=None if inputs.duration is None else positive_quantity("--duration", inputs.duration, SECONDS, "time"),
        period_s=period_of_rate("--rate", _USUAL_RATE if inputs.rate is None else inputs.rate),
        sleep=IDLE if inputs.sleep is None else inputs.sleep,
        cycle=cycle,
        model=chosen("--model", inputs.model, BatteryModelName),
        temperature_degc=inputs.temperature_degc,
        sample_count=inputs.sample_count,
        seed=inputs.seed,
    )


def _cycle_of(states: PowerStates, reference: str) -> DutyCycle:
    """Return a duty cycle whose states are the board's; a state that is none is named with its place in the file."""
    from costmodel.sources.catalogue import load_duty_cycle
    from costmodel.sources.documents.text_file import FILE_SUFFIXES, read_document

    cycle = load_duty_cycle(reference)
    for place, phase in enumerate(cycle.phases):
        try:
            states.going_by(phase.does)
        except UnknownNameError as error:
            written = "state" if phase.event is None else "event"
            error.message = f"{cycle.name}, phases[{place}].{written}: {error.message.removeprefix('state: ')}"
            if reference.endswith(FILE_SUFFIXES):
                error.location = read_document(Path(reference)).location(("phases", place, written))
            raise
    return cycle
