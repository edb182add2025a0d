"""The checksum that names the firmware's core: one file set for every port."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

HASH_FILE: Final = "core_hash.h"
"""States the checksum, and is not part of it."""
DIGITS: Final = 16


def core_hash(firmware: Path) -> str:
    """Return the checksum of a firmware folder's core.

    Parameters
    ----------
    firmware : Path
        The folder `firmware/`.

    Returns
    -------
    str
        First 16 hexadecimal digits of a SHA-256 over the names and texts of `core/`, line ends as on Unix.
    """
    digest = hashlib.sha256()
    for path in sorted((firmware / "core").iterdir(), key=lambda path: path.name):
        if path.name != HASH_FILE and path.is_file():
            text = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(path.name.encode() + b"\0" + text + b"\0")
    return digest.hexdigest()[:DIGITS]
