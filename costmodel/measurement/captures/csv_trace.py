"""Traces as delimited text: Nordic PPK2, Joulescope, and any logger whose header names its columns and units (INA219 and the like)."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import BinaryIO, Final, NamedTuple

import numpy as np

from costmodel.errors import FormatError, Location, MissingError
from costmodel.measurement.captures.csv_header import Header, read_header
from costmodel.measurement.captures.delimited_lines import (
    SPACES,
    Floats,
    Lines,
    date_times,
    is_time_of_day,
    line_blocks,
    moment_in,
    numeric_columns,
    sound_lines,
    spaced_evenly,
)
from costmodel.measurement.captures.power_beside import voltage_of, with_product
from costmodel.measurement.captures.time_marks import PinMarks, told_level
from costmodel.measurement.captures.trace_chunk import MOST_CURRENT_A, Trace, TraceChunk, checked
from costmodel.measurement.captures.trace_columns import (
    DATE_TIME,
    UNITS,
    HeaderNames,
    SchemaColumn,
    TraceColumns,
    names_columns,
    power_column,
    trace_columns,
)
from costmodel.measurement.captures.wrapped_clock import clock_of

_PARSERS: Final = 2
"""Blocks parsed at a time."""
_SI: Final = ("s", "A", "V", "W", "C", "J")
_SI_BY_SIGNAL: Final = {"current": "A", "voltage": "V", "power": "W"}
_EVERY_UNIT: Final = frozenset(unit for units in UNITS.values() for unit in units) | {"c", "j", "degc", "mah"}
"""What the cells of a line of units hold."""
_NOTHING: Final = np.zeros(0)
_MONSOON: Final = "Monsoon CSV of the PyMonsoon library"
_PPK2_LOGGER: Final = "CSV of a Python logger for the PPK2"
_LEAST_LINES: Final = 100
_LINES_A_BAD_ONE: Final = 10_000
"""Lines of a file of which one may be garbage."""
_VALUE_A_LINE: Final = re.compile(r"^[A-Za-z][\w ()]*:\s*[-+]?\d[\d.]*\s*[A-Za-zµ%]{0,4}$")
"""What examples of sensors' libraries print: a name and a value in each line."""
_MUCH_APART: Final = 2
"""Powers of ten between a power and the product beside it from which a unit is wrong: ranges of an instrument round by less."""
_ABOUT: Final = 1.6


