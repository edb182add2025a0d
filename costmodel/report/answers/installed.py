"""The answer of `costmodel doctor`: what is installed, and what each extra adds."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.report.answer import Answer
from costmodel.report.cells import Cell
from costmodel.report.document import Block, Column, Document, Paragraph, Row, Section, Table
from costmodel.results.installation import Installation, InstalledPart


def installation_answer(found: Installation) -> Answer:
    """Return what is installed.

    Parameters
    ----------
    found : Installation
        Versions, extras, programs.

    Returns
    -------
    Answer
        For a person, and to paste into a report of a fault.
    """
    missing = [part for part in found.required if part.version is None]
    blocks: list[Block] = [
        Paragraph(f"costmodel {found.costmodel}, Python {found.python}, {found.platform}, output in {found.encoding}."),
        Paragraph(", ".join(f"{part.name} {part.version}" for part in found.required if part.version is not None) + "."),
        *([Paragraph(f"Missing: {', '.join(part.name for part in missing)}; pip install --force-reinstall costmodel")] if missing else []),
        _table("Extras", found.extras),
        _table("Programs", found.programs),
    ]
    return Answer(Document("", (), (Section("doctor", "", tuple(blocks)),), ""), found)


def _table(caption: str, parts: Sequence[InstalledPart]) -> Table:
    lacking = any(part.version is None for part in parts)
    titles = ("Name", "Installed", "Adds", *(("Get it",) if lacking else ()))
    rows = []
    for part in parts:
        how = (part.install if part.version is None else "",) if lacking else ()
        rows.append(Row((part.name, _state(part), part.adds, *how)))
    return Table(caption, tuple(Column(title, number=False) for title in titles), tuple(rows))


def _state(part: InstalledPart) -> Cell:
    if part.version is None:
        return Cell("no", tone="nearly")
    return Cell(part.version or "yes", tone="verdict")
