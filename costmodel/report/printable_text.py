"""Text from users, made safe to print: nothing in it may steer a terminal, a browser or a reading direction."""

from __future__ import annotations

import unicodedata
from typing import Final

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the reading direction around."""
_BREAKS: Final = frozenset("\t\n\r\x0b\x0c\x85\u2028\u2029")
_REPLACEMENT: Final = "\ufffd"

_PLAIN: Final = str.maketrans(
    {"µ": "u", "×": "x", "–": "-", "—": "-", "·": "|", "…": "...", "≤": "<=", "≥": ">=", "→": "->", "±": "+-", "°": "deg", "²": "2"}
    | {"✗": "x", "’": "'", "“": '"', "”": '"', "η": "eta", "τ": "tau", "Σ": "sum", _REPLACEMENT: "?"}
)
"""What stands for a character the console has not got."""


def printable(text: str) -> str:
    """Return text on one line without control characters, halves of characters or changes of direction.

    Parameters
    ----------
    text : str
        Anything.

    Returns
    -------
    str
        The same, each line break a space and each offending character a replacement mark.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_printable_character(character) for character in text)


def _printable_character(character: str) -> str:
    if character in _BREAKS:
        return " "
    return _REPLACEMENT if unicodedata.category(character) in ("Cc", "Cs") or character in _DIRECTIONS else character


def encodable(text: str, encoding: str) -> str:
    """Return text a console can show.

    Parameters
    ----------
    text : str
        Printable text.
    encoding : str
        The console's encoding (`cp1252`, `ascii`).

    Returns
    -------
    str
        Unchanged where the encoding has every character; else with plain stand-ins, and `?` where there is none.
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, errors="replace").decode(encoding)
    except LookupError:
        return encodable(text, "ascii")
    return text
