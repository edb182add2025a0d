"""What a sweep found: the front, what constraints left, and what explains each objective."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from costmodel.report.answer import Answer, answer_of
from costmodel.report.answers.files.written import written_table
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Content, Table, plain_table
from costmodel.report.quantities import NONE, count_text, many_text, plain_text, sentence
from costmodel.results.sweep_summary import ExplainedShare, SweepSummary, Value


def sweep_answer(found: SweepSummary, content: Any, written: Sequence[str], explained: Any = None) -> Answer:
    """Return a sweep's answer for people, and its content for programs.

    Parameters
    ----------
    found : SweepSummary
        What it found.
    content : JSON value
        The same for programs.
    written : sequence of str
        Files that were written.
    explained : optional
        Figures of the designs that are shown, for who explains them.

    Returns
    -------
    Answer
        Designs that differ, what each constraint left, what explains each objective, files.
    """
    what = f"{count_text(found.kept_count)} designs kept"
    if found.front_count is not None:
        what = f"{count_text(found.front_count)} designs on the Pareto front"
        if found.kept_count > found.front_count:
            what += f", {count_text(found.kept_count)} kept"
    survivors = [("of the designs evaluated", Cell(found.evaluated_count, figure="sweep.left.evaluated"))]
    survivors += [(name, Cell(left, figure=f"sweep.left.{name}")) for name, left in found.survivors]
    tables = [
        _designs(found, without=found.common, title=f"{found.study}: {what}", note=_note(found)),
        plain_table("left after each constraint", ("constraint", "designs"), survivors),
    ]
    for one in found.explained:
        rows = [(share.axis, *_shares(f"sweep.explained.{one.figure}.{share.axis}", share)) for share in one.shares]
        tables.append(plain_table(f"what explains {one.figure}", ("axis", "alone", "with interactions"), rows, one.note))
    tables.append(written_table(written))
    return answer_of(tables, content, _designs(found), explained)


def _shares(owner: str, share: ExplainedShare) -> tuple[Cell, Cell]:
    return Cell(share.alone, figure=f"{owner}.alone"), Cell(share.with_interactions, figure=f"{owner}.with_interactions")


def _designs(found: SweepSummary, *, without: Collection[str] = (), title: str = "", note: str = "") -> Table:
    names = [name for name in found.headings if name not in without]
    rows: list[tuple[Content, ...]] = [
        ("knee" if row == found.knee else str(row), *(_cell(found, name, values[name]) for name in names)) for row, values in found.shown
    ]
    return plain_table(title, ("", *(found.headings[name] for name in names)), rows, note)


def _cell(found: SweepSummary, name: str, value: Value) -> Cell:
    """A value; a figure's names it, as `explain` knows it of the design's scenario."""
    return Cell(value, Form.PLAIN, name if name in found.figures else "")


def _note(found: SweepSummary) -> str:
    knee = "" if found.knee is None else ", the knee among them"
    some = "" if len(found.shown) >= found.kept_count else f"{len(found.shown)} are shown{knee}; all are in the table that was written."
    same = f"All on the front have {', '.join(_said(name, value) for name, value in found.common.items())}." if found.common else ""
    return " ".join(part for part in (_effort(found), some, same, *map(sentence, found.notes)) if part)


def _effort(found: SweepSummary) -> str:
    rate = many_text(found.rate_hz)
    took = f" in {found.seconds:.2f} s ({rate} per second)"
    if found.jobs_before_count:
        took = f", {found.jobs_before_count} of {found.jobs_count} jobs by an earlier run"
    stopped = "" if found.complete else f" Stopped after {found.jobs_done_count} of {found.jobs_count} jobs; add --resume to go on."
    damaged = f" Damaged and computed anew: {', '.join(found.damaged)}." if found.damaged else ""
    return f"{count_text(found.evaluated_count)} designs evaluated{took}.{stopped}{damaged}"


def _said(name: str, value: Value) -> str:
    text = plain_text(value)
    return f"{name} unknown" if text == NONE else f"{name} = {text}"
