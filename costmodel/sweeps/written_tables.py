"""Kept designs as a table on disk: CSV while it is small, Parquet where it can be written, compressed NumPy chunks otherwise."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from costmodel.errors import LimitError
from costmodel.sources.atomic_file import write_whole

CSV_ROWS: Final = 1_000_000
"""Larger tables are written as Parquet or chunks."""
_CHUNK_ROWS: Final = 1_000_000


def write_table(folder: Path, stem: str, columns: Mapping[str, np.ndarray], units: Mapping[str, str]) -> tuple[Path, ...]:
    """Write a table.

    Parameters
    ----------
    folder : Path
        Made if need be.
    stem : str
        File name without its ending.
    columns : mapping
        Name to values, all of one length.
    units : mapping
        Name to unit, for the heading.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    LimitError
        If there is no room.
    """
    rows = len(next(iter(columns.values()), ()))
    try:
        if rows <= CSV_ROWS:
            return (_write_csv(folder / f"{stem}.csv", columns, units),)
        if find_spec("pyarrow") is not None:
            return (_write_parquet(folder / f"{stem}.parquet", columns),)
        return _write_chunks(folder, stem, columns, rows)
    except OSError as error:
        raise LimitError(f"{folder}: {error.strerror or error}; the finished jobs are kept, make room and add --resume") from None


def heading(name: str, units: Mapping[str, str]) -> str:
    """Return a column's heading: its name, with its unit in brackets."""
    return f"{name} [{units[name]}]" if units.get(name) else name


def _write_csv(path: Path, columns: Mapping[str, np.ndarray], units: Mapping[str, str]) -> Path:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([heading(name, units) for name in columns])
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    write_whole(path, stream.getvalue())
    return path


def _write_parquet(path: Path, columns: Mapping[str, np.ndarray]) -> Path:
    import pyarrow
    import pyarrow.parquet

    unfinished = path.with_suffix(".parquet.part")
    table = pyarrow.table({name: column.astype(str) if column.dtype == object else column for name, column in columns.items()})
    pyarrow.parquet.write_table(table, unfinished)
    unfinished.replace(path)
    return path


def _write_chunks(folder: Path, stem: str, columns: Mapping[str, np.ndarray], rows: int) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, start in enumerate(range(0, rows, _CHUNK_ROWS)):
        path = folder / f"{stem}-{number:04d}.npz"
        unfinished = path.with_suffix(".part")
        part = {name: column[start : start + _CHUNK_ROWS] for name, column in columns.items()}
        with unfinished.open("wb") as stream:
            np.savez_compressed(
                stream,
                **{name: column.astype(str) if column.dtype == object else column for name, column in part.items()},  # type: ignore[arg-type]
            )
        unfinished.replace(path)
        written.append(path)
    return tuple(written)
