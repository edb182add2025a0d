"""What a current trace tells about a board: its inferences, their energy, and how the capture was read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

from costmodel.results.base import Result
from costmodel.results.totals import difference_of, mean_of, ratio_of, total_of


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
    median: float | None = None
    """None for currents, whose samples are not kept."""


class CurrentPercentile(Result):
    """A current that so much of the capture's time stays below."""

    share_ratio: float
    current_a: float


class InferenceWindow(Result):
    """One inference found in a trace, or a run of many; duration and energies are of the window over its inferences."""

    start_s: float
    end_s: float
    inference_count: int = 1
    """That ran in it, one after the other; 1 for a run whose number of inferences nobody gave."""
    kind: str = "A"
    """Windows of one letter last as long and draw as much as each other; A is the kind most time is spent in."""
    repeats: bool = False
    """Whether its inside repeats and nobody gave the number of inferences: a run, whose energies are the whole run's."""
    inner_period_s: float | None = None
    """Period its inside repeats with; None where it does not."""
    duration_s: float
    inference_j: float
    baseline_j: float
    """What the board would have drawn meanwhile, at the current around the window."""
    computational_j: float

    derived: ClassVar[tuple[str, ...]] = ("span_s", "all_j")

    @property
    def span_s(self) -> float:
        """From its begin to its end, however many inferences it holds."""
        span: float = difference_of(self.end_s, self.start_s)
        return span

    @property
    def all_j(self) -> float:
        """Energy of all its inferences together."""
        energy: float = total_of([self.inference_j] * self.inference_count)
        return energy


class KindFigures(Result):
    """Windows of one kind together."""

    name: str
    window_count: int
    inference_j: float
    """Mean."""
    duration_s: float
    """Mean."""


class TraceThresholds(Result):
    """The rule windows were found by: `I_min < I(t) < I_max`, after boot, for longer than tau_min."""

    minimum_a: float
    maximum_a: float
    shortest_s: float
    boot_s: float
    """Time in the capture up to which nothing counts."""
    reasons: tuple[str, ...]
    """Why these: given, or how they were found."""


class WindowFigures(NamedTuple):
    """The figures of a trace that only windows give."""

    thresholds: TraceThresholds
    idle_current: Spread
    active_current: Spread
    idle_w: float
    active_w: float
    duration: Spread
    inference: Spread
    baseline: Spread
    computational: Spread


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
    mean_a: float | None = None
    """Charge of the whole capture over its duration; None in figures of older versions."""
    charge_ah: float | None = None
    percentiles: tuple[CurrentPercentile, ...] = ()
    """Of the means of the capture's blocks."""
    above_a: float | None = None
    """The threshold of `above_s`: given, or the mean current."""
    above_s: float | None = None
    """Time the current is above it."""
    garbage_count: int = 0
    """Samples beyond any current, left out."""
    thresholds: TraceThresholds | None
    cut_count: int
    """Inferences the capture begins or ends in, left out of the figures."""
    short_count: int
    """Runs within the thresholds that were too short."""
    other_count: int = 0
    """Rises unlike the inferences, left out of the figures: radio bursts, a boot."""
    withheld: str | None = None
    """Why no inference is given, and what to give; None where there are windows. Without windows every figure of one is None."""
    certainty: str = ""
    """How sure the windows are, in words."""
    likeness_ratio: float | None = None
    """How like each other the windows are, from 0 to 1; None for fewer than two."""
    idle_current: Spread | None
    active_current: Spread | None
    idle_w: float | None
    active_w: float | None
    duration: Spread | None
    inference: Spread | None
    baseline: Spread | None
    computational: Spread | None
    baseline_ratio: float | None
    """Share of the energy of an inference; None where that is nothing."""
    computational_ratio: float | None
    period_s: float | None
    """Median time from one start to the next; None with a single inference."""
    windows: tuple[InferenceWindow, ...]
    warnings: tuple[str, ...]

    derived: ClassVar[tuple[str, ...]] = ("above_ratio", "inference_count", "kinds", "inner_period_s")

    @property
    def above_ratio(self) -> float | None:
        """Share of the capture's time that the current is above the threshold of `above_s`."""
        return None if self.above_s is None or not self.duration_s else ratio_of(self.above_s, self.duration_s)

    @property
    def inference_count(self) -> int:
        """Inferences of all windows."""
        count: int = total_of([window.inference_count for window in self.windows])
        return count

    @property
    def kinds(self) -> tuple[KindFigures, ...]:
        """What the windows of each kind cost on average, by their letters."""
        letters = sorted({window.kind for window in self.windows})
        alike = {letter: [window for window in self.windows if window.kind == letter] for letter in letters}
        return tuple(
            KindFigures(
                name=letter,
                window_count=len(windows),
                inference_j=mean_of([window.inference_j for window in windows]),
                duration_s=mean_of([window.duration_s for window in windows]),
            )
            for letter, windows in alike.items()
        )

    @property
    def inner_period_s(self) -> float | None:
        """Median period that the insides of windows repeat with; None where none does."""
        periods = [window.inner_period_s for window in self.windows if window.inner_period_s]
        return statistics.median(periods) if periods else None

    @property
    def told(self) -> WindowFigures | None:
        """What the windows give; None where there are none."""
        rule, idle, active, duration = self.thresholds, self.idle_current, self.active_current, self.duration
        inference, baseline, computational = self.inference, self.baseline, self.computational
        if rule is None or idle is None or active is None or duration is None or inference is None or baseline is None:
            return None
        if computational is None or self.idle_w is None or self.active_w is None:
            return None
        return WindowFigures(rule, idle, active, self.idle_w, self.active_w, duration, inference, baseline, computational)


class TraceCurve(NamedTuple):
    """A capture thinned out for drawing: each piece by its begin and the lowest, mean and highest of its block means."""

    time_s: Sequence[float]
    low_a: Sequence[float]
    mean_a: Sequence[float]
    high_a: Sequence[float]

    def after_s(self, span_s: float) -> float:
        """Return the time that lies a span behind the capture's begin."""
        return self.time_s[0] + span_s


class AnalysedTrace(NamedTuple):
    """Figures, and a curve to draw them on."""

    summary: TraceSummary
    curve: TraceCurve
