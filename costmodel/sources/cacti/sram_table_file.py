"""The table of CACTI runs as a file: comma-separated values, every cell checked on the way in, replaced whole on the way out."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from costmodel.energy.cacti_config import checked_sram, config_hash
from costmodel.errors import FormatError, Location, SpecError
from costmodel.results.runs.sram_run import SramFigures, SramRow
from costmodel.sources.cacti.sram_table import SramTable
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.documents.input_file import read_text_input
from costmodel.specs.devices.sram import SramSpec

_MOST_BYTES: Final = 1 << 24
"""Largest table that is read: a hundred thousand runs."""
RESOURCE: Final = "data/memories/sram_table.csv"

_OWN: Final = ("name", "config_hash", "status")
_RUN: Final = ("cacti_version", "cacti_source")
_SPEC_FIELDS: Final = tuple(SramSpec.model_fields)
_FIGURE_FIELDS: Final = tuple(SramFigures.model_fields)
_NEWER: Final = ("objective", "deviation", "optimised", "access_mode", "signaling", "inner_wire", "outer_wire")
"""Fields that tables of before November 2026 do not have; they stand in a file where a row needs them."""
COLUMNS: Final = (*_OWN, *(field for field in _SPEC_FIELDS if field not in _NEWER), *_FIGURE_FIELDS, *_RUN)
"""Headings of the table's file."""
_ALL_COLUMNS: Final = (*COLUMNS, *_NEWER)


@functools.cache
def packaged_sram_table() -> SramTable:
    """Return the table that comes with the package, read once."""
    text = resources.files("costmodel.sources").joinpath(RESOURCE).read_text(encoding="utf-8")
    # Hashing every configuration takes longer than reading them all; a test does it for the packaged rows.
    return read_sram_table(text, RESOURCE, verify=False)


def packaged_table_path() -> Path:
    """Return the packaged table's file.

    Raises
    ------
    SpecError
        If the package is not installed as files.
    """
    found = resources.files("costmodel.sources").joinpath(RESOURCE)
    if not isinstance(found, Path):
        raise SpecError("the packaged table is inside an archive; name another file with --table")
    return found


def sram_table_at(path: Path, *, must_exist: bool = False) -> SramTable:
    """Return the table in a file.

    Parameters
    ----------
    path : Path
        The file.
    must_exist : bool
        Refuse a file that is not there, rather than start an empty table.

    Returns
    -------
    SramTable
        Every row checked, its hash too.

    Raises
    ------
    InputError
        If it cannot be read as a table.
    """
    if not path.exists() and not must_exist:
        return SramTable(())
    return read_sram_table(read_text_input(path, _MOST_BYTES, "a table of CACTI runs"), str(path))


def read_sram_table(text: str, file: str, *, verify: bool = True) -> SramTable:
    """Read a table of runs.

    Parameters
    ----------
    text : str
        Comma-separated values under the headings of `COLUMNS`.
    file : str
        What errors call it.
    verify : bool
        Refuse rows whose hash is not that of their configuration.

    Returns
    -------
    SramTable
        Every row checked.

    Raises
    ------
    FormatError
        If a heading, a cell or a configuration's hash is not what it should be.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    heading = next(reader, [])
    if tuple(heading) not in (COLUMNS, _ALL_COLUMNS):
        odd = next((name for name in COLUMNS if name not in heading), None) or next(
            (name for name in heading if name not in COLUMNS), "another order"
        )
        raise FormatError(f"expected the columns of an SRAM table, found a difference at {odd!r}", Location(file, 1))
    columns = tuple(heading)
    return SramTable(_row(cells, columns, Location(file, reader.line_num), verify=verify) for cells in reader)


def _row(cells: list[str], columns: tuple[str, ...], where: Location, *, verify: bool) -> SramRow:
    if len(cells) != len(columns):
        raise FormatError(f"expected {len(columns)} cells, found {len(cells)}", where)
    named = dict(zip(columns, cells, strict=True))
    spec = checked_sram({field: _cell(field, named[field], where) for field in _SPEC_FIELDS if field in named}, str(where))
    if verify and config_hash(spec) != named["config_hash"]:
        raise FormatError(
            f"stale row: its configuration's hash is {config_hash(spec)}, the row was run on {named['config_hash']}; run it again", where
        )
    texts = {field: named[field] for field in _FIGURE_FIELDS}
    figures = None
    if any(texts.values()):
        figures = {field: _cell(field, text, where) for field, text in texts.items()}
    if (figures is None) != (named["status"] != "ok"):
        raise FormatError(f"status {named['status']!r} with {'no' if figures is None else 'some'} figures", where)
    own = {field: named[field] for field in (*_OWN, *_RUN)}
    try:
        return SramRow.model_validate({**own, "spec": spec, "figures": figures})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise FormatError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}", where) from None


def _cell(field: str, text: str, where: Location) -> object:
    if field in ("data_cell", "periphery_cell", "array", "interconnect", *_NEWER):
        return text
    if field == "ecc":
        if text not in ("true", "false"):
            raise FormatError(f"ecc: expected true or false, found {text[:40]!r}", where)
        return text == "true"
    try:
        return int(text) if field.endswith(("_count", "_bytes", "_bits")) else float(text)
    except ValueError:
        raise FormatError(f"{field}: expected a number, found {text[:40]!r}", where) from None


def sram_table_text(table: Iterable[SramRow]) -> str:
    """Write a table of runs.

    Parameters
    ----------
    table : iterable of SramRow
        Its rows.

    Returns
    -------
    str
        Which `read_sram_table` reads back equal.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    rows = tuple(table)
    usual = all(getattr(row.spec, field) == SramSpec.model_fields[field].default for row in rows for field in _NEWER)
    columns = COLUMNS if usual else _ALL_COLUMNS
    writer.writerow(columns)
    for row in rows:
        figures: Mapping[str, Any] = {} if row.figures is None else row.figures.model_dump()
        values = {**row.spec.model_dump(), **figures, **{field: getattr(row, field) for field in (*_OWN, *_RUN)}}
        writer.writerow([_text(values.get(column, "")) for column in columns])
    return stream.getvalue()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def write_sram_table(path: Path, table: SramTable) -> None:
    """Replace a table's file in one step.

    Parameters
    ----------
    path : Path
        The file.
    table : SramTable
        What it holds from now on.

    Raises
    ------
    SpecError
        If the file cannot be written there.
    """
    write_whole(path, sram_table_text(table))
