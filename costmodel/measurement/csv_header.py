"""The line of delimited text that names the columns, with comments above it and perhaps a line of units below."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import BinaryIO, Final, NamedTuple

from costmodel.errors import FormatError, Location

_MOST_HEADER_BYTES: Final = 1 << 16
_MOST_COMMENT_LINES: Final = 100
"""Lines above a header."""
_DELIMITERS: Final = (",", ";", "\t")


class Header(NamedTuple):
    """The line that names the columns, and what follows it."""

    text: str
    """Without its end; the first line that is not empty where none names columns."""
    number: int
    units: tuple[str, ...]
    """Of the columns, where the line after the header holds nothing but units."""
    first_row: tuple[str, ...]
    """The cells of the first line of samples; empty where there is none."""
    first_line: int
    """Number of that line."""
    begun: bytes
    """That line, as it was read."""


def read_header(stream: BinaryIO, name: str, names_columns: Callable[[str], bool], units: Container[str]) -> Header:
    """Read up to the first line of samples.

    Parameters
    ----------
    stream : binary stream
        At its start.
    name : str
        File name, for messages.
    names_columns : callable
        Tells whether a line is the header; lines above it are comments.
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
    found: tuple[str, int] | None = None
    number = 0
    while found is None and (raw := _line(stream, name, number := number + 1)):
        text = _text(raw, name, number).strip()
        top = top or ((text, number) if text else None)
        if text and names_columns(text):
            found = text, number
        if top is not None and (number - top[1] >= _MOST_COMMENT_LINES or _all_numbers(text)):
            break
    if top is None:
        raise FormatError("the file is empty; expected a header such as 'Timestamp(ms),Current(uA)'", Location(name))
    if found is None:
        return Header(*top, (), (), top[1] + 1, b"")
    delimiter = delimiter_of(found[0])
    unit_row: tuple[str, ...] = ()
    raw = _line(stream, name, number := number + 1)
    cells = tuple(cell.strip(' "') for cell in _text(raw, name, number).strip().split(delimiter))
    if any(cells) and all(cell.strip("()[]").replace("µ", "u").replace("μ", "u").lower() in units for cell in cells if cell):
        unit_row, raw = cells, _line(stream, name, number := number + 1)
        cells = tuple(cell.strip(' "') for cell in _text(raw, name, number).strip().split(delimiter))
    return Header(*found, unit_row, cells if raw else (), number, raw)


def delimiter_of(header: str) -> str:
    """Return the character between a header's names."""
    return max(_DELIMITERS, key=header.count)


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


def _all_numbers(text: str) -> bool:
    cells = [cell.strip(' "').replace(",", ".") for cell in text.split(delimiter_of(text))]
    try:
        return bool([float(cell) for cell in cells if cell])
    except ValueError:
        return False
