"""A file that derives from another: `base: esp32-module`, and what differs; and a boot log in place of heap regions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from costmodel.errors import FormatError, SpecError
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.units import BYTES_PER_KIB

BASE: Final = "base"
"""Field that names what a file derives from."""
HEAP_LOG: Final = "heap_init"
"""Field that holds the lines ESP-IDF logs of its heap at boot."""
SIZE_OUTPUT: Final = "size_output"
"""Field that holds what a linker or `size` says of the program: its static data are gone from the heap."""
_BERKELEY: Final = re.compile(r"^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+[0-9a-fA-F]+\s+\S", re.MULTILINE)
"""text, data, bss, their sum, and the file."""
_SECTION: Final = re.compile(
    r"^\.(?:data|bss|noinit)\s+(?:0x[0-9a-fA-F]+\s+0x(?P<map>[0-9a-fA-F]+)|(?P<size>\d+)\s+(?:0x)?[0-9a-fA-F]+)", re.MULTILINE
)
"""Sections that take RAM: in a map of GNU ld address and size, in what `size -A` prints size and address."""
_USAGE: Final = re.compile(r"^\s*S?RAM:\s+(\d+)\s*(B|KB|MB)\s+\d+\s*[KMG]?B\s", re.MULTILINE | re.IGNORECASE)
"""What `ld --print-memory-usage` prints of the RAM."""
_PROGRAM: Final = re.compile(r"^\s*(\S{1,200}\.(?:elf|axf|out|map))\s*$")
"""A program's or a map's file, where what it says is expected."""
_UNITS: Final = {"B": 1, "KB": BYTES_PER_KIB, "MB": BYTES_PER_KIB * BYTES_PER_KIB}
"""As ld means them [B]."""
_BY_NAME: Final = ("sleeps", "states")
"""Lists whose entries are told by their names: one that is overridden keeps its other fields, a new one is added."""
_NOT_TAKEN: Final = ("bare", "device")
"""What is true of a base and not of what derives from it: a board around a bare module is none, and nobody measured it."""
_MOST_BASES: Final = 8
_REGION: Final = re.compile(r"heap_init:\s+At\s+(?:0x)?([0-9A-Fa-f]{6,16})\s+len\s+(?:0x)?([0-9A-Fa-f]{1,16})\s+\(.*?\):\s*(\S+)")
_POOL: Final = re.compile(r"(?:esp_psram|spiram):\s+Adding pool of (\d{1,7})K of (?:PSRAM|external SPI) memory to heap allocator")
"""What ESP-IDF logs of PSRAM that malloc may give: from 5.0 on, and before."""
_TRIED: Final = ("DRAM", "RAM", "D/IRAM", "SPIRAM")
"""Kinds of region that malloc gives bytes from, in the order it tries them; instruction and RTC memory are none."""

Opened = tuple[YamlDocument, Callable[[Any], "Opened"]]
"""A base's document, and how it opens a base of its own."""


def derived(document: YamlDocument, noun: str, opened: Callable[[Any], Opened]) -> YamlDocument:
    """Return a document with what it does not say taken from its base.

    Fields of fields are merged one by one, a board's states by their names; every other list or value replaces the base's.

    Parameters
    ----------
    document : YamlDocument
        As written.
    noun : str
        What messages call it.
    opened : callable
        From the value of `base` to the base's document, with how that one opens its own.

    Returns
    -------
    YamlDocument
        Without `base`; the same where it has none.

    Raises
    ------
    InputError
        If there is no such base, a base derives from itself, or no name is given.
    """
    layers = [document]
    while isinstance(layers[-1].data, Mapping) and BASE in layers[-1].data:
        if len(layers) > _MOST_BASES:
            text = f"base: more than {_MOST_BASES} bases, one after the other: does one derive from itself?"
            raise SpecError(text, document.location((BASE,)))
        if not layers[-1].data.get("name"):
            raise SpecError(f"a {noun} with a base needs a name of its own: expected a field 'name'", layers[-1].location())
        base, opened = opened(layers[-1].data[BASE])
        if not isinstance(base.data, Mapping):
            raise SpecError(f"base: a {noun} is a mapping of fields, found something else", base.location())
        layers.append(base)
    if len(layers) == 1:
        return document
    merged: Any = {}
    for layer in reversed(layers):
        left_out = (BASE, "$schema") if layer is document else (BASE, "$schema", *_NOT_TAKEN)
        merged = _merged(merged, {key: value for key, value in layer.data.items() if key not in left_out})
    return YamlDocument(merged, document.file, document.places, document.prefix)


def _merged(base: Any, own: Any, key: str = "") -> Any:
    if isinstance(base, Mapping) and isinstance(own, Mapping):
        return {**base, **{name: _merged(base[name], value, name) if name in base else value for name, value in own.items()}}
    if key in _BY_NAME and isinstance(base, list) and isinstance(own, list) and all(isinstance(entry, Mapping) for entry in own):
        names = {str(entry.get("name")): place for place, entry in enumerate(base) if isinstance(entry, Mapping)}
        kept = list(base)
        for entry in own:
            place = names.get(str(entry.get("name")))
            if place is not None:
                kept[place] = _merged(kept[place], entry)
            else:
                kept.append(entry)
        return kept
    return own


