"""Time from the class of a core alone: between the fewest and the most cycles a multiply-accumulate that networks took there."""

from __future__ import annotations

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
