"""Time from the class of a core alone: between the fewest and the most cycles a multiply-accumulate that networks took there."""

from __future__ import annotations

import math

from costmodel.columns import Number
from costmodel.provenance import formula


@formula(
    id="latency.class_range",
    equation="c = n*k",
    symbols={
        "c": "cycles of the network, at one end of the range [cycles]",
        "n": "multiply-accumulates",
        "k": "cycles per multiply-accumulate, at that end [cycles]",
    },
    unit="cycles",
    source="definition: a range of a class, from its lowest to its highest; no point value follows from it",
)
def range_cycles(mac_count: Number, cycles_per_mac: Number) -> Number:
    """Return one end of a range.

    Parameters
    ----------
    mac_count : int or column
        Nominal multiply-accumulates.
    cycles_per_mac : float or column
        At that end [cycles].

    Returns
    -------
    float or column
        Cycles.
    """
    return mac_count * cycles_per_mac


@formula(
    id="latency.repeated",
    equation="t = s*r",
    symbols={
        "t": "time of layers that run together [s]",
        "s": "time of the same layers one by one [s]",
        "r": "multiply-accumulates together, over those one by one [1]",
    },
    unit="s",
    source="assumption: what is computed again takes its share, and nothing else changes",
)
def repeated_time_s(s: Number, r: Number) -> Number:
    """Return the time of layers that run together and compute some of their work again."""
    return s * r


@formula(
    id="latency.clock",
    equation="t = c / f",
    symbols={"t": "time [s]", "c": "cycles [cycles]", "f": "clock [Hz]"},
    unit="s",
    source="definition: cycles at a clock",
)
def cycles_time_s(cycles: Number, clock_hz: Number) -> Number:
    """Return the time of some cycles.

    Parameters
    ----------
    cycles : float or column
        Cycles.
    clock_hz : float or column
        Clock [Hz].

    Returns
    -------
    float or column
        Time [s].
    """
    return cycles / clock_hz


@formula(
    id="latency.float_cycles",
    equation="k = k_8*f",
    symbols={
        "k": "cycles per float32 multiply-accumulate, at one end of the range [cycles]",
        "k_8": "cycles per int8 multiply-accumulate, at that end [cycles]",
        "f": "cycles of float32 over int8, at that end",
    },
    unit="cycles",
    source="assumption: float32 takes between so many times the cycles of int8",
)
def float_cycles(int8_cycles: Number, factor_ratio: Number) -> Number:
    """Return the cycles of a float32 multiply-accumulate at one end of a range of int8."""
    return int8_cycles * factor_ratio


@formula(
    id="latency.middle",
    equation="c = sqrt(l*h)",
    symbols={
        "c": "middle of a range, as far below its high end as above its low one [cycles]",
        "l": "low end of the range [cycles]",
        "h": "high end of the range [cycles]",
    },
    unit="cycles",
    source="assumption: geometric middle, since errors of times are factors",
)
def middle_cycles(low_cycles: float, high_cycles: float) -> float:
    """Return the middle of a range of factors."""
    return math.sqrt(low_cycles * high_cycles)


@formula(
    id="latency.measured_cycles",
    equation="c = t*f",
    symbols={"c": "cycles [cycles]", "t": "measured time [s]", "f": "clock it was measured at [Hz]"},
    unit="cycles",
    source="definition: cycles at a clock",
)
def clock_cycles(duration_s: Number, clock_hz: Number) -> Number:
    """Return the cycles of some time at a clock."""
    return duration_s * clock_hz


@formula(
    id="latency.middle_time",
    equation="t = sqrt(l*h)",
    symbols={
        "t": "middle of a range, as far below its high end as above its low one [s]",
        "l": "low end of the range [s]",
        "h": "high end of the range [s]",
    },
    unit="s",
    source="assumption: geometric middle, since errors of times are factors",
)
def middle_time_s(low_s: float, high_s: float) -> float:
    """Return the middle of a range of times."""
    return math.sqrt(low_s * high_s)
