"""A user's file, opened so that whatever is wrong with it is one line: missing, a folder, a pipe that never speaks, a disk that fails."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from costmodel.errors import FormatError, LimitError, Location, MissingError
from costmodel.sources.documents.nearest_file import nearest_file

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_MODEL_BYTES: Final = 100 << 20
"""Longest model, in a file or unpacked of one: no microcontroller holds more, and to count it takes under 500 MB."""
_READ_BYTES: Final = 1 << 20


@contextmanager
def opened_input(path: Path, expected: str = "a file", suffixes: Container[str] = ()) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        What messages say it should be.
    suffixes : container of str
        Endings of files worth offering for one that is not there, dots included.

    Yields
    ------
    binary stream
        Buffered and seekable; a read that fails raises FormatError with the file's name.

    Raises
    ------
    MissingError
        If there is no such file.
    FormatError
        If it is a folder, a pipe or a device, or cannot be read.
    """
    place = Location(str(path))
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise FormatError(f"is a folder, expected {expected}", place)
        if not stat.S_ISREG(found.st_mode):
            # A pipe would be waited for without a word, and a device has no end.
            raise FormatError(f"is {_kind(found.st_mode)}, expected {expected}; write its content to a file first", place)
        raw = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise MissingError(f"does not exist{nearest_file(path, suffixes) if suffixes else ''}", place) from None
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", place) from None
    except ValueError:
        raise FormatError("is not a file name", Location(repr(str(path)))) from None
    with raw:
        yield io.BufferedReader(_ToldReads(raw, place), _READ_BYTES)


def read_input(path: Path, limit_bytes: int, expected: str = "a file", suffixes: Container[str] = ()) -> bytes:
    """Return a file's content, unless it is larger than anything of its kind.

    Parameters
    ----------
    path : Path
        The file.
    limit_bytes : int
        Largest that is read.
    expected : str
        What messages say it should be.
    suffixes : container of str
        Endings of files worth offering for one that is not there.

    Returns
    -------
    bytes
        All of it.

    Raises
    ------
    InputError
        If it cannot be read, or has more bytes than the limit; says how many.
    """
    with opened_input(path, expected, suffixes) as stream:
        # One byte more than is read tells a larger file apart, whatever size it says it has.
        content = stream.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        size = max(path.stat().st_size, len(content))
        raise LimitError(f"has {size:,} bytes; at most {limit_bytes:,} are read", Location(str(path)))
    return content


def read_text_input(path: Path, limit_bytes: int, expected: str = "a text file") -> str:
    """Return a file's content as text, as `read_input` reads it; raises FormatError where it is not UTF-8."""
    content = read_input(path, limit_bytes, expected)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FormatError(f"is not UTF-8 text, expected {expected}", Location(str(path), line)) from None


class _ToldReads(io.RawIOBase):
    """A file whose reads fail with its name and not with a bare number of the system."""

    def __init__(self, raw: io.FileIO, place: Location) -> None:
        super().__init__()
        self._raw = raw
        self._place = place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        try:
            return self._raw.readinto(buffer)
        except OSError as error:
            raise FormatError(f"cannot be read further: {error.strerror or error}", self._place) from None


def _kind(mode: int) -> str:
    named = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))
    return next((name for is_kind, name in named if is_kind(mode)), "no regular file")
