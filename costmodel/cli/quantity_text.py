"""Quantities as people type them: `40 mA`, `20ms`, `3.3V`, `1/min`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from costmodel.errors import SpecError
from costmodel.specs.base import SMALLEST
from costmodel.units import DAYS_PER_WEEK, S_PER_DAY, S_PER_HOUR, S_PER_MINUTE

CONTINUOUS: Final = ("continuous", "back-to-back", "back to back")
"""The rate of inferences that follow each other without a pause."""
MOST: Final = 1e9
"""Largest quantity in its base unit: beyond every board and instrument, and its square is far from what a float holds."""
LEAST: Final = SMALLEST
"""Smallest quantity above 0 in its base unit, as in files."""

_QUANTITY: Final = re.compile(r"^\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-zµ]*)\s*$")
_RATE: Final = re.compile(r"^\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(?:/|per|a|an)\s*([0-9.]*)\s*([A-Za-z]+?)\s*$")
_RATE_UNITS: Final = {
    "s": 1.0,
    "second": 1.0,
    "min": S_PER_MINUTE,
    "minute": S_PER_MINUTE,
    "h": S_PER_HOUR,
    "hour": S_PER_HOUR,
    "d": S_PER_DAY,
    "day": S_PER_DAY,
    "week": DAYS_PER_WEEK * S_PER_DAY,
}


def quantity(option: str, text: str, units: Mapping[str, float]) -> float:
    """Return a quantity in the base unit.

    Parameters
    ----------
    option : str
        As the user writes it (`--min-current`).
    text : str
        A number, with or without a unit; without, it is in the first of the units.
    units : mapping
        Unit to what one is in the base unit.

    Returns
    -------
    float
        At least 0.

    Raises
    ------
    SpecError
        If it is no quantity of these units, or larger than any is.
    """
    found = _QUANTITY.match(text)
    known = ", ".join(units)
    if found is None:
        raise SpecError(f"{option}: expected a number with a unit ({known}), found {text[:40]!r}")
    unit = found[2].replace("µ", "u") or next(iter(units))
    if unit not in units:
        raise SpecError(f"{option}: {found[2]!r} is not one of {known}")
    value = _positive(option, found[1], text) * units[unit]
    if value > MOST or 0.0 < value < LEAST:
        bound = f"at most {MOST:g}" if value > MOST else f"0 or at least {LEAST:g}"
        raise SpecError(f"{option}: expected {bound} {next(iter(units))}, found {text[:40]!r}")
    return value


def positive_quantity(option: str, text: str, units: Mapping[str, float], noun: str) -> float:
    """Return a quantity above 0 in the base unit; `noun` says what it is (a time, a voltage). See `quantity`."""
    value = quantity(option, text, units)
    if value <= 0.0:
        raise SpecError(f"{option}: expected a {noun} above 0")
    return value


def period_of_rate(option: str, text: str) -> float | None:
    """Return the time from one inference to the next.

    Parameters
    ----------
    option : str
        As the user writes it (`--rate`).
    text : str
        `1/min`, `1/10min`, `30/h`, `0.5Hz`, `1/day`, `continuous` or `back-to-back`.

    Returns
    -------
    float or None
        Period [s]; None for one inference straight after the other.

    Raises
    ------
    SpecError
        If it is no rate, or zero.
    """
    if text.strip().lower() in CONTINUOUS:
        return None
    found, unit = _RATE.match(text), "s"
    periods = 1.0
    if found is not None:
        periods = _positive(option, found[2], text) if found[2] else 1.0
        unit = found[3].lower()
        unit = unit if unit in _RATE_UNITS else unit.removesuffix("s")
    else:
        found = re.match(r"^\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(?:Hz)?\s*$", text)
    if found is None or unit not in _RATE_UNITS:
        raise SpecError(f"{option}: expected a rate such as 1/min, 1/10min, 30/h, 0.5Hz, 1/day or {CONTINUOUS[1]}, found {text[:40]!r}")
    rate = _positive(option, found[1], text)
    if rate == 0.0:
        raise SpecError(f"{option}: a rate of zero runs no inference; expected something above 0")
    period_s = periods * _RATE_UNITS[unit] / max(rate, LEAST)
    if not 1 / MOST <= period_s <= MOST:
        raise SpecError(f"{option}: expected a rate between 1/{MOST:g} and {MOST:g} a second, found {text[:40]!r}")
    return period_s


def _positive(option: str, digits: str, text: str) -> float:
    try:
        number = float(digits)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0.0:
        raise SpecError(f"{option}: expected a number of at least 0, found {text[:40]!r}")
    return number
