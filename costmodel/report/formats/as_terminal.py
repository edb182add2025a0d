"""A document in a terminal of any width and encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from costmodel.printable_text import encodable, printable
from costmodel.report.charts import Chart, LayerBars, ShareBars
from costmodel.report.document import Block, Derivation, Document, Facts, Illustration, Listing, Paragraph, Remarks, Step, Table, Verdict
from costmodel.report.table_layout import COLUMN_GAP, NARROW_TEXT_WIDTH, column_widths, side_by_side, title_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    from costmodel.report.first.first_screen import Line

QUIET: Final = "#757575"
_TONES: Final = {
    "verdict": "bold #07882b",
    "fails": "bold #e12b2b",
    "dominates": "bold #c331c6",
    "negligible": "bold #1d78cb",
    "suspicious": "bold #a16a00",
    "unknown": "bold #008383",
    "nearly": "bold #a16a00",
    "bar": "#1d78cb",
    "title": "bold",
    "heading": "bold",
    "value": "bold",
    "next": "bold",
    "quiet": QUIET,
}
"""Styles by tone: each colour has a contrast of at least 4.5 on black and on white."""
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


def print_toned(lines: Sequence[Line], console: Console) -> None:
    """Print lines of toned words.

    Parameters
    ----------
    lines : sequence of Line
        As the first screen has them.
    console : Console
        Where to.
    """
    printer = _Printer(console)
    for line in lines:
        text = printer.text("")
        for span in line:
            text.append_text(printer.text(span.text, _TONES.get(span.tone, "")))
        console.print(text, soft_wrap=True)


def continued(command: str, width: int) -> list[str]:
    r"""Return a command in lines of at most a width where its words allow it, each but the last ending in a backslash."""
    lines = [""]
    for word in command.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and len(longer) + 2 > width:
            lines[-1] += " \\"
            lines.append(f"  {word}")
        else:
            lines[-1] = longer
    return lines


class _Printer:
    """Prints blocks on one console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = False
        """Whether anything stands above."""

    def text(self, words: str, style: str = "") -> Text:
        """Text that cannot be mistaken for markup, in characters the console has."""
        from rich.text import Text

        return Text(encodable(printable(words), self.console.encoding), style=style)

    def print_document(self, document: Document) -> None:
        """Print every section."""
        if document.title:
            self.console.print(self.text(document.title, "bold"))
            self.started = True
        for block in document.answer:
            if not isinstance(block, Facts | Listing | Table):
                self.space()
            self.print_block(block)
        if document.answer and document.lead:
            self.space()
        for sentence in document.lead:
            self.console.print(self.text(sentence))
            self.started = True
        for section in document.sections:
            if section.title:
                self.space()
                self.console.rule(self.text(section.title, "bold"), align="left", characters="-", style=QUIET)
            for block in section.blocks:
                self.print_block(block)
                self.started = True
        tables = [block for section in document.sections for block in section.blocks if isinstance(block, Table)]
        folded = "layer, " if any(row.of for table in tables for row in table.rows) else ""
        left_out = folded or any(table.supplementary for table in tables)
        more = f" Every {folded}counter and formula stands in the HTML and Markdown reports (--out FOLDER)." if left_out else ""
        if document.colophon or more:
            self.console.print()
            self.console.print(self.text(document.colophon + more, QUIET))

    def space(self) -> None:
        """Leave a line free, except at the very beginning."""
        if self.started:
            self.console.print()

    def print_block(self, block: Block) -> None:
        """Print one block."""
        if isinstance(block, Verdict):
            line = self.text(f"{block.symbol} {block.word}  ".lstrip(), _TONES.get(block.tone, "bold"))
            self.console.print(line.append_text(self.text(block.text)))
        elif isinstance(block, Paragraph):
            self.console.print(self.text(block.text))
        elif isinstance(block, Listing):
            self.print_listing(block)
        elif isinstance(block, Remarks):
            self.print_remarks(block)
        elif isinstance(block, Facts):
            self.print_facts(block)
        elif isinstance(block, Illustration):
            self.print_bars(block.caption, block.chart)
        elif isinstance(block, Derivation):
            self.console.print(self.tree(block.root))
        elif isinstance(block, Table) and any(row.detail for row in block.rows):
            self.print_detailed(block)
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

    def print_listing(self, listing: Listing) -> None:
        """Print lines as they stand, however narrow the console; a command goes on after a backslash, as a shell reads it."""
        self.space()
        self.console.print(self.text(listing.caption))
        for line in listing.lines:
            parts = continued(line, self.console.width) if listing.language == "sh" else [line]
            for part in parts:
                self.console.print(self.text(part), soft_wrap=True)

    def print_facts(self, facts: Facts) -> None:
        """Print key figures one a line, long notes folded beside them; where there is no room beside, below them."""
        from rich.padding import Padding

        label = max(len(fact.label) for fact in facts.items)
        value = max(len(fact.cell.text) for fact in facts.items)
        trust = max(len(fact.trust) for fact in facts.items)
        beside = label + value + trust + COLUMN_GAP * (3 if trust else 2)
        narrow = beside + NARROW_TEXT_WIDTH > self.console.width
        for fact in facts.items:
            line = self.text(f"{fact.label:<{label}}  ")
            line.append_text(self.text(f"{fact.cell.text:<{value}}", "bold"))
            line.append_text(self.text(f"  {fact.trust:<{trust}}" if trust else ""))
            if narrow:
                self.console.print(line)
                self.console.print(Padding(self.text(fact.note, QUIET), (0, 0, 0, 4)))
                continue
            parts = self.text(fact.note, QUIET).wrap(self.console, self.console.width - beside)
            for place, part in enumerate(parts or [self.text("")]):
                head = line.append("  ") if place == 0 else self.text(" " * beside)
                self.console.print(head.append_text(part), no_wrap=True)

    def tree(self, step: Step) -> Tree:
        """A step with its parts below it."""
        from rich.tree import Tree

        label = self.text(step.name, "bold").append_text(self.text(f" = {step.value}", _TONES["unknown"]))
        if step.working:
            label.append("\n").append_text(self.text(step.working, "#07882b"))
            label.append("\n").append_text(self.text(step.source, QUIET))
        elif step.source:
            label.append_text(self.text(f"   from {step.source}", QUIET))
        branch = Tree(label, guide_style=QUIET)
        branch.children += [self.tree(part) for part in step.parts]
        if step.note:
            branch.add(self.text(step.note, f"italic {QUIET}"))
        return branch

    def print_detailed(self, table: Table) -> None:
        """Print rows with lines of their own below them; where there is no room, a row's name stands above its values."""
        from rich.padding import Padding

        widths = [max(len(row.texts[place]) for row in table.rows) for place in range(len(table.columns))]
        beside = sum(widths) + COLUMN_GAP * (len(widths) - 1) <= self.console.width
        for row in table.rows:
            line = self.text("")
            for place, (cell, column) in enumerate(zip(row.typed, table.columns, strict=True)):
                text = cell.text.rjust(widths[place]) if column.number else cell.text.ljust(widths[place])
                gap = "" if place == 0 else "\n    " if place == 1 and not beside else " " * COLUMN_GAP
                line.append(gap).append_text(self.text(text.rstrip() if place == 0 and not beside else text, _TONES.get(cell.tone, "")))
            self.console.print(line, no_wrap=True, crop=False)
            for detail in row.detail:
                self.console.print(Padding(self.text(detail, QUIET), (0, 0, 0, 4), expand=False))

    def print_table(self, table: Table) -> None:
        """Print a table, in several pieces where the console is too narrow for its numbers."""
        from rich.table import Table as RichTable
        from rich.text import Text as RichText

        self.space()
        if table.caption:
            self.console.print(self.text(table.caption, "italic"))
        # Of a block, the row that sums it up: its layers stand in the other formats.
        rows = [row for row in table.rows if not row.of]
        typed = [row.typed for row in rows]
        widths = column_widths(table.columns, [[cell.text for cell in row] for row in typed], self.console.width)
        for number, group in enumerate(side_by_side(widths, self.console.width)):
            if number:
                self.console.print()
            grid = RichTable(box=None, padding=(0, COLUMN_GAP, 0, 0), pad_edge=False, header_style=QUIET, expand=False)
            titles = {place: title_lines(table.columns[place], widths[place]) for place in group}
            tallest = max(len(lines) for lines in titles.values())
            for place in group:
                lines = [*[""] * (tallest - len(titles[place])), *(str(self.text(line)) for line in titles[place])]
                number_column = table.columns[place].number
                justify: Literal["left", "right"] = "right" if number_column else "left"
                grid.add_column(
                    RichText("\n".join(lines)),
                    justify=justify,
                    no_wrap=number_column,
                    overflow="fold",
                    min_width=widths[place] if number_column else None,
                )
            for row, cells in zip(rows, typed, strict=True):
                shown = (self.text(cells[place].text, _TONES.get(cells[place].tone, "")) for place in group)
                grid.add_row(*shown, style="bold" if row.total else "")
            self.console.print(grid)
        if table.note:
            self.console.print(self.text(table.note, QUIET))

    def print_bars(self, caption: str, chart: Chart) -> None:
        """Print a chart of bars as bars of characters; other charts have no such form and their figures stand in tables."""
        if isinstance(chart, ShareBars):
            rows = [(name, value, 0.0, text) for name, value, text in zip(chart.labels, chart.values, chart.texts, strict=True)]
            self.space()
            self.console.print(self.text(f"{caption} {chart.axis}", "italic"))
            self._print_bar_rows(rows)
        elif isinstance(chart, LayerBars):
            panel = chart.panels[-1]
            self.space()
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
        width = max(8, min(_BAR_WIDTH, self.console.width - label - text - 2 * COLUMN_GAP))
        largest = max(row[1] + row[2] for row in rows) or 1.0
        for name, solid, extra, words in rows:
            filled = round(width * solid / largest)
            bar = full * filled + light * (round(width * (solid + extra) / largest) - filled)
            self.console.print(self.text(f"{name:<{label}}  {bar or none} {words}"))
