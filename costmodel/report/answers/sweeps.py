"""What a sweep found: the base against the chosen design, the front drawn and in a table, and what explains each objective."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from costmodel import __version__
from costmodel.report.answer import Answer
from costmodel.report.answers.files.written import written_table
from costmodel.report.cells import Cell, Form
from costmodel.report.charts import FrontMark, FrontPanel, ParetoFront
from costmodel.report.document import Block, Column, Content, Document, Illustration, Listing, Paragraph, Row, Section, Table, plain_table
from costmodel.report.quantities import NONE, Scale, count_text, energy_scale, life_scale, many_text, plain_text, sentence, time_scale
from costmodel.results.sweep_summary import ExplainedFigure, ExplainedShare, SweepObjective, SweepSummary, Value
from costmodel.units import BYTES_PER_KIB, MJ_PER_J, MW_PER_W, S_PER_HOUR

_FORMS: Final[Mapping[str, Form]] = {
    "pJ": Form.ENERGY,
    "J": Form.JOULES,
    "s": Form.TIME,
    "B": Form.BYTES,
    "W": Form.POWER,
    "A": Form.CURRENT,
    "Hz": Form.RATE,
}
_SUFFIXES: Final = {"s": "s", "bytes": "B", "w": "W", "a": "A", "j": "J", "pj": "pJ", "hz": "Hz"}
"""What an axis's name ends in, where it is a quantity."""


