"""Power of the board, energy of an inference, and what a battery gives."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.totals import frequency_hz


class PowerGiver(StrEnum):
    """What says the currents of a board awake."""

    SCENARIO = "scenario"
    """The power a scenario gives."""
    STATES = "states"
    """The power states of a board."""


class PowerSummary(Result):
    """Power of the whole board and energy of one inference."""

    given_by: PowerGiver = PowerGiver.SCENARIO
    giver: str = ""
    """Name of the scenario, or of the power states."""
    idle_w: float
    active_w: float
    increase_ratio: float | None
    """Active over idle, less one; None where idling draws nothing."""
    inference_j: float | None
    """Energy of one inference; None without a duration."""
    baseline_j: float | None
    """What the idle board would have drawn meanwhile."""
    computational_j: float | None
    """What inferring adds."""
    baseline_ratio: float | None
    computational_ratio: float | None
    rate_hz: float | None
    """Inferences a second without pause."""


class PeriodDrain(Result):
    """What one part of a period draws from the battery."""

    part: str
    """A state, a wake-up, the regulator, or self-discharge."""
    duration_s: float | None
    """Of each period; None for what goes on all the time."""
    energy_j: float
    """Each period."""
    share_ratio: float


class BatterySummary(Result):
    """What a battery gives."""

    battery: str
    model: str
    """How the battery empties."""
    temperature_degc: float
    states: str | None
    """Power states that say what the board draws asleep; None where none are known."""
    sleep: str
    """What the board does between inferences."""
    usable_j: float
    continuous_life_s: float | None
    """Inferring without pause."""
    continuous_inference_count: float | None
    period_s: float | None
    duty_ratio: float | None
    """Share of time spent inferring."""
    duty_w: float | None
    """Average power of the board in duty-cycled operation."""
    duty_life_s: float | None
    duty_inference_count: float | None
    average_w: float | None
    """Average power from the battery, losses of the converter and self-discharge included."""
    drains: tuple[PeriodDrain, ...]
    """What a period is spent on; empty without a period."""

    derived: ClassVar[tuple[str, ...]] = ("duty_rate_hz",)

    @property
    def duty_rate_hz(self) -> float | None:
        """Inferences a second, one a period; None without a period."""
        return None if self.period_s is None else frequency_hz(self.period_s)
