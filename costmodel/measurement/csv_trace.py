"""Traces as delimited text: Nordic PPK2, Joulescope, and any logger whose header names its columns and units (INA219 and the like)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, Final, NamedTuple

import numpy as np

from costmodel.errors import FormatError, Location
from costmodel.measurement.csv_header import Header, delimiter_of, read_header
from costmodel.measurement.delimited_lines import Floats, Lines, date_time, date_times, line_blocks, numeric_columns
from costmodel.measurement.trace_chunk import Trace, TraceChunk, checked
from costmodel.measurement.trace_columns import DATE_TIME, UNITS, HeaderNames, TraceColumns, names_columns, trace_columns

_MOST_CURRENT_A: Final = 1000.0
"""Beyond this no board's supply current lies: the header's unit is wrong."""
_PARSERS: Final = 2
"""Blocks parsed at a time."""
_SI: Final = ("s", "A", "V", "W", "C", "J")
_SI_BY_SIGNAL: Final = {"current": "A", "voltage": "V", "power": "W"}
_EVERY_UNIT: Final = frozenset(unit for units in UNITS.values() for unit in units) | {"mw", "w", "uw", "c", "j", "degc", "mah"}
"""What the cells of a line of units hold."""
_NOTHING: Final = np.zeros(0)


def read_csv_trace(stream: BinaryIO, name: str, chosen: Mapping[str, str] | None = None, sample_rate_hz: float | None = None) -> Trace:
    """Read a trace from delimited text.

    Parameters
    ----------
    stream : binary stream
        At its start; read as the trace is walked through.
    name : str
        File name, for messages.
    chosen : mapping, optional
        Kind (`time`, `current`, `voltage`) to `column` or `column:unit`, where the header leaves a choice.
    sample_rate_hz : float, optional
        Rate of the samples, where no column tells their time; a time column is then not read.

    Returns
    -------
    Trace
        With a chunk for every few mebibytes of text.

    Raises
    ------
    FormatError
        If the header names no time or no current with a unit this reads; while walking, at the first bad line.
    """
    header = read_header(stream, name, lambda line: names_columns(_cells(line), chosen or {}), _EVERY_UNIT)
    where = Location(name, header.number)
    names = _cells(header.text)
    if all(_is_number(cell) for cell in names):
        raise FormatError(f"no header: found {header.text[:60]!r}; expected names with units such as 'Timestamp(ms),Current(uA)'", where)
    dialect, units = _dialect(header, names)
    columns = trace_columns(HeaderNames(names, units, header.first_row), chosen or {}, where, timed=sample_rate_hz is None)
    if not header.first_row:
        raise FormatError("the file ends after its header; expected samples", Location(name, header.first_line))
    fields = len(header.first_row)
    surplus = [cell for cell in header.first_row[len(names) :] if cell]
    if surplus:
        comma = ", or the decimal comma is also the separator" if delimiter_of(header.text) == "," else ""
        raise FormatError(
            f"found {fields} fields under {len(names)} names: {','.join(header.first_row)[:60]!r}; expected a name for each{comma}",
            Location(name, header.first_line),
        )
    wanted = [column.position for column in columns if column is not None]
    if max(wanted) >= fields:
        raise FormatError(
            f"found {fields} fields, expected at least {max(wanted) + 1}: {','.join(header.first_row)[:60]!r}",
            Location(name, header.first_line),
        )
    layout = _Layout(name, delimiter_of(header.text), fields, columns, header, sample_rate_hz)
    said = ", ".join(f"{column.name} in {column.unit}" for column in columns if column is not None)
    evenly = "" if sample_rate_hz is None else f" at {sample_rate_hz:g} samples/s as given"
    notes: list[str] = []
    return Trace(name, f"{dialect}: {said}{evenly}", "line", _chunks(stream, layout, notes), notes)


class _Layout(NamedTuple):
    """How the lines of a file are read."""

    name: str
    delimiter: str
    fields: int
    columns: TraceColumns
    header: Header
    rate_hz: float | None
    """Of the samples, where it was given."""

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a comma: told by the first line of samples, or likely between semicolons."""
        row = self.header.first_row
        return not any("." in cell for cell in row) and (
            self.delimiter == ";" or (self.delimiter == "\t" and any("," in cell for cell in row))
        )


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"').strip() for cell in line.lstrip("#").split(delimiter_of(line))]


