"""An answer of a command: a document for people, plain values for programs, and one table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from costmodel.report.document import Block, Document, Section, Table


@dataclass(frozen=True)
class Answer:
    """What a command found, for every reader."""

    document: Document
    content: Any
    """For programs: JSON values, or a result."""
    records: Table | None = None
    """For spreadsheets: one table with everything; left out, the document's first."""
    explained: Any = None
    """What `explain` walks: results whose numbers remember where they came from; left out, the content."""


def answer_of(blocks: Sequence[Block], content: Any, records: Table | None = None, explained: Any = None) -> Answer:
    """Return an answer that is nothing but its tables.

    Parameters
    ----------
    blocks : sequence of Block
        For people.
    content : JSON value or Result
        For programs.
    records : Table, optional
        For spreadsheets; left out, the first table of `blocks`.
    explained : Result, optional
        What `explain` walks; left out, `content`.

    Returns
    -------
    Answer
        With a document of one section without a heading.
    """
    return Answer(Document("", (), (Section("answer", "", tuple(blocks)),), ""), content, records, explained)


def records_of(answer: Answer) -> Table | None:
    """Return the table a spreadsheet gets; None where the answer has none."""
    if answer.records is not None:
        return answer.records
    tables = [block for section in answer.document.sections for block in section.blocks if isinstance(block, Table)]
    return tables[0] if tables else None