def read_csv_trace(
    stream: BinaryIO,
    name: str,
    chosen: Mapping[str, str] | None = None,
    sample_rate_hz: float | None = None,
    supply_v: float | None = None,
    shunt_ohm: float | None = None,
) -> Trace:
    """Read a trace from delimited text.

    Parameters
    ----------
    stream : binary stream
        At its start; read as the trace is walked through.
    name : str
        File name, for messages.
    chosen : mapping, optional
        Kind (`time`, `current`, `voltage`, `power`) to `column` or `column:unit`, where the header leaves a choice, and `mark` to the pin
        that is high while the board infers; a column is its name or its number from 1.
    sample_rate_hz : float, optional
        Rate of the samples, where no column tells their time; a time column is then not read.
    supply_v : float, optional
        Supply a power is divided by, where no column is a current or a voltage [V].
    shunt_ohm : float, optional
        Resistance the current flows through, where its column holds the voltage over it [ohm].

    Returns
    -------
    Trace
        With a chunk for every few mebibytes of text.

    Raises
    ------
    FormatError
        If the header names no time or no current with a unit this reads; while walking, at the first bad line.
    MissingError
        If the file holds a power and no voltage to divide it by.
    """
    chosen = chosen or {}
    if sample_rate_hz is not None and "time" in chosen:
        raise FormatError("--time-column and --sample-rate: one of the two says when a sample was taken; leave one out", Location(name))
    given = chosen
    header = read_header(stream, name, lambda cells: names_columns(cells, given), _EVERY_UNIT)
    where = Location(name, header.number)
    names = list(header.names)
    if _VALUE_A_LINE.match(header.text):
        raise FormatError(
            f"a value a line, such as {header.text[:40]!r}; expected the values of one moment in one line: let the logger print a header "
            "such as 'time_ms,bus_V,current_mA' once, and numbers with commas between them",
            where,
        )
    if not header.text and not {"current", "power"} & set(chosen):
        raise FormatError(
            f"no header: found {header.begun.decode(errors='replace').strip()[:60]!r}; expected names with units such as "
            "'Timestamp(ms),Current(uA)', or columns by number: --time-column 1:ms --current-column 2:mA",
            where,
        )
    dialect, units = _dialect(header, names)
    if dialect == _MONSOON:
        # The column is named in milliseconds and holds what the library's clock gives: seconds.
        main = {"voltage": "Main Voltage(V)"} if "Main Voltage(V)" in names else {}
        chosen = {"time": "Time(ms):s", "current": "Main(mA)", **main, **chosen}
    if sample_rate_hz is not None:
        chosen = {kind: column for kind, column in chosen.items() if kind != "time"}
    names_there = HeaderNames(names, units, header.first_row)
    columns = trace_columns(names_there, chosen, where, timed=sample_rate_hz is None, shunt_ohm=shunt_ohm)
    if supply_v is None and shunt_ohm is None:
        columns = with_product(columns, names_there, where)
    if not header.first_row:
        raise FormatError("the file ends after its header; expected samples", Location(name, header.first_line))
    fields = len(header.first_row)
    surplus = [cell for cell in header.first_row[len(names) :] if cell]
    if surplus:
        comma = ", or the decimal comma is also the separator" if header.delimiter == "," else ""
        raise FormatError(
            f"found {fields} fields under {len(names)} names: {','.join(header.first_row)[:60]!r}; expected a name for each{comma}",
            Location(name, header.first_line),
        )
    wanted = [column.position for column in (*columns.read, columns.mark, columns.product) if column is not None]
    if max(wanted) >= fields:
        raise FormatError(
            f"found {fields} fields, expected at least {max(wanted) + 1}: {','.join(header.first_row)[:60]!r}",
            Location(name, header.first_line),
        )
    if columns.power is not None and columns.voltage is None and supply_v is None:
        raise MissingError(
            f"{columns.power.name!r} is a power, and no column a voltage to divide it by: give --supply-v, or --voltage-column NAME:UNIT",
            where,
        )
    layout = _Layout(name, header.delimiter, fields, columns, header, sample_rate_hz, math.nan if supply_v is None else supply_v)
    column_word = "" if header.text else "column "
    said = ", ".join(f"{column_word}{column.name} in {column.unit}" for column in columns.read if column is not None)
    if columns.power is not None and columns.voltage is None:
        said += f" at {supply_v:g} V as given"
    if columns.product is not None:
        said += f", volts of {columns.product.name} over it"
    evenly = "" if sample_rate_hz is None else f" at {sample_rate_hz:g} samples/s as given"
    if shunt_ohm is not None:
        said += f" over {shunt_ohm:g} ohm"
    notes = [] if sample_rate_hz is None else _unread_times(names_there, where)
    notes += _disagreeing(names_there, columns, where)
    pin = PinMarks()
    return Trace(name, f"{dialect}: {said}{evenly}", "line", _chunks(stream, layout, notes, pin), notes, pin.runs)


def _disagreeing(names: HeaderNames, columns: TraceColumns, where: Location) -> list[str]:
    """Tell of a power column that is not the product of the voltage and the current beside it: one of their units is wrong."""
    if columns.current is None or columns.voltage is None or columns.power is not None:
        return []
    try:
        power = power_column(names, where)
    except FormatError:
        return []
    if power is None:
        return []
    try:
        told = float(names.first_row[power.position]) * power.factor
        product = float(names.first_row[columns.current.position]) * columns.current.factor
        product *= float(names.first_row[columns.voltage.position]) * columns.voltage.factor
    except (ValueError, IndexError):
        return []
    times = abs(product / told) if told else 1.0
    power_of_ten = round(math.log10(times)) if times > 0.0 else 0
    if abs(power_of_ten) < _MUCH_APART or not 1.0 / _ABOUT < times / 10.0**power_of_ten < _ABOUT:
        return []
    apart = f"{10 ** abs(power_of_ten):,} times too {'small' if power_of_ten > 0 else 'large'}"
    return [
        f"{power.name!r} is {apart} beside {columns.voltage.name!r} times {columns.current.name!r}: a unit is wrong in the file; "
        "current and voltage are read, the power is not"
    ]


def _unread_times(names: HeaderNames, where: Location) -> list[str]:
    """Tell of times the file holds and a given rate replaces: the two need not agree."""
    try:
        time = trace_columns(names, {}, where, timed=True).time
    except FormatError:
        return []
    return [] if time is None else [f"the times of {time.name!r} are not read: --sample-rate counts the samples instead"]


