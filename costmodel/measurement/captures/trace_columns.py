"""Which column of a trace is what, and in which unit: read from the header's names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from costmodel.errors import FormatError, Location, UnknownNameError
from costmodel.measurement.captures.delimited_lines import is_date, is_time_of_day, moment_in
from costmodel.units import (
    MA_PER_A,
    MS_PER_S,
    MV_PER_V,
    MW_PER_W,
    NA_PER_A,
    NS_PER_S,
    S_PER_HOUR,
    S_PER_MINUTE,
    UA_PER_A,
    US_PER_S,
    UV_PER_V,
    UW_PER_W,
)

DATE_TIME: Final = "date-time"
"""Unit of a time column that holds date-times."""
TIME_UNITS: Final = {
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "second": 1.0,
    "ms": 1.0 / MS_PER_S,
    "millis": 1.0 / MS_PER_S,
    "us": 1.0 / US_PER_S,
    "micros": 1.0 / US_PER_S,
    "ns": 1.0 / NS_PER_S,
    "min": S_PER_MINUTE,
    "h": S_PER_HOUR,
}
CURRENT_UNITS: Final = {"a": 1.0, "ma": 1.0 / MA_PER_A, "ua": 1.0 / UA_PER_A, "na": 1.0 / NA_PER_A}
VOLTAGE_UNITS: Final = {"v": 1.0, "volt": 1.0, "volts": 1.0, "mv": 1.0 / MV_PER_V, "uv": 1.0 / UV_PER_V}
POWER_UNITS: Final = {"w": 1.0, "mw": 1.0 / MW_PER_W, "uw": 1.0 / UW_PER_W}
UNITS: Final = {"time": TIME_UNITS, "current": CURRENT_UNITS, "voltage": VOLTAGE_UNITS, "power": POWER_UNITS}
"""Kind of column to unit, in lower case with u for micro, to what one is in s, A, V or W."""

_NAMES: Final = {
    "time": (
        "timestamp",
        "time",
        "elapsed",
        "millis",
        "micros",
        "seconds",
        "second",
        "x-axis",
        "ts",
        "t",
        "epoch",
        "zeit",
        "temps",
        "tiempo",
    ),
    "current": ("current", "amps", "i", "strom", "courant", "corriente"),
    "voltage": ("bus_voltage", "load_voltage", "busvoltage", "loadvoltage", "voltage", "vbus", "volts", "v", "u", "spannung", "tension"),
    "power": ("power", "watts", "p", "leistung", "puissance", "potencia"),
}
"""Words a column of each kind is called by, the most telling first."""
_WORD_UNITS: Final = {"millis": "ms", "micros": "us", "seconds": "s", "second": "s", "amps": "a", "volt": "v", "volts": "v", "watts": "w"}
_BY_UNIT: Final = ("current", "voltage")
"""Kinds of column that a unit tells where no name does: the only column in volts is the voltage."""
_TOLD_BY_UNIT: Final = {"voltage": ("bus", "load", "supply", "vcc")}
"""Names that are of a kind where a unit of it follows: `bus_V`, not `bus_mA`."""
_CLOCK: Final = re.compile(r"\d[:/]\d|\d-\d")
"""Part of a date or of a time of day."""
_LETTERED: Final = ("channel", "chan", "ch", "input", "probe")
"""Words that a letter follows which is no unit: `Channel A` of an oscilloscope."""
_BRACKETED: Final = re.compile(r"^(?P<name>.*?)\s*[\(\[]\s*(?P<unit>[^\)\]]*?)\s*[\)\]]\s*$")


class SchemaColumn(NamedTuple):
    """A column of a trace and what one of its unit is."""

    position: int
    name: str
    """As the header writes it."""
    unit: str
    """As people write it."""
    factor: float
    """To s, A, V or W."""


class TraceColumns(NamedTuple):
    """The columns a trace is read from."""

    time: SchemaColumn | None
    """None where samples follow each other at a known rate."""
    current: SchemaColumn | None
    """None where the power is read instead."""
    voltage: SchemaColumn | None
    power: SchemaColumn | None
    """Where no column is a current."""
    mark: SchemaColumn | None = None
    """A pin that is high while the board infers."""
    mark_bit: int | None = None
    """Of the pin, where the column holds a string of eight."""
    date: SchemaColumn | None = None
    """Where the column of times holds times of day, and this one their dates."""
    product: SchemaColumn | None = None
    """A power beside the current, which tells the voltage where no column is one."""

    @property
    def moments(self) -> tuple[int, ...]:
        """Positions of what tells the time: of the date, where it is a column of its own, and of the time."""
        return tuple(column.position for column in (self.date, self.time) if column is not None)

    @property
    def read(self) -> tuple[SchemaColumn | None, ...]:
        """Time, current, voltage and power, each where there is one."""
        return (self.time, self.current, self.voltage, self.power)

    @property
    def flow(self) -> SchemaColumn:
        """The column of the current, or of the power it follows from."""
        if self.current is not None:
            return self.current
        if self.power is None:
            raise ValueError("neither current nor power")
        return self.power

    @property
    def measured(self) -> tuple[SchemaColumn, ...]:
        """Current or power, and voltage where there is one, or the power that tells it."""
        supply = self.voltage or self.product
        return (self.flow,) if supply is None else (self.flow, supply)


class HeaderNames(NamedTuple):
    """A header's names, and what else tells what they mean."""

    names: Sequence[str]
    """As they stand in the file: `Timestamp(ms)`, `current_mA`, `Bus Voltage [V]`."""
    units: Sequence[str] = ()
    """Of each, where the file gives them in a line of their own, or its format fixes them."""
    first_row: Sequence[str] = ()
    """Cells of the first sample, which show date-times."""


