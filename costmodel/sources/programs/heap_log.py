"""A device's heap as its program logged it at boot: `heap_init`, the lines of ESP-IDF or the name of a file that holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from costmodel.errors import FormatError
from costmodel.sources.documents.input_file import read_input
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.units import BYTES_PER_KIB

HEAP_LOG: Final = "heap_init"
"""Field that holds the lines ESP-IDF logs of its heap at boot, or names their file."""
_BOOT: Final = "heap_init: Initializing"
"""Begins what each boot logs: of several, the last one counts."""
_REGION: Final = re.compile(
    r"heap_init:\s+At\s+(?:0x)?([0-9A-Fa-f]{6,16})\s+len\s+(?:0x)?([0-9A-Fa-f]{1,16})\s+\(.*?\):\s*([A-Za-z][A-Za-z/_]*(?: RAM)?)"
)
_POOL: Final = re.compile(r"(?:esp_psram|spiram):\s+Adding pool of (\d{1,7})K of (?:PSRAM|external SPI) memory to heap allocator")
"""What ESP-IDF logs of PSRAM that malloc may give: from 5.0 on, and before."""
_SPIRAM: Final = "SPIRAM"
_DATA: Final = re.compile(r"(?:.*[/ ])?(?:DRAM|RAM|DIRAM)(?:/.*)?")
"""Kinds of region that malloc gives bytes from first, those of startup stacks and of retention among them."""
_SHARED: Final = re.compile(r"D/IRAM")
"""The kind it tries next; instruction and RTC memory are none."""
_FILE: Final = re.compile(r"\s*([^\n]{1,1000}\.(?:log|txt))\s*")
_MOST_BYTES: Final = 16 << 20
"""Of a file: a log of days has a few megabytes."""


def with_logged_heap(document: YamlDocument, beside: Path | None) -> YamlDocument:
    """Return a device's document with heap regions in place of the boot log it holds.

    Parameters
    ----------
    document : YamlDocument
        With `heap_init: |` and the lines ESP-IDF logs, or the name of a file with them, or without.
    beside : Path or None
        Folder a file's name begins at; None for the current one.

    Returns
    -------
    YamlDocument
        With `heap_regions` in the order malloc tries them; of a log of several boots, those of the last.

    Raises
    ------
    InputError
        If there is no such file, or the log names no region.
    """
    if not isinstance(document.data, Mapping) or HEAP_LOG not in document.data:
        return document
    text = document.data[HEAP_LOG]
    named = _FILE.fullmatch(text) if isinstance(text, str) else None
    if named is not None:
        path = Path(named[1].strip()) if beside is None else beside / named[1].strip()
        text = read_input(path, _MOST_BYTES, "the log of a boot", (".log", ".txt")).decode("utf-8", errors="replace")
    regions = _regions(text) if isinstance(text, str) else []
    if not regions:
        raise FormatError(
            "heap_init: expected ESP-IDF's lines such as 'heap_init: At 3FFB9A58 len 000265A8 (153 KiB): DRAM', or the name of a .log or"
            " .txt file that holds them",
            document.location((HEAP_LOG,)),
        )
    kept = {key: value for key, value in document.data.items() if key != HEAP_LOG}
    return YamlDocument({**kept, "heap_regions": regions}, document.file, document.places, document.prefix)


def _regions(log: str) -> list[dict[str, Any]]:
    """Return the regions of the last boot in a log."""
    boot = log[max(log.rfind(_BOOT), 0) :]
    found = [(kind, int(length, 16)) for _, length, kind in _REGION.findall(boot)]
    tried = [[each for each in found if pattern.fullmatch(each[0])] for pattern in (_DATA, _SHARED)]
    pools = [(_SPIRAM, int(pool) * BYTES_PER_KIB) for pool in _POOL.findall(boot)]
    tried.append([each for each in found if each[0] == _SPIRAM] or pools)
    listed = [each for kinds in tried for each in kinds]
    names = [kind.lower().replace("/", "-").replace(" ", "-") for kind, _ in listed]
    return [
        {
            "name": name if names.count(name) == 1 else f"{name}-{names[:place].count(name)}",
            "size_bytes": size,
            "external": kind == _SPIRAM,
            "source": "boot log of the program itself (heap_init)",
        }
        for place, (name, (kind, size)) in enumerate(zip(names, listed, strict=True))
    ]
