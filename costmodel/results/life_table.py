"""Lives of batteries for every rest and a row of rates: what a reader may choose from."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.results.trust import Trust


class TabledLife(NamedTuple):
    """One life with its interval, as `battery` gives it."""

    life_s: float | None
    """None where only a range is known, or where the battery never empties."""
    low_s: float | None
    high_s: float | None


class LifeTable(NamedTuple):
    """Lives by battery, rest and period."""

    batteries: tuple[str, ...]
    """The asked one first."""
    rests: tuple[str, ...]
    """What the board may do between inferences."""
    periods_s: tuple[float, ...]
    """From one inference to the next, longest first."""
    lives: tuple[tuple[tuple[TabledLife | None, ...], ...], ...]
    """One a battery, rest and period, in this order; None where inference and wake-up do not fit the period."""
    asked_rest: int
    """Place of what was asked."""
    asked_period: int
    trust: Trust
    """Of each."""