def names_columns(names: Sequence[str], chosen: Mapping[str, str]) -> bool:
    """Tell whether a line's cells name the column of the current or the power, or a column that was chosen.

    Parameters
    ----------
    names : sequence of str
        Cells of the line.
    chosen : mapping
        As for `trace_columns`.

    Returns
    -------
    bool
        False for comments above a header.
    """
    if any(choice in names or choice.rpartition(":")[0] in names for choice in chosen.values()):
        return True
    said = [_split(name) for name in names]
    return any(name == word or (_says(word, name) and (unit or "." in name)) for name, unit in said for word in _NAMES["current"]) or any(
        name == word or (name.endswith("_" + word) and unit in POWER_UNITS) for name, unit in said for word in _NAMES["power"]
    )


def trace_columns(
    header: HeaderNames, chosen: Mapping[str, str], where: Location, *, timed: bool = True, shunt_ohm: float | None = None
) -> TraceColumns:
    """Find time, current and voltage among a header's names.

    Parameters
    ----------
    header : HeaderNames
        Names and units.
    chosen : mapping
        Kind (`time`, `current`, `voltage`, `power`, `mark`) to a header's name or a column's number, or to `name:unit` where
        the name carries no unit.
    where : Location
        The header's line.
    timed : bool, optional
        Whether a time column is needed.
    shunt_ohm : float, optional
        Resistance the current flows through, where the column of the current holds the voltage over it [ohm].

    Returns
    -------
    TraceColumns
        Positions and units; voltage is None where no column is one.

    Raises
    ------
    FormatError
        If time or current are missing or stand twice, or a unit is missing or unknown.
    """
    if "current" in chosen and "power" in chosen:
        raise FormatError("--current-column and --power-column: one of the two says what is drawn; leave one out", where)
    found: dict[str, SchemaColumn | None] = {}
    if shunt_ohm is not None:
        over = _over_shunt(header, chosen, where)
        current = over._replace(factor=over.factor / shunt_ohm)
        time = _timed(header, chosen, where) if timed else None
        voltage = _chosen("voltage", chosen["voltage"], header, where) if "voltage" in chosen else None
        return TraceColumns(time, current, voltage, None, *_mark(header, chosen, where), _date(time, header))
    for kind in UNITS:
        if (kind == "time" and not timed) or (kind == "current" and "power" in chosen) or (kind == "power" and found["current"]):
            found[kind] = None
        elif kind in chosen:
            found[kind] = _chosen(kind, chosen[kind], header, where)
        else:
            found[kind] = _named(kind, header, where)
    time = _required("time", found["time"], header.names, where) if timed else None
    return TraceColumns(
        time,
        found["current"] if found["power"] else _required("current", found["current"], header.names, where),
        found["voltage"],
        found["power"],
        *_mark(header, chosen, where),
        _date(time, header),
    )


