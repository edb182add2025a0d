"""Accuracies that trained studies commit beside their scripts: reading and writing their tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from costmodel.errors import FormatError, Location
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.documents.input_file import read_text_input
from costmodel.sources.shipped.packaged_data import packaged_folder
from costmodel.specs.trained.trained_accuracy import TrainedAccuracy

RECIPES_STUDY: Final = "08-trained-recipes"
"""Study of the packaged recipes, seed by seed."""
_FILE: Final = "accuracies.csv"
_COLUMNS: Final = tuple(TrainedAccuracy.model_fields)
_MOST_BYTES: Final = 1 << 20


def accuracies_file(study: Path) -> Path:
    """Return the table of a study's folder."""
    return study / _FILE


def packaged_accuracies() -> tuple[TrainedAccuracy, ...]:
    """Return what the packaged recipes reached; raises FormatError where the table is damaged."""
    return read_accuracies(accuracies_file(packaged_folder("studies") / RECIPES_STUDY))


def read_accuracies(path: Path) -> tuple[TrainedAccuracy, ...]:
    """Read a table of accuracies.

    Parameters
    ----------
    path : Path
        Comma-separated values under the fields of `TrainedAccuracy`.

    Returns
    -------
    tuple of TrainedAccuracy
        Row by row.

    Raises
    ------
    FormatError
        If a heading or a cell is not what it should be.
    """
    reader = csv.reader(io.StringIO(read_text_input(path, _MOST_BYTES, "a table of accuracies"), newline=""))
    heading = next(reader, [])
    if tuple(heading) != _COLUMNS:
        raise FormatError(f"expected the columns {', '.join(_COLUMNS)}, found {', '.join(heading) or 'nothing'}", Location(str(path), 1))
    found = []
    for cells in reader:
        where = Location(str(path), reader.line_num)
        if len(cells) != len(_COLUMNS):
            raise FormatError(f"expected {len(_COLUMNS)} cells, found {len(cells)}", where)
        try:
            found.append(TrainedAccuracy.model_validate_strings(dict(zip(_COLUMNS, cells, strict=True))))
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise FormatError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}", where) from None
    return tuple(found)


def write_accuracies(path: Path, rows: Sequence[TrainedAccuracy]) -> None:
    """Write a table of accuracies whole."""
    lines = [_COLUMNS, *(tuple(getattr(row, name) for name in _COLUMNS) for row in rows)]
    write_whole(path, "".join(",".join(map(str, line)) + "\n" for line in lines))
