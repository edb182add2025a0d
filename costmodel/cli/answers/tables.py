"""What a command prints: the same tables for people, documents and programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from costmodel.cli.answers.grid_layout import COLUMN_GAP, column_widths, folded_headings, with_headings
from costmodel.cli.options import chosen

if TYPE_CHECKING:
    from rich.console import Console

Cell: TypeAlias = str | int | float | None
"""What stands in a table; None where there is nothing to say."""

NOTHING: Final = "-"
"""What stands in a cell without a value."""


class OutputFormat(StrEnum):
    """How a command prints its answer."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Grid:
    """A table of plain values."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    """What a reader needs to read it right."""
    total: bool = False
    """Whether the last row sums up the others."""


def write_answer(output_format: str, grids: Sequence[Grid], payload: Any, records: Grid | None = None) -> None:
    """Write an answer to standard output.

    Parameters
    ----------
    output_format : str
        One of `OutputFormat`, as the user gave it.
    grids : sequence of Grid
        For people.
    payload : JSON value
        For programs.
    records : Grid, optional
        For CSV: one table with everything; left out, the only one of `grids`.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    """
    form = chosen("--format", output_format, OutputFormat)
    if form is OutputFormat.TERMINAL:
        _print_rich(grids)
        return
    if form is OutputFormat.JSON:
        text = json.dumps(payload, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    elif form is OutputFormat.CSV:
        text = grid_csv(records or grids[0])
    else:
        text = "\n".join(grid_markdown(grid) for grid in grids)
    sys.stdout.write(text)


def cell_text(cell: Cell) -> str:
    """Return a cell as people read it: thousands apart, a dash for nothing."""
    if cell is None:
        return NOTHING
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:,.6g}" if isinstance(cell, float) else cell


def grid_markdown(grid: Grid) -> str:
    """Return a table as Markdown."""
    cells = [[cell_text(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in (grid.header, *grid.rows)]
    widths = [max(3, *(len(row[place]) for row in cells)) for place in range(len(grid.header))]
    right = _flush_right(grid)
    rule = ["-" * (width - 1) + (":" if flush else "-") for width, flush in zip(widths, right, strict=True)]
    lines = [
        " | ".join(text.rjust(width) if flush else text.ljust(width) for text, width, flush in zip(row, widths, right, strict=True))
        for row in (cells[0], rule, *cells[1:])
    ]
    table = "".join(f"| {line} |\n" for line in lines)
    return f"**{grid.title}**\n\n{table}" + (f"\n{grid.note}\n" if grid.note else "")


def grid_csv(grid: Grid) -> str:
    """Return a table as CSV, numbers bare and nothing as an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(grid.header)
    writer.writerows(grid.rows)
    return stream.getvalue()


def _flush_right(grid: Grid) -> list[bool]:
    return [all(row[place] is None or isinstance(row[place], int | float) for row in grid.rows) for place in range(len(grid.header))]


_PIPE_WIDTH: Final = 200
"""Columns of a table that no screen limits."""


def _print_rich(grids: Sequence[Grid]) -> None:
    from rich.console import Console

    if not sys.stdout.isatty():
        # A pipe has no width: nothing is folded for it, and nothing padded.
        stream = io.TextIOWrapper(io.BytesIO(), encoding=sys.stdout.encoding or "utf-8", errors="replace", newline="\n")
        _print_to(Console(file=stream, width=_PIPE_WIDTH, highlight=False), grids)
        stream.seek(0)
        sys.stdout.write("".join(f"{line.rstrip()}\n" for line in stream))
        return
    _print_to(Console(file=sys.stdout, highlight=False), grids)


def _print_to(console: Console, grids: Sequence[Grid]) -> None:
    from rich.text import Text

    for place, grid in enumerate(grids):
        if place:
            console.print()
        console.print(Text(grid.title, style="bold"))
        _print_pieces(console, grid)
        if grid.note:
            console.print(Text(grid.note, style="dim"))


def _print_pieces(console: Console, grid: Grid) -> None:
    """Print a table: numbers are never folded, so that a narrow screen gets it in pieces, each with the first column."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from costmodel.report.as_terminal import side_by_side

    cells = [[cell_text(cell) for cell in row] for row in grid.rows]
    flush = _flush_right(grid)
    widths = column_widths(cells, flush)
    headings = folded_headings(grid.header, widths, flush, console.width)
    widths = with_headings(widths, headings)
    for number, piece in enumerate(side_by_side(widths, console.width, COLUMN_GAP)):
        if number:
            console.print()
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for place in piece:
            table.add_column(Text(headings[place]), justify="right" if flush[place] else "left", overflow="fold", min_width=widths[place])
        for index, row in enumerate(cells):
            last = grid.total and index == len(cells) - 1
            if last:
                table.add_section()
            table.add_row(*(Text(row[place]) for place in piece), style="bold" if last else None)
        console.print(table)
