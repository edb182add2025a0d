"""The seven words for how far to trust a figure, strongest first."""

from __future__ import annotations

from enum import StrEnum


class Trust(StrEnum):
    """How far to trust a figure."""

    EXACT = "exact"
    """An integer that follows."""
    MEASURED = "measured"
    """On this very thing."""
    CALIBRATED = "calibrated"
    """By rates of this core and kernel library."""
    SCALED = "scaled"
    """From one or two networks measured on this runtime version."""
    RANGE = "range"
    """Of a class; no point value."""
    ASSUMED = "assumed"
    """Stated without a measurement of this thing."""
    UNKNOWN = "unknown"


_ORDER = tuple(Trust)


def weakest(*words: Trust) -> Trust:
    """Return the weakest of some words: what a figure computed from others carries.

    Parameters
    ----------
    *words : Trust
        Of the figures it is computed from; at least one.

    Returns
    -------
    Trust
        The one that stands last in DESIGN's order.
    """
    return max(words, key=_ORDER.index)
