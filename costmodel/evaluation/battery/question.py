"""A question about a battery: of a scenario, or of a battery and a board; whether its pattern is possible, and the life under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from costmodel.battery.load_profile import period_s
from costmodel.columns import Number
from costmodel.errors import MissingError, SpecError, UnknownNameError
from costmodel.evaluation.battery.inputs import BoardNumbers, CellNumbers, board_numbers, cell_numbers
from costmodel.evaluation.battery.lives import SAME, Life, cycle_pattern, fits_period, life_at, life_of
from costmodel.evaluation.battery.uncertainty import Read
from costmodel.provenance import Constant, noted
from costmodel.results.battery_life import BatteryAnswer
from costmodel.specs.base import GIVEN
from costmodel.specs.devices.battery import SHELF_DEGC, BatteryCell, BatteryModelName
from costmodel.specs.devices.power import IDLE, INFERENCE, DutyCycle, Phase, PowerProfile, PowerStates
from costmodel.specs.scenario import SHELF, Scenario
from costmodel.units import S_PER_DAY

_CURVE_POINTS: Final = 97
USUAL_PERIOD_S: Final = 60.0
"""From one inference to the next where nobody says."""


class BatteryNumbers(NamedTuple):
    """Everything an answer rests on, as numbers or columns."""

    cell: CellNumbers
    board: BoardNumbers
    duration_s: Number
    """Of one inference."""
    phases: tuple[Number | None, ...] = ()
    """Time of each phase of a written cycle; None for the open one."""


@dataclass(frozen=True)
class BatteryQuestion:
    """One question about a battery."""

    cell: BatteryCell
    states: PowerStates | None
    """Of the board."""
    duration_s: Constant
    """Of one inference."""
    period_s: float
    """From one inference's start to the next; for a written cycle, its own."""
    rest: str = IDLE
    cycle: DutyCycle | None = None
    """A written pattern instead of inference and rest."""
    model: BatteryModelName = BatteryModelName.ENERGY
    temperature_degc: Constant = SHELF
    power: PowerProfile | None = None
    """Supply and currents awake, where they were measured; they come before the states'."""
    board_name: str = ""
    """What the board is called in the answer; left out, as its states are."""
    sample_count: int = 10_000
    seed: int = 0
    curve_rates_hz: tuple[float, ...] = ()
    """Rates of the chart."""

    def __post_init__(self) -> None:
        """Take the name of the states where the board has no other."""
        if not self.board_name and self.states is not None:
            object.__setattr__(self, "board_name", self.states.name)

    def numbers(self, read: Read) -> BatteryNumbers:
        """Return everything the answer rests on, as a reader makes it of the constants.

        Raises
        ------
        SpecError
            If neither power nor states are given.
        MissingError
            If the cell has no parameters for the model.
        """
        cell = cell_numbers(self.cell, self.model, self.temperature_degc, read)
        duration_s = read(self.duration_s, "duration_s", "inference duration")
        board = board_numbers(self.states, self.power, read)
        if board is None:
            raise SpecError("battery life: neither the power of the board nor its states are given")
        phases = [] if self.cycle is None else list(self.cycle.phases)
        lengths = tuple(
            None if length is None else read(length, "", f"duration of phase {place + 1}, {phase.does}")
            for place, phase in enumerate(phases)
            for length in (self._length(phase),)
        )
        return BatteryNumbers(cell, board, duration_s, lengths)

    def _length(self, phase: Phase) -> Constant | None:
        """Return how long a phase lasts, by itself or as the event it is; None for the open one."""
        if phase.duration_s is not None or phase.event is None:
            return phase.duration_s
        events = [] if self.states is None else [state for state in self.states.states if state.event_s is not None]
        found = next((state.event_s for state in events if state.name == phase.event), None)
        if found is None:
            raise UnknownNameError("event", phase.event, [state.name for state in events], f"an event of {self.board_name}, with event_s")
        return found

    def period_of(self, numbers: BatteryNumbers) -> Number:
        """Return the period at some values of the inputs: back to back, it is the inference's own duration."""
        back_to_back = abs(self.period_s - self.duration_s.value) <= SAME * self.period_s
        return numbers.duration_s if back_to_back else noted(self.period_s, "period_s", "given")

    def life(self, rest: str, numbers: BatteryNumbers, asked_period_s: Number | None = None) -> Life:
        """Return the life in a rest at some values of the inputs; a written cycle has its own pattern.

        Parameters
        ----------
        rest : str
            State between inferences.
        numbers : BatteryNumbers
            Values or columns.
        asked_period_s : float or column, optional
            Another period than the question's [s].

        Returns
        -------
        Life
            Numbers or columns.
        """
        cell, board = numbers.cell, numbers.board
        if self.cycle is None:
            period: Number = self.period_of(numbers) if asked_period_s is None else asked_period_s
            return life_at(cell, board, numbers.duration_s, rest, period)
        names = [self.state_of(phase.does) for phase in self.cycle.phases]
        cycle_s = noted(self.cycle.period_s.value, "cycle.period_s", self.cycle.period_s.source)
        pattern = cycle_pattern(cell, board, tuple(zip(names, numbers.phases, strict=True)), cycle_s)
        return life_of(cell, pattern, period_s(pattern.profile))

    def refuse_impossible(self, numbers: BatteryNumbers) -> None:
        """Raise where a rest is not known, where inference and wake-up are longer than their period, or a written cycle is impossible.

        Parameters
        ----------
        numbers : BatteryNumbers
            The inputs at their values; an end of a range that does not fit is cut to what does.

        Raises
        ------
        UnknownNameError
            With the rests of the board.
        SpecError
            With the times that do not fit each other.
        """
        if self.cycle is None:
            _refuse_impossible(self, numbers)
        else:
            _refuse_impossible_cycle(self, self.cycle, numbers)

    def state_of(self, name: str) -> str:
        """Return the name a state of the board goes by."""
        if self.states is not None:
            return self.states.going_by(name)
        if name not in (IDLE, INFERENCE):
            raise UnknownNameError("state", name, (IDLE, INFERENCE), "a state of a board whose states are not given")
        return name

    def rests(self, numbers: BatteryNumbers) -> tuple[str, ...]:
        """Return the asked rest, then the others that fit the period; for a written cycle, only the first."""
        if self.cycle is not None:
            return (self.rest,)
        others = [state for state in numbers.board.rests() if state.name != self.rest]
        return (self.rest, *(state.name for state in others if fits_period(state, numbers.duration_s, self.period_s)))


