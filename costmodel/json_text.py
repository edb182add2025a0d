"""JSON of others: parsed where what it becomes stays small; a short text may stand for a hundred times as much memory."""

from __future__ import annotations

import json
from typing import Any, Final

from costmodel.errors import LimitError, Location

MAX_HELD_BYTES: Final = 300_000_000
"""Most memory that a document may take: the whole program stays below 500 MB."""
_LIST_BYTES: Final = 100
_MAPPING_BYTES: Final = 256
_ENTRY_BYTES: Final = 70
_VALUE_BYTES: Final = 40
"""Of a number, and its place in a list."""
_QUOTE_BYTES: Final = 40
"""Half of a text without its letters."""
_WIDEST: Final = 4
"""Bytes a letter takes at most, where some letter is none of ASCII."""


def held_bytes(text: str | bytes) -> int:
    """Return an upper bound of the memory that a JSON document takes when it is parsed.

    Parameters
    ----------
    text : str or bytes
        The document; brackets, colons, commas and quotes in it are counted wherever they stand.

    Returns
    -------
    int
        Of CPython's objects, and of the text itself [B].
    """
    marks = (("[", _LIST_BYTES), ("{", _MAPPING_BYTES), (":", _ENTRY_BYTES), (",", _VALUE_BYTES), ('"', _QUOTE_BYTES))
    if isinstance(text, str):
        counted = sum(text.count(mark) * size for mark, size in marks)
    else:
        counted = sum(text.count(mark.encode()) * size for mark, size in marks)
    return counted + 2 * len(text) * (1 if text.isascii() else _WIDEST) + _VALUE_BYTES


def refuse_large_json(text: str | bytes, where: Location | None = None) -> None:
    """Raise LimitError where a document could take more memory than `MAX_HELD_BYTES`; see `parsed_json`."""
    held = held_bytes(text)
    if held > MAX_HELD_BYTES:
        raise LimitError(f"holds JSON that takes up to {held:,} bytes of memory; at most {MAX_HELD_BYTES:,} are taken", where)


def parsed_json(text: str | bytes, where: Location | None = None) -> Any:
    """Parse JSON that somebody else wrote.

    Parameters
    ----------
    text : str or bytes
        The document.
    where : Location, optional
        For the message.

    Returns
    -------
    JSON value
        As `json.loads` gives it.

    Raises
    ------
    LimitError
        If it could take more memory than `MAX_HELD_BYTES`.
    ValueError, RecursionError
        As `json.loads`.
    """
    refuse_large_json(text, where)
    return json.loads(text)
