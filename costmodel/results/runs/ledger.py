"""A ledger: published figures beside computed ones, row by row, each accounted for."""

from __future__ import annotations

from enum import StrEnum

from costmodel.results.base import Result


class RowKind(StrEnum):
    """What is said of a published figure before anything is computed."""

    FOLLOWS = "follows"
    """It must come out, to the printed digits."""
    DERIVED_HERE = "derived-here"
    """Nobody printed it; it follows from what was printed, and must come out as expected."""
    DOES_NOT_FOLLOW = "does-not-follow"
    """It cannot come out; the reason is known."""
    CONTRADICTS = "contradicts"
    """It cannot come out, and nothing published explains the difference."""
    CANNOT_BE_DERIVED = "cannot-be-derived"
    """Nothing published determines it."""
    TRAINED = "trained"
    """A training decides it whose settings were not all published: its mean over seeds, with settings assumed, stands beside it."""
    NEEDS_DATA = "needs-data"
    """It needs images or a trace that were not published."""


class Status(StrEnum):
    """What the computation says of a published figure."""

    EXACT = "exact"
    """Equal before rounding."""
    ROUNDS = "rounds to"
    """Equal when the computed value is rounded once to the printed digits."""
    ROUNDED_PARTS = "rounds to (from rounded parts)"
    """Equal only when computed from parts that were rounded first."""
    DERIVED_HERE = "derived here"
    """Not published: it follows from what was, and comes out as expected."""
    EXPLAINED = "explained"
    """Different, and why is known."""
    CONTRADICTS = "contradicts"
    """Different from what else was published, and nothing explains why."""
    TRAINED_ALIKE = "trained here: agrees"
    """Within the seeds that were trained here, and two sampling errors of the test images beyond them."""
    TRAINED_OTHERWISE = "trained here: differs"
    """Beyond them: the settings that were not published decide it."""
    UNDERIVED = "cannot be derived"
    NEEDS_DATA = "needs data"
    DIFFERS = "differs"
    """Different, and it should not be."""


class LedgerRow(Result):
    """One published figure, or one that follows from several."""

    id: str
    slide: str
    figure: str
    published: str | None
    """As printed; None for a figure that is derived here."""
    unit: str
    computed: float | int | None
    """In the published unit, unless `computed_unit` says otherwise; None where nothing is computed."""
    computed_unit: str
    from_rounded_parts: float | None
    """Computed from parts rounded as printed, where the status rests on it."""
    difference: float | None
    """Computed less published; None where the two are not comparable."""
    status: Status
    formula: str
    """With the numbers put in."""
    source: str
    why: str


class Ledger(Result):
    """Every figure of a publication."""

    name: str
    source: str
    rows: tuple[LedgerRow, ...]

    @property
    def failures(self) -> tuple[LedgerRow, ...]:
        """Rows that should follow and do not."""
        return tuple(row for row in self.rows if row.status is Status.DIFFERS)
