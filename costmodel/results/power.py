"""Power of the board, energy of an inference, and what a battery gives."""

from __future__ import annotations

from costmodel.results.base import Result


class PowerSummary(Result):
    """Power of the whole board and energy of one inference."""

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


class BatterySummary(Result):
    """What a battery gives."""

    battery: str
    usable_j: float
    continuous_life_s: float | None
    """Inferring without pause."""
    continuous_inference_count: float | None
    period_s: float | None
    duty_ratio: float | None
    """Share of time spent inferring."""
    duty_w: float | None
    """Average power of duty-cycled operation."""
    duty_life_s: float | None
    duty_inference_count: float | None
