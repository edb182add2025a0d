"""A sweep's answer in plain values, and its files."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.evaluation.calibrating import calibrate
from costmodel.evaluation.composition import Cost, cost
from costmodel.evaluation.design import design_of
from costmodel.evaluation.figures import figure_of
from costmodel.results.sweep_summary import BaseChange, ExplainedFigure, ExplainedShare, SweepObjective, SweepSummary
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.documents.validation_errors import found_text
from costmodel.specs.base import with_changes
from costmodel.specs.scenario import Scenario
from costmodel.specs.spec_paths import end_of
from costmodel.sweeps.front.answer import SweepAnswer
from costmodel.sweeps.front.written_tables import heading, write_table
from costmodel.sweeps.study.space import Space
from costmodel.sweeps.study.study_spec import Keep

KNEE = "knee"
"""The suggested compromise, as a choice."""
_MOST_DIGITS: Final = 18
"""Digits of a row's number: more than any table has rows."""


def units_of(space: Space) -> dict[str, str]:
    """Return the unit of every figure a study keeps."""
    found, units = cost(space.parts[0].design), {}
    for name in space.study.figures:
        with contextlib.suppress(UnknownNameError):  # An axis, a number of the scenario or a given figure has none of a cost's.
            units[name] = figure_of(found, name).unit
    return units


def row_values(answer: SweepAnswer, row: int) -> dict[str, Any]:
    """Return one kept design as plain values; what is infinite or unknown is None."""
    return {name: _plain(value) for name, value in answer.row(row).items()}


def summary_of(answer: SweepAnswer) -> dict[str, Any]:
    """Return what a sweep found, as JSON values.

    Parameters
    ----------
    answer : SweepAnswer
        The answer.

    Returns
    -------
    dict
        Counts, constraints, knee and sensitivities.
    """
    study = answer.space.study
    return {
        "study": study.name,
        "question": study.question,
        "complete": answer.complete,
        "jobs_done": answer.jobs_done,
        "jobs": answer.jobs,
        "designs": answer.designs,
        "evaluated": answer.evaluated,
        "seconds": round(answer.seconds, 3),
        "kept": len(answer),
        "front": None if answer.front is None else len(answer.front.places),
        "keep": study.keep.value,
        "notes": list(answer.space.notes),
        "damaged": [str(path) for path in answer.damaged],
        "constraints": [{"constraint": name, "left": left} for name, left in answer.survivors],
        "objectives": [{"figure": one.figure, "goal": "minimise" if one.ascending else "maximise"} for one in study.objectives],
        "knee": None if answer.knee is None else row_values(answer, answer.knee),
        "explained": [
            {"figure": one.figure, "designs": one.designs, "note": one.note, "shares": [share._asdict() for share in one.shares]}
            for one in answer.explained
        ],
        "units": units_of(answer.space),
    }


SHOWN_ROWS: Final = 12
"""Designs people are shown."""
PAGE_ROWS: Final = 80
"""Designs a page holds, to sort and to draw: so many that keys can walk along."""


def shown_summary(answer: SweepAnswer, choice: str | None = None) -> SweepSummary:
    """Return what a sweep found in so few values that people read them all.

    Parameters
    ----------
    answer : SweepAnswer
        The answer.
    choice : str, optional
        See `chosen_row`; left out, the knee.

    Returns
    -------
    SweepSummary
        Some designs, evenly spaced, and the knee.
    """
    units = units_of(answer.space)
    known = len(answer) and (choice is not None or answer.knee is not None)
    chosen = chosen_row(answer, choice or KNEE) if known else None
    names = (*answer.space.labels, *answer.space.study.figures)
    base = _base_values(answer.space, names)
    return SweepSummary(
        study=answer.space.study.name,
        evaluated_count=answer.evaluated,
        seconds=answer.seconds,
        jobs_before_count=answer.jobs_before,
        jobs_done_count=answer.jobs_done,
        jobs_count=answer.jobs,
        complete=answer.complete,
        kept_count=len(answer),
        front_count=None if answer.front is None else len(answer.front.places),
        knee=answer.knee,
        headings={name: heading(name, units) for name in names},
        shown=tuple((row, row_values(answer, row)) for row in _shown_rows(answer, SHOWN_ROWS, answer.knee)),
        common=_common(answer),
        survivors=tuple(answer.survivors),
        damaged=tuple(str(part) for part in answer.damaged),
        figures=frozenset(units),
        explained=tuple(
            ExplainedFigure(
                one.figure,
                tuple(
                    ExplainedShare(share.axis, round(share.first, 4), None if share.total is None else round(share.total, 4))
                    for share in one.shares
                ),
                one.note,
            )
            for one in answer.explained
        ),
        notes=tuple(answer.space.notes),
        question=answer.space.study.question,
        units=units,
        objectives=tuple(SweepObjective(one.figure, one.ascending) for one in answer.space.study.objectives),
        base=base,
        changes={} if chosen is None else _changes(base, row_values(answer, chosen), units),
        chosen=None if chosen is None else (chosen, row_values(answer, chosen)),
        designs=tuple((row, row_values(answer, row)) for row in _shown_rows(answer, PAGE_ROWS, answer.knee, chosen)),
    )


