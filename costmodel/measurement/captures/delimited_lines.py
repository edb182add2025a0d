"""Numbers out of delimited text, a block of whole lines at a time, with the number of the first line that is wrong."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location

SPACES: Final = " "
"""Delimiter of fields that any number of spaces and tabs separate."""
_BLOCK_BYTES: Final = 1 << 21
_MISSING: Final = frozenset({"", "nan", "na", "n/a", "null", "none"})
"""Fields, in lower case, that say the instrument gave no value."""

MAX_LINE_BYTES: Final = 1 << 23
"""Longest line that is read: a thousand times that of any logger."""

Floats = NDArray[np.float64]


class Lines(NamedTuple):
    """Whole lines of a file."""

    text: bytes
    """Ends with a line feed; no carriage returns."""
    first_line: int
    """Number of its first line, from 1."""
    line_count: int
    """Lines in the text."""
    ended: bool = True
    """Whether the file ends its last line."""


def line_blocks(stream: BinaryIO, name: str, first_line: int = 1, begun: bytes = b"") -> Iterator[Lines]:
    """Cut a stream into blocks of whole lines.

    Parameters
    ----------
    stream : binary stream
        Text with line feeds, or carriage returns and line feeds.
    name : str
        File name, for messages.
    first_line : int, optional
        Number of the stream's first line.
    begun : bytes, optional
        What was already read of it.

    Yields
    ------
    Lines
        A few mebibytes at a time; the last line is ended where the file does not end it.
    """
    rest, line = begun, first_line
    while block := stream.read(_BLOCK_BYTES):
        cut = block.rfind(b"\n") + 1
        if not cut:
            rest += block
            if len(rest) > MAX_LINE_BYTES:
                raise FormatError(f"a line of more than {MAX_LINE_BYTES:,} bytes: this is not delimited text", Location(name, line))
            continue
        text = _plain(rest + block[:cut])
        count = _count(text, "\n")
        yield Lines(text, line, count)
        line += count
        rest = block[cut:]
    if rest.strip():
        text = _plain(rest + b"\n")
        yield Lines(text, line, _count(text, "\n"), ended=False)


def numeric_columns(lines: Lines, fields: int, wanted: Sequence[int], delimiter: str, name: str) -> list[Floats]:
    """Read columns of numbers out of a block of lines.

    Parameters
    ----------
    lines : Lines
        Whole lines.
    fields : int
        Fields in each line.
    wanted : sequence of int
        Positions of the columns to read.
    delimiter : str
        The character between fields.
    name : str
        File name, for messages.

    Returns
    -------
    list of float64 array
        One for each position; NaN where a field is empty or says so.

    Raises
    ------
    FormatError
        For the first line with another number of fields, or with a field that is no number.
    """
    import pandas as pd

    if _count(lines.text, delimiter) == lines.line_count * (fields - 1):
        try:
            frame = pd.read_csv(
                io.BytesIO(lines.text),
                header=None,
                usecols=sorted(set(wanted)),
                dtype=np.float64,
                sep=delimiter,
                engine="c",
                low_memory=False,
                quoting=csv.QUOTE_NONE,
                skip_blank_lines=False,
            )
        except (ValueError, OverflowError):
            pass
        else:
            if len(frame) == lines.line_count:
                return [frame[position].to_numpy() for position in wanted]
    return _line_by_line(lines, fields, wanted, delimiter, name)


def sound_lines(lines: Lines, fields: int, wanted: Sequence[int], delimiter: str, decimal_comma: bool) -> list[bool]:
    """Tell which lines hold as many fields as expected, and numbers where they are wanted.

    Parameters
    ----------
    lines : Lines
        Whole lines.
    fields : int
        Fields in each.
    wanted : sequence of int
        Positions of the columns of numbers.
    delimiter : str
        The character between fields.
    decimal_comma : bool
        Whether numbers are written with a comma.

    Returns
    -------
    list of bool
        For each line.
    """
    sound = []
    for raw in lines.text.splitlines():
        cells = raw.decode("utf-8", errors="replace").split(delimiter)
        numbers = [cells[position] for position in wanted] if len(cells) == fields else []
        sound.append(len(cells) == fields and all(_is_number(cell.replace(",", ".") if decimal_comma else cell) for cell in numbers))
    return sound


def _is_number(cell: str) -> bool:
    text = cell.strip().strip('"')
    if text.lower() in _MISSING:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def spaced_evenly(lines: Lines) -> Lines:
    """Return lines whose fields are separated by one space each, with none around them.

    Parameters
    ----------
    lines : Lines
        Fields between any number of spaces and tabs.

    Returns
    -------
    Lines
        As many.
    """
    text = b"\n" + _RUN_OF_SPACES.sub(b" ", lines.text)
    return lines._replace(text=text.replace(b"\n ", b"\n").replace(b" \n", b"\n")[1:])


_RUN_OF_SPACES: Final = re.compile(rb"[ \t]+")


def date_times(lines: Lines, positions: Sequence[int], delimiter: str, name: str) -> NDArray[np.datetime64]:
    """Read date-times such as `2024-03-01 10:00:00.125`, or times of day, out of a block of lines.

    Parameters
    ----------
    lines : Lines
        Whole lines.
    positions : sequence of int
        Of the column, or of that of the date and that of the time of day.
    delimiter : str
        The character between fields.
    name : str
        File name, for messages.

    Returns
    -------
    datetime64 array
        To the nanosecond; an offset from UTC is left out.

    Raises
    ------
    FormatError
        For the first line without a date-time.
    """
    moments = []
    for offset, raw in enumerate(lines.text.decode("utf-8", errors="replace").splitlines()):
        cells = raw.split(delimiter)
        moment = moment_in(cells, positions)
        if moment is None:
            raise FormatError(f"expected a date and time, found {raw[:40]!r}", Location(name, lines.first_line + offset))
        moments.append(moment)
    return np.array(moments, dtype="datetime64[ns]")


def moment_in(cells: Sequence[str], positions: Sequence[int]) -> np.datetime64 | None:
    """Return the moment that some cells of a line state.

    Parameters
    ----------
    cells : sequence of str
        Of the line.
    positions : sequence of int
        As for `date_times`.

    Returns
    -------
    datetime64 or None
        Of 1970-01-01 where there is no date; None where the cells state none.
    """
    if len(cells) <= max(positions):
        return None
    text = " ".join(cells[position].strip(' "') for position in positions)
    moment = date_time(text)
    if moment is None and len(positions) == 1 and _TIME_OF_DAY.match(text):
        moment = date_time(f"{_NO_DATE} {text}")
    return moment


def is_date(cell: str) -> bool:
    """Tell whether a cell states a date and no time of day."""
    return date_time(cell.strip(' "') + " 00:00") is not None


def is_time_of_day(cell: str) -> bool:
    """Tell whether a cell states a time of day and no date."""
    text = cell.strip(' "')
    return _TIME_OF_DAY.match(text) is not None and date_time(f"{_NO_DATE} {text}") is not None


def date_time(cell: str) -> np.datetime64 | None:
    """Return the moment a cell states, the year or the day first; None where it states none."""
    found = _DATE_TIME.match(cell)
    if found is None:
        return None
    date = found["iso"]
    if date is None:
        day, month = found["first"], found["second"]
        if int(month) > _MONTHS:
            day, month = month, day
        date = f"{found['year']}-{int(month):02}-{int(day):02}"
    hour = int(found["hour"])
    if found["half"] is not None:
        hour = hour % _HALF_DAY + (_HALF_DAY if found["half"].lower() == "pm" else 0)
    try:
        return np.datetime64(f"{date.replace('/', '-')}T{hour:02}{found['clock'].replace(',', '.')}", "ns")
    except ValueError:
        return None


_NO_DATE: Final = "1970-01-01"
_TIME_OF_DAY: Final = re.compile(r"^\d\d?:\d\d")
_MONTHS: Final = 12
_HALF_DAY: Final = 12
"""Hours."""
_DATE_TIME: Final = re.compile(
    r'^\s*"?(?:(?P<iso>\d{4}[-/]\d\d[-/]\d\d)|(?P<first>\d\d?)[-./](?P<second>\d\d?)[-./](?P<year>\d{4}))'
    r'[T ]\s*(?P<hour>\d\d?)(?P<clock>:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s*(?P<half>[AaPp][Mm])?\s*(?:Z|UTC|[+-]\d\d:?\d\d)?"?\s*$'
)


def _line_by_line(lines: Lines, fields: int, wanted: Sequence[int], delimiter: str, name: str) -> list[Floats]:
    """Read what the fast way could not, slowly, and name the line that is wrong."""
    rows: list[list[float]] = []
    for offset, raw in enumerate(lines.text.splitlines()):
        where = Location(name, lines.first_line + offset)
        cells = raw.decode("utf-8", errors="replace").split(delimiter)
        if len(cells) != fields:
            raise FormatError(f"found {len(cells)} fields, expected {fields}: {_shown(raw)}", where)
        rows.append([_number(cells[position], where) for position in wanted])
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(wanted))
    return [np.ascontiguousarray(table[:, column]) for column in range(len(wanted))]


def _number(cell: str, where: Location) -> float:
    text = cell.strip().strip('"')
    if text.lower() in _MISSING:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        raise FormatError(f"expected a number, found {text[:40]!r}", where) from None


def _shown(raw: bytes) -> str:
    text = raw.decode("utf-8", errors="replace")
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _count(text: bytes, character: str) -> int:
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(character)))


def _plain(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n") if b"\r" in text else text
