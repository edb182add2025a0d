"""Where a table's headings break, and which of its columns stand side by side on a narrow screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

COLUMN_GAP: Final = 3
"""Characters between two columns."""
TEXT_WIDTH: Final = 24
"""What a column of longer texts is folded to at least."""
_HEADING_WIDTH: Final = 12
"""What a heading is folded to where its column's cells are narrower."""
_BREAKS: Final = re.compile(r"(?<=[._\- ])(?=[^._\- ])")


def column_widths(cells: Sequence[Sequence[str]], numbers: Sequence[bool]) -> list[int]:
    """Return the least width of each column: that of its numbers and short texts, which are never folded.

    Parameters
    ----------
    cells : sequence of sequence of str
        Rows, without headings.
    numbers : sequence of bool
        Whether a column holds numbers.

    Returns
    -------
    list of int
        Characters, headings left out of account.
    """
    widths = [max((len(row[place]) for row in cells), default=0) for place in range(len(numbers))]
    return [width if number else min(width, TEXT_WIDTH) for width, number in zip(widths, numbers, strict=True)]


def folded_headings(headings: Sequence[str], widths: Sequence[int], numbers: Sequence[bool], room: int) -> list[str]:
    """Fold the headings of numbers between words, after dots, hyphens and underscores; never inside a word.

    Parameters
    ----------
    headings : sequence of str
        Names, with units in brackets.
    widths : sequence of int
        Of the columns' cells.
    numbers : sequence of bool
        Whether a column holds numbers; headings of texts stay as they are.
    room : int
        Characters of a line: headings are folded as little as leaves the table in one piece.

    Returns
    -------
    list of str
        Each in lines.
    """
    columns = list(zip(headings, widths, numbers, strict=True))
    roomy, tight = (
        [_folded(name, max(least, width)) if number else name for name, width, number in columns] for least in (_HEADING_WIDTH, 0)
    )

    def fit(folded: list[str]) -> bool:
        return sum(with_headings(widths, folded)) + COLUMN_GAP * (len(widths) - 1) <= room

    return tight if fit(tight) and not fit(roomy) else roomy


def with_headings(widths: Sequence[int], headings: Sequence[str]) -> list[int]:
    """Return the width of each column with its folded heading."""
    return [max(width, *map(len, heading.split("\n"))) for width, heading in zip(widths, headings, strict=True)]


def _folded(heading: str, width: int) -> str:
    lines = [""]
    for word in _BREAKS.split(heading):
        # A unit stands on the last line, whole.
        if lines[-1] and (len(lines[-1]) + len(word.rstrip()) > width or word.startswith("[")):
            lines.append("")
        lines[-1] += word
    return "\n".join(line.rstrip() for line in lines)
