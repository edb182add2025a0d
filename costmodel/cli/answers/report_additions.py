"""What `costmodel report` adds where it is asked: a trace, which also gives power and duration, and a battery's life with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from costmodel.cli.scenario_options import ScenarioChanges
from costmodel.errors import MissingError, UnknownNameError
from costmodel.specs.base import with_changes
from costmodel.specs.devices.power import PowerState, PowerStates
from costmodel.specs.scenario import PowerProfile, Scenario

if TYPE_CHECKING:
    from costmodel.results.battery_life import BatteryAnswer
    from costmodel.results.evaluation import Evaluation
    from costmodel.results.trace import AnalysedTrace

_IDLE: Final = "idle"


def with_trace(scenario: Scenario, capture: Path, changes: ScenarioChanges) -> tuple[Scenario, AnalysedTrace]:
    """Return a scenario with the power and duration a trace measured, and the trace.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    capture : Path
        The trace.
    changes : ScenarioChanges
        What options say; they come before the trace.

    Returns
    -------
    Scenario, AnalysedTrace
        Each number with the trace as its source.

    Raises
    ------
    InputError
        If the capture cannot be read or holds no window.
    """
    from costmodel.measurement.measured_constants import active_current_of, duration_of, idle_current_of
    from costmodel.measurement.trace_analysis import FOUND
    from costmodel.sources.captures import analysed_capture

    analysed = analysed_capture(capture, changes.supply_v, FOUND, {})
    summary = analysed.summary
    power: dict[str, Any] = {
        "supply_v": {"value": summary.supply_v, "source": summary.supply_source},
        "idle_a": idle_current_of(summary) if changes.idle_a is None else changes.idle_a,
        "active_a": active_current_of(summary) if changes.active_a is None else changes.active_a,
    }
    fields: dict[str, Any] = {"power": power}
    if changes.duration_s is None:
        fields["duration_s"] = duration_of(summary)
    return with_changes(scenario, fields), analysed


def with_board_power(scenario: Scenario) -> Scenario:
    """Return a scenario with the power of its device's board, where it states none and the board's is packaged.

    Parameters
    ----------
    scenario : Scenario
        What is asked.

    Returns
    -------
    Scenario
        The same one where it states its power, or nobody has measured the board's.
    """
    from costmodel.sources.catalogue import load_power_states

    if scenario.power is not None or scenario.device.power_states is None:
        return scenario
    states = load_power_states(scenario.device.power_states)
    power = PowerProfile(supply_v=states.inference.supply_v, idle_a=states.idle.current_a, active_a=states.inference.current_a)
    return with_changes(scenario, {"power": power})


def answered_battery(scenario: Scenario, evaluation: Evaluation, sleep: str) -> BatteryAnswer:
    """Return the life of a scenario's battery with intervals, crossovers and sensitivities.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    evaluation : Evaluation
        Its answer, for the duration of an inference where none was measured.
    sleep : str
        What the board does between inferences.

    Returns
    -------
    BatteryAnswer
        At the scenario's period; without one, inferring without pause.

    Raises
    ------
    InputError
        If power, battery or duration are missing, or the board has no such sleep.
    """
    from costmodel.cli.battery_question import curve_rates_hz
    from costmodel.evaluation.battery.answering import answer_battery
    from costmodel.evaluation.battery.inquiry import BatteryQuestion
    from costmodel.evaluation.battery.patterns import Board
    from costmodel.provenance import Constant

    if scenario.battery is None:
        raise MissingError("battery life: the scenario names no battery; give --battery")
    if scenario.power is None:
        raise MissingError("battery life: the board's power needs --supply [V], --idle [A] and --active [A], or --trace")
    duration = scenario.duration_s
    if duration is None:
        if evaluation.duration_s is None:
            raise MissingError("battery life: the duration of an inference is not known; give --duration or --trace")
        duration = Constant(evaluation.duration_s, "s", None, None, "calibrated latency")
    board = Board(scenario.battery, _states(scenario))
    if scenario.device.power_states is None and sleep != _IDLE:
        raise MissingError(
            f"--sleep {sleep}: the currents of {scenario.device.name} asleep are not known; write its power states to a file and ask"
            f" `costmodel battery --states FILE --sleep {sleep}`, or use --sleep {_IDLE}"
        )
    if sleep not in board.rests():
        raise UnknownNameError("--sleep", sleep, board.rests(), f"a state of {board.states.name}")
    period_s = duration.value if scenario.period_s is None else scenario.period_s.value
    question = BatteryQuestion(board, duration, period_s, sleep, curve_rates_hz=curve_rates_hz(duration.value, period_s))
    return answer_battery(question)


def _states(scenario: Scenario) -> PowerStates:
    """Return the scenario's awake states with the sleeps of its device's board."""
    from costmodel.sources.catalogue import load_power_states

    power, device = scenario.power, scenario.device
    if power is None:
        raise MissingError("battery life: no power")
    inference = PowerState(name="inference", supply_v=power.supply_v, current_a=power.active_a)
    idle = PowerState(name=_IDLE, supply_v=power.supply_v, current_a=power.idle_a)
    if device.power_states is None:
        return PowerStates(name=device.name, inference=inference, idle=idle, source=device.source)
    return with_changes(load_power_states(device.power_states), {"inference": inference, "idle": idle})
