"""How long a battery lasts, with intervals, what dominates, and what to measure better."""

from __future__ import annotations

from typing import Literal

from costmodel.results.base import Result
from costmodel.results.conclusions.reason import Reason


class DrainShare(Result):
    """What one part of a period draws from the battery."""

    part: str
    """A state, a wake-up, or self-discharge."""
    asleep: bool = False
    """Whether it is a sleep of the board."""
    duration_s: float | None
    """Of each period; None for what goes on all the time."""
    energy_j: float
    """From the battery, each period."""
    energy_low_j: float | None
    energy_high_j: float | None
    share_ratio: float


class BatteryLife(Result):
    """Life under one pattern; every figure with the middle 95 % of its samples."""

    rest: str
    """What the board does between inferences."""
    life_s: float | None
    """None where the battery never empties; see the reason. 0 where it cannot carry the load at all."""
    life_low_s: float | None
    life_high_s: float | None
    endless_reason: Reason | None
    period_s: float
    rate_hz: float
    """Inferences a second, on average over a period."""
    inference_count: int | None
    """Until empty."""
    inference_low_count: int | None
    inference_high_count: int | None
    board_w: float
    """Average at the board's supply."""
    board_low_w: float | None
    board_high_w: float | None
    average_w: float
    """Average from the battery, converter losses and self-discharge included."""
    average_low_w: float | None
    average_high_w: float | None
    drains: tuple[DrainShare, ...]


class Crossover(Result):
    """The rate below which a deeper rest lasts longer."""

    deeper: str
    lighter: str
    period_s: float
    """From which on it does; the shortest it fits where it does at every rate it fits."""
    rate_hz: float
    rate_low_hz: float | None
    rate_high_hz: float | None
    at_every_rate: bool
    """Whether it does at every rate it fits."""
    within_ranges: bool
    """Whether that holds for all of the inputs' ranges."""


class Sensitivity(Result):
    """What one uncertain input does to the life while the others stay at their values."""

    input: str
    unit: str
    """Of its range."""
    low: float
    high: float
    life_at_low_s: float | None
    life_at_high_s: float | None
    swing_s: float | None
    """Between the two; None where one is endless."""


class MeasureNext(Result):
    """Which input to measure better."""

    input: str
    swing_ratio: float | None
    """How far its range moves the life, of the life; None where at one end the battery never empties."""


class AssumedInput(Result):
    """An input whose source says that it is assumed."""

    input: str
    source: str


class LifeAgainstRate(Result):
    """Life against rate; the lists run together."""

    rest: str
    rate_hz: tuple[float, ...]
    life_s: tuple[float | None, ...]
    """None where the pattern does not fit the period, or the battery never empties."""
    life_low_s: tuple[float | None, ...]
    life_high_s: tuple[float | None, ...]


class InferenceEnergy(Result):
    """Energy of one inference at the board's supply, and the split into what idling would have drawn anyway and what computing adds."""

    duration_s: float
    inference_j: float
    inference_low_j: float | None
    inference_high_j: float | None
    baseline_j: float
    baseline_low_j: float | None
    baseline_high_j: float | None
    computational_j: float
    computational_low_j: float | None
    computational_high_j: float | None
    baseline_ratio: float
    computational_ratio: float


class BatteryAnswer(Result):
    """Everything the question about a battery is answered with."""

    schema_version: Literal[1] = 1

    battery: str
    cycle: str | None
    """The written pattern that was asked about; None for one inference a period."""
    model: str
    model_source: str
    states: str
    temperature_degc: float
    usable_j: float
    """Of a full battery, at the board's supply."""
    inference: InferenceEnergy
    sample_count: int
    seed: int
    lives: tuple[BatteryLife, ...]
    """The asked rest first."""
    crossovers: tuple[Crossover, ...]
    sensitivities: tuple[Sensitivity, ...]
    """Of the asked rest's life, the widest first."""
    measure_next: MeasureNext | None
    """None where nothing would help."""
    curves: tuple[LifeAgainstRate, ...]
    assumptions: tuple[AssumedInput, ...]
    warnings: tuple[Reason, ...]
    """What makes the figures doubtful."""
    caveats: tuple[Reason, ...] = ()
    """What the answer holds for, said beside it."""
