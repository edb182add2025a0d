"""How long a battery lasts: the only composition of states, pattern, self-discharge, temperature and battery model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.battery.cycle_phases import both_times, open_phase_s, phase_before_wake_up_s
from costmodel.battery.duty_cycle import (
    DutyStep,
    background_current_a,
    battery_current_a,
    drain_energy_j,
    efficiency_ratio,
    regulator_efficiency_ratio,
    rest_duration_s,
    self_discharge_a,
    step_charge,
)
from costmodel.battery.energy_budget import duty_ratio, electrical_power_w, inference_count, usable_energy_j
from costmodel.battery.load_profile import LoadProfile, average_current_a, average_power_w, period_s
from costmodel.columns import Number, is_column, larger, smaller
from costmodel.evaluation.battery.inputs import BoardNumbers, CellNumbers, StateNumbers, battery_model
from costmodel.specs.devices.power import INFERENCE

WAKE_UP: Final = "wake-up"
"""The part of a period between a sleep and the next inference."""
SELF_DISCHARGE: Final = "self-discharge"
REGULATOR: Final = "regulator"
"""What a regulator draws for itself, whatever the load."""
SAME: Final = 1e-9
"""Share within which two times are the same."""


class Pattern(NamedTuple):
    """One period as board and battery see it."""

    steps: tuple[DutyStep, ...]
    """At the board's supply."""
    profile: LoadProfile
    """At the battery, with what goes on all the time in every step."""
    regulator_a: Number
    """What the regulator draws for itself, part of every step's current."""
    self_discharge_a: Number
    """Part of every step's current that never reaches the board."""


class Drain(NamedTuple):
    """What one part of a period draws from the battery."""

    part: str
    duration_s: Number | None
    """Of each period; None for what goes on all the time."""
    energy_j: Number
    """Each period."""


class Life(NamedTuple):
    """A battery under one pattern; what is not asked for is not computed."""

    pattern: Pattern
    life_s: Number
    spacing_s: Number
    """Mean time from one inference to the next; infinite where there is none."""
    battery_v: Number

    @property
    def inference_count(self) -> Number:
        """Inferences until empty."""
        return inference_count(self.life_s, self.spacing_s)

    @property
    def board_w(self) -> Number:
        """Average power at the board's supply [W]."""
        powers = tuple(electrical_power_w(step.supply_v, step.current_a) for step in self.pattern.steps)
        return average_power_w(powers, self.pattern.profile.durations_s)

    @property
    def average_a(self) -> Number:
        """Average current from the battery [A]."""
        return average_current_a(self.pattern.profile)

    @property
    def average_w(self) -> Number:
        """Average power from the battery, losses of the converter and self-discharge included [W]."""
        return electrical_power_w(self.battery_v, self.average_a)


class BatteryCost(NamedTuple):
    """What a battery gives, inferring without pause and once a period; what is not asked for is not computed."""

    duty: Life | None
    """Once a period, in the asked rest; None without a period."""
    cell: CellNumbers
    board: BoardNumbers
    duration_s: Number
    period_s: Number | None
    rest: str
    """What the board does between inferences."""

    @property
    def continuous(self) -> Life:
        """Inferring without pause: a load that never changes has no period, so how long an inference lasts does not decide the life."""
        state = self.board.inference
        pattern = pattern_of(self.cell, self.board, [DutyStep(INFERENCE, state.supply_v, state.current_a, 1.0)])
        return life_of(self.cell, pattern, self.duration_s)

    @property
    def usable_j(self) -> Number:
        """What a full battery delivers to the load [J]."""
        cell = self.cell
        return usable_energy_j(cell.voltage_v, cell.held_ah, cell.converter_ratio, cell.discharge_ratio)

    @property
    def continuous_life_s(self) -> Number:
        """Life, inferring without pause [s]."""
        return self.continuous.life_s

    @property
    def continuous_inference_count(self) -> Number:
        """Inferences, without pause."""
        return self.continuous.inference_count

    @property
    def duty_ratio(self) -> Number | None:
        """Share of the time spent inferring."""
        return None if self.period_s is None else duty_ratio(self.duration_s, self.period_s)

    @property
    def duty_w(self) -> Number | None:
        """Average power of the board, one inference a period [W]."""
        return None if self.duty is None else self.duty.board_w

    @property
    def duty_life_s(self) -> Number | None:
        """Life, one inference a period [s]."""
        return None if self.duty is None else self.duty.life_s

    @property
    def drains(self) -> tuple[Drain, ...]:
        """What each part of a period draws from the battery; none without a period."""
        return () if self.duty is None else drains_of(self.cell, self.board, self.duty.pattern)

    @property
    def duty_inference_count(self) -> Number | None:
        """Inferences, one a period."""
        return None if self.duty is None else self.duty.inference_count