def power_column(header: HeaderNames, where: Location) -> SchemaColumn | None:
    """Return the column a header names a power; None where it names none. Raises `FormatError` where its unit is missing or unknown."""
    return _named("power", header, where)


def _timed(header: HeaderNames, chosen: Mapping[str, str], where: Location) -> SchemaColumn:
    time = _chosen("time", chosen["time"], header, where) if "time" in chosen else _named("time", header, where)
    return _required("time", time, header.names, where)


def _over_shunt(header: HeaderNames, chosen: Mapping[str, str], where: Location) -> SchemaColumn:
    """Return the column of the voltage over a shunt: chosen as the current, or the only one in volts."""
    if "current" in chosen:
        return _chosen("voltage", chosen["current"], header, where)
    volts = [position for position in range(len(header.names)) if _unit_of(header, position) in VOLTAGE_UNITS]
    if len(volts) == 1:
        return _column("voltage", volts[0], header, where, usual=_unit_of(header, volts[0]))
    names = ", ".join(map(repr, header.names))
    raise FormatError(f"--shunt: {len(volts)} columns in volts among {names}; give --current-column NAME:V", where)


def _date(time: SchemaColumn | None, header: HeaderNames) -> SchemaColumn | None:
    """Return the column of dates beside one of times of day; None where the times need none."""
    cells = header.first_row
    if time is None or time.unit != DATE_TIME or not is_time_of_day(cells[time.position]):
        return None
    dates = (position for position in range(min(len(cells), len(header.names))) if is_date(cells[position]))
    return next((SchemaColumn(position, header.names[position], DATE_TIME, 1.0) for position in dates), None)


def _mark(header: HeaderNames, chosen: Mapping[str, str], where: Location) -> tuple[SchemaColumn | None, int | None]:
    """Return the column of a pin, and its place in it where one column holds eight."""
    name = chosen.get("mark")
    if name is None:
        return None, None
    if name in header.names:
        return SchemaColumn(list(header.names).index(name), name, "", 1.0), None
    bit = re.fullmatch(r"[dD]([0-7])", name)
    if bit is not None and _EIGHT in header.names:
        return SchemaColumn(list(header.names).index(_EIGHT), _EIGHT, "", 1.0), int(bit[1])
    if name.isdecimal() and 1 <= int(name) <= len(header.names):
        return SchemaColumn(int(name) - 1, name, "", 1.0), None
    raise UnknownNameError("--marks", name, header.names, "in the header, nor a file", where)


def _unit_of(header: HeaderNames, position: int) -> str:
    listed = header.units[position] if position < len(header.units) else ""
    name, unit = _split(header.names[position])
    return _plain(listed.strip("()[] ")) or unit or _WORD_UNITS.get(name, "")


_EIGHT: Final = "D0-D7"
"""Column of a PPK2 with a digit for each of its pins, D0 first."""
_EXAMPLES: Final = {
    "time": "'Timestamp(ms)' or 'time_s'",
    "current": "'Current(uA)' or 'current_mA'",
    "voltage": "'voltage (V)'",
}


def _required(kind: str, column: SchemaColumn | None, names: Sequence[str], where: Location) -> SchemaColumn:
    if column is None:
        power = ", or of a power such as 'power_mW'" if kind == "current" else ""
        if kind == "current" and any(_split(name)[1] in VOLTAGE_UNITS for name in names):
            power += ", or --shunt where the voltage over a resistor was taken"
        rate = ", or --sample-rate where samples follow each other evenly" if kind == "time" else ""
        raise FormatError(
            f"no {kind} column among {', '.join(map(repr, names))}; expected a name such as {_EXAMPLES[kind]}{power}, "
            f"or give --{kind}-column NAME:UNIT{rate}",
            where,
        )
    return column


def _chosen(kind: str, choice: str, header: HeaderNames, where: Location) -> SchemaColumn:
    name, _, unit = choice.rpartition(":") if choice not in header.names and ":" in choice else (choice, "", "")
    if name not in header.names and name.isdecimal() and 1 <= int(name) <= len(header.names):
        return _column(kind, int(name) - 1, header, where, unit)
    if name not in header.names:
        raise UnknownNameError(f"{kind} column", name, header.names, "in the header", where)
    return _column(kind, list(header.names).index(name), header, where, unit)


