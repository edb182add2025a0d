"""Kept designs as a table on disk: CSV while it is small, Parquet where it can be written, compressed NumPy chunks otherwise."""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from costmodel.errors import LimitError
from costmodel.printable_text import csv_cell
from costmodel.sources.documents.atomic_file import whole_file
from costmodel.sweeps.engine.kept_designs import Rows

CSV_ROWS: Final = 1_000_000
"""Larger tables are written as Parquet or chunks."""
_CSV_SLICE: Final = 1 << 14
_CSV_VALUE_BYTES: Final = 20
_BINARY_VALUE_BYTES: Final = 8
"""Of one value, on average at most: a float written out has up to 17 digits; binary files are compressed besides."""


def write_table(folder: Path, stem: str, batches: Iterable[Rows], rows: int, units: Mapping[str, str]) -> tuple[Path, ...]:
    """Write a table, holding one batch at a time.

    Parameters
    ----------
    folder : Path
        Made if need be.
    stem : str
        File name without its ending.
    batches : iterable of mapping
        Name to values, all of one length, one after the other; the same names in each.
    rows : int
        Of all batches.
    units : mapping
        Name to unit: in a CSV's heading, and in the metadata of a Parquet column.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    LimitError
        If there is no room.
    """
    try:
        if rows <= CSV_ROWS:
            return (_write_csv(folder / f"{stem}.csv", batches, units),)
        if find_spec("pyarrow") is not None:
            return (_write_parquet(folder / f"{stem}.parquet", batches, units),)
        return tuple(_write_chunks(folder, stem, batches))
    except OSError as error:
        # A library's own error may carry no number and no text of the system's.
        told = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise LimitError(f"{folder}: {told}; the finished jobs are kept, make room and add --resume") from None


def table_bytes(rows: int, columns: int) -> int:
    """Return about how many bytes a table takes at most."""
    return rows * columns * (_CSV_VALUE_BYTES if rows <= CSV_ROWS else _BINARY_VALUE_BYTES)


def heading(name: str, units: Mapping[str, str]) -> str:
    """Return a column's heading: its name, with its unit in brackets."""
    return f"{name} [{units[name]}]" if units.get(name) else name


def _write_csv(path: Path, batches: Iterable[Rows], units: Mapping[str, str]) -> Path:
    with whole_file(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        for number, columns in enumerate(batches):
            if not number:
                writer.writerow([csv_cell(heading(name, units)) for name in columns])
            for start in range(0, len(next(iter(columns.values()))), _CSV_SLICE):
                writer.writerows(zip(*(_cells(column[start : start + _CSV_SLICE]) for column in columns.values()), strict=True))
        text.detach()
    return path


def _write_parquet(path: Path, batches: Iterable[Rows], units: Mapping[str, str]) -> Path:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    with whole_file(path) as stream:
        writer: Any = None
        try:
            for columns in batches:
                arrays = [pyarrow.array(_texts(column)) for column in columns.values()]
                if writer is None:
                    told = zip(columns, arrays, strict=True)
                    schema = pyarrow.schema([pyarrow.field(name, one.type, metadata={"unit": units.get(name, "")}) for name, one in told])
                    writer = ParquetWriter(stream, schema)
                writer.write_table(
                    pyarrow.Table.from_arrays([one.cast(field.type) for one, field in zip(arrays, schema, strict=True)], schema=schema)
                )
        finally:
            if writer is not None:
                writer.close()
    return path


def _write_chunks(folder: Path, stem: str, batches: Iterable[Rows]) -> Iterator[Path]:
    for number, columns in enumerate(batches):
        path = folder / f"{stem}-{number:04d}.npz"
        with whole_file(path) as stream:
            np.savez_compressed(stream, **{name: _texts(column) for name, column in columns.items()})  # type: ignore[arg-type]
        yield path


def _cells(column: np.ndarray) -> list[Any]:
    """Return a column's values; of names and mappings, texts that no spreadsheet computes."""
    values: list[Any] = column.tolist()
    return [csv_cell(str(value)) if value is not None else None for value in values] if column.dtype == object else values


def _texts(column: np.ndarray) -> np.ndarray:
    """Return names and mappings of a choice as texts; numbers stay."""
    return column.astype(str) if column.dtype == object else column
