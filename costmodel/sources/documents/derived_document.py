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
