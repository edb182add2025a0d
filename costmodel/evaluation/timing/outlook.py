"""Time, energy and battery life of a scenario, through the one estimate of time and the one answer about a battery."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from costmodel.evaluation.battery.answer import answer_battery
from costmodel.evaluation.battery.question import BatteryQuestion, estimate_battery
from costmodel.evaluation.design import own_duration, own_power
from costmodel.evaluation.timing.estimate import estimate_time
from costmodel.evaluation.timing.measured_power import energy_at, has_measured_power, inferring_at, measured_power
from costmodel.latency.class_range import middle_time_s, repeated_time_s
from costmodel.provenance import Constant, noted
from costmodel.results.battery_life import BatteryAnswer
from costmodel.results.evaluation import Evaluation
from costmodel.results.timing.calibration_fit import MeasuredPower
from costmodel.results.timing.outlook import AssumedUse, EnergyEstimate, LifeEstimate, Outlook, RestLife
from costmodel.results.timing.time_estimate import TimeBasis, TimeEstimate
from costmodel.results.totals import ratio_of
from costmodel.results.trust import Trust, weakest
from costmodel.specs.devices.battery import BatteryCell
from costmodel.specs.devices.power import IDLE, PowerProfile, PowerStates
from costmodel.specs.devices.usual_use import UsualUse
from costmodel.specs.running.stages import Grain
from costmodel.specs.scenario import Scenario

USUAL_PERIOD_S: Final = 60.0
"""From one inference to the next where nobody says."""
SAMPLES: Final = 1_000
"""Of the inputs; enough for two digits of an interval."""


def outlook_of(scenario: Scenario, evaluation: Evaluation, use: UsualUse) -> Outlook:
    """Return what a deployment comes to.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    evaluation : Evaluation
        Its own time, where it has one, comes first.
    use : UsualUse
        What stands in for what the scenario does not say: the runtime usual on the core, a battery.

    Returns
    -------
    Outlook
        With an interval for each figure; no point value where only a range is known.
    """
    time = scenario_time(scenario, evaluation, use)
    power = own_power(scenario)
    states = _states(scenario, use, time)
    rest = _rest(scenario, use, states)
    assumed = AssumedUse(
        battery=scenario.battery is None,
        period=scenario.period_s is None,
        rest=rest != IDLE and (use.rest_open or rest != scenario.sleep),
        runtime=time.basis not in (TimeBasis.GIVEN, TimeBasis.LAYER_TIMES) and not use.runtime_given,
    )
    found = Outlook(network=evaluation.network, device=evaluation.device, time=time, energy=None, life=None, assumed=assumed)
    measured = _measured_power(scenario, use, time)
    if measured is not None:
        found = found.model_copy(update={"energy": energy_at(measured, time)})
    question = outlook_question(scenario, time, use)
    if question is None or time.high_s is None:
        return found
    period_s = question.period_s
    too_short = question.duration_s.value + _wake_s(states, question.rest) > period_s
    if too_short:
        # One after the other: the energy of an inference is the same, and the life that was asked for does not exist.
        question = replace(question, rest=IDLE, period_s=question.duration_s.value)
    cell = question.cell
    answer = answer_battery(question)
    board = scenario.device.name if power is not None or states is None else states.name
    words = _power_trust(scenario.device.name, states, power)
    return found.model_copy(
        update={
            "energy": found.energy or _energy(time, answer, words, board),
            "life": None if too_short else _life(time, answer, words, cell, states),
            "period_too_short": too_short or time.high_s > period_s,
        }
    )


def outlook_question(scenario: Scenario, time: TimeEstimate, use: UsualUse) -> BatteryQuestion | None:
    """Return the question about a battery that an outlook answers.

    Parameters
    ----------
    scenario, use
        As `outlook_of` takes them.
    time : TimeEstimate
        Of one inference.

    Returns
    -------
    BatteryQuestion or None
        None where the time or the power of the board is unknown.
    """
    power, states = own_power(scenario), _states(scenario, use, time)
    if time.high_s is None or time.low_s is None or (power is None and states is None):
        return None
    return BatteryQuestion(
        cell=scenario.battery or use.battery,
        states=states,
        duration_s=_duration(time),
        period_s=USUAL_PERIOD_S if scenario.period_s is None else scenario.period_s.value,
        rest=_rest(scenario, use, states),
        model=scenario.model,
        temperature_degc=scenario.temperature_degc,
        power=power,
        sample_count=SAMPLES,
    )


def _states(scenario: Scenario, use: UsualUse, time: TimeEstimate) -> PowerStates | None:
    states = scenario.states or (use.states if own_power(scenario) is None else None)
    measured = _measured_power(scenario, use, time)
    return states if states is None or measured is None else inferring_at(states, measured)


def _measured_power(scenario: Scenario, use: UsualUse, time: TimeEstimate) -> MeasuredPower | None:
    """What the board draws while it infers, where that was measured with networks on it and the scenario says nothing of its own."""
    said = scenario.states is not None or own_power(scenario) is not None
    if said or use.runtime is None or time.clock_hz is None or not has_measured_power(use.runtime, scenario.device, time.clock_hz):
        return None
    return measured_power(use.runtime, scenario.device, time.clock_hz)


def _rest(scenario: Scenario, use: UsualUse, states: PowerStates | None) -> str:
    said = scenario.sleep != IDLE or (scenario.period_s is not None and not use.rest_open)
    return scenario.sleep if said or states is None else states.deepest_rest


def asked_life(scenario: Scenario, evaluation: Evaluation, outlook: Outlook) -> BatteryAnswer | None:
    """Return the whole answer about a scenario's battery; None where its time or its board is an estimate, whose life the outlook gives.

    Parameters
    ----------
    scenario, evaluation
        As `outlook_of` takes them.
    outlook : Outlook
        Of them.

    Returns
    -------
    BatteryAnswer or None
        With every rest.

    Raises
    ------
    MissingError
        If neither can tell a life, naming what is missing.
    """
    estimated = evaluation.duration_s is None or (own_power(scenario) is None and scenario.states is None)
    if estimated and outlook.life is not None:
        return None
    return estimate_battery(scenario)


def scenario_time(scenario: Scenario, evaluation: Evaluation, use: UsualUse) -> TimeEstimate:
    """Return the time of one inference: measured, fitted to measured layers, or what is known of the runtime.

    Parameters
    ----------
    scenario, evaluation, use
        As `outlook_of` takes them.

    Returns
    -------
    TimeEstimate
        Unknown where nothing is known.
    """
    found = _known_time(scenario, evaluation, use)
    heap = evaluation.memory.heap
    outside = () if heap is None or found.basis in (TimeBasis.GIVEN, TimeBasis.NONE) else heap.external_regions
    if not outside:
        return found
    # Nobody measured a network whose buffers lie there.
    return found.model_copy(update={"trust": weakest(found.trust, Trust.ASSUMED), "external_regions": outside})


def _known_time(scenario: Scenario, evaluation: Evaluation, use: UsualUse) -> TimeEstimate:
    own = evaluation.duration_s
    if own is not None and not use.runtime_given:
        given = own_duration(scenario)
        measured = given is not None
        return TimeEstimate(
            runtime="costmodel" if not measured else "as measured",
            trust=Trust.MEASURED if measured else _layer_times_trust(evaluation),
            basis=TimeBasis.GIVEN if measured else TimeBasis.LAYER_TIMES,
            duration_s=own,
            low_s=own if given is None or given.low is None else noted(given.low, "duration_s.low", given.source),
            high_s=own if given is None or given.high is None else noted(given.high, "duration_s.high", given.source),
            coverage_ratio=None,
            clock_hz=None,
            core=scenario.device.core,
            source=_time_source(scenario),
        )
    if use.runtime is None:
        return TimeEstimate(
            runtime="",
            trust=Trust.UNKNOWN,
            basis=TimeBasis.NONE,
            duration_s=None,
            low_s=None,
            high_s=None,
            coverage_ratio=None,
            clock_hz=None,
            core=scenario.device.core,
        )
    return _in_stages(estimate_time(scenario.network, scenario.device, use.runtime, use.clock_hz), evaluation)


def _layer_times_trust(evaluation: Evaluation) -> Trust:
    """How far to trust rates of layers one by one: as calibrated, or, of layers that run together, as taken to last as long."""
    found = evaluation.schedule
    alone = found is None or all(stage.grain is Grain.LAYER for stage in found.stages)
    return Trust.CALIBRATED if alone else Trust.ASSUMED


def _in_stages(time: TimeEstimate, evaluation: Evaluation) -> TimeEstimate:
    """A time of layers one by one, of layers that run together: no runtime was measured so, and what is computed again takes its share."""
    found = evaluation.schedule
    if found is None or all(stage.grain is Grain.LAYER for stage in found.stages):
        return time
    own, alone = found.planned.mac_count, found.layer_by_layer.mac_count
    again = ratio_of(own, alone) if alone else 1.0
    ends = ("duration_s", "low_s", "high_s")
    longer = {name: repeated_time_s(value, again) for name in ends if (value := getattr(time, name)) is not None}
    return time.model_copy(update={"trust": weakest(time.trust, Trust.ASSUMED), **longer})


def _time_source(scenario: Scenario) -> str:
    """Return where a scenario's own time comes from: its measurement, or the calibration it was computed with."""
    measured = own_duration(scenario)
    if measured is not None:
        return measured.source
    return "" if scenario.calibration is None else scenario.calibration.source


