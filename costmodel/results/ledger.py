"""A ledger: published figures beside computed ones, row by row, each accounted for."""

from __future__ import annotations

from enum import StrEnum

from costmodel.results.base import Result


class RowKind(StrEnum):
    """What is said of a published figure before anything is computed."""

    FOLLOWS = "follows"
    """It must come out, to the printed digits."""
    DOES_NOT_FOLLOW = "does-not-follow"
    """It cannot come out; the reason is known."""
    CANNOT_BE_DERIVED = "cannot-be-derived"
    """Nothing published determines it."""
    NEEDS_DATA = "needs-data"
    """It needs trained weights, images or a trace."""


class Status(StrEnum):
    """What the computation says of a published figure."""

    EXACT = "exact"
    """Equal before rounding."""
    ROUNDS = "rounds to"
    """Equal when the computed value is rounded once to the printed digits."""
    ROUNDED_PARTS = "rounds to (from rounded parts)"
    """Equal only when computed from parts that were rounded first."""
    EXPLAINED = "explained"
    """Different, and why is known."""
    UNDERIVED = "cannot be derived"
    NEEDS_DATA = "needs data"
    DIFFERS = "differs"
    """Different, and it should not be."""


class LedgerRow(Result):
    """One published figure."""

    id: str
    slide: str
    figure: str
    published: str
    """As printed."""
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
