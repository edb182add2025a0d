"""A document as plain data, ignorant of how it is rendered: sections of remarks, key figures, tables and charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from costmodel.report.charts import Chart


@dataclass(frozen=True)
class Paragraph:
    """Text of one or more sentences."""

    text: str


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
class Fact:
    """A key figure."""

    label: str
    value: str
    """With its unit."""
    note: str = ""
    """What it rests on, in a few words."""


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


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[str, ...]
    total: bool = False
    """Whether it sums up the rows above."""


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


Block: TypeAlias = Paragraph | Remarks | Facts | Table | Illustration


@dataclass(frozen=True)
class Section:
    """A part of a document under its heading."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    lead: tuple[str, ...]
    """What was asked, in a few sentences."""
    sections: tuple[Section, ...]
    colophon: str
    """What made it."""

    @property
    def illustrations(self) -> tuple[Illustration, ...]:
        """Every chart, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Illustration))
