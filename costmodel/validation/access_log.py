"""What `firmware/plugin/accesses.c` writes: instructions, and the loads and stores of each address, per segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from costmodel.errors import FormatError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEGMENT: Final = int.from_bytes(b"1SEGMENT", "little")
"""First word of a segment."""
COMPLETE: Final = int.from_bytes(b"COMPLETE", "little")
"""First word of the file's end."""

_WORD_BYTES: Final = 8
_HEADER_WORDS: Final = 4
_ROW_WORDS: Final = 5


class Accesses(NamedTuple):
    """Loads and stores of a range of addresses."""

    load_count: int
    load_bytes: int
    store_count: int
    store_bytes: int

    def plus(self, other: Accesses) -> Accesses:
        """Return the field-wise sum."""
        return Accesses(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Accesses) -> Accesses:
        """Return the field-wise difference."""
        return Accesses(*(a - b for a, b in zip(self, other, strict=True)))


@dataclass(frozen=True, eq=False)
class Segment:
    """What a core did between two stores to the marker."""

    number_count: int
    """Counts up from 1 over the run."""
    instruction_count: int
    """Instructions executed, the two marker stores excluded."""
    rows: NDArray[np.uint64]
    """Per address that was accessed, rising: address, loads, bytes loaded, stores, bytes stored."""

    def within(self, start_bytes: int, size_bytes: int) -> Accesses:
        """Return the accesses whose first byte lies in a range of addresses.

        Parameters
        ----------
        start_bytes : int
            First address.
        size_bytes : int
            Length of the range.
        """
        import numpy as np

        first, last = np.searchsorted(self.rows[:, 0], np.array([start_bytes, start_bytes + size_bytes], dtype=np.uint64))
        return Accesses(*(int(total) for total in self.rows[first:last, 1:].sum(axis=0)))

    def everywhere(self) -> Accesses:
        """Return all accesses of the segment."""
        return Accesses(*(int(total) for total in self.rows[:, 1:].sum(axis=0)))


def read_access_log(content: bytes) -> tuple[Segment, ...]:
    """Read a whole file of the plugin.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    tuple of Segment
        In the order they ran.

    Raises
    ------
    FormatError
        If the file is not the plugin's, or the emulator ended before it was complete.
    """
    import numpy as np

    if len(content) % _WORD_BYTES:
        raise FormatError(f"access log: {len(content)} bytes are not whole {_WORD_BYTES}-byte words")
    words = np.frombuffer(content, dtype="<u8")
    segments: list[Segment] = []
    at = 0
    while at + _HEADER_WORDS <= len(words) and int(words[at]) == SEGMENT:
        number, instructions, row_count = (int(word) for word in words[at + 1 : at + _HEADER_WORDS])
        at += _HEADER_WORDS
        rows = words[at : at + row_count * _ROW_WORDS]
        if len(rows) != row_count * _ROW_WORDS or number != len(segments) + 1:
            raise FormatError(f"access log: segment {number} is cut off or out of order at word {at}")
        segments.append(Segment(number, instructions, rows.reshape(row_count, _ROW_WORDS)))
        at += len(rows)
    if [int(word) for word in words[at:]] != [COMPLETE, len(segments)]:
        raise FormatError(f"access log: after {len(segments)} segments, word {at} is not the end of a complete run")
    return tuple(segments)
