"""Small ELF files for tests: sections as they stand in a table, in either class and byte order."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple


class Section(NamedTuple):
    name: str
    size_bytes: int
    address: int
    flags: int
    """1 written, 2 takes memory, 4 executed."""


PROGRAM = (
    Section("", 0, 0, 0),
    Section(".text", 5000, 0x08000000, 6),
    Section(".ram_vectors", 256, 0x20000000, 3),
    Section(".data", 1204, 0x20000100, 3),
    Section(".bss", 30212, 0x200005B4, 3),
    Section("._user_heap_stack", 1536, 0x20007BC0, 3),
    Section(".ccmram", 128, 0x10000000, 3),
    Section(".debug_info", 90_000, 0, 0),
)
STATIC_BYTES = 256 + 1204 + 30212


def elf(sections: Sequence[Section] = PROGRAM, bits: int = 32, order: str = "<") -> bytes:
    """Return a file with these sections and the text of their names, and nothing of their content."""
    names = b"\0".join(section.name.encode() for section in sections) + b"\0.shstrtab\0"
    starts = [sum(len(before.name) + 1 for before in sections[:place]) for place in range(len(sections) + 1)]
    header_bytes = 52 if bits == 32 else 64
    rows = [(start, 1, section.flags, section.address, 0, section.size_bytes) for start, section in zip(starts, sections, strict=False)]
    rows.append((starts[-1], 3, 0, 0, header_bytes, len(names)))
    table = b"".join(_row(row, bits, order) for row in rows)
    where = header_bytes + len(names)
    ident = b"\x7fELF" + bytes((1 if bits == 32 else 2, 1 if order == "<" else 2, 1)) + bytes(9)
    place = "I" if bits == 32 else "Q"
    size = 40 if bits == 32 else 64
    rest = struct.pack(
        f"{order}HHI{place}{place}{place}IHHHHHH", 2, 40, 1, 0, 0, where, 0, header_bytes, 0, 0, size, len(rows), len(rows) - 1
    )
    return ident + rest + names + table


def _row(row: tuple[int, ...], bits: int, order: str) -> bytes:
    return struct.pack(f"{order}{'IIIIII' if bits == 32 else 'IIQQQQ'}", *row) + bytes(16 if bits == 32 else 24)
