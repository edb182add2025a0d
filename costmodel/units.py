"""Units: the suffixes every numeric field ends in, and the only conversion factors in the project.

A field's last part names its unit (`read_pj`, `duration_s`); `SUFFIXES` says what it stands for and which Python type carries it. A
whole-house test holds every field of every spec and result against this table.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Unit(NamedTuple):
    """What a suffix stands for."""

    symbol: str
    """As printed beside a value."""
    exact: bool
    """True where the quantity is counted (a Python int), false where it is measured or modelled (a float)."""


SUFFIXES: Final[dict[str, Unit]] = {
    "pj": Unit("pJ", exact=False),
    "j": Unit("J", exact=False),
    "w": Unit("W", exact=False),
    "v": Unit("V", exact=False),
    "a": Unit("A", exact=False),
    "ah": Unit("Ah", exact=False),
    "ohm": Unit("ohm", exact=False),
    "s": Unit("s", exact=False),
    "hz": Unit("Hz", exact=False),
    "cycles": Unit("cycles", exact=False),
    "bytes": Unit("B", exact=True),
    "bits": Unit("bit", exact=True),
    "count": Unit("", exact=True),
    "ratio": Unit("", exact=False),
    "degc": Unit("degC", exact=False),
    "k": Unit("K", exact=False),
    "nm": Unit("nm", exact=False),
    "mm2": Unit("mm2", exact=False),
}
"""Suffix of a field name to its unit."""

EXTENTS: Final[frozenset[str]] = frozenset(
    {
        "input",
        "class_index",
        "image_index",
        "first_stage",
        "last_stage",
        "network_input",
        "output",
        "output_shape",
        "out_channels",
        "out_features",
        "kernel",
        "stride",
        "padding",
        "dilation",
        "groups",
        "output_size",
        "shape",
        "seed",
        "schema_version",
        "scales",
        "zero_points",
        "after",
        "axes",
        "axis",
        "picks",
        "points",
        "widths",
        "before",
        "constant",
        "extra",
        "features",
        "high",
        "indices",
        "low",
        "memory",
        "order",
        "rank",
        "rows",
        "shape_order",
        "size",
        "sizes",
        "slope",
        "starts",
        "steps",
        "units",
        "value",
    }
)
"""Layer geometry and terms, plain numbers of elements, pixels or channels, and a quantisation's terms; named as the field names them."""

BITS_PER_BYTE: Final = 8
BYTES_PER_KIB: Final = 1024
BYTES_PER_MB: Final = 1_000_000
PERCENT: Final = 100.0
PER_MILLION: Final = 1e-6
NM_PER_UM: Final = 1e3
PJ_PER_NJ: Final = 1e3
PJ_PER_UJ: Final = 1e6
PJ_PER_MJ: Final = 1e9
PJ_PER_J: Final = 1e12
UJ_PER_J: Final = 1e6
MJ_PER_J: Final = 1e3
MW_PER_W: Final = 1e3
UW_PER_W: Final = 1e6
MA_PER_A: Final = 1e3
UA_PER_A: Final = 1e6
NA_PER_A: Final = 1e9
MOHM_PER_OHM: Final = 1e3
MV_PER_V: Final = 1e3
UV_PER_V: Final = 1e6
MS_PER_S: Final = 1e3
US_PER_S: Final = 1e6
NS_PER_S: Final = 1e9
HZ_PER_KHZ: Final = 1e3
HZ_PER_MHZ: Final = 1e6
S_PER_MINUTE: Final = 60.0
S_PER_HOUR: Final = 3600.0
S_PER_DAY: Final = 86400.0
DAYS_PER_YEAR: Final = 365.25
DAYS_PER_WEEK: Final = 7.0
J_PER_WH: Final = 3600.0
KELVIN_AT_0_DEGC: Final = 273.15


def unit_of(field_name: str) -> Unit | None:
    """Return the unit a field's name ends in.

    Parameters
    ----------
    field_name : str
        For example `read_pj`.

    Returns
    -------
    Unit or None
        None where the last part is no known suffix.
    """
    return SUFFIXES.get(field_name.rpartition("_")[2])


SECONDS: Final = {"s": 1.0, "ms": 1 / MS_PER_S, "us": 1 / US_PER_S, "min": S_PER_MINUTE, "h": S_PER_HOUR, "day": S_PER_DAY}
AMPERES: Final = {"A": 1.0, "mA": 1 / MA_PER_A, "uA": 1 / UA_PER_A}
VOLTS: Final = {"V": 1.0, "mV": 1 / MV_PER_V}
OHMS: Final = {"ohm": 1.0, "mohm": 1 / MOHM_PER_OHM}
HERTZ: Final = {"Hz": 1.0, "kHz": HZ_PER_KHZ, "MHz": HZ_PER_MHZ}
WRITTEN: Final = {"s": SECONDS, "A": AMPERES, "V": VOLTS, "ohm": OHMS, "Hz": HERTZ}
"""By a quantity's unit, the units people write it in, and what one of them is."""
