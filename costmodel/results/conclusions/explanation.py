"""An explanation: a figure walked down through formulas to constants with their sources."""

from __future__ import annotations

from typing import Any, NamedTuple

from costmodel.results.base import Result


class ListedFigure(NamedTuple):
    """A figure there is to explain."""

    value: Any
    """A number; None where it cannot be told."""
    unit: str
    meaning: str


class Explanation(Result):
    """One number, and what it was made of."""

    name: str
    """Figure, symbol or constant."""
    meaning: str
    value: int | float | str | None
    unit: str
    equation: str
    """In symbols; empty for a constant."""
    substituted: str
    """The equation with the numbers put in; empty for a constant."""
    source: str
    inputs: tuple[Explanation, ...] = ()
