"""Sections of a program's ELF file, of 32 or 64 bits and either byte order.

Only the header, the table of sections and their names are read: a program with symbols for debugging may be hundreds of megabytes.
Source of the layout: System V Application Binary Interface, chapter 4.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, NoReturn

from costmodel.errors import FormatError, Location
from costmodel.sources.documents.input_file import opened_input
from costmodel.sources.programs.sections import ProgramSection

MAGIC: Final = b"\x7fELF"
_MOST_SECTIONS: Final = 10_000
_MOST_NAME_BYTES: Final = 4 << 20
_MOST_SIZE_BYTES: Final = 1 << 40
"""More than any chip has; a larger size is no size."""
_ALLOCATED: Final = 0x2
"""SHF_ALLOC: takes memory while the program runs."""
_WRITABLE: Final = 0x1
"""SHF_WRITE."""
_HEADER_BYTES: Final = 64
_LONGEST_NAME: Final = 200


class _Class(NamedTuple):
    """Where fields lie in a file of 32 or 64 bits."""

    header: str
    """Format from the table's place to the place of the names in it, after `e_entry` and `e_phoff`."""
    begins_at: int
    section: str
    """Name, type, flags, address, offset, size."""
    section_bytes: int


_CLASSES: Final = {1: _Class("IIHHHHHH", 32, "IIIIII", 40), 2: _Class("QIHHHHHH", 40, "IIQQQQ", 64)}
_ORDERS: Final = {1: "<", 2: ">"}


def read_program_sections(path: Path) -> tuple[ProgramSection, ...]:
    """Return the sections of a program that take memory of the chip.

    Parameters
    ----------
    path : Path
        An ELF file: `.elf`, `.axf`, `.out`.

    Returns
    -------
    tuple of ProgramSection
        In the file's order.

    Raises
    ------
    InputError
        If it cannot be read, is no whole ELF file, or its table of sections was stripped.
    """
    with opened_input(path, "a program (ELF)") as stream:
        return _sections(stream, str(path))


def _sections(stream: BinaryIO, name: str) -> tuple[ProgramSection, ...]:
    def refuse(text: str) -> NoReturn:
        raise FormatError(f"{text}; paste below `size_output: |` what `size -A` prints of it instead", Location(name))

    head = stream.read(_HEADER_BYTES)
    if head[:4] != MAGIC:
        refuse("is no ELF file")
    layout, order = (_CLASSES.get(head[4]), _ORDERS.get(head[5])) if len(head) > 6 else (None, None)
    if layout is None or order is None or len(head) < layout.begins_at + struct.calcsize(order + layout.header):
        refuse("is an ELF file whose header is not whole")
    offset, _, _, _, _, entry_bytes, count, names_at = struct.unpack_from(order + layout.header, head, layout.begins_at)
    if not offset or not count:
        refuse("is an ELF file without a table of sections")
    if entry_bytes < layout.section_bytes or count > _MOST_SECTIONS or names_at >= count:
        refuse("is an ELF file whose table of sections cannot be right")
    table = _piece(stream, offset, entry_bytes * count, refuse)
    rows = [struct.unpack_from(order + layout.section, table, entry_bytes * place) for place in range(count)]
    texts = _piece(stream, rows[names_at][4], rows[names_at][5], refuse)
    allocated = [row for row in rows if row[2] & _ALLOCATED]
    if any(size >= _MOST_SIZE_BYTES for *_, size in allocated):
        refuse("is an ELF file with a section larger than any chip's memory")
    return tuple(
        ProgramSection(_name_at(texts, named), size, address, bool(flags & _WRITABLE)) for named, _, flags, address, _, size in allocated
    )


def _piece(stream: BinaryIO, offset: int, size: int, refuse: Callable[[str], NoReturn]) -> bytes:
    """Read a piece of the file that has to be there."""
    end = stream.seek(0, os.SEEK_END)
    if size > _MOST_NAME_BYTES or offset + size > end:
        refuse("is an ELF file that is cut off")
    stream.seek(offset)
    return stream.read(size)


def _name_at(texts: bytes, begin: int) -> str:
    return texts[begin : begin + _LONGEST_NAME].partition(b"\0")[0].decode("ascii", errors="replace")
