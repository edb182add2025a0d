"""A board's states and a period, as the steps and currents a battery sees: the composition of specs into numbers or columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from costmodel.battery.duty_cycle import DutyStep, battery_current_a, efficiency_ratio, self_discharge_a
from costmodel.battery.load_profile import LoadProfile
from costmodel.columns import Number, larger, smaller
from costmodel.errors import SpecError, UnknownNameError
from costmodel.provenance import Constant
from costmodel.specs.devices.battery import BatteryCell
from costmodel.specs.devices.power import DutyCycle, Phase, PowerState, PowerStates

IDLE: Final = "idle"
"""The rest of a board that stays awake."""
_WAKE_UP: Final = "wake-up"


@dataclass(frozen=True)
class Board:
    """A board on a battery: what every pattern is made of."""

    cell: BatteryCell
    states: PowerStates

    def state(self, name: str) -> PowerState:
        """Return a state by name; `idle` and `inference` always name the awake ones."""
        known = {state.name: state for state in self.states.sleeps}
        known |= {self.states.idle.name: self.states.idle, self.states.inference.name: self.states.inference}
        known |= {IDLE: self.states.idle, "inference": self.states.inference}
        if name not in known:
            raise UnknownNameError("state", name, known, f"a state of {self.states.name}")
        return known[name]

    def rests(self) -> tuple[str, ...]:
        """Return the names of everything a board may do between inferences, the awake one first."""
        return (IDLE, *(state.name for state in self.states.sleeps))

    def inputs(self, duration_s: Constant) -> dict[str, Constant]:
        """Return every number an answer rests on, by the name a person reads."""
        cell, states = self.cell, self.states
        found = {
            "battery capacity": cell.capacity_ah,
            "battery voltage": cell.voltage_v,
            "converter efficiency": cell.converter_ratio,
            "discharge efficiency": cell.discharge_ratio,
            "self-discharge a year": cell.self_discharge_ratio,
            "inference duration": duration_s,
        }
        for label, state in (("inference", states.inference), (IDLE, states.idle), *((each.name, each) for each in states.sleeps)):
            found[f"{label} supply"] = state.supply_v
            found[f"{label} current"] = state.current_a
            found[f"{label} wake-up time"] = state.wake_s
            if state.wake_a is not None:
                found[f"{label} wake-up current"] = state.wake_a
        if states.regulator is not None:
            found["regulator own current"] = states.regulator.quiescent_a
            found["regulator efficiency, relative"] = _relative_efficiency(states)
        return found


class Pattern(NamedTuple):
    """One period as the battery sees it."""

    names: tuple[str, ...]
    profile: LoadProfile
    background_a: Number
    """Self-discharge and the regulator's own current, part of every step's current."""
    self_discharge_a: Number
    """The part of it that never reaches the board."""
    steps: tuple[DutyStep, ...]
    """The same period as the board's supply sees it."""


def rate_pattern(board: Board, values: Mapping[str, Number], rest: str, period_s: Number, temperature_degc: Number) -> Pattern:
    """Return the pattern of one inference a period, resting in between.

    Parameters
    ----------
    board : Board
        Cell and states.
    values : mapping
        Each of the board's inputs, as a float or a column.
    rest : str
        State between inferences.
    period_s : float or column
        From one inference's start to the next [s]; the rest is what inference and wake-up leave of it, at least nothing.
    temperature_degc : float or column
        Temperature [degC].

    Returns
    -------
    Pattern
        Inference, wake-up where the rest has one, rest.
    """
    wake = _wake_step(board, values, rest)
    inference_s = values["inference duration"]
    steps = [DutyStep("inference", values["inference supply"], values["inference current"], inference_s)]
    left_s = larger(period_s - inference_s, 0.0)
    if wake is not None:
        wake = wake._replace(duration_s=smaller(wake.duration_s, left_s))
        left_s = left_s - wake.duration_s
        steps.append(wake)
    steps.append(DutyStep(rest, values[f"{rest} supply"], values[f"{rest} current"], left_s))
    return _pattern(board, values, steps, temperature_degc)


def cycle_pattern(board: Board, values: Mapping[str, Number], cycle: DutyCycle, temperature_degc: Number) -> Pattern:
    """Return the pattern of a written duty cycle.

    Parameters
    ----------
    board : Board
        Cell and states.
    values : mapping
        Each of the board's and the cycle's inputs, as a float or a column.
    cycle : DutyCycle
        Phases; after a phase whose state takes time to leave, that time is taken from the open phase, or else from the phase itself.
    temperature_degc : float or column
        Temperature [degC].

    Returns
    -------
    Pattern
        Phases and wake-ups in order.
    """
    fixed: Number = 0.0
    wakes: list[DutyStep | None] = []
    for place, phase in enumerate(cycle.phases):
        wakes.append(_wake_step(board, values, _label(board, phase.state)))
        fixed = fixed + (0.0 if phase.duration_s is None else values[_phase_input(place, phase)])
    is_open = any(phase.duration_s is None for phase in cycle.phases)
    woken: Number = 0.0
    for wake in wakes:
        woken = woken + (0.0 if wake is None else wake.duration_s)
    open_s = cycle.period_s.value - fixed - woken
    steps = []
    for place, (phase, wake) in enumerate(zip(cycle.phases, wakes, strict=True)):
        label = _label(board, phase.state)
        duration: Number = larger(open_s, 0.0) if phase.duration_s is None else values[_phase_input(place, phase)]
        if wake is not None and not is_open:
            wake = wake._replace(duration_s=smaller(wake.duration_s, duration))
            duration = duration - wake.duration_s
        steps.append(DutyStep(label, values[f"{label} supply"], values[f"{label} current"], duration))
        if wake is not None:
            steps.append(wake)
    return _pattern(board, values, steps, temperature_degc)


