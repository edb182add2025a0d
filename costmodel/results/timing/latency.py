"""Time of an inference, and what it rests on."""

from __future__ import annotations

from enum import StrEnum

from costmodel.results.base import Result
from costmodel.results.conclusions.reason import Reason


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


class Condition(StrEnum):
    """A way in which a scenario goes beyond what its calibration was measured under."""

    WEIGHTS_ELSEWHERE = "weights-elsewhere"
    """The weights are read from another memory."""
    KIND_NOT_MEASURED = "kind-not-measured"
    """No layer of this kind was among the measured ones."""
    FAR_LARGER = "far-larger"
    """A layer is many times as large as the largest measured one of its kind."""


class UnmetCondition(Result):
    """One such way, with its figures; None where they do not apply."""

    condition: Condition
    measured_in: str | None = None
    """Memory the weights were read from when measured: `flash` or `ram`."""
    layer: str | None = None
    kind: str | None = None
    ratio: float | None = None
    """Taps of the layer over those of the largest measured one."""
    measured_layer: str | None = None
    """The largest measured layer of its kind."""


class LatencySummary(Result):
    """Calibrated time of an inference, or why there is none."""

    calibration: str | None
    """Name of the calibration that holds."""
    basis: Reason
    """What it was calibrated on, or what differs from what was."""
    fitted: bool
    """Whether this very network was measured, so that the times are the fit's own data."""
    measurement_count: int
    """Measured convolutions the two rates were fitted to."""
    total_s: float | None
    rates: RateSummary | None
    alternatives: tuple[AlternativeFit, ...] = ()
    """Other readings of the same times: what they agree on is robust, the rest is not identified."""
    conditions: tuple[UnmetCondition, ...] = ()
    """What was asked beyond what the calibration was measured under; where there is any, no time is given."""
