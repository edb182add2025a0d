"""Text from users, made safe to print: nothing in it may steer a terminal, a browser or a reading direction."""

from __future__ import annotations

import unicodedata
from typing import Final

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the reading direction around."""
_BREAKS: Final = frozenset("\t\n\r\x0b\x0c\x85\u2028\u2029")
_REPLACEMENT: Final = "\ufffd"
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, in both widths."""

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


def shortened(text: str, longest: int) -> str:
    """Return text that is at most so long, its middle left out where it is longer.

    Parameters
    ----------
    text : str
        Printable text.
    longest : int
        Most characters of it.

    Returns
    -------
    str
        Unchanged, or its beginning and end with a mark between that says how much is missing.
    """
    if len(text) <= longest:
        return text
    head = longest * 2 // 3
    tail = longest // 6
    return f"{text[:head]} [... {len(text) - head - tail:,} characters ...] {text[-tail:]}"


def drawable(text: str) -> str:
    r"""Return text as a label of a drawing, in which nothing is read as mathematics.

    Parameters
    ----------
    text : str
        Anything.

    Returns
    -------
    str
        Printable; each dollar sign behind a backslash, which the drawing takes away again.
    """
    return printable(text).replace("$", r"\$")


def csv_cell(text: str) -> str:
    """Return text as a cell of a CSV table that no spreadsheet takes for a formula.

    Parameters
    ----------
    text : str
        Anything a user wrote; numbers of a result need no such care and keep their sign.

    Returns
    -------
    str
        On one line; behind an apostrophe where a spreadsheet would compute it.
    """
    shown = printable(text)
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA_STARTS and not _is_number(shown) else shown


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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
