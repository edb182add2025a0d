"""Figures as people read them: units of everyday size, thousands separators, as many digits as carry meaning."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

from costmodel.specs.devices.power import IDLE
from costmodel.units import (
    BYTES_PER_KIB,
    DAYS_PER_YEAR,
    J_PER_WH,
    MA_PER_A,
    MJ_PER_J,
    MS_PER_S,
    MW_PER_W,
    NS_PER_S,
    PER_MILLION,
    PERCENT,
    PJ_PER_J,
    PJ_PER_MJ,
    PJ_PER_NJ,
    PJ_PER_UJ,
    S_PER_DAY,
    S_PER_HOUR,
    S_PER_MINUTE,
    UA_PER_A,
    US_PER_S,
    UW_PER_W,
)

NONE: Final = "–"
"""What stands where there is no figure."""


class Scale(NamedTuple):
    """A unit to show a family of figures in."""

    unit: str
    divisor: float
    """Base units in one of this unit."""
    decimals: int = 2

    def shown(self, value: float) -> float:
        """Return a value in this unit."""
        return value / self.divisor

    def number(self, value: float | None) -> str:
        """Return a value in this unit, as text without the unit; what rounds to nothing without being nothing is `<0.01`."""
        if value is None:
            return NONE
        shown = self.shown(value)
        if shown == 0:
            return "0"
        least = 10.0**-self.decimals
        return f"<{least:.{self.decimals}f}" if 0 < shown < least / 2 else f"{shown:,.{self.decimals}f}"

    def text(self, value: float | None) -> str:
        """Return a value with its unit."""
        return NONE if value is None else f"{self.number(value)} {self.unit}"


_ENERGY: Final = (("J", PJ_PER_J), ("mJ", PJ_PER_MJ), ("µJ", PJ_PER_UJ), ("nJ", PJ_PER_NJ), ("pJ", 1.0))
_TIME: Final = (("s", 1.0), ("ms", 1 / MS_PER_S), ("µs", 1 / US_PER_S), ("ns", 1 / NS_PER_S))
_SAME: Final = 1e-9
"""Share within which two periods are the same."""
_POWER: Final = (("W", 1.0), ("mW", 1 / MW_PER_W), ("µW", 1 / UW_PER_W))


def energy_scale(values_pj: Iterable[float]) -> Scale:
    """Return the unit that suits the largest of some energies [pJ]."""
    return _scale(_ENERGY, values_pj)


def time_scale(values_s: Iterable[float]) -> Scale:
    """Return the unit that suits the largest of some times [s]."""
    return _scale(_TIME, values_s)


def _scale(ladder: tuple[tuple[str, float], ...], values: Iterable[float]) -> Scale:
    largest = max((abs(value) for value in values), default=0.0)
    unit, divisor = next((rung for rung in ladder if largest >= rung[1]), ladder[-1])
    return Scale(unit, divisor, 2 if largest / divisor < 1000 else 1)


def energy_text(value_pj: float | None) -> str:
    """Return one energy [pJ] to three or four digits, in the unit that suits it."""
    return _alone(_ENERGY, value_pj)


def joules_text(value_j: float | None) -> str:
    """Return one energy [J] in the unit that suits it."""
    return _alone((("J", 1.0), ("mJ", 1 / MJ_PER_J), ("µJ", PJ_PER_UJ / PJ_PER_J)), value_j)


def time_text(value_s: float | None) -> str:
    """Return one time [s] in the unit that suits it, up to seconds."""
    return _alone(_TIME, value_s)


def power_text(value_w: float | None) -> str:
    """Return one power [W] in the unit that suits it, milliwatts up to a kilowatt of them."""
    return _alone(_POWER, value_w)


def _alone(ladder: tuple[tuple[str, float], ...], value: float | None) -> str:
    if value is None:
        return NONE
    if value == 0:
        return f"0 {ladder[-1][0]}"
    unit, divisor = next((rung for rung in ladder if abs(value) >= rung[1]), ladder[-1])
    return f"{digits(value / divisor)} {unit}"


def digits(value: float) -> str:
    """Return a number with at least three digits that carry meaning, and no more decimals than they need."""
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    if magnitude >= 1000:
        return f"{value:,.0f}"
    # One decimal at hundreds and tens, as data sheets print them; more the smaller the number.
    decimals = 1 if magnitude >= 10 else 2 - math.floor(math.log10(magnitude))
    return f"{value:.{decimals}f}"


def watt_hours_text(value_j: float | None) -> str:
    """Return an energy [J] in watt hours."""
    return NONE if value_j is None else f"{digits(value_j / J_PER_WH)} Wh"


def life_text(value_s: float | None) -> str:
    """Return a battery life [s] in minutes, hours, days or years."""
    if value_s is None:
        return NONE
    scale = life_scale(value_s)
    return f"{digits(scale.shown(value_s))} {scale.unit}"


DAYS: Final = Scale("days", S_PER_DAY)
"""Lives in days."""


def life_scale(value_s: float) -> Scale:
    """Return the unit a life is read in."""
    if value_s < S_PER_HOUR:
        return Scale("min", S_PER_MINUTE)
    if value_s < 3 * S_PER_DAY:
        return Scale("h", S_PER_HOUR)
    years = DAYS_PER_YEAR * S_PER_DAY
    return DAYS if value_s < 2 * years else Scale("years", years)


def period_text(value_s: float | None) -> str:
    """Return the time from one inference to the next as `1 min`, `15 min`, `1 h` or seconds."""
    if value_s is None:
        return NONE
    unit, divisor = next(
        (rung for rung in (("days", S_PER_DAY), ("h", S_PER_HOUR), ("min", S_PER_MINUTE)) if value_s >= rung[1]), ("s", 1.0)
    )
    return f"{value_s / divisor:,.6g} {unit}"


def count_text(value: float | None) -> str:
    """Return a count with thousands separators; a real number of things is rounded."""
    return NONE if value is None else f"{value:,.0f}" if isinstance(value, float) else f"{value:,}"


def unit_text(unit: str) -> str:
    """Return a unit as people write it: `µJ` for `uJ`, `mm²` for `mm2`."""
    return _UNITS.get(unit, unit)


_UNITS: Final = {"uJ": "µJ", "uW": "µW", "us": "µs", "mm2": "mm²"}


def many_text(value: float) -> str:
    """Return how many there are, in millions from a million on."""
    return f"{value * PER_MILLION:,.1f} million" if value * PER_MILLION >= 1 else f"{value:,.0f}"


def bytes_text(value: int | None) -> str:
    """Return bytes in KiB of 1,024 bytes, or in bytes below one."""
    if value is None:
        return NONE
    return f"{value / BYTES_PER_KIB:,.2f} KiB" if value >= BYTES_PER_KIB else f"{value:,} B"


def share_text(value: float | None, decimals: int = 1) -> str:
    """Return a ratio in percent; what rounds to nothing without being nothing is `<0.1 %`."""
    if value is None:
        return NONE
    least = 10.0**-decimals
    shown = PERCENT * value
    return f"<{least:.{decimals}f} %" if 0 < shown < least / 2 else f"{shown:,.{decimals}f} %"


def rate_text(value_s: float) -> str:
    """Return a time per something [s] in nanoseconds."""
    return f"{nanoseconds_number(value_s)} ns"


def nanoseconds_number(value_s: float) -> str:
    """Return a time per something [s] as a number of nanoseconds."""
    return f"{value_s * NS_PER_S:,.1f}"


def hertz_text(value_hz: float | None) -> str:
    """Return a rate [Hz]."""
    return NONE if value_hz is None else f"{digits(value_hz)} Hz"


def current_text(value_a: float | None) -> str:
    """Return a current [A] in milliamperes, or microamperes below one."""
    return _alone((("mA", 1 / MA_PER_A), ("µA", 1 / UA_PER_A)), value_a)


def plain_text(value: str | float | None) -> str:
    """Return text as it is, a whole number with thousands apart, any other to six digits that carry meaning."""
    if value is None or isinstance(value, str):
        return NONE if value is None else value
    if isinstance(value, int) or _WHOLE <= abs(value) < _EXACT:
        return f"{round(value):,}"
    return f"{value:,.6g}"


_WHOLE: Final = 1e5
"""Numbers from here on are shown to the unit."""
_EXACT: Final = 2.0**53
"""Beyond this a float no longer tells neighbouring whole numbers apart."""


def times_text(value: float) -> str:
    """Return a ratio as a multiple."""
    return f"{digits(value)}×"


def every_text(period_s: float | None) -> str:
    """Return a rate as people say it: `once a minute`, `every 15 min`."""
    for unit, article, divisor in (
        ("day", "a", S_PER_DAY),
        ("hour", "an", S_PER_HOUR),
        ("minute", "a", S_PER_MINUTE),
        ("second", "a", 1.0),
    ):
        # A period summed up from its phases misses by rounding.
        if period_s is not None and math.isclose(period_s, divisor, rel_tol=_SAME):
            return f"once {article} {unit}"
    return f"every {period_text(period_s)}"


def duty_text(period_s: float | None, sleep: str) -> str:
    """Return a rate and what is done in between, where that is not idling: `once a minute, deep in between`."""
    return every_text(period_s) + ("" if sleep == IDLE else f", {sleep} in between")


def sentence(text: str) -> str:
    """Return text that begins with a capital and ends in a full stop."""
    closed = text if text.endswith((".", "!", "?")) else f"{text}."
    return closed[:1].upper() + closed[1:]
