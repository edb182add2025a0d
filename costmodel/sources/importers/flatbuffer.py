"""Tables of a flatbuffer, read in place: every offset is checked before it is followed.

Layout (https://flatbuffers.dev/internals): a table begins with the signed distance back to its vtable; the vtable holds its own length,
the table's length and one unsigned 16-bit distance from the table's start for each field, 0 where the field is absent. Strings and vectors
begin with their length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, TypeAlias

from costmodel.errors import FormatError, Location

_MOST_TABLES: Final = 300_000
"""Tables read from one file at the most: a hostile file may point at the same few bytes again and again."""
_MOST_NUMBERS: Final = 2_000_000
"""Numbers of all lists together, which become objects of their own."""
_SPARE_BYTES: Final = 1 << 24
"""What contents may take together beyond twice the file: some are read for more than one tensor."""
Numbers: TypeAlias = tuple[int, ...] | tuple[float, ...]


class Buffer:
    """The bytes of a file, and how much of it has been read."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data = data
        self.name = name
        self._tables = 0
        self._numbers = 0
        self._content_bytes = 0

    def broken(self, why: str) -> FormatError:
        """Return the error of a file that is damaged."""
        return FormatError(f"damaged flatbuffer: {why}", location=Location(self.name))

    def take(self, numbers: int = 0, content_bytes: int = 0) -> None:
        """Count what is about to be read; raises FormatError where the same bytes were read too often."""
        self._numbers += numbers
        self._content_bytes += content_bytes
        if self._numbers > _MOST_NUMBERS:
            raise self.broken(f"lists of more than {_MOST_NUMBERS:,} numbers together")
        if self._content_bytes > 2 * len(self.data) + _SPARE_BYTES:
            raise self.broken(f"contents of more than twice its {len(self.data):,} bytes")

    def number(self, code: str, at: int) -> int:
        """Return one little-endian integer, by its `struct` code."""
        size = struct.calcsize(code)
        if at < 0 or at + size > len(self.data):
            raise self.broken(f"byte {at} lies outside its {len(self.data):,} bytes")
        return int(struct.unpack_from(f"<{code}", self.data, at)[0])

    def real(self, at: int) -> float:
        """Return one float32."""
        return float(struct.unpack("<f", struct.pack("<I", self.number("I", at)))[0])

    def follow(self, at: int) -> int:
        """Return where an offset leads: forward, and inside the file."""
        target = at + self.number("I", at)
        if target <= at or target + 4 > len(self.data):
            raise self.broken(f"the offset at byte {at} leads outside its {len(self.data):,} bytes")
        return target

    def root(self) -> Table:
        """Return the file's first table."""
        return self.table(self.follow(0))

    def table(self, at: int) -> Table:
        """Return the table at a place."""
        self._tables += 1
        if self._tables > _MOST_TABLES:
            raise self.broken(f"more than {_MOST_TABLES:,} tables")
        return Table(self, at)


class Table:
    """One table; a field is read by its position in the schema, and its default given where it is absent."""

    def __init__(self, buffer: Buffer, at: int) -> None:
        self._buffer = buffer
        self._at = at
        self._vtable = at - buffer.number("i", at)
        length = buffer.number("H", self._vtable)
        if length < 4 or length % 2 or self._vtable + length > len(buffer.data):
            raise buffer.broken(f"the table at byte {at} has a description of {length} bytes")
        self._fields = (length - 4) // 2

    def _place(self, field: int) -> int | None:
        if field >= self._fields:
            return None
        distance = self._buffer.number("H", self._vtable + 4 + 2 * field)
        return self._at + distance if distance else None

    def has(self, field: int) -> bool:
        """Tell whether a field is there."""
        return self._place(field) is not None

    def integer(self, field: int, code: str, default: int = 0) -> int:
        """Return an integer field."""
        place = self._place(field)
        return default if place is None else self._buffer.number(code, place)

    def real(self, field: int, default: float = 0.0) -> float:
        """Return a float32 field."""
        place = self._place(field)
        return default if place is None else self._buffer.real(place)

    def text(self, field: int) -> str:
        """Return a string field; empty where it is absent."""
        return self.content(field).decode("utf-8", errors="replace")

    def content(self, field: int) -> bytes:
        """Return a vector of bytes; empty where it is absent."""
        start, length = self._vector(field, 1)
        self._buffer.take(content_bytes=length)
        return self._buffer.data[start : start + length]

    def integers(self, field: int, code: str) -> tuple[int, ...]:
        """Return a vector of integers; empty where it is absent."""
        start, length = self._vector(field, struct.calcsize(code))
        self._buffer.take(numbers=length)
        return struct.unpack_from(f"<{length}{code}", self._buffer.data, start)

    def floats(self, field: int) -> tuple[float, ...]:
        """Return a vector of float32; empty where it is absent."""
        start, length = self._vector(field, 4)
        self._buffer.take(numbers=length)
        return struct.unpack_from(f"<{length}f", self._buffer.data, start)

    def table(self, field: int) -> Table | None:
        """Return the table a field leads to."""
        place = self._place(field)
        return None if place is None else self._buffer.table(self._buffer.follow(place))

    def tables(self, field: int) -> Iterator[Table]:
        """Yield the tables of a vector of tables."""
        start, length = self._vector(field, 4)
        for number in range(length):
            yield self._buffer.table(self._buffer.follow(start + 4 * number))

    def _vector(self, field: int, item_bytes: int) -> tuple[int, int]:
        place = self._place(field)
        if place is None:
            return 0, 0
        start = self._buffer.follow(place)
        length = self._buffer.number("I", start)
        if start + 4 + length * item_bytes > len(self._buffer.data):
            raise self._buffer.broken(f"a list of {length:,} at byte {start} reaches outside its {len(self._buffer.data):,} bytes")
        return start + 4, length