def curve_rates_hz(duration_s: float, asked_period_s: float) -> tuple[float, ...]:
    """Return the rates of a chart: from one a day, or the asked rate where that is slower, to back to back.

    Parameters
    ----------
    duration_s : float
        Of one inference [s].
    asked_period_s : float
        The asked period [s].

    Returns
    -------
    tuple of float
        Rates [Hz], evenly spaced on a logarithmic axis.
    """
    slowest = max(S_PER_DAY, asked_period_s)
    step = (duration_s / slowest) ** (1.0 / (_CURVE_POINTS - 1))
    periods = [slowest * step**place for place in range(_CURVE_POINTS - 1)] + [duration_s]
    return tuple(1.0 / period for period in periods)


def _refuse_impossible(question: BatteryQuestion, numbers: BatteryNumbers) -> None:
    names = tuple(state.name for state in numbers.board.rests())
    if question.rest not in names:
        if question.states is not None:
            raise question.states.no_rest(question.rest)
        raise UnknownNameError("sleep", question.rest, names, f"a state of {question.board_name}")
    duration_s, asked_s = question.duration_s.value, question.period_s
    if duration_s > asked_s * (1 + SAME):
        raise SpecError(
            f"an inference of {duration_s:.6g} s does not fit its period of {asked_s:.6g} s; "
            f"at most {1 / duration_s:.6g} inferences a second run back to back"
        )
    state = numbers.board.state(question.rest)
    if not fits_period(state, duration_s, asked_s):
        raise SpecError(
            f"an inference of {duration_s:.6g} s and a wake-up from {question.rest} of {state.wake_s:.6g} s do not fit "
            f"the period of {asked_s:.6g} s; choose a lighter sleep or a lower rate"
        )


def _refuse_impossible_cycle(question: BatteryQuestion, cycle: DutyCycle, numbers: BatteryNumbers) -> None:
    wakes = [numbers.board.state(question.state_of(phase.does)).wake_s for phase in cycle.phases]
    if None in numbers.phases:
        whole_s = sum(length for length in numbers.phases if length is not None) + sum(wakes)
        if whole_s > cycle.period_s.value:
            raise SpecError(
                f"the phases and wake-ups of {cycle.name} last {whole_s:g} s, longer than its period of {cycle.period_s.value:g} s"
            )
        return
    for phase, length, wake_s in zip(cycle.phases, numbers.phases, wakes, strict=True):
        if length is not None and wake_s > length:
            raise SpecError(
                f"{cycle.name}: {length:g} s of {phase.does} are shorter than the wake-up from it, {wake_s:g} s; "
                "lengthen the phase or choose a lighter sleep"
            )


