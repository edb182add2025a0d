"""Time of an inference, and what it rests on."""

from __future__ import annotations

from costmodel.results.base import Result


class RateSummary(Result):
    """Fitted seconds per tap."""

    interior_tap_s: float
    boundary_tap_s: float
    other_tap_s: float
    interior_tap_cycles: float | None
    """Under the calibration's clock; None where its source does not state one."""


class AlternativeFit(Result):
    """Another reading of the same measured times."""

    name: str
    """What the second rate is charged to."""
    first_s: float
    second_s: float
    credible: bool
    """False where a rate comes out negative."""


class LatencySummary(Result):
    """Calibrated time of an inference, or why there is none."""

    calibration: str | None
    """Name of the calibration that holds."""
    reason: str
    """`calibrated on ...`, or `not calibrated: ...` with what differs."""
    fitted: bool
    """Whether this very network was measured, so that the times are the fit's own data."""
    measurement_count: int
    """Measured convolutions the two rates were fitted to."""
    total_s: float | None
    rates: RateSummary | None
    alternatives: tuple[AlternativeFit, ...] = ()
    """Other readings of the same times: what they agree on is robust, the rest is not identified."""