def _named(kind: str, header: HeaderNames, where: Location) -> SchemaColumn | None:
    said = [_split(name)[0] for name in header.names]
    for word in _NAMES[kind]:
        hits = [position for position, name in enumerate(said) if _says(word, name)]
        exact = [position for position in hits if said[position] == word]
        hits = exact or hits
        if len(hits) > 1:
            names = ", ".join(repr(header.names[position]) for position in hits)
            raise FormatError(f"{len(hits)} {kind} columns: {names}; choose one with --{kind}-column", where)
        if hits:
            return _column(kind, hits[0], header, where, usual=_WORD_UNITS.get(word, ""))
    for word in _TOLD_BY_UNIT.get(kind, ()):
        for position, name in enumerate(header.names):
            if _split(name)[0] == word and _split(name)[1] in UNITS[kind]:
                return _column(kind, position, header, where)
    if kind not in _BY_UNIT:
        return None
    alone = [position for position in range(len(header.names)) if _unit_of(header, position) in UNITS[kind]]
    if len(alone) > 1:
        names = ", ".join(repr(header.names[position]) for position in alone)
        raise FormatError(f"{len(alone)} columns hold a {kind}: {names}; choose one with --{kind}-column", where)
    return _column(kind, alone[0], header, where) if alone else None


def _says(word: str, name: str) -> bool:
    return name == word or (len(word) > 1 and word in re.split(r"[_\s.]+", name)) or name.endswith("_" + word)


def _split(cell: str) -> tuple[str, str]:
    """Split a header's name into name and unit, both in lower case."""
    text = cell.strip().strip('"').lstrip("#").strip()
    bracketed = _BRACKETED.match(text)
    if bracketed:
        return bracketed["name"].strip().lower().replace(" ", "_"), _plain(bracketed["unit"])
    parts = re.split(r"[_\s]+", text)
    known = {unit for units in UNITS.values() for unit in units}
    if len(parts) > 1 and _plain(parts[-1]) in known and parts[-2].lower() not in _LETTERED:
        return "_".join(parts[:-1]).lower(), _plain(parts[-1])
    return "_".join(parts).lower(), ""


def _plain(unit: str) -> str:
    return unit.strip().replace("µ", "u").replace("μ", "u").lower()


def _column(kind: str, position: int, header: HeaderNames, where: Location, given: str = "", usual: str = "") -> SchemaColumn:
    """Return a column with its unit: as given, by its name, by the file's line of units, by its first cell, or as usual for its name."""
    name, known = header.names[position], UNITS[kind]
    listed = header.units[position] if position < len(header.units) else ""
    unit = given or listed.strip("()[] ") or _split(name)[1] or usual
    if kind == "time" and not unit and moment_in(header.first_row, (position,)) is not None:
        return SchemaColumn(position, name, DATE_TIME, 1.0)
    cell = header.first_row[position] if position < len(header.first_row) else ""
    if kind == "time" and not unit and _CLOCK.search(cell):
        raise FormatError(
            f"time column {name!r} holds {cell!r}; expected a number, a time of day such as 10:00:00.125, or that with its date in the "
            "same field or one beside it; or give --sample-rate where samples follow each other evenly",
            where,
        )
    if not unit:
        raise FormatError(
            f"{kind} column {name!r} names no unit; expected one of {', '.join(map(_shown, known))}: give --{kind}-column {name}:UNIT",
            where,
        )
    if _plain(unit) not in known:
        raise FormatError(f"{kind} column {name!r} is in {unit!r}; expected one of {', '.join(map(_shown, known))}", where)
    return SchemaColumn(position, name, _shown(_plain(unit)), known[_plain(unit)])


_LONGEST_SYMBOL: Final = 2
_CAPITALS: Final = CURRENT_UNITS.keys() | VOLTAGE_UNITS.keys() | POWER_UNITS.keys()


def _shown(unit: str) -> str:
    """Return a unit as people write it: ampere, volt and watt in capitals, words as they are."""
    return unit[:-1] + unit[-1].upper() if unit in _CAPITALS and len(unit) <= _LONGEST_SYMBOL else unit