def _shown_rows(answer: SweepAnswer, most: int, *named: int | None) -> list[int]:
    places = range(len(answer)) if answer.front is None else answer.front.places.tolist()
    step = max(1, -(-len(places) // most))
    return sorted({*places[::step]} | {row for row in named if row is not None})


def _base_values(space: Space, names: Iterable[str]) -> dict[str, Any]:
    """What the base has by the names of axes and figures; nothing where it is no design of its own."""
    base = space.base
    if base is None:
        return {}
    paths = {axis.label: axis.path for axis in space.study.axes if axis.path is not None}
    try:
        calibrated = calibrate(base, base.dataflows[0])
        found = cost(design_of(base, base.dataflows[0], calibrated.rates, reach=calibrated.reach))
    except InputError:
        return {}
    return {name: _plain(_base_value(paths.get(name, name), base, found)) for name in names}


def _changes(base: Mapping[str, Any], chosen: Mapping[str, Any], figures: Iterable[str]) -> dict[str, BaseChange]:
    """What a design changes of the base, by figure, where both are numbers."""
    found = {}
    for name in figures:
        before, after = base.get(name), chosen[name]
        if isinstance(before, int | float) and isinstance(after, int | float):
            found[name] = BaseChange(after - before, after / before - 1 if before else None)
    return found


def _base_value(name: str, base: Scenario, found: Cost) -> Any:
    held = end_of(base, name) or end_of(base.network, name)
    if held is not None and not held.part:
        value = getattr(held.holder, held.field)
        shown = getattr(value, "value", getattr(value, "name", value))
        return shown if isinstance(shown, int | float | str) else None
    if name == "dataflow":
        return base.dataflows[0].value
    try:
        return figure_of(found, name).value
    except UnknownNameError:
        return None


def _common(answer: SweepAnswer) -> dict[str, Any]:
    """What every design of a front of several has in common."""
    if answer.front is None or len(answer.front.places) < 2:
        return {}
    values = row_values(answer, int(answer.front.places[0]))
    return {name: values[name] for name, column in answer.front_columns().items() if _one_value(column)}


def _one_value(column: Any) -> bool:
    if column.dtype.kind == "f" and column[0] != column[0]:
        return bool((column != column).all())
    return bool((column == column[0]).all()) if column.dtype != object else all(value == column[0] for value in column)


def check_choice(space: Space, choice: str) -> None:
    """Refuse a choice that names no design of a study, before anything is computed.

    Parameters
    ----------
    space : Space
        The study's space.
    choice : str
        As `chosen_row` takes it.

    Raises
    ------
    InputError
        If it is no choice, its column is not kept, or there is no front to have a knee.
    """
    how, colon, figure = choice.partition(":")
    if choice == KNEE:
        if not space.study.objectives:
            raise SpecError("--choose: a knee needs objectives; choose least:FIGURE, most:FIGURE or a row")
    elif how in ("least", "most") and colon:
        known = (*space.labels, *space.study.figures)
        if figure not in known:
            raise UnknownNameError("--choose", figure, known, "a column of this sweep")
    elif not (choice.isdecimal() and len(choice) < _MOST_DIGITS):
        raise SpecError(f"--choose: expected knee, least:FIGURE, most:FIGURE or a row from 0, found {found_text(choice)}")


def chosen_row(answer: SweepAnswer, choice: str) -> int:
    """Return the row a choice names.

    Parameters
    ----------
    answer : SweepAnswer
        With kept designs.
    choice : str
        `knee`, `least:FIGURE`, `most:FIGURE`, or a row number from 0.

    Returns
    -------
    int
        The row.

    Raises
    ------
    InputError
        If it names none.
    """
    if not len(answer):
        raise SpecError("--choose: no design was kept")
    how, _, figure = choice.partition(":")
    if choice == KNEE and answer.knee is not None:
        return answer.knee
    if how in ("least", "most"):
        return _extreme_row(answer, figure, least=how == "least")
    if choice.isdecimal() and len(choice) < _MOST_DIGITS and int(choice) < len(answer):
        return int(choice)
    raise SpecError(f"--choose: expected knee, least:FIGURE, most:FIGURE or a row from 0 to {len(answer) - 1}, found {found_text(choice)}")


def _extreme_row(answer: SweepAnswer, figure: str, *, least: bool) -> int:
    found: int | None = None
    extreme, before = math.inf, 0
    for columns in answer.batches():
        if figure not in columns:
            raise UnknownNameError("--choose", figure, columns, "a column of this sweep")
        if columns[figure].dtype.kind not in "iufb":
            raise SpecError(f"--choose: {figure} is no number")
        values = np.asarray(columns[figure], dtype=np.float64) * (1 if least else -1)
        # What is not known is neither the least nor the most.
        known = np.where(np.isnan(values), math.inf, values)
        place = int(np.argmin(known))
        if (found is None and not np.isnan(values[place])) or known[place] < extreme:
            found, extreme = before + place, known[place]
        before += len(values)
    if found is None:
        raise SpecError(f"--choose: {figure} is not known for any of the designs kept")
    return found


def write_answer_files(answer: SweepAnswer, folder: Path, choice: str | None = None) -> tuple[Path, ...]:
    """Write a sweep's answer: table, summary and the chosen design.

    Parameters
    ----------
    answer : SweepAnswer
        The answer.
    folder : Path
        Made if need be.
    choice : str, optional
        See `chosen_row`; left out, the knee.

    Returns
    -------
    tuple of Path
        What was written.
    """
    units = units_of(answer.space)
    written: list[Path] = []
    if answer.space.study.keep is Keep.ALL:
        written += write_table(folder, Keep.ALL.value, answer.batches(), len(answer), units)
    if answer.front is not None:
        written += write_table(folder, Keep.FRONT.value, [answer.front_columns()], len(answer.front.places), units)
    write_whole(folder / "summary.json", json.dumps(summary_of(answer), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    written.append(folder / "summary.json")
    if len(answer) and (choice is not None or answer.knee is not None):
        written.append(write_scenario(answer, chosen_row(answer, choice or KNEE), folder / "chosen.scenario.yaml"))
    return tuple(written)


def write_scenario(answer: SweepAnswer, row: int, path: Path) -> Path:
    """Write one design as a scenario file that `report` reads.

    Parameters
    ----------
    answer : SweepAnswer
        The answer.
    row : int
        Position among the kept designs.
    path : Path
        Of the file.

    Returns
    -------
    Path
        The file.
    """
    import io

    from ruamel.yaml import YAML

    study = answer.space.study
    told = ", ".join(f"{name} = {value}" for name, value in row_values(answer, row).items() if name in answer.space.labels)
    described = with_changes(
        answer.scenario(row), {"name": f"{study.name}-chosen", "description": f"Chosen from study {study.name}: {told}"}
    )
    text = io.StringIO()
    writer = YAML(typ="safe")
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.dump(described.model_dump(mode="json", exclude_none=True), text)
    write_whole(path, f"# Written by `costmodel sweep`; read by `costmodel report {path.name}`.\n{text.getvalue()}")
    return path


def _plain(value: Any) -> Any:
    found = value.item() if isinstance(value, np.generic) else value
    if isinstance(found, float) and not math.isfinite(found):
        return None
    return found if isinstance(found, int | float | str | None) else str(found)
