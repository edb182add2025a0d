"""Which column of a trace is what, and in which unit: read from the header's names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from costmodel.errors import FormatError, Location, UnknownNameError
from costmodel.units import MA_PER_A, MS_PER_S, MV_PER_V, NA_PER_A, NS_PER_S, S_PER_MINUTE, UA_PER_A, US_PER_S, UV_PER_V

TIME_UNITS: Final = {
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "ms": 1.0 / MS_PER_S,
    "millis": 1.0 / MS_PER_S,
    "us": 1.0 / US_PER_S,
    "micros": 1.0 / US_PER_S,
    "ns": 1.0 / NS_PER_S,
    "min": S_PER_MINUTE,
}
CURRENT_UNITS: Final = {"a": 1.0, "ma": 1.0 / MA_PER_A, "ua": 1.0 / UA_PER_A, "na": 1.0 / NA_PER_A}
VOLTAGE_UNITS: Final = {"v": 1.0, "mv": 1.0 / MV_PER_V, "uv": 1.0 / UV_PER_V}
UNITS: Final = {"time": TIME_UNITS, "current": CURRENT_UNITS, "voltage": VOLTAGE_UNITS}
"""Kind of column to unit, in lower case with u for micro, to what one is in s, A or V."""

_NAMES: Final = {
    "time": ("timestamp", "time", "elapsed", "millis", "micros", "seconds", "t"),
    "current": ("current", "amps", "i"),
    "voltage": ("bus_voltage", "load_voltage", "voltage", "vbus", "volts", "v"),
}
"""Words a column of each kind is called by, the most telling first."""
_WORD_UNITS: Final = {"millis": "ms", "micros": "us", "seconds": "s", "amps": "a", "volts": "v"}
_BRACKETED: Final = re.compile(r"^(?P<name>.*?)\s*[\(\[]\s*(?P<unit>[^\)\]]*?)\s*[\)\]]\s*$")


class Column(NamedTuple):
    """A column of a trace and what one of its unit is."""

    position: int
    name: str
    """As the header writes it."""
    unit: str
    factor: float
    """To s, A or V."""


class TraceColumns(NamedTuple):
    """The columns a trace is read from."""

    time: Column
    current: Column
    voltage: Column | None


def trace_columns(header: Sequence[str], chosen: Mapping[str, str], where: Location) -> TraceColumns:
    """Find time, current and voltage among a header's names.

    Parameters
    ----------
    header : sequence of str
        Names as they stand in the file: `Timestamp(ms)`, `current_mA`, `Bus Voltage [V]`.
    chosen : mapping
        Kind (`time`, `current`, `voltage`) to a header's name, or to `name:unit` where the name carries no unit.
    where : Location
        The header's line.

    Returns
    -------
    TraceColumns
        Positions and units; voltage is None where no column is one.

    Raises
    ------
    FormatError
        If time or current are missing or stand twice, or a unit is missing or unknown.
    """
    found: dict[str, Column | None] = {}
    for kind in UNITS:
        if kind in chosen:
            found[kind] = _chosen(kind, chosen[kind], header, where)
        else:
            found[kind] = _named(kind, header, where)
    return TraceColumns(
        _required("time", found["time"], header, where),
        _required("current", found["current"], header, where),
        found["voltage"],
    )


_EXAMPLES: Final = {
    "time": "'Timestamp(ms)' or 'time_s'",
    "current": "'Current(uA)' or 'current_mA'",
    "voltage": "'voltage (V)'",
}


def _required(kind: str, column: Column | None, header: Sequence[str], where: Location) -> Column:
    if column is None:
        raise FormatError(
            f"no {kind} column among {', '.join(map(repr, header))}; expected a name such as {_EXAMPLES[kind]}, "
            f"or give --{kind}-column NAME:UNIT",
            where,
        )
    return column


def _chosen(kind: str, choice: str, header: Sequence[str], where: Location) -> Column:
    name, _, unit = choice.partition(":") if choice not in header else (choice, "", "")
    if name not in header:
        raise UnknownNameError(f"{kind} column", name, header, "in the header", where)
    position = list(header).index(name)
    return _column(kind, position, name, unit or _split(name)[1], where)


def _named(kind: str, header: Sequence[str], where: Location) -> Column | None:
    for word in _NAMES[kind]:
        hits = [position for position, name in enumerate(header) if _says(word, _split(name)[0])]
        exact = [position for position in hits if _split(header[position])[0] == word]
        hits = exact or hits
        if len(hits) > 1:
            names = ", ".join(repr(header[position]) for position in hits)
            raise FormatError(f"{len(hits)} {kind} columns: {names}; choose one with --{kind}-column", where)
        if hits:
            name = header[hits[0]]
            return _column(kind, hits[0], name, _split(name)[1] or _WORD_UNITS.get(word, ""), where)
    return None


def _says(word: str, name: str) -> bool:
    return name == word or (len(word) > 1 and word in re.split(r"[_\s]+", name)) or name.endswith("_" + word)


def _split(cell: str) -> tuple[str, str]:
    """Split a header's name into name and unit, both in lower case."""
    text = cell.strip().strip('"').lstrip("#").strip()
    bracketed = _BRACKETED.match(text)
    if bracketed:
        return bracketed["name"].strip().lower().replace(" ", "_"), _plain(bracketed["unit"])
    parts = re.split(r"[_\s]+", text)
    known = {unit for units in UNITS.values() for unit in units}
    if len(parts) > 1 and _plain(parts[-1]) in known:
        return "_".join(parts[:-1]).lower(), _plain(parts[-1])
    return "_".join(parts).lower(), ""


def _plain(unit: str) -> str:
    return unit.strip().replace("µ", "u").replace("μ", "u").lower()


def _column(kind: str, position: int, name: str, unit: str, where: Location) -> Column:
    plain = _plain(unit)
    known = UNITS[kind]
    if not plain:
        raise FormatError(
            f"{kind} column {name!r} names no unit; expected one of {', '.join(known)}: give --{kind}-column {name}:UNIT", where
        )
    if plain not in known:
        raise FormatError(f"{kind} column {name!r} is in {unit!r}; expected one of {', '.join(known)}", where)
    return Column(position, name, plain, known[plain])
