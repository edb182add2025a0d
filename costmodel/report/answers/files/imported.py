"""The answer of `costmodel import`: every operator of a file, what became of it and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Block, Column, Paragraph, Row, Table, plain_table
from costmodel.report.sections.summary import decided_text
from costmodel.report.words.imported_words import imported_text
from costmodel.report.words.json_words import worded
from costmodel.results.graphs.imported_operator import FoldedOperator, ImportedOperatorCost

_TITLES = ("Operator", "Name", "Became", "Layers", "MACs", "Share", "Parameters", "Output", "Accesses", "Share of accesses", "Why")
_UNITS = {"Parameters": "B", "Output": "B"}
_TEXT = ("Operator", "Name", "Became", "Layers", "Why")
_LAYERS_TOLD = 3
_NAME_CHARACTERS = 48


def imported_answer(
    folder: str | Path,
    summary: Mapping[str, Any],
    operators: Sequence[ImportedOperatorCost],
    folded: Sequence[FoldedOperator],
) -> Answer:
    """Return what was imported.

    Parameters
    ----------
    folder : str or Path
        The model folder that was written.
    summary : mapping
        Name, format, counts and bytes of the whole.
    operators : sequence of ImportedOperatorCost
        One an operator, in the file's order.
    folded : sequence of FoldedOperator
        What reading took out.

    Returns
    -------
    Answer
        A table an operator, what was taken out, and the next command.
    """
    columns = tuple(Column(title, _UNITS.get(title, ""), title not in _TEXT) for title in _TITLES)
    note = "multiply-accumulates and accesses with padding counted, accesses output stationary"
    blocks: list[Block] = [Table(f"Operators of the file; {note}", columns, tuple(_row(each) for each in operators))]
    if summary["decided"]:
        blocks.append(Paragraph(decided_text(summary["decided"])))
    if folded:
        rows = [(each.kind, each.operator_count, each.why) for each in folded]
        blocks.append(plain_table("Taken out on reading", ("operator", "uses", "why"), rows))
    blocks.append(
        Paragraph(
            f"Wrote {folder}: {summary['layers']:,} layers, {summary['parameters']:,} parameters,"
            f" {summary['multiply_accumulates']:,} multiply-accumulates. Next: costmodel report {folder}"
        )
    )
    content = {
        "schema_version": 1,
        "folder": str(folder),
        **summary,
        "operators": [worded(each) for each in operators],
        "folded": [each.model_dump(mode="json") for each in folded],
    }
    return answer_of(blocks, content)


def _short(name: str) -> str:
    # TensorFlow Lite joins the names of what it fused.
    first = name.partition(";")[0]
    return first if len(first) <= _NAME_CHARACTERS else f"{first[: _NAME_CHARACTERS - 1]}…"


def _row(operator: ImportedOperatorCost) -> Row:
    more = len(operator.layers) - _LAYERS_TOLD
    layers = ", ".join(operator.layers[:_LAYERS_TOLD]) + (f" and {more} more" if more > 0 else "")
    return Row(
        (
            operator.kind,
            _short(operator.name),
            operator.became.value,
            layers,
            Cell(operator.mac_count, Form.COUNT),
            Cell(operator.mac_ratio, Form.SHARE),
            Cell(operator.parameter_bytes, Form.EXACT_BYTES),
            Cell(operator.output_bytes, Form.EXACT_BYTES),
            Cell(operator.access_count, Form.COUNT),
            Cell(operator.access_ratio, Form.SHARE),
            imported_text(operator),
        )
    )
