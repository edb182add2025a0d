"""What linkers, `size` and the builders of ESP-IDF, Arduino, PlatformIO, Keil and IAR print of a program: the RAM of its static data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from costmodel.sources.programs.sections import ProgramSection, StaticData, static_data_of
from costmodel.units import BYTES_PER_KIB

_BERKELEY: Final = re.compile(
    r"^[ \t]*(0x[0-9a-fA-F]{1,12}|\d{1,12})[ \t]+(0x[0-9a-fA-F]{1,12}|\d{1,12})[ \t]+(0x[0-9a-fA-F]{1,12}|\d{1,12})[ \t]+\d{1,16}[ \t]+"
    r"([0-9a-fA-F]{1,12})[ \t]+(\S[^\r\n]{0,300})",
    re.MULTILINE,
)
"""text, data, bss, their sum in another base, in hexadecimal, and the file: what `size` prints without options."""
_TOTALS: Final = "(TOTALS)"
"""The file of the last row of `size -t`."""
_SIZE_A: Final = re.compile(
    r"^[ \t]*(\S{1,200})[ \t]+(0x[0-9a-fA-F]{1,12}|\d{1,12})[ \t]+(0x[0-9a-fA-F]{1,16}|\d{1,20})[ \t]*\r?$", re.MULTILINE
)
"""Section, size and address: what `size -A` prints, with -x or without."""
_MAP: Final = re.compile(
    r"^([.A-Za-z_]\S{0,200})[ \t]*(?:\r?\n[ \t]+|[ \t]+)0x([0-9a-fA-F]{8}|[0-9a-fA-F]{16})[ \t]+0x([0-9a-fA-F]{1,16})"
    r"[ \t]*(?:load address 0x[0-9a-fA-F]{1,16}[ \t]*)?\r?$",
    re.MULTILINE,
)
"""Section, on a line of its own where its name is long, address with all its zeros, and size: in a map of GNU ld."""
_MEMORY_MAP: Final = "Linker script and memory map"
"""Heads the sections of a whole map of GNU ld; what was discarded, and the memories, stand before it."""
_USAGE: Final = re.compile(
    r"^[ \t]*(S?RAM\d?|RAM_D1|DTCMRAM|m_data|dram0_0_seg)[ \t]*:[ \t]+(\d{1,12})[ \t]*(B|[KMG]B)[ \t]+(\d{1,12})[ \t]*(B|[KMG]B)[ \t]",
    re.MULTILINE | re.IGNORECASE,
)
"""What `ld --print-memory-usage` prints of the RAM: used, and there."""
_UNITS: Final = {
    "B": 1,
    "KB": BYTES_PER_KIB,
    "MB": BYTES_PER_KIB * BYTES_PER_KIB,
    "GB": BYTES_PER_KIB * BYTES_PER_KIB * BYTES_PER_KIB,
}
"""As ld means them [B]."""
_IDF_TABLE: Final = re.compile(r"^[ \t]*[|│┃][ \t]*(D/?I?RAM)[ \t]*[|│┃][ \t]*(\d{1,12})[ \t]*[|│┃]", re.MULTILINE)
"""A row of the table that `idf.py size` prints since 5.3."""
_IDF_USED: Final = re.compile(r"^[ \t]*Used stat(?:ic)? (D/IRAM|DRAM) *: *(\d{1,12}) bytes", re.MULTILINE)
"""What it printed before."""
_IDF_PARTS: Final = re.compile(r"^[ \t]*DRAM \.(data|bss) +size *: *(\d{1,12}) bytes", re.MULTILINE)
_ARDUINO: Final = re.compile(r"Global variables use (\d{1,12}) bytes")
_PLATFORMIO: Final = re.compile(
    r"^RAM:[ \t]+\[[^\]\n]{0,40}\][ \t]+[\d.]{1,8}%[ \t]+\(used (\d{1,12}) bytes from \d{1,12} bytes\)", re.MULTILINE
)
_KEIL: Final = re.compile(r"\bRW-data=(\d{1,12})[ \t]+ZI-data=(\d{1,12})")
_ARMLINK: Final = re.compile(r"Total RW +Size \(RW Data \+ ZI Data\)[ \t]+(\d{1,12})")
_IAR: Final = re.compile(r"^[ \t]*(\d{1,3}(?:[' \u00a0\u2019]\d{3}){0,4}|\d{1,12}) bytes of readwrite data memory", re.MULTILINE)


def static_data_in(text: str) -> StaticData | None:
    """Return the static data of a program, of which a tool's text tells.

    Parameters
    ----------
    text : str
        What was pasted.

    Returns
    -------
    StaticData or None
        None where the text tells nothing, contradicts itself, or tells of several programs.
    """
    for reader in _READERS:
        found = reader(text)
        if found is not None:
            return found
    return None


def tells_of_several(text: str) -> bool:
    """Whether a text is what `size` prints of several files, without their sum."""
    files = {row[5] for row in _BERKELEY.finditer(text)}
    return len(files) > 1 and _TOTALS not in files


def is_berkeley(text: str) -> bool:
    """Whether a text tells data and bss as `size` counts them: by the flags of sections, wherever they lie."""
    return _BERKELEY.search(text) is not None


def _berkeley(text: str) -> StaticData | None:
    rows = list(_BERKELEY.finditer(text))
    if not rows or tells_of_several(text):
        return None
    row = next((each for each in rows if each[5].strip() == _TOTALS), rows[0])
    code, data, bss = (_number(each) for each in row.groups()[:3])
    if code is None or data is None or bss is None:
        return None
    # The sum in hexadecimal is the one column that no option of `size` writes in another base.
    return StaticData(data + bss, "data and bss") if code + data + bss == int(row[4], 16) else None


def _number(text: str) -> int | None:
    """A number of `size` in the base that -d, -x or -o gives it."""
    if text.startswith("0x"):
        return int(text, 16)
    if text.startswith("0") and len(text) > 1:
        return int(text, 8) if set(text) <= set("01234567") else None
    return int(text)


def _usage(text: str) -> StaticData | None:
    rows = [(int(row[4]) * _UNITS[row[5].upper()], int(row[2]) * _UNITS[row[3].upper()], row[1]) for row in _USAGE.finditer(text)]
    if not rows:
        return None
    _, used, name = max(rows)
    return StaticData(used, f"what the linker puts into {name}")


def _linker_map(text: str) -> StaticData | None:
    _, _, sections = text.rpartition(_MEMORY_MAP)
    return static_data_of([ProgramSection(row[1], int(row[3], 16), int(row[2], 16)) for row in _MAP.finditer(sections)])


def _size_a(text: str) -> StaticData | None:
    rows = [(row[1], _number(row[2]), _number(row[3])) for row in _SIZE_A.finditer(text)]
    return static_data_of([ProgramSection(name, size, address) for name, size, address in rows if size is not None and address is not None])


def _esp_idf(text: str) -> StaticData | None:
    rows = {row[1]: int(row[2]) for pattern in (_IDF_TABLE, _IDF_USED) for row in pattern.finditer(text)}
    for name, size in rows.items():
        return StaticData(size, f"what `idf.py size` calls used of {name}")
    parts = {row[1]: int(row[2]) for row in _IDF_PARTS.finditer(text)}
    return StaticData(sum(parts.values()), "data and bss in DRAM") if len(parts) == 2 else None


def _one(pattern: re.Pattern[str], parts: str) -> Callable[[str], StaticData | None]:
    """A reader of a line that says it in one number, or two that are added."""

    def read(text: str) -> StaticData | None:
        found = pattern.search(text)
        sizes = () if found is None else [re.sub(r"\D", "", each) for each in found.groups()]
        return StaticData(sum(int(size) for size in sizes), parts) if sizes else None

    return read


_READERS: Final = (
    _esp_idf,
    _one(_PLATFORMIO, "what PlatformIO calls used of RAM"),
    _one(_ARDUINO, "what Arduino calls global variables"),
    _one(_KEIL, "RW-data and ZI-data, stack and heap of the startup code among them"),
    _one(_ARMLINK, "RW and ZI data, stack and heap of the startup code among them"),
    _one(_IAR, "readwrite data, the blocks CSTACK and HEAP among them"),
    _usage,
    _linker_map,
    _size_a,
    _berkeley,
)
"""The surest words first."""
