"""A document in a terminal of any width and encoding."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from costmodel.printable_text import encodable, printable
from costmodel.report.charts import Chart, LayerBars, ShareBars
from costmodel.report.document import Block, Column, Document, Facts, Illustration, Paragraph, Remarks, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_TONES: Final = {
    "verdict": "bold green",
    "fails": "bold red",
    "dominates": "bold magenta",
    "negligible": "bold blue",
    "suspicious": "bold yellow",
    "unknown": "bold cyan",
}
_GAP: Final = 2
"""Columns of space between two columns of a table."""
_TEXT_WIDTH: Final = 24
"""What a column of text is folded to at least."""
_TITLE_WIDTH: Final = 10
"""What a column's title is folded to where there is room."""
_BAR_WIDTH: Final = 40


def print_terminal(document: Document, console: Console) -> None:
    """Print a document.

    Parameters
    ----------
    document : Document
        Supplementary tables are left out and mentioned.
    console : Console
        Where to; its width and encoding are respected.
    """
    _Printer(console).print_document(document)


class _Printer:
    """Prints blocks on one console."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def text(self, words: str, style: str = "") -> Text:
        """Text that cannot be mistaken for markup, in characters the console has."""
        from rich.text import Text

        return Text(encodable(printable(words), self.console.encoding), style=style)

    def print_document(self, document: Document) -> None:
        """Print every section."""
        self.console.print(self.text(document.title, "bold"))
        for sentence in document.lead:
            self.console.print(self.text(sentence))
        for section in document.sections:
            self.console.print()
            self.console.rule(self.text(section.title, "bold"), align="left", characters="-", style="dim")
            for block in section.blocks:
                self.print_block(block)
        left_out = any(isinstance(block, Table) and block.supplementary for section in document.sections for block in section.blocks)
        self.console.print()
        more = " Every counter and formula stands in the HTML and Markdown reports (--out FOLDER)." if left_out else ""
        self.console.print(self.text(document.colophon + more, "dim"))

    def print_block(self, block: Block) -> None:
        """Print one block."""
        if isinstance(block, Paragraph):
            self.console.print(self.text(block.text))
        elif isinstance(block, Remarks):
            self.print_remarks(block)
        elif isinstance(block, Facts):
            self.print_facts(block)
        elif isinstance(block, Illustration):
            self.print_bars(block.caption, block.chart)
        elif not block.supplementary:
            self.print_table(block)

    def print_remarks(self, remarks: Remarks) -> None:
        """Print each remark: its label, its sentence, and below it what it rests on."""
        from rich.padding import Padding

        for remark in remarks.items:
            line = self.text(f"{remark.label}: ", _TONES.get(remark.tone, "bold"))
            line.append_text(self.text(remark.headline, "bold"))
            self.console.print(line)
            if remark.detail:
                self.console.print(Padding(self.text(remark.detail), (0, 0, 0, 2)))

    def print_facts(self, facts: Facts) -> None:
        """Print key figures one a line."""
        label = max(len(fact.label) for fact in facts.items)
        value = max(len(fact.value) for fact in facts.items)
        for fact in facts.items:
            line = self.text(f"{fact.label:<{label}}  ")
            line.append_text(self.text(f"{fact.value:>{value}}", "bold"))
            line.append_text(self.text(f"  {fact.note}", "dim"))
            self.console.print(line)

    def print_table(self, table: Table) -> None:
        """Print a table, in several pieces where the console is too narrow for its numbers."""
        from rich.table import Table as RichTable
        from rich.text import Text as RichText

        self.console.print()
        self.console.print(self.text(table.caption, "italic"))
        for group in column_groups(table, self.console.width):
            grid = RichTable(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim", expand=False)
            widths = dict(zip(group, _column_widths(table, group, self.console.width), strict=True))
            titles = {place: _title_lines(table.columns[place], widths[place]) for place in group}
            tallest = max(len(lines) for lines in titles.values())
            for place in group:
                lines = [*[""] * (tallest - len(titles[place])), *(str(self.text(line)) for line in titles[place])]
                justify: Literal["left", "right"] = "right" if table.columns[place].number else "left"
                number = table.columns[place].number
                grid.add_column(
                    RichText("\n".join(lines)),
                    justify=justify,
                    no_wrap=number,
                    overflow="fold",
                    min_width=widths[place] if number else None,
                )
            for row in table.rows:
                grid.add_row(*(self.text(row.cells[place]) for place in group), style="bold" if row.total else "")
            self.console.print(grid)
        if table.note:
            self.console.print(self.text(table.note, "dim"))

    def print_bars(self, caption: str, chart: Chart) -> None:
        """Print a chart of bars as bars of characters; other charts have no such form and their figures stand in tables."""
        if isinstance(chart, ShareBars):
            rows = [(name, value, 0.0, text) for name, value, text in zip(chart.labels, chart.values, chart.texts, strict=True)]
            self.console.print()
            self.console.print(self.text(f"{caption} {chart.axis}", "italic"))
            self._print_bar_rows(rows)
        elif isinstance(chart, LayerBars):
            panel = chart.panels[-1]
            self.console.print()
            self.console.print(self.text(f"{panel.title}. {caption}", "italic"))
            width = max(len(layer) for layer in chart.layers)
            rows = [
                (f"{layer if place == 0 else '':<{width}} {series.name}", series.solid[at], series.light[at], series.texts[at])
                for at, layer in enumerate(chart.layers)
                for place, series in enumerate(panel.series)
            ]
            self._print_bar_rows(rows)

    def _print_bar_rows(self, rows: list[tuple[str, float, float, str]]) -> None:
        full, light, none = ("█", "░", "▏") if encodable("█░▏", self.console.encoding) == "█░▏" else ("#", ".", "|")
        label = max(len(row[0]) for row in rows)
        text = max(len(row[3]) for row in rows)
        width = max(8, min(_BAR_WIDTH, self.console.width - label - text - 2 * _GAP))
        largest = max(row[1] + row[2] for row in rows) or 1.0
        for name, solid, extra, words in rows:
            filled = round(width * solid / largest)
            bar = full * filled + light * (round(width * (solid + extra) / largest) - filled)
            self.console.print(self.text(f"{name:<{label}}  {bar or none} {words}"))


def column_groups(table: Table, width: int) -> list[list[int]]:
    """Return the columns of each piece a table is printed in; every piece begins with the first column.

    Parameters
    ----------
    table : Table
        Its numbers are never folded.
    width : int
        Characters there are in a line.

    Returns
    -------
    list of list of int
        Places of columns.
    """
    return side_by_side(_column_widths(table, range(len(table.columns)), width), width, _GAP)


def side_by_side(widths: Sequence[int], room: int, gap: int) -> list[list[int]]:
    """Divide columns into pieces that fit; every piece begins with the first column, which names the row.

    Parameters
    ----------
    widths : sequence of int
        Least width of each column.
    room : int
        Characters there are in a line.
    gap : int
        Characters between two columns.

    Returns
    -------
    list of list of int
        Places of columns; one piece where all fit.
    """
    pieces, used = [[0]], widths[0]
    for place in range(1, len(widths)):
        if used + gap + widths[place] > room and len(pieces[-1]) > 1:
            pieces.append([0])
            used = widths[0]
        pieces[-1].append(place)
        used += gap + widths[place]
    return pieces


def _title_lines(column: Column, width: int) -> list[str]:
    """Fold a column's title between words, its unit on the last line."""
    return [*textwrap.wrap(column.title, width, break_long_words=False), *([f"[{column.unit}]"] if column.unit else [])]


def _column_widths(table: Table, places: Sequence[int], width: int) -> list[int]:
    """Widths of some columns, with titles folded as little as the line allows."""
    roomy = [_column_width(table, place, _TITLE_WIDTH) for place in places]
    return roomy if sum(roomy) + _GAP * (len(roomy) - 1) <= width else [_column_width(table, place, 0) for place in places]


def _column_width(table: Table, place: int, title_width: int) -> int:
    column = table.columns[place]
    cells = [len(row.cells[place]) for row in table.rows]
    words = [min(title_width, len(column.title)), *(len(word) for word in (*column.title.split(), f"[{column.unit}]"))]
    if column.number or place == 0:
        # A title folds between words, a number and a row's name do not.
        return max([*cells, *words])
    return max([min(_TEXT_WIDTH, max(cells, default=0)), *words])