def with_logged_heap(document: YamlDocument) -> YamlDocument:
    """Return a device's document with heap regions in place of the boot log it holds.

    Parameters
    ----------
    document : YamlDocument
        With `heap_init: |` and the lines ESP-IDF logs, or without.

    Returns
    -------
    YamlDocument
        With `heap_regions`, DRAM first.

    Raises
    ------
    FormatError
        If the log names no region.
    """
    if not isinstance(document.data, Mapping) or HEAP_LOG not in document.data:
        return document
    text = document.data[HEAP_LOG]
    found = _REGION.findall(text) if isinstance(text, str) else []
    regions: list[dict[str, Any]] = []
    for kind in _TRIED:
        sizes = [int(length, 16) for _, length, named in found if named == kind]
        if kind == "SPIRAM" and not sizes and isinstance(text, str):
            sizes = [int(pool) * BYTES_PER_KIB for pool in _POOL.findall(text)]
        for place, size in enumerate(sizes):
            stem = kind.lower().replace("/", "-")
            name = stem if len(sizes) == 1 else f"{stem}-{place}"
            regions.append({"name": name, "size_bytes": size, "source": "boot log of the program itself (heap_init)"})
    if not regions:
        raise FormatError(
            "heap_init: expected ESP-IDF's lines such as 'heap_init: At 3FFB9A58 len 000265A8 (153 KiB): DRAM'",
            document.location((HEAP_LOG,)),
        )
    kept = {key: value for key, value in document.data.items() if key != HEAP_LOG}
    return YamlDocument({**kept, "heap_regions": regions}, document.file, document.places, document.prefix)


def with_static_data(document: YamlDocument) -> YamlDocument:
    """Return a device's document without the static data of the program whose size it holds.

    Parameters
    ----------
    document : YamlDocument
        With `size_output: |` and what `size` prints, a linker's map or its memory usage, or without.

    Returns
    -------
    YamlDocument
        With data and bss taken from the largest of its heap regions.

    Raises
    ------
    FormatError
        If there is no such line, or the data do not fit the region.
    """
    if not isinstance(document.data, Mapping) or SIZE_OUTPUT not in document.data:
        return document
    text, where = document.data[SIZE_OUTPUT], document.location((SIZE_OUTPUT,))
    static = _static_bytes(text) if isinstance(text, str) else None
    if static is None and isinstance(text, str) and (file := _PROGRAM.match(text)) is not None:
        raise FormatError(
            f"size_output: {file[1]!r} is a file; paste below `size_output: |` what `arm-none-eabi-size {file[1]}` prints of it", where
        )
    if static is None:
        raise FormatError(
            "size_output: expected what `arm-none-eabi-size` prints: text, data, bss, their sum in dec and hex, the file; or `size -A`, a "
            "map of GNU ld with .data and .bss, or the lines of `ld --print-memory-usage`",
            where,
        )
    regions = document.data.get("heap_regions")
    if (
        not isinstance(regions, list)
        or not regions
        or not all(isinstance(each, Mapping) and isinstance(each.get("size_bytes"), int) for each in regions)
    ):
        raise FormatError("size_output: the device has no heap_regions its static data could be taken from", where)
    largest = max(range(len(regions)), key=lambda place: regions[place]["size_bytes"])
    left = regions[largest]["size_bytes"] - static
    if left < 0:
        raise FormatError(f"size_output: {static:,} bytes of static data do not fit region {regions[largest].get('name')}", where)
    source = f"{regions[largest].get('source', '')}; less {static:,} bytes of data and bss of the program itself".lstrip("; ")
    smaller = {key: value for key, value in regions[largest].items() if key != "largest_bytes"} | {"size_bytes": left, "source": source}
    kept = {key: value for key, value in document.data.items() if key != SIZE_OUTPUT}
    return YamlDocument(
        {**kept, "heap_regions": [*regions[:largest], smaller, *regions[largest + 1 :]]}, document.file, document.places, document.prefix
    )


def _static_bytes(text: str) -> int | None:
    """Return the RAM that a program's static data take, of which a tool's text tells; None where it tells nothing."""
    found = _BERKELEY.search(text)
    if found is not None:
        return int(found[2]) + int(found[3]) if int(found[1]) + int(found[2]) + int(found[3]) == int(found[4]) else None
    usage = _USAGE.search(text)
    if usage is not None:
        return int(usage[1]) * _UNITS[usage[2].upper()]
    sections = [int(each["map"], 16) if each["map"] else int(each["size"]) for each in _SECTION.finditer(text)]
    return sum(sections) if sections else None
