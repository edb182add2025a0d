"""Power states of a board, the regulator that feeds it, and periodic patterns of states."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.printable_text import shortened
from costmodel.specs.base import Amperes, Name, PositiveFraction, PositiveSeconds, Seconds, Spec, Volts, with_changes
from costmodel.units import MA_PER_A, MJ_PER_J, S_PER_HOUR, UA_PER_A, UJ_PER_J

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
    keeps_memory: bool = False
    """Whether RAM keeps its content in it, so that a program goes on where it was."""
    event_s: PositiveSeconds | None = None
    """How long it lasts where it is an event, such as sending a message; `charge: 230 mC` may then stand in place of the current."""

    @model_validator(mode="before")
    @classmethod
    def _charge_over_time(cls, fields: Any) -> Any:
        if not isinstance(fields, Mapping) or "charge" not in fields:
            return fields
        if "current_a" in fields:
            raise PydanticCustomError("charge", "charge and current_a: one of the two says what is drawn")
        found = _CHARGE.fullmatch(str(fields["charge"]))
        seconds = _positive_number(fields.get("event_s"))
        if found is None:
            raise PydanticCustomError("charge", f"charge: expected such as 230 mC, 64 uAh or 1.2 mJ, found {str(fields['charge'])[:40]!r}")
        if seconds is None:
            given = f": a number of seconds above 0, found {str(fields['event_s'])[:40]!r}" if "event_s" in fields else ""
            raise PydanticCustomError("charge", f"charge needs event_s, the time it is drawn in{given}")
        amount, unit = float(found[1]), found[2].replace("µ", "u")
        if unit in _JOULES:
            volts = _positive_number(fields.get("supply_v"))
            if volts is None:
                raise PydanticCustomError("charge", "an energy of an event needs supply_v above 0")
            coulombs = amount * _JOULES[unit] / volts
        else:
            coulombs = amount * _COULOMBS[unit]
        source = f"{fields['charge']} in {seconds:g} s" + (f": {fields['source']}" if fields.get("source") else "")
        kept = {key: value for key, value in fields.items() if key not in ("charge", "source")}
        return {**kept, "current_a": {"value": coulombs / seconds, "source": source}}


def _positive_number(written: Any) -> float | None:
    """Return a number above 0 as a file has it, alone or with its source; None where it is none: its own field says what is wrong."""
    found = written.get("value") if isinstance(written, Mapping) else written
    return None if isinstance(found, bool) or not isinstance(found, int | float) or not 0.0 < found < math.inf else found


_CHARGE: Final = re.compile(r"\s*(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*(mC|C|uC|µC|uAh|µAh|mAh|J|mJ|uJ|µJ)\s*")
_COULOMBS: Final = {
    "C": 1.0,
    "mC": 1.0 / MA_PER_A,
    "uC": 1.0 / UA_PER_A,
    "mAh": S_PER_HOUR / MA_PER_A,
    "uAh": S_PER_HOUR / UA_PER_A,
}
_JOULES: Final = {"J": 1.0, "mJ": 1.0 / MJ_PER_J, "uJ": 1.0 / UJ_PER_J}


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
    states: tuple[PowerState, ...] = ()
    """Whatever else it does awake, for the phases of a duty cycle: `wifi`, `ble`, `sensor`."""
    sleeps: tuple[PowerState, ...] = ()
    """Other ways to rest, each with the time it takes to wake up."""
    bare: bool = False
    """Whether this is a module alone: a board around it draws more. Not taken from a base."""
    awake_from: str = ""
    """Capture that the awake currents were measured in; empty where they are the board's own."""
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

    def no_rest(self, name: str) -> InputError:
        """Return what is wrong with a name that is none of the rests.

        Parameters
        ----------
        name : str
            As given for what the board does between inferences.

        Returns
        -------
        InputError
            With the nearest rest; of a state awake, that a cycle takes it as a phase.
        """
        if name not in (self.inference.name, INFERENCE, *(state.name for state in self.states)):
            return UnknownNameError("sleep", name, self.rests(), f"a state of {self.name}")
        return SpecError(
            f"sleep: {name!r} is what {self.name} does awake, no rest between inferences ({', '.join(self.rests())}); a cycle takes it as"
            f" a phase (--cycle FILE): {{state: {name}, duration_s: 2.5}}"
        )

    @property
    def deepest_rest(self) -> str:
        """Name of the rest that draws least of those that keep RAM; idle where none does."""
        kept = [state for state in self.sleeps if state.keeps_memory]
        return min(kept, key=lambda state: state.supply_v.value * state.current_a.value).name if kept else IDLE

    def going_by(self, name: str) -> str:
        """Return the name a state goes by in answers; raises UnknownNameError where the board has none so called."""
        if name in (INFERENCE, self.inference.name):
            return INFERENCE
        if name in (IDLE, self.idle.name):
            return IDLE
        if name not in self.rests() and name not in [state.name for state in self.states]:
            known = dict.fromkeys((*self.rests(), *(state.name for state in self.states), INFERENCE, self.idle.name, self.inference.name))
            raise UnknownNameError("state", name, known, f"a state of {self.name}")
        return name

    @model_validator(mode="after")
    def _names_once(self) -> PowerStates:
        names = [state.name for state in (self.inference, self.idle, *self.states, *self.sleeps)]
        if len(set(names)) != len(names):
            raise PydanticCustomError("states", f"a state's name stands twice: {', '.join(names)}")
        return self