class _Layout(NamedTuple):
    """How the lines of a file are read."""

    name: str
    delimiter: str
    fields: int
    columns: TraceColumns
    header: Header
    rate_hz: float | None
    """Of the samples, where it was given."""
    supply_v: float
    """What a power is divided by, where no column is a voltage; NaN where none is known."""

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a comma: told by the first line of samples, or likely between semicolons."""
        row = self.header.first_row
        return not any("." in cell for cell in row) and (
            self.delimiter == ";" or (self.delimiter in ("\t", SPACES) and any("," in cell for cell in row))
        )


def _dialect(header: Header, names: list[str]) -> tuple[str, Sequence[str]]:
    """Return what a file is, and the units its format fixes or its line of units names."""
    lower = [name.lower() for name in names]
    if names[:2] == ["Time(ms)", "Main(mA)"]:
        return _MONSOON, header.units
    if lower[:1] == ["ts"] and len(lower) == 2 and re.fullmatch(r"avg\d+", lower[1]):
        return _PPK2_LOGGER, ("", "uA")
    if names[:2] == ["Timestamp(ms)", "Current(uA)"]:
        return "Nordic PPK2 CSV", header.units
    if lower[:2] == ["time (s)", "current (a)"]:
        return "Joulescope CSV", header.units
    if header.text.startswith("#") and lower[:3] == ["time", "current", "voltage"]:
        return "Joulescope statistics CSV", _SI
    if header.text.startswith("#") and lower[0] == "timestamp" and all("." in name for name in lower[1:]):
        return "CSV of a Joulescope JLS", ["s", *(_SI_BY_SIGNAL.get(name.rpartition(".")[2], "") for name in lower[1:])]
    return "CSV by column name" if header.text else "CSV without a header", header.units


def _chunks(stream: BinaryIO, layout: _Layout, notes: list[str], pin: PinMarks) -> Iterator[TraceChunk]:
    blocks = line_blocks(stream, layout.name, layout.header.first_line, layout.header.begun)
    first = next(blocks, None)
    previous_s = -math.inf
    clock = clock_of(layout.columns.time, dated=layout.columns.date is not None or not _of_day(layout))
    # The parser lets go of Python's lock, so a block is parsed while the one before is looked at. Order, and the first bad line, stay.
    with ThreadPoolExecutor(_PARSERS) as pool:
        waiting: deque[tuple[Lines, Future[_Parsed]]] = deque()
        lines: Lines | None = first
        while lines is not None or waiting:
            while lines is not None and len(waiting) < _PARSERS:
                following = next(blocks, None)
                waiting.append((lines, pool.submit(_chunk, lines, layout, last=following is None)))
                lines = following
            parsed, future = waiting.popleft()
            chunk, level, note = future.result()
            notes.extend([note] if note else [])
            chunk = replace(chunk, time_s=clock.running_on(chunk.time_s))
            yield checked(chunk, previous_s, layout.name, "line")
            if level is not None:
                pin.add(chunk.time_s, _pin(level, layout.columns.mark_bit))
            previous_s = float(chunk.time_s[-1]) if len(chunk.time_s) else previous_s
            if not parsed.ended:
                notes.append(f"line {parsed.first_line + parsed.line_count - 1} has no line end: the file may be cut off there")
    notes.extend([clock.note] if clock.note else [])


def _of_day(layout: _Layout) -> bool:
    """Tell whether the times are times of day."""
    time = layout.columns.time
    return time is not None and is_time_of_day(layout.header.first_row[time.position])


class _Parsed(NamedTuple):
    chunk: TraceChunk
    level: Floats | None
    """Of the marks' pin, as the file writes it; None without one."""
    note: str
    """Of lines left out; empty without any."""


def _chunk(lines: Lines, layout: _Layout, *, last: bool) -> _Parsed:
    columns = layout.columns
    if last and not lines.text.strip():
        return _Parsed(TraceChunk(_NOTHING, _NOTHING, _NOTHING if len(columns.measured) > 1 else None, lines.first_line), None, "")
    if last:
        text = lines.text.rstrip(b"\n") + b"\n"
        lines = lines._replace(text=text, line_count=lines.line_count - len(lines.text) + len(text))
    lines = spaced_evenly(lines) if layout.delimiter == SPACES else lines
    note = ""
    try:
        time, values = _columns(lines, layout)
    except FormatError as error:
        if not lines.ended:
            raise FormatError(f"the file is cut off in its last line: {error.message}", error.location) from None
        time, values = _salvaged(lines, layout, error)
        note = f"line {error.location.line if error.location else 0} is left out: {error.message}"
    voltage = None if columns.voltage is None else values[1] * columns.voltage.factor
    flow = columns.flow
    drawn = values[0] * flow.factor if flow.factor != 1.0 else values[0]
    current = drawn if columns.power is None else _current(drawn, layout.supply_v if voltage is None else voltage)
    if columns.product is not None:
        voltage = voltage_of(values[1] * columns.product.factor, current)
    largest = np.fmax.reduce(abs(current), initial=0.0)
    if largest > MOST_CURRENT_A and np.count_nonzero(abs(current) > MOST_CURRENT_A) > _most_bad(lines.line_count):
        line = lines.first_line + int(np.nanargmax(abs(current)))
        raise FormatError(
            f"a current of {largest:.6g} A: is {flow.name!r} really in {flow.unit!r}? "
            f"give --{'current' if columns.power is None else 'power'}-column NAME:UNIT",
            Location(layout.name, line),
        )
    return _Parsed(TraceChunk(time, current, voltage, lines.first_line), None if columns.mark is None else values[-1], note)


