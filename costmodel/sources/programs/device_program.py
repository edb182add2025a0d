"""A device's heap beside a program: `size_output`, the program's file or what tools say of its size, taken from the heap."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from costmodel.errors import FormatError, Location, SpecError
from costmodel.sources.documents.input_file import opened_input
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.sources.programs.elf_sections import MAGIC, read_program_sections
from costmodel.sources.programs.heap_log import HEAP_LOG, with_logged_heap
from costmodel.sources.programs.sections import StaticData, static_data_of
from costmodel.sources.programs.size_texts import is_berkeley, static_data_in, tells_of_several

SIZE_OUTPUT: Final = "size_output"
"""Field that holds what a linker or `size` says of the program, or names its file: its static data are gone from the heap."""
_FILE: Final = re.compile(r"\s*([^\n]{1,1000}\.(?:elf|axf|out|map|txt))\s*")
"""A program's or a map's file, where what it says is expected."""
_MOST_TEXT_BYTES: Final = 64 << 20
"""Of a map: those of large programs have a few megabytes."""


def with_program(document: YamlDocument, beside: Path | None) -> YamlDocument:
    """Return a device's document with what its program logged of its heap, or takes of it; see `with_logged_heap`, `with_static_data`.

    Raises
    ------
    InputError
        If either cannot be read, or both are given: what is logged at boot is without the static data.
    """
    if isinstance(document.data, Mapping) and HEAP_LOG in document.data and SIZE_OUTPUT in document.data:
        text = "what heap_init says is free at boot, without the program's static data; leave one of the two out"
        raise SpecError(f"{SIZE_OUTPUT}: {text}", document.location((SIZE_OUTPUT,), key=True))
    return with_static_data(with_logged_heap(document, beside), beside)


def with_static_data(document: YamlDocument, beside: Path | None) -> YamlDocument:
    """Return a device's document without the static data of the program whose size it holds.

    Parameters
    ----------
    document : YamlDocument
        With `size_output: |` and what `size` prints, a linker's map or its memory usage, or the name of a file, or without.
    beside : Path or None
        Folder a file's name begins at; None for the current one.

    Returns
    -------
    YamlDocument
        With the static data taken from the region that holds them, or else the largest of its heap regions.

    Raises
    ------
    InputError
        If there is no such line or file, or the data do not fit the region.
    """
    if not isinstance(document.data, Mapping) or SIZE_OUTPUT not in document.data:
        return document
    text, where = document.data[SIZE_OUTPUT], document.location((SIZE_OUTPUT,))
    static = _static_data(text, beside, where) if isinstance(text, str) else None
    if static is None:
        raise FormatError(
            "size_output: expected what `arm-none-eabi-size` prints: text, data, bss, their sum in dec and hex, the file; or `size -A`, a "
            "map of GNU ld with .data and .bss, the lines of `ld --print-memory-usage` or of `idf.py size`; or the name of an .elf or .map",
            where,
        )
    regions = document.data.get("heap_regions")
    if (
        not isinstance(regions, list)
        or not regions
        or not all(isinstance(each, Mapping) and isinstance(each.get("size_bytes"), int) for each in regions)
    ):
        raise FormatError("size_output: the device has no heap_regions its static data could be taken from", where)
    holds = max(range(len(regions)), key=lambda place: (regions[place].get("holds_static") is True, regions[place]["size_bytes"]))
    left = regions[holds]["size_bytes"] - static.size_bytes
    counted = (
        " as `size` counts them, flash's constants and place-holders too; `size -A` tells them apart" if _by_flags(document, text) else ""
    )
    if left < 0:
        taken = f"{static.size_bytes:,} bytes of static data ({static.parts}{counted})"
        raise FormatError(f"size_output: {taken} do not fit region {regions[holds].get('name')}", where)
    source = (
        f"{regions[holds].get('source', '')}; less {static.size_bytes:,} bytes of {static.parts}, of the program itself{counted}".lstrip(
            "; "
        )
    )
    smaller = {key: value for key, value in regions[holds].items() if key != "largest_bytes"} | {"size_bytes": left, "source": source}
    kept = {key: value for key, value in document.data.items() if key != SIZE_OUTPUT}
    return YamlDocument(
        {**kept, "heap_regions": [*regions[:holds], smaller, *regions[holds + 1 :]]}, document.file, document.places, document.prefix
    )


def _by_flags(document: YamlDocument, text: Any) -> bool:
    """Whether data and bss are as `size` counts them in a program of ESP-IDF, told by its heap: there, flash is mapped as data."""
    allocator = document.data.get("allocator")
    return isinstance(allocator, Mapping) and allocator.get("size_classes") is True and isinstance(text, str) and is_berkeley(text)


def _static_data(text: str, beside: Path | None, where: Location | None) -> StaticData | None:
    """Return a program's static data, from its file or from what a tool says."""
    if tells_of_several(text):
        raise FormatError("size_output: tells of several programs; keep the line of one, or give what `size -t` adds", where)
    found = static_data_in(text)
    named = _FILE.fullmatch(text)
    if found is not None or named is None:
        return found
    return _of_file(Path(named[1].strip()) if beside is None else beside / named[1].strip())


def _of_file(path: Path) -> StaticData | None:
    with opened_input(path, "a program or what a tool says of its size", (".elf", ".axf", ".out", ".map", ".txt")) as stream:
        content = stream.read(len(MAGIC))
        if content != MAGIC:
            content += stream.read(_MOST_TEXT_BYTES)
            if len(content) > _MOST_TEXT_BYTES:
                raise FormatError(
                    f"has more than {_MOST_TEXT_BYTES:,} bytes; paste its memory map below `size_output: |`", Location(str(path))
                )
            return static_data_in(content.decode("utf-8", errors="replace"))
    return static_data_of(read_program_sections(path))