def sweep_answer(found: SweepSummary, content: Any, written: Sequence[str], explained: Any = None, *, page: bool = False) -> Answer:
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
    page : bool, optional
        Whether readers can sort: then the table holds more designs.

    Returns
    -------
    Answer
        The chosen design beside the base, the next command, designs that differ, what each constraint left, what explains each objective.
    """
    what = f"{count_text(found.kept_count)} designs kept"
    if found.front_count is not None:
        what = f"{count_text(found.front_count)} designs on the Pareto front"
        if found.kept_count > found.front_count:
            what += f", {count_text(found.kept_count)} kept"
    rows = found.designs if page else found.shown
    drawn = front_illustration(found)
    answer: list[Block] = [*_base_against_chosen(found), *_next(written)]
    designs: list[Block] = [_designs(found, rows, without=found.common), Paragraph(_note(found, len(rows)))]
    sections = [Section("designs", "Which designs", (*((drawn,) if drawn is not None else ()), *designs))]
    if found.survivors:
        survivors = [("of the designs evaluated", Cell(found.evaluated_count, figure="sweep.left.evaluated"))]
        survivors += [(name, Cell(left, figure=f"sweep.left.{name}")) for name, left in found.survivors]
        left = plain_table("Left after each constraint", ("constraint", "designs"), survivors)
        sections.append(Section("constraints", "Constraints", (left,)))
    if found.explained:
        sections.append(Section("explained", "What explains each objective", tuple(_explained(one) for one in found.explained)))
    if written:
        sections.append(Section("files", "Files", (written_table(written),)))
    said = (found.question,) if found.question else ()
    document = Document(f"{found.study}: {what}", said, tuple(sections), f"costmodel {__version__}.", tuple(answer))
    return Answer(document, content, _records(found), explained)


def front_illustration(found: SweepSummary) -> Illustration | None:
    """Return a front drawn, every pair of objectives; None where there is no pair, or no front.

    Parameters
    ----------
    found : SweepSummary
        With designs of the front.

    Returns
    -------
    Illustration or None
        Each design named by what it differs in.
    """
    pairs = list(itertools.combinations(found.objectives, 2))
    if not pairs or not found.front_count:
        return None
    named = {row for row, _ in ((found.chosen,) if found.chosen is not None else ())} | {found.knee}
    scales = {one.figure: _drawn(one.figure, found) for one in found.objectives}
    panels = tuple(_panel(pair, found, [values for _, values in found.designs], scales) for pair in pairs)
    differing = [name for name in found.headings if name not in found.common]
    names = tuple(f"{_row_name(found, row)}: {_design_text(found, values, differing)}" for row, values in found.designs)
    marks = tuple(FrontMark(at, _row_name(found, row)) for at, (row, _) in enumerate(found.designs) if row in named)
    some = f", {len(found.designs)} of {count_text(found.front_count)} drawn" if len(found.designs) < found.front_count else ""
    caption = f"The Pareto front: {count_text(found.front_count)} of {count_text(found.evaluated_count)} designs{some}. Square: the base."
    return Illustration("front", caption, f"{caption} {'; '.join(names[mark.place] for mark in marks)}.", ParetoFront(panels, names, marks))


def _panel(
    pair: tuple[SweepObjective, SweepObjective],
    found: SweepSummary,
    designs: Sequence[Mapping[str, Value]],
    scales: Mapping[str, Scale],
) -> FrontPanel:
    def shown(name: str, value: Value) -> float:
        return scales[name].shown(value) if isinstance(value, int | float) else math.nan

    def axis(one: SweepObjective) -> str:
        unit = f" [{scales[one.figure].unit}]" if scales[one.figure].unit else ""
        return f"{one.figure}{unit}\n({'less' if one.ascending else 'more'} is better)"

    x, y = (tuple(shown(one.figure, values[one.figure]) for values in designs) for one in pair)
    base = (shown(pair[0].figure, found.base.get(pair[0].figure)), shown(pair[1].figure, found.base.get(pair[1].figure)))
    return FrontPanel(axis(pair[0]), axis(pair[1]), x, y, base if all(map(math.isfinite, base)) else None)


def _drawn(name: str, found: SweepSummary) -> Scale:
    """The unit a figure is drawn in: that of its largest value."""
    unit = found.units.get(name, "")
    values = [abs(value) for _, design in found.designs if isinstance(value := design[name], int | float)]
    largest = max(values, default=0.0)
    if unit == "pJ":
        return energy_scale(values)
    if unit == "s":
        return life_scale(largest or S_PER_HOUR) if "life" in name else time_scale(values)
    known = {"B": ("KiB", BYTES_PER_KIB), "J": ("mJ", 1 / MJ_PER_J), "W": ("mW", 1 / MW_PER_W)}
    return Scale(*known.get(unit, ("" if unit == "1" else unit, 1.0)))


def _base_against_chosen(found: SweepSummary) -> tuple[Block, ...]:
    if found.chosen is None:
        return ()
    row, values = found.chosen
    rows = []
    for name in found.headings:
        base, value = found.base.get(name), values[name]
        moved = found.changes.get(name)
        change = "" if moved is None else Cell(moved.change, _form(found, name), change=True)
        share = "" if moved is None or moved.change_ratio is None else Cell(moved.change_ratio, Form.SHARE, change=True)
        rows.append(Row((name, Cell(base, _form(found, name)), _cell(found, name, value), change, share)))
    titles = ("Base", f"Chosen: {_row_name(found, row)}", "Change", "Share")
    columns = (Column("Figure", number=False), *map(Column, titles))
    shown = rows if found.base else [Row((*one.cells[:1], one.cells[2])) for one in rows]
    unknown = [name for name in found.headings if found.base and found.base.get(name) is None and values[name] is None]
    note = f"Not known on either side: {' and '.join(unknown)}; the next command says why." if unknown else ""
    return (Table("The chosen design against the base", columns if found.base else (columns[0], columns[2]), tuple(shown), note),)


def _next(written: Sequence[str]) -> tuple[Block, ...]:
    scenario = next((path for path in written if path.endswith(".scenario.yaml")), None)
    return () if scenario is None else (Listing("Next", "sh", (f"costmodel report {_quoted(scenario)}",)),)


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


def _explained(one: ExplainedFigure) -> Table:
    def cell(share: ExplainedShare, value: float | None, name: str) -> Cell:
        return Cell(value, Form.SHARE, f"sweep.explained.{one.figure}.{share.axis}.{name}")

    shares = [
        (share.axis, cell(share, share.alone, "alone"), cell(share, share.with_interactions, "with_interactions")) for share in one.shares
    ]
    return plain_table(f"What explains {one.figure}", ("axis", "alone", "with interactions"), shares, one.note)


def _row_name(found: SweepSummary, row: int) -> str:
    return "knee" if row == found.knee else str(row)


def _design_text(found: SweepSummary, values: Mapping[str, Value], names: Collection[str]) -> str:
    return ", ".join(f"{name} {_cell(found, name, values[name]).text}" for name in names)


def _designs(found: SweepSummary, shown: Sequence[tuple[int, dict[str, Value]]], *, without: Collection[str] = ()) -> Table:
    names = [name for name in found.headings if name not in without]
    numbers = [all(not isinstance(values[name], str) for _, values in shown) for name in names]
    rows = tuple(Row((_row_name(found, row), *(_cell(found, name, values[name]) for name in names))) for row, values in shown)
    caption = "Designs of the front" if found.front_count is not None else "Designs that were kept"
    columns = (Column("Design", number=False), *(Column(name, number=number) for name, number in zip(names, numbers, strict=True)))
    return Table(caption, columns, rows, of_layers=True)


def _records(found: SweepSummary) -> Table:
    """Designs for a spreadsheet: numbers in the units their headings name."""
    rows: list[tuple[Content, ...]] = [(_row_name(found, row), *(values[name] for name in found.headings)) for row, values in found.shown]
    return plain_table("", ("", *found.headings.values()), rows)


def _form(found: SweepSummary, name: str) -> Form:
    unit = found.units.get(name) or _SUFFIXES.get(name.rpartition("_")[2], "")
    return Form.LIFE if unit == "s" and "life" in name else _FORMS.get(unit, Form.PLAIN)


def _cell(found: SweepSummary, name: str, value: Value) -> Cell:
    """A value; a figure's names it, as `explain` knows it of the design's scenario."""
    return Cell(value, Form.PLAIN if isinstance(value, str) else _form(found, name), name if name in found.figures else "")


def _note(found: SweepSummary, count: int) -> str:
    knee = "" if found.knee is None else ", the knee among them"
    some = "" if count >= found.kept_count else f"{count} are shown{knee}; all are in the table that was written."
    same = f"All on the front have {', '.join(_said(found, name, value) for name, value in found.common.items())}." if found.common else ""
    return " ".join(part for part in (_effort(found), some, same, *map(sentence, found.notes)) if part)


def _effort(found: SweepSummary) -> str:
    rate = many_text(found.rate_hz)
    took = f" in {found.seconds:.2f} s ({rate} per second)"
    if found.jobs_before_count:
        took = f", {found.jobs_before_count} of {found.jobs_count} jobs by an earlier run"
    stopped = "" if found.complete else f" Stopped after {found.jobs_done_count} of {found.jobs_count} jobs; add --resume to go on."
    damaged = f" Damaged and computed anew: {', '.join(found.damaged)}." if found.damaged else ""
    return f"{count_text(found.evaluated_count)} designs evaluated{took}.{stopped}{damaged}"


def _said(found: SweepSummary, name: str, value: Value) -> str:
    text = plain_text(value) if isinstance(value, str) else _cell(found, name, value).text
    return f"{name} unknown" if text == NONE else f"{name} = {text}"