def battery_cost(cell: CellNumbers, board: BoardNumbers, duration_s: Number, asked_period_s: Number | None, rest: str) -> BatteryCost:
    """Return how long a battery lasts.

    Parameters
    ----------
    cell : CellNumbers
        The battery and how it empties.
    board : BoardNumbers
        What draws from it.
    duration_s, asked_period_s : float, column or None
        Duration of one inference, and time from one to the next where there is one [s].
    rest : str
        State between inferences.

    Returns
    -------
    BatteryCost
        The duty-cycled figures are None without a period.
    """
    duty = None if asked_period_s is None else life_at(cell, board, duration_s, rest, asked_period_s)
    return BatteryCost(duty, cell, board, duration_s, asked_period_s, rest)


def life_at(cell: CellNumbers, board: BoardNumbers, duration_s: Number, rest: str, asked_period_s: Number) -> Life:
    """Return the life at one inference a period, resting in between.

    Parameters
    ----------
    cell : CellNumbers
        The battery and how it empties.
    board : BoardNumbers
        What draws from it.
    duration_s : float or column
        Of one inference [s].
    rest : str
        State between inferences.
    asked_period_s : float or column
        From one inference's start to the next [s].

    Returns
    -------
    Life
        Numbers or columns.
    """
    return life_of(cell, rate_pattern(cell, board, duration_s, rest, asked_period_s), asked_period_s)


def life_in(found: BatteryCost, rest: str) -> Number | None:
    """Return the life in another rest than the asked one.

    Parameters
    ----------
    found : BatteryCost
        Of the same design.
    rest : str
        State between inferences.

    Returns
    -------
    float, column or None
        None without a period, and where inference and wake-up do not fit it; NaN for such designs of a column [s].
    """
    if found.period_s is None or found.duty is None:
        return None
    fits = fits_period(found.board.state(rest), found.duration_s, found.period_s)
    if not is_column(fits) and not fits:
        return None
    life_s = found.duty.life_s
    if rest != found.rest:
        life_s = life_at(found.cell, found.board, found.duration_s, rest, found.period_s).life_s
    if not is_column(fits) or fits.all():
        return life_s
    import numpy as np

    return np.where(fits, life_s, np.nan)


def life_of(cell: CellNumbers, pattern: Pattern, spacing_s: Number) -> Life:
    """Return the life under a pattern.

    Parameters
    ----------
    cell : CellNumbers
        The battery and how it empties.
    pattern : Pattern
        One period.
    spacing_s : float or column
        Mean time from one inference to the next; infinite where there is none [s].

    Returns
    -------
    Life
        Numbers or columns.
    """
    return Life(pattern, battery_model(cell).life_s(pattern.profile), spacing_s, cell.voltage_v)


def rate_pattern(cell: CellNumbers, board: BoardNumbers, duration_s: Number, rest: str, asked_period_s: Number) -> Pattern:
    """Return the pattern of one inference a period: the inference, a wake-up where the rest has one, the rest.

    Parameters
    ----------
    cell : CellNumbers
        The battery.
    board : BoardNumbers
        What draws from it.
    duration_s : float or column
        Of one inference [s].
    rest : str
        State between inferences.
    asked_period_s : float or column
        From one inference's start to the next [s]; the rest is what inference and wake-up leave of it, at least nothing.

    Returns
    -------
    Pattern
        Two or three steps.
    """
    state = board.state(rest)
    inference = board.inference
    steps = [DutyStep(INFERENCE, inference.supply_v, inference.current_a, duration_s)]
    wake_s: Number = 0.0
    if state.wakes:
        wake_s = smaller(state.wake_s, larger(asked_period_s - duration_s, 0.0))
        steps.append(_wake_up(board, state, wake_s))
    steps.append(DutyStep(state.name, state.supply_v, state.current_a, rest_duration_s(asked_period_s, duration_s, wake_s)))
    return pattern_of(cell, board, steps)


