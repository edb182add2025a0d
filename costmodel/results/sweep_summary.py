"""What a sweep found, in so few plain values that people read them all."""

from __future__ import annotations

from typing import Final, NamedTuple

Value = str | int | float | None


_LEAST_S: Final = 1e-9
"""What a sweep that took no time is taken to have."""


class ExplainedShare(NamedTuple):
    """How much of a figure's variance one axis explains."""

    axis: str
    alone: float
    with_interactions: float | None


class ExplainedFigure(NamedTuple):
    """What explains one objective."""

    figure: str
    shares: tuple[ExplainedShare, ...]
    note: str


class SweepObjective(NamedTuple):
    """A figure that makes a design better."""

    figure: str
    ascending: bool
    """Whether less is better."""


class BaseChange(NamedTuple):
    """A figure of the chosen design less that of the base."""

    change: float
    change_ratio: float | None
    """Of the base's; None where that is 0."""


class SweepSummary(NamedTuple):
    """A sweep's answer for people."""

    study: str
    evaluated_count: int
    seconds: float
    jobs_before_count: int
    """Jobs an earlier run had finished."""
    jobs_done_count: int
    jobs_count: int
    complete: bool
    """False where the sweep was stopped."""
    kept_count: int
    front_count: int | None
    """None without objectives."""
    knee: int | None
    """Row of the suggested compromise; None without a front."""
    headings: dict[str, str]
    """Name of each column, axes first, to what stands above it: with its unit."""
    shown: tuple[tuple[int, dict[str, Value]], ...]
    """Some of the kept designs, evenly spaced, and the knee: row, and values by name."""
    common: dict[str, Value]
    """What every design of a front of several has in common: nothing to compare them by."""
    survivors: tuple[tuple[str, int], ...]
    """Each constraint and the designs left after it."""
    damaged: tuple[str, ...]
    """Kept parts that were damaged and computed anew."""
    explained: tuple[ExplainedFigure, ...]
    figures: frozenset[str]
    """Columns that are figures of a design's own scenario, by the names `explain` knows."""
    notes: tuple[str, ...]
    question: str
    """What the study asks, in words."""
    units: dict[str, str]
    """Of those figures."""
    objectives: tuple[SweepObjective, ...]
    base: dict[str, Value]
    """What the base scenario has by the same names, None where it has no such value; empty where it cannot be evaluated."""
    changes: dict[str, BaseChange]
    """What the chosen design changes of the base, by figure, where both are known."""
    chosen: tuple[int, dict[str, Value]] | None
    """The design that was chosen, or the knee: row, and values by name."""
    designs: tuple[tuple[int, dict[str, Value]], ...]
    """More of the kept designs than are shown, evenly spaced, with the chosen one: what a page sorts and draws."""

    @property
    def rate_hz(self) -> float:
        """Designs evaluated a second."""
        return self.evaluated_count / max(self.seconds, _LEAST_S)
