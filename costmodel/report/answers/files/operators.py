"""The answers of `costmodel list operators`: what is understood, and what one model file uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Block, Column, Content, Paragraph, Row, Table, plain_table
from costmodel.report.sections.tflm import arena_text, resolver_code, resolver_listing
from costmodel.results.graphs.operator_use import OperatorUse
from costmodel.results.graphs.tflm_arena import TflmArena

_NO_KERNEL = "no kernel"


def understood_answer(rows: Sequence[tuple[str, str, str, str | None]]) -> Answer:
    """Return every operator that is understood.

    Parameters
    ----------
    rows : sequence of tuple
        Format, operator, how it is costed, and what registers it in TensorFlow Lite Micro.

    Returns
    -------
    Answer
        One row an operator.
    """
    titles = ("format", "operator", "costed as", "TFLM registration")
    table = plain_table("operators", titles, [(*row[:3], row[3] or "") for row in rows])
    return answer_of([table], [dict(zip(("format", "operator", "costed_as", "registration"), row, strict=True)) for row in rows])


def used_answer(uses: Sequence[OperatorUse], costed_as: Callable[[str], str], refusals: Sequence[str], arena: TflmArena | None) -> Answer:
    """Return the operators of one model file, what stops it, and what TensorFlow Lite Micro needs for it.

    Parameters
    ----------
    uses : sequence of OperatorUse
        The most work first.
    costed_as : callable
        Says how an operator is costed.
    refusals : sequence of str
        Why the model cannot be costed as a whole; one line each.
    arena : TflmArena or None
        None where the file is of another format.

    Returns
    -------
    Answer
        Table, refusals, arena and the lines to paste.
    """
    titles = ("Operator", "Uses", "MACs", "Share", "Constants", "Costed as", *(() if arena is None else ("TFLM registration",)))
    units = {"Constants": "B"}
    columns = tuple(Column(title, units.get(title, ""), title in ("Uses", "MACs", "Share", "Constants")) for title in titles)
    rows = tuple(Row(_used_cells(use, costed_as(use.kind))[: len(columns)]) for use in uses)
    blocks: list[Block] = [Table("Operators of the file; multiply-accumulates with padding counted", columns, rows)]
    blocks += [Paragraph(f"Not costed: {refusal}") for refusal in refusals]
    if arena is not None:
        blocks.append(Paragraph(arena_text(arena)))
        if arena.runs:
            blocks.append(resolver_listing(arena))
    content = {
        "operators": [{**use.model_dump(mode="json"), "costed_as": costed_as(use.kind)} for use in uses],
        "refusals": list(refusals),
        "tflm": None if arena is None else arena.model_dump(mode="json"),
        "resolver": None if arena is None or not arena.runs else "\n".join(resolver_code(arena)) + "\n",
    }
    return answer_of(blocks, content)


def _used_cells(use: OperatorUse, costed: str) -> tuple[Content, ...]:
    return (
        use.kind,
        use.use_count,
        Cell(use.mac_count, Form.COUNT),
        Cell(use.mac_ratio, Form.SHARE),
        Cell(use.constant_bytes, Form.EXACT_BYTES),
        costed,
        use.registration or _NO_KERNEL,
    )
