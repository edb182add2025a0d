"""Sections of a program: which of them are static data in the RAM that the heap is in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_STATIC: Final = re.compile(r"\.?(?:dram0\.)?(?:s?data|datas|s?bss|noinit)")
"""What linker scripts call static data: GNU's, Zephyr's and ESP-IDF's."""
_RESERVED: Final = re.compile(r"\.?_?(?:user_)?(?:c?stack|heap|sysmem|memory_manager_heap)|\.?tbss$|\.dram0\.heap_start")
"""Sections that keep a place for the heap itself or a stack, or are a thread's copies, and hold no data."""
_GAP_BYTES: Final = 4096
"""Sections this near to static data are in the same RAM; other memories begin further away."""
_MOST_NAMED: Final = 4


class ProgramSection(NamedTuple):
    """A section of a program, as it stands in the memory of the chip."""

    name: str
    size_bytes: int
    address: int
    is_writable: bool = False
    """Where a file says so: what linkers that name sections in their own way put into RAM."""


class StaticData(NamedTuple):
    """The RAM a program takes before it runs."""

    size_bytes: int
    parts: str
    """What it is of."""


def static_data_of(sections: Sequence[ProgramSection]) -> StaticData | None:
    """Return the static data among a program's sections.

    Parameters
    ----------
    sections : sequence of ProgramSection
        With those that take no memory of the chip, at address 0, or without.

    Returns
    -------
    StaticData or None
        Data, bss and noinit, and what lies beside them in the same memory; without the places a linker script keeps for heap and stack.
        None where no section is static data, by its name or else by being written.
    """
    static = {section for section in sections if _STATIC.fullmatch(section.name)} or {
        section for section in sections if section.is_writable
    }
    if not static:
        return None
    kept = [
        section
        for section in sections
        if section.size_bytes and _RESERVED.match(section.name) is None and (section.address or section in static)
    ]
    chosen: list[ProgramSection] = []
    for memory in _memories(sorted(kept, key=lambda section: section.address)):
        if not static.isdisjoint(memory):
            chosen += memory
    names = [section.name for section in chosen]
    if len(names) > _MOST_NAMED:
        names = [*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED} more"]
    parts = " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
    return StaticData(sum(section.size_bytes for section in chosen), parts or "no section")


def _memories(sections: Sequence[ProgramSection]) -> list[list[ProgramSection]]:
    """Part sections in order of address where one memory ends and another begins."""
    memories: list[list[ProgramSection]] = []
    end = 0
    for section in sections:
        if not memories or section.address > end + _GAP_BYTES:
            memories.append([])
            end = 0
        memories[-1].append(section)
        end = max(end, section.address + section.size_bytes)
    return memories
