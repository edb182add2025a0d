"""What an evaluation rests on, and what a report draws beside it: constants, formulas, and life against rate."""

from __future__ import annotations

from typing import NamedTuple


class UsedConstant(NamedTuple):
    """A constant of a scenario."""

    name: str
    """Dotted path in the scenario."""
    value: float
    unit: str
    low: float | None
    high: float | None
    source: str


class UsedFormula(NamedTuple):
    """A formula that was called."""

    id: str
    equations: tuple[str, ...]
    unit: str
    source: str


class LifeAgainstPeriod(NamedTuple):
    """How long a battery lasts by the time from one inference to the next."""

    periods_s: tuple[float, ...]
    """Longest first."""
    lives_s: tuple[float, ...]
    """One each."""
    resting_life_s: float | None
    """What no period exceeds; None where resting draws nothing."""


class Grounds(NamedTuple):
    """Everything a report says that is not in the evaluation itself."""

    constants: tuple[UsedConstant, ...]
    formulas: tuple[UsedFormula, ...]
    life: LifeAgainstPeriod | None
    """None without power, battery or duration, and where a life is endless."""
