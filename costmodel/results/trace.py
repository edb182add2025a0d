"""What a current trace tells about a board: its inferences, their energy, and how the capture was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from costmodel.results.base import Result


class Spread(Result):
    """A quantity that varies from sample to sample or from inference to inference."""

    name: str
    """Of the quantity."""
    unit: str
    mean: float
    sigma: float
    """Standard deviation; zero where there is one value only."""
    cv: float | None
    """Sigma over mean; None at a mean of zero."""
    low: float
    """2.5th percentile; mean - 1.96 sigma for currents, whose samples are not kept."""
    high: float
    """97.5th percentile; mean + 1.96 sigma for currents."""
    smallest: float
    largest: float


class InferenceWindow(Result):
    """One inference found in a trace, or a run of many between marks; duration and energies are of one."""

    start_s: float
    end_s: float
    inference_count: int = 1
    """That ran in it, one after the other."""
    duration_s: float
    inference_j: float
    baseline_j: float
    """What the board would have drawn meanwhile, at the current around the window."""
    computational_j: float


class TraceThresholds(Result):
    """The rule windows were found by: `I_min < I(t) < I_max`, after boot, for longer than tau_min."""

    minimum_a: float
    maximum_a: float
    shortest_s: float
    boot_s: float
    """Time in the capture up to which nothing counts."""
    reasons: tuple[str, ...]
    """Why these: given, or how they were found."""


class TraceSummary(Result):
    """Everything figures are printed from."""

    schema_version: Literal[1] = 1
    capture: str
    format: str
    sample_count: int
    rate_hz: float
    duration_s: float
    nan_count: int
    first_nan: str | None
    """Where the first sample without a number stands; None without any."""
    gap_count: int
    gap_s: float
    """Time without samples, gaps and numberless samples both; the trapezoid bridges it."""
    bridged_j: float
    """Energy the bridges hold, part of the total."""
    clipped_count: int
    """Samples at the top of the instrument's range."""
    supply_v: float
    """Mean over the capture."""
    supply_source: str
    total_j: float
    average_w: float
    thresholds: TraceThresholds
    cut_count: int
    """Inferences the capture begins or ends in, left out of the figures."""
    short_count: int
    """Runs within the thresholds that were too short."""
    idle_current: Spread
    active_current: Spread
    idle_w: float
    active_w: float
    duration: Spread
    inference: Spread
    baseline: Spread
    computational: Spread
    baseline_ratio: float | None
    """Share of the energy of an inference; None where that is nothing."""
    computational_ratio: float | None
    period_s: float | None
    """Median time from one start to the next; None with a single inference."""
    windows: tuple[InferenceWindow, ...]
    warnings: tuple[str, ...]


class TraceCurve(NamedTuple):
    """A capture thinned out for drawing: each piece by its begin and the lowest, mean and highest of its block means."""

    time_s: Sequence[float]
    low_a: Sequence[float]
    mean_a: Sequence[float]
    high_a: Sequence[float]


class AnalysedTrace(NamedTuple):
    """Figures, and a curve to draw them on."""

    summary: TraceSummary
    curve: TraceCurve