def _most_bad(line_count: int) -> int:
    """Return how many samples of a block may be garbage: one in a hundred lines, few in many."""
    return 0 if line_count < _LEAST_LINES else max(1, line_count // _LINES_A_BAD_ONE)


def _salvaged(lines: Lines, layout: _Layout, error: FormatError) -> tuple[Floats, list[Floats]]:
    """Read a block without its bad lines, where they are few; raises what was wrong with the first where they are not."""
    kept = sound_lines(lines, layout.fields, _positions(layout), layout.delimiter, layout.decimal_comma)
    bad = lines.line_count - kept.count(True)
    if not 0 < bad <= _most_bad(lines.line_count):
        raise error
    rows = lines.text.splitlines(keepends=True)
    text = b"".join(row for row, sound in zip(rows, kept, strict=True) if sound)
    time, values = _columns(lines._replace(text=text, line_count=lines.line_count - bad), layout)
    if layout.rate_hz is not None:
        # A sample that is left out still took its time.
        begin = lines.first_line - layout.header.first_line
        time = (np.flatnonzero(kept) + begin) / layout.rate_hz
    return time, values


def _positions(layout: _Layout) -> list[int]:
    """Return the columns that hold numbers: the time too, where it is one."""
    columns = layout.columns
    timed = [] if layout.rate_hz is not None or columns.time is None or columns.time.unit == DATE_TIME else [columns.time.position]
    return [*timed, *(column.position for column in columns.measured), *([] if columns.mark is None else [columns.mark.position])]


def _columns(lines: Lines, layout: _Layout) -> tuple[Floats, list[Floats]]:
    """Return time, and current, voltage and pin in the file's units."""
    time, name = layout.columns.time, layout.name
    text = lines._replace(text=lines.text.replace(b",", b".")) if layout.decimal_comma else lines
    positions = _positions(layout)
    try:
        values = numeric_columns(text, layout.fields, positions, layout.delimiter, name)
    except FormatError:
        if layout.columns.mark is None:
            raise
        values = [*numeric_columns(text, layout.fields, positions[:-1], layout.delimiter, name), _levels(text, layout, layout.columns.mark)]
    if layout.rate_hz is not None:
        places = np.arange(lines.line_count) + (lines.first_line - layout.header.first_line)
        return places / layout.rate_hz, values
    if time is None or time.unit == DATE_TIME:
        told_by = layout.columns.moments or (0,)
        moments = date_times(lines, told_by, layout.delimiter, name)
        origin = moment_in(layout.header.first_row, told_by)
        return (moments - (moments[0] if origin is None else origin)) / np.timedelta64(1, "s"), values
    seconds, *others = values
    return seconds * time.factor if time.factor != 1.0 else seconds, others


def _levels(lines: Lines, layout: _Layout, mark: SchemaColumn) -> Floats:
    """Return what a pin's cells tell in letters, as the numbers other files hold: a digit in the pin's place among eight."""
    bit = layout.columns.mark_bit
    levels = []
    for offset, line in enumerate(lines.text.decode("utf-8", errors="replace").splitlines()):
        cell = line.split(layout.delimiter)[mark.position]
        level = told_level(cell, bit)
        if level is None:
            where = Location(layout.name, lines.first_line + offset)
            raise FormatError(f"expected the level of a pin such as 0, 1, low, high or X, found {cell.strip()[:40]!r}", where)
        levels.append(level if bit is None else level * 10.0 ** (7 - bit))
    return np.array(levels)


def _pin(level: Floats, bit: int | None) -> Floats:
    """Return the level of a pin: its own column, or its digit of eight, the first that of D0."""
    return level if bit is None else np.floor(level / 10.0 ** (7 - bit)) % 10.0


def _current(power_w: Floats, voltage_v: Floats | float) -> Floats:
    """Return the current of a power; NaN where there is no voltage to divide it by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        current: Floats = power_w / voltage_v
    current[~np.isfinite(current)] = np.nan
    return current