class Phase(Spec):
    """A stay in a state, or an event."""

    state: Name | None = None
    """What the board does, by the name of one of its states."""
    event: Name | None = None
    """Instead, a state of the board with a time of its own (`event_s`)."""
    duration_s: PositiveSeconds | None = None
    """Left out, what the other phases leave of the period, for one phase at most; an event's own time."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Phase:
        if (self.state is None) == (self.event is None):
            raise PydanticCustomError("phase", "expected a state, or an event")
        return self

    @property
    def does(self) -> str:
        """Name of the state or event."""
        return self.state or self.event or ""


class DutyCycle(Spec):
    """A pattern of power states that repeats."""

    name: Name
    description: str = ""
    period_s: PositiveSeconds
    """Time after which it begins anew; left out, what the phases last together, where each says its own time."""
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    """In order; wake-ups are added after the phases they end."""

    @model_validator(mode="before")
    @classmethod
    def _period_of_its_phases(cls, fields: Any) -> Any:
        if not isinstance(fields, Mapping) or "period_s" in fields or not isinstance(fields.get("phases"), list | tuple):
            return fields
        phases = [phase if isinstance(phase, Mapping) else {} for phase in fields["phases"]]
        does = next((phase.get("state") or phase.get("event") for phase in phases if "duration_s" not in phase), None)
        if isinstance(does, str):
            raise PydanticCustomError(
                "period_s", f"period_s is missing, the time after which the cycle begins anew: {shortened(does, 40)} says no duration_s"
            )
        told = [length for phase in phases if (length := _positive_number(phase.get("duration_s"))) is not None]
        if not phases or len(told) != len(phases):
            return fields
        return {**fields, "period_s": {"value": math.fsum(told), "source": "what the phases last together"}}

    @model_validator(mode="after")
    def _fits(self) -> DutyCycle:
        fixed_s = sum(phase.duration_s.value for phase in self.phases if phase.duration_s is not None)
        left_open = [phase.does for phase in self.phases if phase.duration_s is None and phase.event is None]
        own_time = any(phase.duration_s is None and phase.event is not None for phase in self.phases)
        period_s = self.period_s.value
        if len(left_open) > 1:
            raise PydanticCustomError(
                "duty",
                f"one phase at most may leave out its duration_s, found {len(left_open)} ({shortened(', '.join(left_open), 80)}); what has"
                " an event_s of its own is written event: NAME",
            )
        if fixed_s > period_s * (1 + 1e-12):
            raise PydanticCustomError("duty", f"the phases last {fixed_s:g} s, longer than the period of {period_s:g} s")
        if not left_open and not own_time and fixed_s < period_s * (1 - 1e-12):
            raise PydanticCustomError(
                "duty", f"the phases last {fixed_s:g} s of {period_s:g} s; leave out one duration_s to fill the period"
            )
        return self