def estimate_battery(
    battery: BatteryCell | Scenario,
    states: PowerStates | None = None,
    *,
    duration_s: float | None = None,
    period_s: float | None = USUAL_PERIOD_S,
    sleep: str = IDLE,
    cycle: DutyCycle | None = None,
    model: BatteryModelName | str = BatteryModelName.ENERGY,
    temperature_degc: float = SHELF_DEGC,
    sample_count: int = 10_000,
    seed: int = 0,
) -> BatteryAnswer:
    """Return how long a battery lasts, with intervals; `costmodel.estimate_battery` shows it and says what each parameter is.

    Returns
    -------
    BatteryAnswer
        Lives of the asked rest and of all others that fit the period.

    Raises
    ------
    InputError
        If something is missing, a name is not known, or the pattern does not fit its period.
    """
    if isinstance(battery, Scenario):
        if states is not None or duration_s is not None or cycle is not None or period_s != USUAL_PERIOD_S or sleep != IDLE:
            raise SpecError("estimate_battery: a scenario says states, duration, period and sleep itself; change them there")
        return _answer(scenario_question(battery, sample_count, seed))
    if states is None:
        raise MissingError("estimate_battery: give the power states of the board")
    own = None if cycle is None else _inferring(states, cycle) or states.duration_s or cycle.period_s
    duration = own or states.duration_s if duration_s is None else Constant(duration_s, "s", None, None, "given")
    if duration is None:
        raise MissingError(f"{states.name} states no duration of an inference: give --duration (duration_s), or a measurement with --trace")
    asked_s = duration.value if period_s is None else period_s
    question = BatteryQuestion(
        cell=battery,
        states=states,
        duration_s=duration,
        period_s=asked_s,
        rest=sleep,
        cycle=cycle,
        model=_model(model),
        temperature_degc=Constant(temperature_degc, "degC", None, None, GIVEN),
        sample_count=sample_count,
        seed=seed,
        curve_rates_hz=curve_rates_hz(duration.value, asked_s),
    )
    return _answer(question)


def _inferring(states: PowerStates, cycle: DutyCycle) -> Constant | None:
    """Return the time of the first inference of a pattern; None where it has none, or leaves its time open."""
    known = (INFERENCE, states.inference.name)
    return next((phase.duration_s for phase in cycle.phases if phase.does in known and phase.duration_s is not None), None)


def scenario_question(scenario: Scenario, sample_count: int, seed: int) -> BatteryQuestion:
    """Return the question a scenario asks about its battery.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    sample_count : int
        Samples of the intervals.
    seed : int
        Of the samples.

    Returns
    -------
    BatteryQuestion
        At the scenario's period; without one, inferring without pause.

    Raises
    ------
    MissingError
        If power, battery or duration are missing.
    """
    from costmodel.evaluation.design import own_duration, own_power

    if scenario.battery is None:
        raise MissingError("battery life: the scenario names no battery; give --battery")
    power = own_power(scenario)
    if power is None and scenario.states is None:
        if scenario.power is not None:
            raise MissingError(
                f"battery life: the power was measured on {scenario.power.device} and says nothing of {scenario.device.name}: give power"
                " measured on this board (supply_v, idle_a, active_a; --supply, --idle and --active, or --trace)"
            )
        raise MissingError(
            "battery life: no supply and currents of the board given: give power (supply_v, idle_a, active_a; --supply, --idle and"
            " --active, or --trace)"
        )
    duration = own_duration(scenario) or _calibrated_duration(scenario)
    period_s = duration.value if scenario.period_s is None else scenario.period_s.value
    return BatteryQuestion(
        cell=scenario.battery,
        states=scenario.states,
        duration_s=duration,
        period_s=period_s,
        rest=scenario.sleep,
        model=scenario.model,
        temperature_degc=scenario.temperature_degc,
        power=power,
        board_name=scenario.device.name if scenario.states is None else scenario.states.name,
        sample_count=sample_count,
        seed=seed,
        curve_rates_hz=curve_rates_hz(duration.value, period_s),
    )


def _calibrated_duration(scenario: Scenario) -> Constant:
    from costmodel.evaluation.evaluating import cost_of

    _, answer = cost_of(scenario, scenario.dataflows[0])
    if answer.duration_s is None:
        if scenario.duration_s is not None:
            raise MissingError(
                f"battery life: the duration was measured on {scenario.duration_device} and says nothing of {scenario.device.name}: give"
                " one measured on this device (duration_s; --duration or --trace)"
            )
        raise MissingError("battery life: the duration of an inference is not known; give --duration or --trace")
    return Constant(answer.duration_s, "s", None, None, "calibrated latency")


def _model(name: BatteryModelName | str) -> BatteryModelName:
    if name not in set(BatteryModelName):
        raise UnknownNameError("model", name, [known.value for known in BatteryModelName], "a battery model")
    return BatteryModelName(name)


def _answer(question: BatteryQuestion) -> BatteryAnswer:
    from costmodel.evaluation.battery.answer import answer_battery

    return answer_battery(question)
