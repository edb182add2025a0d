"""Power states of a board, the regulator that feeds it, and periodic patterns of states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.errors import UnknownNameError
from costmodel.specs.base import Amperes, Name, PositiveFraction, PositiveSeconds, Seconds, Spec, Volts, with_changes

INFERENCE: Final = "inference"
"""What the state at work goes by, whatever its name."""
IDLE: Final = "idle"
"""What the awake state between inferences goes by, whatever its name."""


class PowerProfile(Spec):
    """Supply and currents of the whole board."""

    supply_v: Volts
    idle_a: Amperes
    """Awake, not inferring."""
    active_a: Amperes
    """During an inference."""
    device: Name | None = None
    """Device they were measured on; they are no other's. Left out, the scenario's own."""

    @model_validator(mode="after")
    def _active_draws_more(self) -> PowerProfile:
        if self.active_a.value < self.idle_a.value:
            raise PydanticCustomError(
                "power", f"active_a should be at least idle_a, found {self.active_a.value:g} A below {self.idle_a.value:g} A"
            )
        return self

    def attributed(self, boards: Iterable[PowerStates]) -> PowerProfile:
        """Return the profile with the device it was measured on, where it has the figures of a known board: a copied one keeps whose it is.

        Parameters
        ----------
        boards : iterable of PowerStates
            Those that were measured on a device say which.

        Returns
        -------
        PowerProfile
            The same where no board has its figures.
        """
        own = (self.supply_v.value, self.active_a.value, self.idle_a.value)
        for board in boards:
            measured = (board.inference.supply_v.value, board.inference.current_a.value, board.idle.current_a.value)
            if board.device is not None and measured == own:
                return with_changes(self, {"device": board.device})
        return self


class PowerState(Spec):
    """A board doing one thing."""

    name: Name
    description: str = ""
    supply_v: Volts
    """Voltage the current is drawn at."""
    current_a: Amperes
    wake_s: Seconds = Field(default=0.0, validate_default=True)
    """Time it takes to leave this state, until an inference can start."""
    wake_a: Amperes | None = None
    """Current meanwhile, at the board's awake supply; left out, the idle current."""


class RegulatorPoint(Spec):
    """Efficiency of a regulator at one load."""

    load_a: Amperes
    efficiency_ratio: PositiveFraction


class Regulator(Spec):
    """Efficiency between battery and board against the load, and what the regulator draws for itself."""

    name: Name
    quiescent_a: Amperes = Field(default=0.0, validate_default=True)
    """From the battery, always."""
    points: Annotated[tuple[RegulatorPoint, ...], Field(min_length=1)]
    """From light to heavy load; straight lines over the logarithm of the load, level beyond the ends."""
    source: str

    @model_validator(mode="after")
    def _light_to_heavy(self) -> Regulator:
        loads = [point.load_a.value for point in self.points]
        if loads != sorted(set(loads)) or loads[0] <= 0.0:
            raise PydanticCustomError("regulator", f"load_a should rise from above 0, found {loads}")
        return self


class PowerStates(Spec):
    """What a board draws: inferring, idling awake, asleep in one way or another."""

    name: Name
    description: str = ""
    inference: PowerState
    """At work."""
    idle: PowerState
    """Awake, between inferences."""
    sleeps: tuple[PowerState, ...] = ()
    """Other ways to rest, each with the time it takes to wake up."""
    duration_s: PositiveSeconds | None = None
    """Of one inference, where it was measured."""
    device: Name | None = None
    """Device on the board, where its awake states were measured on one."""
    regulator: Regulator | None = None
    """Left out, the battery's converter efficiency holds at every load."""
    source: str

    def rests(self) -> tuple[str, ...]:
        """Return the names of everything a board may do between inferences, the awake one first."""
        return (IDLE, *(state.name for state in self.sleeps))

    def going_by(self, name: str) -> str:
        """Return the name a state goes by in answers; raises UnknownNameError where the board has none so called."""
        if name in (INFERENCE, self.inference.name):
            return INFERENCE
        if name in (IDLE, self.idle.name):
            return IDLE
        if name not in self.rests():
            known = (*self.rests(), INFERENCE, self.idle.name, self.inference.name)
            raise UnknownNameError("state", name, known, f"a state of {self.name}")
        return name

    @model_validator(mode="after")
    def _names_once(self) -> PowerStates:
        names = [state.name for state in (self.inference, self.idle, *self.sleeps)]
        if len(set(names)) != len(names):
            raise PydanticCustomError("states", f"a state's name stands twice: {', '.join(names)}")
        return self


class Phase(Spec):
    """A stay in a state."""

    state: Name
    duration_s: PositiveSeconds | None = None
    """Left out, what the other phases leave of the period; for one phase at most."""


class DutyCycle(Spec):
    """A pattern of power states that repeats."""

    name: Name
    description: str = ""
    period_s: PositiveSeconds
    """Time after which it begins anew."""
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    """In order; wake-ups are added after the phases they end."""

    @model_validator(mode="after")
    def _fits(self) -> DutyCycle:
        fixed_s = sum(phase.duration_s.value for phase in self.phases if phase.duration_s is not None)
        open_count = sum(phase.duration_s is None for phase in self.phases)
        period_s = self.period_s.value
        if open_count > 1:
            raise PydanticCustomError("duty", f"one phase at most may leave out its duration_s, found {open_count}")
        if fixed_s > period_s * (1 + 1e-12):
            raise PydanticCustomError("duty", f"the phases last {fixed_s:g} s, longer than the period of {period_s:g} s")
        if not open_count and fixed_s < period_s * (1 - 1e-12):
            raise PydanticCustomError(
                "duty", f"the phases last {fixed_s:g} s of {period_s:g} s; leave out one duration_s to fill the period"
            )
        return self
