"""What `costmodel sweep` prints: the front, what constraints left, and what explains each objective."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from costmodel.cli.answers.tables import NOTHING, Cell, Grid, cell_text
from costmodel.sweeps.front.answer import SweepAnswer
from costmodel.sweeps.front.summary import row_values, units_of
from costmodel.sweeps.front.written_tables import heading
from costmodel.units import PER_MILLION

_SHOWN_ROWS: Final = 12


def rate_text(rate: float) -> str:
    """Return designs a second as people read them."""
    return f"{rate * PER_MILLION:,.1f} million" if rate * PER_MILLION >= 1 else f"{rate:,.0f}"


def sweep_grids(answer: SweepAnswer) -> list[Grid]:
    """Return a sweep's answer for people.

    Parameters
    ----------
    answer : SweepAnswer
        The answer.

    Returns
    -------
    list of Grid
        Designs that differ, what each constraint left, what explains each objective.
    """
    what = f"{len(answer):,} designs kept" if answer.front is None else f"{len(answer.front.places):,} designs on the Pareto front"
    if answer.front is not None and len(answer) > len(answer.front.places):
        what += f", {len(answer):,} kept"
    shown = _shown_rows(answer)
    knee = "" if answer.knee is None else ", the knee among them"
    some = "" if len(shown) >= len(answer) else f"{len(shown)} are shown{knee}; all are in the table that was written."
    common = _common(answer)
    same = f"All on the front have {', '.join(_said(name, value) for name, value in common.items())}." if common else ""
    notes = [f"{told[0].upper()}{told[1:]}." for told in answer.space.notes]
    note = " ".join(part for part in (_effort(answer), some, same, *notes) if part)
    grids = [
        shown_designs(answer, without=common, title=f"{answer.space.study.name}: {what}", note=note),
        Grid("left after each constraint", ("constraint", "designs"), (("of the designs evaluated", answer.evaluated), *answer.survivors)),
    ]
    for one in answer.explained:
        rows = tuple((share.axis, round(share.first, 4), None if share.total is None else round(share.total, 4)) for share in one.shares)
        grids.append(Grid(f"what explains {one.figure}", ("axis", "alone", "with interactions"), rows, one.note))
    return grids


def shown_designs(answer: SweepAnswer, *, without: Collection[str] = (), title: str = "", note: str = "") -> Grid:
    """Return some of the kept designs, evenly spaced, and the knee, one a row.

    Parameters
    ----------
    answer : SweepAnswer
        The answer.
    without : collection of str
        Columns to leave out.
    title, note : str
        Of the table.

    Returns
    -------
    Grid
        Axes, then figures.
    """
    units = units_of(answer.space)
    names = [name for name in (*answer.space.labels, *answer.space.study.figures) if name not in without]

    def cells(row: int) -> tuple[Cell, ...]:
        values = row_values(answer, row)
        return ("knee" if row == answer.knee else str(row), *(values[name] for name in names))

    return Grid(title, ("", *(heading(name, units) for name in names)), tuple(cells(row) for row in _shown_rows(answer)), note)


def written_grid(written: tuple[Path, ...]) -> Grid:
    """Return the files that were written as a table."""
    return Grid("written", ("file",), tuple((str(path),) for path in written))


def _effort(answer: SweepAnswer) -> str:
    took = f" in {answer.seconds:.2f} s ({rate_text(answer.evaluated / max(answer.seconds, 1e-9))} a second)"
    if answer.jobs_before:
        took = f", {answer.jobs_before} of {answer.jobs} jobs by an earlier run"
    stopped = "" if answer.complete else f" Stopped after {answer.jobs_done} of {answer.jobs} jobs; add --resume to go on."
    damaged = f" Damaged and computed anew: {', '.join(map(str, answer.damaged))}." if answer.damaged else ""
    return f"{answer.evaluated:,} designs evaluated{took}.{stopped}{damaged}"


def _shown_rows(answer: SweepAnswer) -> list[int]:
    places = range(len(answer)) if answer.front is None else answer.front.places.tolist()
    step = max(1, -(-len(places) // _SHOWN_ROWS))
    return sorted({*places[::step]} | ({answer.knee} if answer.knee is not None else set()))


def _common(answer: SweepAnswer) -> dict[str, str]:
    """Return what every design of a front of several has in common: nothing to compare them by."""
    if answer.front is None or len(answer.front.places) < 2:
        return {}
    values = row_values(answer, int(answer.front.places[0]))
    return {name: cell_text(values[name]) for name, column in answer.front_columns().items() if _one_value(column)}


def _said(name: str, value: str) -> str:
    return f"{name} unknown" if value == NOTHING else f"{name} = {value}"


def _one_value(column: Any) -> bool:
    if column.dtype.kind == "f" and column[0] != column[0]:
        return bool((column != column).all())
    return bool((column == column[0]).all()) if column.dtype != object else all(value == column[0] for value in column)
