"""Figures that a user brings along, such as trained accuracies: read, checked, and looked up for many designs at once."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.errors import FormatError, InputError, LimitError, Location, MissingError, SpecError, UnknownNameError
from costmodel.sources.documents.input_file import read_text_input
from costmodel.sources.documents.validation_errors import found_text
from costmodel.sources.documents.yaml_document import MAX_DIGITS, MAX_FILE_BYTES
from costmodel.specs.base import LARGEST
from costmodel.sweeps.study.study_spec import GivenTable

_NEAR: Final = 1e-9
"""Values of an axis this close, relative to their size, are one: 0.1 + 0.2 is 0.3."""


class GivenFigure(NamedTuple):
    """A given figure's rows for one combination of choices, ready to be looked up."""

    on: tuple[str, ...]
    """Numeric axes whose values select the row."""
    keys: tuple[np.ndarray, ...]
    """For each, the values that occur, ascending."""
    codes: np.ndarray
    """Row by row, the position in every one of `keys` as one number, ascending."""
    values: np.ndarray

    def at(self, axes: Mapping[str, Any]) -> Any:
        """Return the figure of designs, NaN where no row has their values."""
        if not self.on:
            return float(self.values[0]) if len(self.values) else math.nan
        code: Any = 0
        known: Any = True
        for label, key in zip(self.on, self.keys, strict=True):
            value = np.asarray(axes[label], dtype=np.float64)
            place = np.clip(np.searchsorted(key, value - np.abs(value) * _NEAR), 0, max(len(key) - 1, 0))
            known = known & (np.isclose(key[place], value, rtol=_NEAR, atol=0.0) if len(key) else np.zeros(value.shape, dtype=bool))
            code = code * len(key) + place
        row = np.clip(np.searchsorted(self.codes, code), 0, max(len(self.codes) - 1, 0))
        if not len(self.codes):
            return np.full(np.shape(row), math.nan)
        return np.where(known & (self.codes[row] == code), self.values[row], math.nan)


def read_given(table: GivenTable, labels: Sequence[str], beside: Path | None = None) -> GivenTable:
    """Return a given table with its rows, from its file where it has one, checked against the axes.

    Parameters
    ----------
    table : GivenTable
        As written.
    labels : sequence of str
        Axes of the study.
    beside : Path, optional
        Folder a relative path starts from.

    Returns
    -------
    GivenTable
        With `on` and `rows`.

    Raises
    ------
    InputError
        If an axis is unknown, a row has too few or too many values, or says the same twice.
    """
    for label in table.on:
        if label not in labels:
            raise UnknownNameError(f"given {table.figure!r}", label, labels, "an axis of this study")
    if table.figure in labels:
        raise SpecError(f"given {table.figure!r}: is an axis of this study")
    if table.file is not None:
        table = _from_file(table, labels, Path(table.file) if beside is None else beside / table.file)
    if not table.on:
        raise MissingError(f"given {table.figure!r}: 'on' should name the axes whose values select the row")
    seen: set[tuple[Any, ...]] = set()
    for place, row in enumerate(table.rows):
        if len(row) != len(table.on) + 1:
            raise SpecError(
                f"given {table.figure!r}: row {place} should have {len(table.on)} axis value(s) and the figure, found {len(row)} value(s)"
            )
        figure = row[-1]
        if isinstance(figure, bool) or not isinstance(figure, int | float) or figure != figure:
            raise SpecError(f"given {table.figure!r}: row {place} should end in a finite number, found {found_text(figure)}")
        beyond = [value for value in row if isinstance(value, int | float) and abs(value) > LARGEST]
        if beyond:
            raise SpecError(
                f"given {table.figure!r}: row {place} should hold numbers of at most {LARGEST:g}, found {found_text(beyond[0])}"
            )
        key = tuple(str(value) for value in row[:-1])
        if key in seen:
            raise SpecError(f"given {table.figure!r}: two rows are for {', '.join(key)}")
        seen.add(key)
    return table


def given_figure(table: GivenTable, choices: Mapping[str, Any], numeric: Sequence[str]) -> GivenFigure:
    """Return a table's rows for one combination of choices.

    Parameters
    ----------
    table : GivenTable
        Checked.
    choices : mapping
        Choice axis to value.
    numeric : sequence of str
        Labels of the other axes.

    Returns
    -------
    GivenFigure
        To be looked up by the numeric axes.

    Raises
    ------
    SpecError
        If a numeric axis has a row whose value is no number.
    """
    on = tuple(label for label in table.on if label in numeric)
    at = [table.on.index(label) for label in on]
    chosen = [(place, str(choices[label])) for place, label in enumerate(table.on) if label not in numeric]
    rows = [row for row in table.rows if all(str(row[place]) == value for place, value in chosen)]
    for label, place in zip(on, at, strict=True):
        for row in rows:
            if isinstance(row[place], bool) or not isinstance(row[place], int | float):
                raise SpecError(f"given {table.figure!r}: axis {label!r} has numbers, found {found_text(row[place])}")
    values = np.array([row[-1] for row in rows], dtype=np.float64)
    keys = tuple(np.unique(np.array([row[place] for row in rows], dtype=np.float64)) for place in at)
    if math.prod(len(key) for key in keys) > 1 << 62:
        raise LimitError(f"given {table.figure!r}: has too many values on its {len(on)} axes to look up")
    codes = np.zeros(len(rows), dtype=np.int64)
    for key, place in zip(keys, at, strict=True):
        codes = codes * len(key) + np.searchsorted(key, np.array([row[place] for row in rows], dtype=np.float64))
    order = np.argsort(codes, kind="stable")
    return GivenFigure(on, keys, codes[order], values[order])


def _from_file(table: GivenTable, labels: Sequence[str], path: Path) -> GivenTable:
    header, lines = _csv_lines(path)
    if table.figure not in header:
        raise _at(path, 1, UnknownNameError("given", table.figure, header, "a column of this table"))
    on = table.on or tuple(name for name in header if name in labels)
    for label in on:
        if label not in header:
            raise _at(path, 1, UnknownNameError("given", label, header, "a column of this table"))
    places = [header.index(name) for name in (*on, table.figure)]
    rows = []
    for number, cells in lines:
        if len(cells) != len(header):
            raise FormatError(f"expected {len(header)} values, found {len(cells)}", Location(str(path), number))
        row = tuple(_cell(cells[place]) for place in places)
        if row[-1] == "":
            continue  # not measured yet
        if not isinstance(row[-1], int | float):
            raise FormatError(f"{table.figure} should be a number, found {found_text(row[-1])}", Location(str(path), number))
        rows.append(row)
    return table.model_copy(update={"on": on, "rows": tuple(rows)})


def _csv_lines(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    place = Location(str(path))
    text = read_text_input(path, MAX_FILE_BYTES, "a CSV table")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise FormatError(f"is not a CSV table ({error})", place) from None
    if not lines:
        raise FormatError("is empty; expected a header line and a line for each row", place)
    # What a sweep writes has units in its headings.
    header = [name.partition(" [")[0] for name in lines[0][1]]
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise FormatError(f"two columns are called {twice!r}", Location(str(path), 1))
    return header, lines[1:]


def _cell(text: str) -> Any:
    for kind in (int, float):
        try:
            number = kind(text[:MAX_DIGITS])
        except ValueError:
            continue
        return number if abs(number) <= LARGEST else text
    return {"true": True, "false": False}.get(text.lower(), text)


def _at(path: Path, line: int, error: InputError) -> InputError:
    error.location = Location(str(path), line)
    return error
