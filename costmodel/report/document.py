"""A document as plain data, ignorant of how it is rendered: sections of remarks, key figures, tables and charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from costmodel.report.cells import Cell, cell_of
from costmodel.report.charts import Chart, LifeChoices

Content: TypeAlias = Cell | str | int | float | None
"""What may stand in a table; text and bare numbers are plain cells."""


@dataclass(frozen=True)
class Paragraph:
    """Text of one or more sentences."""

    text: str


@dataclass(frozen=True)
class Listing:
    """Lines to copy as they stand, such as a piece of a program."""

    caption: str
    language: str
    """Of the lines, as Markdown names it."""
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """A sentence to remember, and what it rests on."""

    label: str
    """One or two words: what it says about its subject."""
    tone: str
    """A word renderers choose a colour by; never the only carrier of meaning."""
    headline: str
    detail: str = ""


@dataclass(frozen=True)
class Remarks:
    """Remarks, most important first."""

    items: tuple[Remark, ...]


@dataclass(frozen=True)
class Verdict:
    """The answer in a word and a sentence."""

    word: str
    tone: str
    """A word renderers choose a colour by; never the only carrier of meaning."""
    text: str

    @property
    def symbol(self) -> str:
        """A sign for those who see no colour."""
        return _SYMBOLS.get(self.tone, "")


_SYMBOLS: Final = {"verdict": "✓", "nearly": "△", "fails": "✗", "unknown": "?"}


@dataclass(frozen=True)
class Fact:
    """A key figure."""

    label: str
    value: Content
    note: str = ""
    """What it rests on, in a few words."""
    trust: str = ""
    """One of the seven words for how far to trust it; empty where none is said."""
    figure: str = ""
    """What `explain` knows it by, where its value is text."""

    @property
    def cell(self) -> Cell:
        """The figure, typed."""
        return cell_of(self.value)


@dataclass(frozen=True)
class Facts:
    """Key figures, seen at a glance."""

    items: tuple[Fact, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    title: str
    unit: str = ""
    number: bool = True
    """Whether cells are numbers, which stand flush right."""
    view: tuple[str, ...] = ()
    """What a reader may choose it by on a page: a dataflow, and where scratch rows live."""


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[Content, ...]
    total: bool = False
    """Whether it sums up the rows above."""
    detail: tuple[str, ...] = ()
    """Lines below the row: how it follows, or why it does not."""
    block: str = ""
    """Name of the block of layers it sums up."""
    of: str = ""
    """Name of the block whose row stands above it."""

    @property
    def typed(self) -> tuple[Cell, ...]:
        """Its cells, each with unit and figure."""
        return tuple(cell_of(content) for content in self.cells)

    @property
    def texts(self) -> tuple[str, ...]:
        """Its cells as people read them."""
        return tuple(cell.text for cell in self.typed)


LONG: Final = 20
"""Rows beyond which a table is long."""


@dataclass(frozen=True)
class Table:
    """Rows under named columns; the first cell of a row names it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    """What a reader needs to read it right."""
    supplementary: bool = False
    """Whether a short rendering may leave it out or fold it."""
    of_layers: bool = False
    """Whether its rows are layers, which a page lets readers sort and filter."""

    @property
    def is_long(self) -> bool:
        """Whether what its figures share is told once."""
        return len(self.rows) > LONG

    @property
    def dataflow(self) -> str:
        """The dataflow that all figures of a long table are of; empty where they are of several or of none, and elsewhere."""
        found = {cell.dataflow for row in self.rows for cell in row.typed if cell.figure} if self.is_long else set()
        return next(iter(found)) if len(found) == 1 else ""

    @property
    def patterns(self) -> tuple[Cell, ...]:
        """How the figures of each column are named where the table is long, `*` for a row's own name; without a name elsewhere."""
        own = [row.typed for row in self.rows if not row.block and not row.total] if self.is_long else []
        found = []
        for place in range(len(self.columns)):
            named = Counter(patterned(cells[place], cells[0].text) for cells in own)
            usual = named.most_common(1)[0][0] if named else Cell(None)
            found.append(usual if "*" in usual.figure else Cell(None))
        return tuple(found)


def patterned(cell: Cell, name: str) -> Cell:
    """Return a cell without its value, `*` in its figure's name for the name of its row: alike for all rows of a column."""
    return Cell(None, cell.form, cell.figure.replace(name, "*", 1) if name else cell.figure, cell.dataflow)


@dataclass(frozen=True)
class Illustration:
    """A chart with its words."""

    id: str
    """Name of its picture file, without suffix."""
    caption: str
    """What it shows, and what to see in it."""
    alternative: str
    """The same for someone who cannot see it."""
    chart: Chart


def plain_table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[Content]], note: str = "", *, total: bool = False) -> Table:
    """Return a table of plain values; a column that holds nothing but numbers stands flush right.

    Parameters
    ----------
    caption : str
        What it shows.
    titles : sequence of str
        One a column, units in brackets.
    rows : iterable of sequence
        Values.
    note : str, optional
        What a reader needs to read it right.
    total : bool, optional
        Whether the last row sums up the others.

    Returns
    -------
    Table
        With typed cells.
    """
    cells = [tuple(cell_of(content) for content in row) for row in rows]
    numbers = [all(row[place].value is None or not isinstance(row[place].value, str) for row in cells) for place in range(len(titles))]
    columns = tuple(Column(title, number=number) for title, number in zip(titles, numbers, strict=True))
    last = len(cells) - 1
    return Table(caption, columns, tuple(Row(row, total=total and place == last) for place, row in enumerate(cells)), note)


@dataclass(frozen=True)
class Step:
    """A number, and the steps it was made from."""

    name: str
    value: str
    """With its unit."""
    working: str
    """Its equation with the numbers put in; empty for a constant."""
    source: str
    parts: tuple[Step, ...] = ()
    note: str = ""
    """Why parts are left out, where they are."""


@dataclass(frozen=True)
class Derivation:
    """A number down to its constants."""

    root: Step
    figure: str = ""
    """Its name in `explain`, by which a page finds it; empty where it is all there is."""


Block: TypeAlias = Verdict | Paragraph | Listing | Remarks | Facts | Table | Illustration | Derivation


@dataclass(frozen=True)
class Section:
    """A part of a document under its heading."""

    id: str
    title: str
    """Empty where the document is one section that needs no heading."""
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report, or the answer of a command."""

    title: str
    """Empty for an answer that is nothing but its tables."""
    lead: tuple[str, ...]
    """What was asked, in a few sentences."""
    sections: tuple[Section, ...]
    colophon: str
    """What made it."""
    answer: tuple[Block, ...] = ()
    """What is read first, before what was asked; empty where the sections are the answer."""
    choices: LifeChoices | None = None
    """Lives to choose from on a page; no other rendering has sliders."""

    @property
    def illustrations(self) -> tuple[Illustration, ...]:
        """Every chart, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Illustration))