def _dialect(header: Header, names: list[str]) -> tuple[str, Sequence[str]]:
    """Return what a file is, and the units its format fixes or its line of units names."""
    lower = [name.lower() for name in names]
    if names[:2] == ["Timestamp(ms)", "Current(uA)"]:
        return "Nordic PPK2 CSV", header.units
    if lower[:2] == ["time (s)", "current (a)"]:
        return "Joulescope CSV", header.units
    if header.text.startswith("#") and lower[:3] == ["time", "current", "voltage"]:
        return "Joulescope statistics CSV", _SI
    if header.text.startswith("#") and lower[0] == "timestamp" and all("." in name for name in lower[1:]):
        return "CSV of a Joulescope JLS", ["s", *(_SI_BY_SIGNAL.get(name.rpartition(".")[2], "") for name in lower[1:])]
    return "CSV by column name", header.units


def _chunks(stream: BinaryIO, layout: _Layout, notes: list[str]) -> Iterator[TraceChunk]:
    blocks = line_blocks(stream, layout.header.first_line, layout.header.begun)
    first = next(blocks, None)
    previous_s = -math.inf
    # The parser lets go of Python's lock, so a block is parsed while the one before is looked at. Order, and the first bad line, stay.
    with ThreadPoolExecutor(_PARSERS) as pool:
        waiting: deque[tuple[Lines, Future[TraceChunk]]] = deque()
        lines: Lines | None = first
        while lines is not None or waiting:
            while lines is not None and len(waiting) < _PARSERS:
                following = next(blocks, None)
                waiting.append((lines, pool.submit(_chunk, lines, layout, last=following is None)))
                lines = following
            parsed, future = waiting.popleft()
            chunk = future.result()
            yield checked(chunk, previous_s, layout.name, "line")
            previous_s = float(chunk.time_s[-1]) if len(chunk.time_s) else previous_s
            if not parsed.ended:
                notes.append(f"line {parsed.first_line + parsed.line_count - 1} has no line end: the file may be cut off there")


def _chunk(lines: Lines, layout: _Layout, *, last: bool) -> TraceChunk:
    columns = layout.columns
    if last and not lines.text.strip():
        return TraceChunk(_NOTHING, _NOTHING, None if columns.voltage is None else _NOTHING, lines.first_line)
    if last:
        text = lines.text.rstrip(b"\n") + b"\n"
        lines = lines._replace(text=text, line_count=lines.line_count - len(lines.text) + len(text))
    try:
        time, values = _columns(lines, layout)
    except FormatError as error:
        if not lines.ended:
            raise FormatError(f"the file is cut off in its last line: {error.message}", error.location) from None
        raise
    current = values[0] * columns.current.factor if columns.current.factor != 1.0 else values[0]
    largest = abs(current).max(initial=0.0)
    if largest > _MOST_CURRENT_A:
        line = lines.first_line + int(abs(current).argmax())
        raise FormatError(
            f"a current of {largest:.6g} A: is {columns.current.name!r} really in {columns.current.unit!r}? "
            f"give --current-column NAME:UNIT",
            Location(layout.name, line),
        )
    voltage = None if columns.voltage is None else values[1] * columns.voltage.factor
    return TraceChunk(time, current, voltage, lines.first_line)


def _columns(lines: Lines, layout: _Layout) -> tuple[Floats, list[Floats]]:
    """Return time, and current and voltage in the file's units."""
    time, name = layout.columns.time, layout.name
    text = lines._replace(text=lines.text.replace(b",", b".")) if layout.decimal_comma else lines
    wanted = [column.position for column in layout.columns[1:] if column is not None]
    if layout.rate_hz is not None:
        places = np.arange(lines.line_count) + (lines.first_line - layout.header.first_line)
        return places / layout.rate_hz, numeric_columns(text, layout.fields, wanted, layout.delimiter, name)
    if time is None or time.unit == DATE_TIME:
        position = 0 if time is None else time.position
        values = numeric_columns(text, layout.fields, wanted, layout.delimiter, name)
        moments = date_times(lines, position, layout.delimiter, name)
        origin = date_time(layout.header.first_row[position])
        return (moments - (moments[0] if origin is None else origin)) / np.timedelta64(1, "s"), values
    seconds, *values = numeric_columns(text, layout.fields, [time.position, *wanted], layout.delimiter, name)
    return seconds * time.factor if time.factor != 1.0 else seconds, values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
