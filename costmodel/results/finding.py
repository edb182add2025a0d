"""A finding: what an engineer should take away, with the figures it rests on."""

from __future__ import annotations

from enum import StrEnum

from costmodel.results.base import Result


class Weight(StrEnum):
    """What a finding says about its subject."""

    DOMINATES = "dominates"
    """It decides the result."""
    NEGLIGIBLE = "negligible"
    """It does not matter here."""
    SUSPICIOUS = "suspicious"
    """Inputs or published figures do not agree."""
    UNKNOWN = "unknown"
    """It cannot be told from what was given."""
    VERDICT = "verdict"
    """It answers the question."""
    FAILS = "fails"
    """It answers the question with no."""


class Finding(Result):
    """One sentence to remember, and why."""

    id: str
    """Dotted name, stable across runs."""
    weight: Weight
    headline: str
    """One sentence."""
    detail: str
    """The numbers behind it, in words."""
    figures: tuple[str, ...] = ()
    """Names `explain` knows."""
