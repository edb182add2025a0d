"""An answer about a battery in words: what dominates, where rests cross, what to measure better."""

from __future__ import annotations

from typing import Final

from costmodel.report.quantities import share_text
from costmodel.results.battery_life import AssumedInput, BatteryLife, Crossover, DrainShare, MeasureNext
from costmodel.specs.devices.power import IDLE, INFERENCE
from costmodel.units import PERCENT, S_PER_DAY, S_PER_HOUR, S_PER_MINUTE

_PARTS: Final = {INFERENCE: "inferring", "wake-up": "waking up", IDLE: "idling awake between inferences"}
_LEAST_SHARE: Final = 0.005
"""Smaller shares would be told as 0 %."""
_WHOLE_S: Final = 1000.0
"""Periods from here on are told to the second."""


def dominance_text(life: BatteryLife) -> str:
    """Return what the battery is spent on, the two greatest parts.

    Parameters
    ----------
    life : BatteryLife
        With its drains.

    Returns
    -------
    str
        A clause; of a life that ends at once, why.
    """
    if life.life_s == 0.0:
        return "the battery cannot carry the load: its voltage falls below the cut-off at once"
    ordered = sorted(life.drains, key=lambda drain: -drain.share_ratio)
    if not ordered or ordered[0].share_ratio == 0.0:
        return "nothing draws from the battery"
    first, *others = ordered
    words = f"{_part(first)} takes {share_text(first.share_ratio, 0)} of the battery"
    if not others or others[0].share_ratio < _LEAST_SHARE:
        return words
    return f"{words}, {_part(others[0])} {share_text(others[0].share_ratio, 0)}"


def _part(drain: DrainShare) -> str:
    return _PARTS.get(drain.part, f"{drain.part} sleep" if drain.asleep else drain.part)


def crossover_text(crossover: Crossover) -> str:
    """Return from which rate down a deeper rest pays.

    Parameters
    ----------
    crossover : Crossover
        Of two rests.

    Returns
    -------
    str
        A clause with rate, interval and period.
    """
    ends = " to ".join("never" if not rate else said_rate(rate) for rate in (crossover.rate_low_hz, crossover.rate_high_hz))
    pair = f"{crossover.deeper} beats {crossover.lighter}"
    if not crossover.at_every_rate:
        return f"{pair} below {said_rate(crossover.rate_hz)} ({ends}; a period longer than {_seconds_text(crossover.period_s)})"
    text = f"{pair} at every rate it fits (a period of at least {_seconds_text(crossover.period_s)})"
    return text if crossover.within_ranges else f"{text}; within the inputs' ranges below {ends}"


def measure_next_text(found: MeasureNext) -> str:
    """Return which input to measure better, and what that would settle."""
    if found.swing_ratio is None:
        return f"{found.input}: at one end of its range the battery never empties"
    return f"{found.input}: its range alone moves the life by {PERCENT * found.swing_ratio:.0f} %"


def assumed_text(assumed: AssumedInput) -> str:
    """Return an assumed input with its source."""
    return f"{assumed.input}: {assumed.source}"


def said_rate(rate_hz: float) -> str:
    """Return a rate in the unit a person would say it in."""
    for unit, seconds in (("s", 1.0), ("min", S_PER_MINUTE), ("h", S_PER_HOUR)):
        if rate_hz * seconds >= 1.0:
            return f"{rate_hz * seconds:.3g}/{unit}"
    return f"{rate_hz * S_PER_DAY:.3g}/day"


def _seconds_text(period_s: float) -> str:
    """Return a period to three digits, and to the second where it has more of them."""
    return f"{period_s:,.0f} s" if period_s >= _WHOLE_S else f"{period_s:.3g} s"
