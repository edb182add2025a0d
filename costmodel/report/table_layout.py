"""How a table stands in lines of a given length: numbers whole, headings folded between words, in pieces where nothing else helps.

Rich's own tables fold or cut numbers where a line is short, and cannot stand in pieces one below the other; so the layout is made here, and
Rich prints it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from costmodel.report.document import Column

COLUMN_GAP: Final = 2
"""Characters between two columns."""
TEXT_WIDTH: Final = 24
"""What a column of longer texts is folded to at least."""
NARROW_TEXT_WIDTH: Final = 16
"""The same, where that leaves a table in one piece."""
HEADING_WIDTH: Final = 10
"""What a heading is folded to where there is room."""
_BREAKS: Final = re.compile(r"(?<=[._\-])(?=[A-Za-z*])|(?<= )(?=\S)")
"""Where a heading may break: between words, and after the dots, underscores and hyphens of a name."""


def column_widths(columns: Sequence[Column], texts: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the least width of each column, its heading folded as little as leaves the table in one piece.

    Parameters
    ----------
    columns : sequence of Column
        Of the table.
    texts : sequence of sequence of str
        Its rows.
    room : int
        Characters there are in a line.

    Returns
    -------
    list of int
        Numbers, and the first column's names, are never folded.
    """
    for heading_width, text_width in ((HEADING_WIDTH, TEXT_WIDTH), (0, TEXT_WIDTH), (0, NARROW_TEXT_WIDTH)):
        widths = [_column_width(column, place, texts, heading_width, text_width) for place, column in enumerate(columns)]
        if sum(widths) + COLUMN_GAP * (len(widths) - 1) <= room:
            return widths
    return [_column_width(column, place, texts, 0, TEXT_WIDTH) for place, column in enumerate(columns)]


def _column_width(column: Column, place: int, texts: Sequence[Sequence[str]], heading_width: int, text_width: int) -> int:
    cells = [len(row[place]) for row in texts]
    words = [min(heading_width, len(column.title)), *map(len, title_words(column.title)), len(_unit(column))]
    if column.number or place == 0:
        return max([*cells, *words])
    return max([min(text_width, max(cells, default=0)), *words])


def title_words(title: str) -> list[str]:
    """Return the parts a heading may be broken into."""
    return [word.rstrip() for word in _BREAKS.split(title)]


def title_lines(column: Column, width: int) -> list[str]:
    """Return a column's heading in lines: folded between words, its unit on the last line and whole.

    Parameters
    ----------
    column : Column
        With its title and unit.
    width : int
        Characters of a line.

    Returns
    -------
    list of str
        At least one; a word longer than the width stays whole.
    """
    lines = [""]
    for word in _BREAKS.split(column.title):
        if lines[-1] and (len(lines[-1]) + len(word.rstrip()) > width or word.startswith("[")):
            lines.append("")
        lines[-1] += word
    return [*(line.rstrip() for line in lines), *([_unit(column)] if column.unit else [])]


def _unit(column: Column) -> str:
    return f"[{column.unit}]" if column.unit else ""


def side_by_side(widths: Sequence[int], room: int) -> list[list[int]]:
    """Divide columns into pieces that fit; every piece begins with the first column, which names the row.

    Parameters
    ----------
    widths : sequence of int
        Least width of each column.
    room : int
        Characters there are in a line.

    Returns
    -------
    list of list of int
        Places of columns; one piece where all fit.
    """
    pieces, used = [[0]], widths[0]
    for place in range(1, len(widths)):
        if used + COLUMN_GAP + widths[place] > room and len(pieces[-1]) > 1:
            pieces.append([0])
            used = widths[0]
        pieces[-1].append(place)
        used += COLUMN_GAP + widths[place]
    return pieces