def refuse_impossible_cycle(board: Board, cycle: DutyCycle) -> None:
    """Raise SpecError where phases and wake-ups are longer than the period, or a wake-up than its phase.

    Parameters
    ----------
    board : Board
        Cell and states.
    cycle : DutyCycle
        Phases.

    Raises
    ------
    SpecError
        At the values of the inputs; an end of a range that does not fit is cut to what does.
    """
    lengths = [None if phase.duration_s is None else phase.duration_s.value for phase in cycle.phases]
    wakes = [board.state(phase.state).wake_s.value for phase in cycle.phases]
    if None in lengths:
        whole_s = sum(length for length in lengths if length is not None) + sum(wakes)
        if whole_s > cycle.period_s.value:
            raise SpecError(
                f"the phases and wake-ups of {cycle.name} last {whole_s:g} s, longer than its period of {cycle.period_s.value:g} s"
            )
        return
    for phase, length, wake_s in zip(cycle.phases, lengths, wakes, strict=True):
        if length is not None and wake_s > length:
            raise SpecError(
                f"{cycle.name}: {length:g} s of {phase.state} are shorter than the wake-up from it, {wake_s:g} s; "
                "lengthen the phase or choose a lighter sleep"
            )


def cycle_inputs(cycle: DutyCycle) -> dict[str, Constant]:
    """Return the durations a written duty cycle states, by the name a person reads."""
    return {_phase_input(place, phase): phase.duration_s for place, phase in enumerate(cycle.phases) if phase.duration_s is not None}


def _phase_input(place: int, phase: Phase) -> str:
    return f"duration of phase {place + 1}, {phase.state}"


def rest_currents(board: Board, values: Mapping[str, Number], rest: str) -> tuple[Number, Number, Number]:
    """Return the battery current of a rest, and the charge and duration of the wake-up out of it, without any background."""
    current = _drawn(board, values, values[f"{rest} supply"], values[f"{rest} current"])
    wake = _wake_step(board, values, rest)
    if wake is None:
        return current, 0.0, 0.0
    return current, _drawn(board, values, wake.supply_v, wake.current_a) * wake.duration_s, wake.duration_s


def _label(board: Board, name: str) -> str:
    """Return the name a state's inputs go by."""
    state = board.state(name)
    if state is board.states.inference:
        return "inference"
    return IDLE if state is board.states.idle else state.name


def _wake_step(board: Board, values: Mapping[str, Number], rest: str) -> DutyStep | None:
    state = board.state(rest)
    if state.wake_s.value == 0.0 and state.wake_s.high in (None, 0.0):
        return None
    current = values[f"{rest} wake-up current"] if state.wake_a is not None else values[f"{IDLE} current"]
    return DutyStep(_WAKE_UP, values[f"{IDLE} supply"], current, values[f"{rest} wake-up time"])


def _pattern(board: Board, values: Mapping[str, Number], steps: list[DutyStep], temperature_degc: Number) -> Pattern:
    lost = self_discharge_a(values["battery capacity"], values["self-discharge a year"], temperature_degc)
    own: Number = values["regulator own current"] if board.states.regulator is not None else 0.0
    background = lost + own
    currents = tuple(_drawn(board, values, step.supply_v, step.current_a) + background for step in steps)
    return Pattern(
        tuple(step.name for step in steps), LoadProfile(currents, tuple(step.duration_s for step in steps)), background, lost, tuple(steps)
    )


def _drawn(board: Board, values: Mapping[str, Number], supply_v: Number, current_a: Number) -> Number:
    regulator = board.states.regulator
    if regulator is None:
        efficiency = values["converter efficiency"]
    else:
        loads = [point.load_a.value for point in regulator.points]
        shares = [point.efficiency_ratio.value for point in regulator.points]
        efficiency = smaller(efficiency_ratio(current_a, loads, shares) * values["regulator efficiency, relative"], 1.0)
    return battery_current_a(supply_v, current_a, values["battery voltage"], efficiency, 0.0)


def _relative_efficiency(states: PowerStates) -> Constant:
    """Return one factor for a whole efficiency curve, with the widest range of its points."""
    points = [] if states.regulator is None else [point.efficiency_ratio for point in states.regulator.points]
    low = min((each.low / each.value for each in points if each.low is not None), default=None)
    high = max((each.high / each.value for each in points if each.high is not None), default=None)
    source = "" if states.regulator is None else states.regulator.source
    return Constant(1.0, "", low, high, source)