def _wake_s(states: PowerStates | None, rest: str) -> float:
    return next((state.wake_s.value for state in (() if states is None else states.sleeps) if state.name == rest), 0.0)


def _duration(time: TimeEstimate) -> Constant:
    low, high = time.low_s or 0.0, time.high_s or 0.0
    middle = middle_time_s(low, high) if time.duration_s is None else time.duration_s
    return Constant(middle, "s", low, high, time.source)


def _power_trust(device: str, states: PowerStates | None, power: PowerProfile | None) -> Trust:
    """How far to trust the board's power: measured on this device, or taken from a data sheet or a class."""
    if power is not None:
        return Trust.MEASURED
    return Trust.MEASURED if states is not None and states.device == device else Trust.ASSUMED


def _energy(time: TimeEstimate, answer: BatteryAnswer, power_trust: Trust, power_from: str) -> EnergyEstimate:
    found = answer.inference
    return EnergyEstimate(
        trust=weakest(time.trust, power_trust),
        energy_j=None if time.duration_s is None else found.inference_j,
        energy_low_j=found.inference_j if found.inference_low_j is None else found.inference_low_j,
        energy_high_j=found.inference_j if found.inference_high_j is None else found.inference_high_j,
        power_from=power_from,
        power_trust=power_trust,
    )


def _life(time: TimeEstimate, answer: BatteryAnswer, power_trust: Trust, cell: BatteryCell, states: PowerStates | None) -> LifeEstimate:
    found = answer.lives[0]
    keeping = {IDLE, *(state.name for state in (() if states is None else states.sleeps) if state.keeps_memory)}
    return LifeEstimate(
        # A cell's capacity and what it gives at this load are nobody's measurement of the cell in hand.
        trust=weakest(time.trust, power_trust, Trust.ASSUMED),
        life_s=None if time.duration_s is None else found.life_s,
        life_low_s=found.life_low_s,
        life_high_s=found.life_high_s,
        battery=cell.name,
        period_s=found.period_s,
        rest=found.rest,
        other_rests=tuple(
            RestLife(rest=other.rest, life_s=other.life_s, life_low_s=other.life_low_s, keeps_memory=other.rest in keeping)
            for other in answer.lives[1:]
        ),
        bare=states is not None and states.bare,
    )
