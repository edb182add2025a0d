"""Traces as delimited text: Nordic PPK2, Joulescope, and any logger whose header names its columns and units (INA219 and the like)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

import numpy as np

from costmodel.errors import FormatError, Location
from costmodel.measurement.delimited_lines import Lines, line_blocks, numeric_columns, read_header
from costmodel.measurement.trace_chunk import Trace, TraceChunk, checked
from costmodel.measurement.trace_columns import TraceColumns, trace_columns

_DELIMITERS: Final = (",", ";", "\t")
_MOST_CURRENT_A: Final = 1000.0
"""Beyond this no board's supply current lies: the header's unit is wrong."""
_NOTHING: Final = np.zeros(0)


def read_csv_trace(stream: BinaryIO, name: str, chosen: Mapping[str, str] | None = None) -> Trace:
    """Read a trace from delimited text.

    Parameters
    ----------
    stream : binary stream
        At its start; read as the trace is walked through.
    name : str
        File name, for messages.
    chosen : mapping, optional
        Kind (`time`, `current`, `voltage`) to `column` or `column:unit`, where the header leaves a choice.

    Returns
    -------
    Trace
        With a chunk for every few mebibytes of text.

    Raises
    ------
    FormatError
        If the header names no time or no current with a unit this reads; while walking, at the first bad line.
    """
    header, number = read_header(stream, name)
    delimiter = max(_DELIMITERS, key=header.count)
    names = [cell.strip().strip('"').strip() for cell in header.lstrip("#").split(delimiter)]
    where = Location(name, number)
    if all(_is_number(cell) for cell in names):
        raise FormatError(f"no header: found {header[:60]!r}; expected names with units such as 'Timestamp(ms),Current(uA)'", where)
    columns = trace_columns(names, chosen or {}, where)
    units = ", ".join(f"{column.name} in {column.unit}" for column in columns if column is not None)
    notes: list[str] = []
    chunks = _chunks(stream, name, number + 1, delimiter, columns, notes)
    return Trace(name, f"{_dialect(names)}: {units}", "line", chunks, notes)


def _dialect(names: list[str]) -> str:
    if names[:2] == ["Timestamp(ms)", "Current(uA)"]:
        return "Nordic PPK2 CSV"
    if [name.lower() for name in names[:2]] == ["time (s)", "current (a)"]:
        return "Joulescope CSV"
    return "CSV by column name"


def _chunks(stream: BinaryIO, name: str, first_line: int, delimiter: str, columns: TraceColumns, notes: list[str]) -> Iterator[TraceChunk]:
    blocks = line_blocks(stream, first_line)
    first = next(blocks, None)
    if first is None:
        raise FormatError("the file ends after its header; expected samples", Location(name, first_line))
    head = first.text.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    fields = head.count(delimiter) + 1
    wanted = [column.position for column in columns if column is not None]
    if max(wanted) >= fields:
        raise FormatError(f"found {fields} fields, expected at least {max(wanted) + 1}: {head[:60]!r}", Location(name, first_line))
    previous_s = -math.inf
    lines: Lines | None = first
    while lines is not None:
        following = next(blocks, None)
        chunk = _chunk(lines, fields, wanted, delimiter, name, columns, last=following is None)
        yield checked(chunk, previous_s, name, "line")
        previous_s = float(chunk.time_s[-1]) if len(chunk.time_s) else previous_s
        if not lines.ended:
            notes.append(f"line {lines.first_line + lines.line_count - 1} has no line end: the file may be cut off there")
        lines = following


def _chunk(lines: Lines, fields: int, wanted: list[int], delimiter: str, name: str, columns: TraceColumns, *, last: bool) -> TraceChunk:
    if last and not lines.text.strip():
        return TraceChunk(_NOTHING, _NOTHING, None if columns.voltage is None else _NOTHING, lines.first_line)
    if last:
        text = lines.text.rstrip(b"\n") + b"\n"
        lines = lines._replace(text=text, line_count=lines.line_count - len(lines.text) + len(text))
    try:
        values = numeric_columns(lines, fields, wanted, delimiter, name)
    except FormatError as error:
        if not lines.ended:
            raise FormatError(f"the file is cut off in its last line: {error.message}", error.location) from None
        raise
    time = values[0] * columns.time.factor if columns.time.factor != 1.0 else values[0]
    current = values[1] * columns.current.factor if columns.current.factor != 1.0 else values[1]
    largest = abs(current).max(initial=0.0)
    if largest > _MOST_CURRENT_A:
        line = lines.first_line + int(abs(current).argmax())
        raise FormatError(
            f"a current of {largest:.6g} A: is {columns.current.name!r} really in {columns.current.unit!r}? "
            f"give --current-column NAME:UNIT",
            Location(name, line),
        )
    voltage = None if columns.voltage is None else values[2] * columns.voltage.factor
    return TraceChunk(time, current, voltage, lines.first_line)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
