"""The line of delimited text that names the columns, with comments above it and perhaps a line of units below."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from typing import BinaryIO, Final, NamedTuple

from costmodel.errors import FormatError, Location
from costmodel.measurement.captures.delimited_lines import SPACES, date_time

_MOST_HEADER_BYTES: Final = 1 << 16
_MOST_COMMENT_LINES: Final = 100
"""Lines above a header."""
_DELIMITERS: Final = (",", ";", "\t")
_ROW_DELIMITERS: Final = (";", "\t", ",", SPACES)
"""A comma may stand within the numbers of the others, and only spaces around them."""
_WIDE: Final = re.compile(r"\s{2,}")
_BEFORE_NO_BRACKET: Final = re.compile(r"\s+(?![\(\[])")


class Header(NamedTuple):
    """The line that names the columns, and what follows it."""

    text: str
    """Without its end; the first line that is not empty where none names columns; empty where the samples begin at once."""
    number: int
    names: tuple[str, ...]
    """Of the columns; their numbers from 1 where the samples begin at once."""
    delimiter: str
    """The character between fields; a space stands for any number of spaces and tabs."""
    units: tuple[str, ...]
    """Of the columns, where the line after the header holds nothing but units."""
    first_row: tuple[str, ...]
    """The cells of the first line of samples; empty where there is none."""
    first_line: int
    """Number of that line."""
    begun: bytes
    """That line, as it was read."""


def read_header(stream: BinaryIO, name: str, names_columns: Callable[[Sequence[str]], bool], units: Container[str]) -> Header:
    """Read up to the first line of samples.

    Parameters
    ----------
    stream : binary stream
        At its start.
    name : str
        File name, for messages.
    names_columns : callable
        Tells whether a line's cells are the header; lines above it are comments.
    units : container of str
        What each cell of a line of units holds, in lower case.

    Returns
    -------
    Header
        The header and the first line of samples.

    Raises
    ------
    FormatError
        If there is no line, or it is no text.
    """
    top: tuple[str, int] | None = None
    above: tuple[str, int] | None = None
    over: tuple[str, int] | None = None
    number = 0
    while raw := _line(stream, name, number := number + 1):
        text = _text(raw, name, number).strip()
        if not text:
            continue
        sample = sample_delimiter(text)
        if sample is not None:
            return _headless(text, number, raw, sample, (over, above), units)
        top, over, above = top or (text, number), above, (text, number)
        if names_columns(_cells(text, _delimiter_of(text))):
            return _headed(stream, name, above, units)
        if number - top[1] >= _MOST_COMMENT_LINES:
            break
    if top is None:
        raise FormatError("the file is empty; expected a header such as 'Timestamp(ms),Current(uA)'", Location(name))
    delimiter = _delimiter_of(top[0])
    return Header(*top, _cells(top[0], delimiter), delimiter, (), (), top[1] + 1, b"")


def sample_delimiter(text: str) -> str | None:
    """Return what separates the fields of a line that holds nothing but numbers and date-times; None for any other line."""
    for delimiter in _ROW_DELIMITERS:
        cells = text.split() if delimiter == SPACES else text.split(delimiter)
        if (len(cells) > 1 or delimiter == SPACES) and any(cells) and all(_holds_value(cell) for cell in cells if cell):
            return delimiter
    return None


def _headed(stream: BinaryIO, name: str, found: tuple[str, int], units: Container[str]) -> Header:
    text, number = found
    raw, row = _next(stream, name, number := number + 1)
    delimiter = _delimiter_of(text)
    spaced = sample_delimiter(row) == SPACES or not any(each in row for each in (",", ";"))
    if not any(each in text for each in _DELIMITERS) and spaced and len(row.split()) > 1:
        delimiter = SPACES
    cells = _split(row, delimiter)
    unit_row: tuple[str, ...] = ()
    if _are_units(cells, units):
        unit_row = cells
        raw, row = _next(stream, name, number := number + 1)
        cells = _split(row, delimiter)
    return Header(*found, _cells(text, delimiter, len(cells)), delimiter, unit_row, cells if raw else (), number, raw)


def _headless(
    text: str,
    number: int,
    raw: bytes,
    delimiter: str,
    before: tuple[tuple[str, int] | None, tuple[str, int] | None],
    units: Container[str],
) -> Header:
    """Return a header whose names say nothing yet: the line above the samples where it has as many cells, else the columns' numbers.

    Where that line holds units, the one above it names the columns.
    """
    row = _split(text, delimiter)
    over, above = before
    if above is not None:
        for own in dict.fromkeys((delimiter, _delimiter_of(above[0]))):
            names = _cells(above[0], own, len(row))
            if len(names) == len(row) or (own in _DELIMITERS and own in above[0]):
                if over is not None and _are_units(names, units):
                    return Header(*over, _cells(over[0], own, len(row)), delimiter, names, row, number, raw)
                return Header(*above, names, delimiter, (), row, number, raw)
    return Header("", number, tuple(str(place + 1) for place in range(len(row))), delimiter, (), row, number, raw)


def _are_units(cells: Sequence[str], units: Container[str]) -> bool:
    """Tell whether a line holds nothing but units."""
    return any(cells) and all(cell.strip("()[]").replace("µ", "u").replace("μ", "u").lower() in units for cell in cells if cell)


def _next(stream: BinaryIO, name: str, number: int) -> tuple[bytes, str]:
    raw = _line(stream, name, number)
    return raw, _text(raw, name, number).strip()


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    return tuple(cell.strip(' "') for cell in (text.split() if delimiter == SPACES else text.split(delimiter)))


def _delimiter_of(header: str) -> str:
    """Return the character between a header's names; a comma where nothing tells."""
    return max(_DELIMITERS, key=header.count)


def _cells(header: str, delimiter: str, count: int = 0) -> tuple[str, ...]:
    """Return a header's names; between spaces, cut so that there are as many as columns where that is possible."""
    line = header.lstrip("#").strip()
    if delimiter != SPACES:
        return tuple(cell.strip().strip('"').strip() for cell in line.split(delimiter))
    ways = (_WIDE.split(line), _BEFORE_NO_BRACKET.split(line), line.split())
    fitting = [way for way in ways if len(way) == count]
    return tuple(cell.strip('"') for cell in (fitting or [ways[1]])[0])


def _line(stream: BinaryIO, name: str, number: int) -> bytes:
    raw = stream.readline(_MOST_HEADER_BYTES)
    if len(raw) >= _MOST_HEADER_BYTES:
        raise FormatError("this is not delimited text", Location(name, number))
    return raw


def _text(raw: bytes, name: str, number: int) -> str:
    """Return a line's text: UTF-8, or what Windows loggers write a micro sign in."""
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        if not text.strip().isprintable():
            text = "\0"
    if "\0" in text:
        raise FormatError("this is not delimited text", Location(name, number))
    return text


def _holds_value(cell: str) -> bool:
    text = cell.strip(' "')
    try:
        float(text.replace(",", "."))
    except ValueError:
        return not text or date_time(text) is not None
    return True
