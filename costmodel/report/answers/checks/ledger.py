"""Published figures beside what is computed, each accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from costmodel.report.answer import Answer
from costmodel.report.cells import Cell
from costmodel.report.document import Column, Document, Paragraph, Remark, Remarks, Row, Section, Table, plain_table
from costmodel.report.quantities import NONE, plain_text, unit_text
from costmodel.results.runs.ledger import Ledger, LedgerRow, Status

_TONES: Final[Mapping[Status, str]] = {
    Status.EXACT: "verdict",
    Status.ROUNDS: "verdict",
    Status.ROUNDED_PARTS: "verdict",
    Status.DERIVED_HERE: "verdict",
    Status.EXPLAINED: "suspicious",
    Status.CONTRADICTS: "suspicious",
    Status.DIFFERS: "fails",
}
_COLUMNS: Final = (Column("figure", number=False), Column("published"), Column("computed"), Column("status", number=False))
_RECORD_TITLES: Final = (
    "id",
    "slide",
    "figure",
    "published",
    "unit",
    "computed",
    "computed unit",
    "difference",
    "status",
    "formula",
    "source",
    "why",
)
_PARTS_SHOWN: Final = 5
"""Terms of a sum that people are shown."""


def ledger_answer(shown: Ledger, whole: Ledger) -> Answer:
    """Return a ledger of published figures.

    Parameters
    ----------
    shown : Ledger
        The rows that were asked for.
    whole : Ledger
        All of them, for the summary.

    Returns
    -------
    Answer
        A table a slide; each row says how its figure follows, or why it does not.
    """
    sections = []
    for place, slide in enumerate(dict.fromkeys(row.slide for row in shown.rows)):
        rows = tuple(_row(row) for row in shown.rows if row.slide == slide)
        sections.append(Section(f"slide-{place}", slide, (Table("", _COLUMNS, rows),)))
    failures = tuple(
        Remark("✗ fails", "fails", f"{row.id}: published {row.published or 'nowhere'} {unit_text(row.unit)}, computed {_computed(row)}")
        for row in whole.failures
    )
    sections.append(Section("summary", "In total", (Paragraph(_summary(whole)), *((Remarks(failures),) if failures else ()))))
    lead = f"{shown.source}. Published, then computed."
    document = Document("Published figures of the reference deployment", (lead,), tuple(sections), "")
    records = plain_table(f"Ledger of {shown.source}", _RECORD_TITLES, [_record(row) for row in shown.rows])
    return Answer(document, shown, records)


def _row(row: LedgerRow) -> Row:
    published = NONE if row.published is None else f"{row.published} {unit_text(row.unit)}".strip()
    status = Cell(row.status.value, tone=_TONES.get(row.status, "quiet"))
    computed = Cell(_computed(row), figure=f"reproduce.rows.{row.id}.computed")
    return Row((row.figure, published, computed, status), detail=tuple(text for text in (_shortened(row.formula), row.why) if text))


def _computed(row: LedgerRow) -> str:
    if row.computed is None:
        return NONE
    text = plain_text(row.computed)
    if row.from_rounded_parts is not None:
        text += f" (parts: {plain_text(round(row.from_rounded_parts, 4))})"
    return f"{text} {unit_text(row.computed_unit)}".strip()


def _shortened(formula: str) -> str:
    """A long sum with its middle left out; JSON and CSV have it whole."""
    parts = formula.split(" + ")
    return formula if len(parts) <= _PARTS_SHOWN + 1 else " + ".join([*parts[: _PARTS_SHOWN - 1], "...", parts[-1]])


def _summary(ledger: Ledger) -> str:
    told = ", ".join(f"{count} {status.value}" for status, count in Counter(row.status for row in ledger.rows).items())
    return f"{len(ledger.rows)} figures: {told}."


def _record(row: LedgerRow) -> tuple[str | int | float | None, ...]:
    return (
        row.id,
        row.slide,
        row.figure,
        row.published,
        row.unit,
        row.computed,
        row.computed_unit,
        row.difference,
        row.status.value,
        row.formula,
        row.source,
        row.why,
    )
