"""What a deployment comes to: time, energy and battery days of a network on a device, each with an interval and the word it deserves."""

from __future__ import annotations

from costmodel.results.base import Result
from costmodel.results.timing.time_estimate import TimeEstimate
from costmodel.results.trust import Trust


class EnergyEstimate(Result):
    """Energy of one inference at the board's supply."""

    trust: Trust
    energy_j: float | None
    """None where only a range is known."""
    energy_low_j: float
    energy_high_j: float
    power_from: str
    """Board, or what its currents were taken from; the networks, where their energy was measured."""
    power_trust: Trust
    """Scaled where the power of other networks was measured on the board."""


class RestLife(Result):
    """Life with another rest between inferences."""

    rest: str
    life_s: float | None
    life_low_s: float | None
    keeps_memory: bool


class LifeEstimate(Result):
    """Life of a battery at a rate."""

    trust: Trust
    life_s: float | None
    """None where only a range is known, or where it never empties."""
    life_low_s: float | None
    life_high_s: float | None
    battery: str
    period_s: float
    rest: str
    """What the board does between inferences."""
    other_rests: tuple[RestLife, ...] = ()
    """Lives in the other rests that fit the period."""
    bare: bool
    """Whether the currents are of a chip or module alone."""


class AssumedUse(Result):
    """Which parts of the question nobody gave."""

    battery: bool
    period: bool
    rest: bool
    runtime: bool


class Outlook(Result):
    """Time, energy and life; what cannot be told is None."""

    network: str
    device: str
    time: TimeEstimate
    energy: EnergyEstimate | None
    """None where the time or the board's power is unknown."""
    life: LifeEstimate | None
    assumed: AssumedUse
    period_too_short: bool = False
    """Whether an inference may take longer than the period asked."""