def cycle_pattern(cell: CellNumbers, board: BoardNumbers, phases: Sequence[tuple[str, Number | None]], asked_period_s: Number) -> Pattern:
    """Return the pattern of a written duty cycle.

    Parameters
    ----------
    cell : CellNumbers
        The battery.
    board : BoardNumbers
        What draws from it.
    phases : sequence of str and float, column or None
        State and time of each phase; None for what the others leave of the period. After a phase whose state takes time to leave, that time
        is taken from the open phase, or else from the phase itself.
    asked_period_s : float or column
        Time after which the cycle begins anew [s].

    Returns
    -------
    Pattern
        Phases and wake-ups in order.
    """
    states = [board.state(name) for name, _ in phases]
    is_open = any(length is None for _, length in phases)
    taken: list[Number] = []
    for state, (_, length) in zip(states, phases, strict=True):
        taken += [] if length is None else [length]
        taken += [state.wake_s] if state.wakes else []
    steps: list[DutyStep] = []
    for state, (_, length) in zip(states, phases, strict=True):
        lasts: Number = open_phase_s(asked_period_s, taken) if length is None else length
        wake_s: Number = state.wake_s
        if state.wakes and not is_open:
            # The wake-up is part of the phase, and cut to it.
            wake_s = smaller(wake_s, lasts)
            lasts = phase_before_wake_up_s(lasts, wake_s)
        steps.append(DutyStep(state.name, state.supply_v, state.current_a, lasts))
        if state.wakes:
            steps.append(_wake_up(board, state, wake_s))
    return pattern_of(cell, board, steps)


def pattern_of(cell: CellNumbers, board: BoardNumbers, steps: Sequence[DutyStep]) -> Pattern:
    """Return what a battery sees of steps at its board's supply."""
    lost_a = self_discharge_a(cell.capacity_ah, cell.self_discharge_ratio, cell.temperature_degc)
    regulator = board.regulator
    background_a = lost_a if regulator is None else background_current_a(lost_a, regulator.quiescent_a)
    currents = tuple(_drawn_a(cell, board, step, background_a) for step in steps)
    profile = LoadProfile(currents, tuple(step.duration_s for step in steps))
    return Pattern(tuple(steps), profile, 0.0 if regulator is None else regulator.quiescent_a, lost_a)


def drains_of(cell: CellNumbers, board: BoardNumbers, pattern: Pattern) -> tuple[Drain, ...]:
    """Return what each part of a period draws from the battery.

    Parameters
    ----------
    cell : CellNumbers
        The battery.
    board : BoardNumbers
        What draws from it.
    pattern : Pattern
        The period.

    Returns
    -------
    tuple of Drain
        One for each state met, in order, then the regulator and self-discharge; those that draw nothing among them.
    """
    volts = cell.voltage_v
    found: dict[str, Drain] = {}
    for step in pattern.steps:
        energy_j = drain_energy_j(volts, _drawn_a(cell, board, step, 0.0), step.duration_s)
        before = found.get(step.name)
        found[step.name] = Drain(
            step.name,
            step.duration_s if before is None else both_times(before.duration_s, step.duration_s),
            energy_j if before is None else both_times(before.energy_j, energy_j),
        )
    whole_s = period_s(pattern.profile)
    own = {REGULATOR: pattern.regulator_a, SELF_DISCHARGE: pattern.self_discharge_a}
    return (*found.values(), *(Drain(part, None, drain_energy_j(volts, current_a, whole_s)) for part, current_a in own.items()))


def parts_of(board: BoardNumbers, pattern: Pattern) -> tuple[str, ...]:
    """Return the parts of a period that may draw anything, in the order of `drains_of`."""
    own = (SELF_DISCHARGE,) if board.regulator is None else (REGULATOR, SELF_DISCHARGE)
    return (*dict.fromkeys(step.name for step in pattern.steps), *own)


def rest_currents(cell: CellNumbers, board: BoardNumbers, state: StateNumbers) -> tuple[Number, Number, Number]:
    """Return the battery current of a rest, and the charge and duration of the wake-up out of it, without any background."""
    current_a = _drawn_a(cell, board, DutyStep(state.name, state.supply_v, state.current_a, 0.0), 0.0)
    if not state.wakes:
        return current_a, 0.0, 0.0
    wake = _wake_up(board, state, state.wake_s)
    return current_a, step_charge(_drawn_a(cell, board, wake, 0.0), wake.duration_s), wake.duration_s


def fits_period(state: StateNumbers, duration_s: Number, asked_period_s: Number) -> Number:
    """Tell whether an inference and the wake-up from a rest fit a period: a bool, or a column of them."""
    return duration_s + state.wake_s <= asked_period_s * (1 + SAME)


def _wake_up(board: BoardNumbers, state: StateNumbers, wake_s: Number) -> DutyStep:
    return DutyStep(WAKE_UP, board.idle.supply_v, board.idle.current_a if state.wake_a is None else state.wake_a, wake_s)


def _drawn_a(cell: CellNumbers, board: BoardNumbers, step: DutyStep, background_a: Number) -> Number:
    regulator, efficiency = board.regulator, cell.converter_ratio
    if regulator is not None:
        shared = efficiency_ratio(step.current_a, regulator.loads_a, regulator.efficiencies)
        efficiency = regulator_efficiency_ratio(shared, regulator.relative_ratio)
    return battery_current_a(step.supply_v, step.current_a, cell.voltage_v, efficiency, background_a)
