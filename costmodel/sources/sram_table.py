"""The table of CACTI runs: exact rows or a refusal, never a silent interpolation."""

from __future__ import annotations

import csv
import functools
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from costmodel.energy.cacti_config import checked_sram, config_hash
from costmodel.errors import FormatError, Location, MissingError, SpecError, UnknownNameError
from costmodel.results.sram_run import SramFigures, SramRow
from costmodel.sources.atomic_file import write_whole
from costmodel.specs.sram import SramSpec

RESOURCE: Final = "data/memories/sram_table.csv"
NEAREST_COUNT: Final = 3
"""Rows a refusal names."""

_OWN: Final = ("name", "config_hash", "status")
_RUN: Final = ("cacti_version", "cacti_source")
_SPEC_FIELDS: Final = tuple(SramSpec.model_fields)
_FIGURE_FIELDS: Final = tuple(SramFigures.model_fields)
COLUMNS: Final = (*_OWN, *_SPEC_FIELDS, *_FIGURE_FIELDS, *_RUN)
"""Headings of the table's file."""


class SramTable:
    """Rows by configuration and by name.

    Parameters
    ----------
    rows : iterable of SramRow
        No two of one configuration or one name.

    Raises
    ------
    FormatError
        If two rows say different things of one configuration or name.
    """

    def __init__(self, rows: Iterable[SramRow]) -> None:
        self.rows: tuple[SramRow, ...] = tuple(rows)
        self._by_spec: dict[SramSpec, SramRow] = {row.spec: row for row in self.rows}
        self._by_name: dict[str, SramRow] = {row.name: row for row in self.rows if row.name}
        if len(self._by_spec) != len(self.rows):
            raise FormatError("the table of SRAM runs has two rows of one configuration")
        if len(self._by_name) != sum(bool(row.name) for row in self.rows):
            raise FormatError("the table of SRAM runs has two rows of one name")

    def __iter__(self) -> Iterator[SramRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name."""
        return tuple(self._by_name)

    def named(self, name: str) -> SramRow:
        """Return the row of a packaged configuration.

        Parameters
        ----------
        name : str
            For example `deck-45nm-hp-128k-64b`.

        Returns
        -------
        SramRow
            With its figures.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        """
        row = self._by_name.get(name)
        if row is None:
            raise UnknownNameError("SRAM", name, self._by_name, "a packaged configuration")
        return row

    def find(self, spec: SramSpec) -> SramRow | None:
        """Return the row of exactly this configuration, or None."""
        return self._by_spec.get(spec)

    def figures(self, spec: SramSpec) -> SramFigures:
        """Return the figures of exactly this configuration.

        Parameters
        ----------
        spec : SramSpec
            The array.

        Returns
        -------
        SramFigures
            As CACTI printed them.

        Raises
        ------
        SpecError
            If CACTI was run and found no array that fits.
        MissingError
            If there is no such row; the message names the nearest ones.
        """
        row = self._by_spec.get(spec)
        if row is None:
            raise self.refusal(spec)
        if row.figures is None:
            raise SpecError(f"CACTI finds no array of {described_spec(spec)}")
        return row.figures

    def refusal(self, spec: SramSpec) -> MissingError:
        """Return the error that says a configuration has no row, and names the nearest ones."""
        near = "; ".join(described(found) for found in self.nearest(spec))
        return MissingError(
            f"no packaged run of {described_spec(spec)}; nearest: {near}. Run CACTI on it (`costmodel cacti run`), or ask for an "
            "interpolation between sizes (interpolate=yes), which states its error"
        )

    def nearest(self, spec: SramSpec, count: int = NEAREST_COUNT) -> tuple[SramRow, ...]:
        """Return the rows most like a configuration, the likest first.

        Parameters
        ----------
        spec : SramSpec
            The array.
        count : int
            How many.

        Returns
        -------
        tuple of SramRow
            Rows with figures only.
        """
        usable = [row for row in self.rows if row.figures is not None]
        return tuple(sorted(usable, key=lambda row: _distance(row.spec, spec))[:count])

    def updated(self, rows: Iterable[SramRow]) -> SramTable:
        """Return the table with some rows replaced, and those it did not have appended; a row keeps its name.

        Parameters
        ----------
        rows : iterable of SramRow
            Fresh runs.

        Returns
        -------
        SramTable
            In its order: named rows by name, then the others by configuration.
        """
        merged = dict(self._by_spec)
        for row in rows:
            before = merged.get(row.spec)
            kept = before.name if before is not None and not row.name else row.name
            merged[row.spec] = row.model_copy(update={"name": kept})
        return SramTable(sorted(merged.values(), key=_order))


def _order(row: SramRow) -> tuple[Any, ...]:
    spec = row.spec
    return (not row.name, row.name, spec.node_nm, spec.data_cell, spec.bus_bits, spec.size_bytes, spec.ecc, row.config_hash)


def _distance(a: SramSpec, b: SramSpec) -> float:
    # Doublings apart in size and width, nodes weighted up since leakage changes most there; a change of kind counts as doublings too.
    octaves = (
        abs(math.log2(a.size_bytes / b.size_bytes)) + abs(math.log2(a.bus_bits / b.bus_bits)) + 4 * abs(math.log2(a.node_nm / b.node_nm))
    )
    kinds = 4 * (a.data_cell != b.data_cell) + 2 * (a.periphery_cell != b.periphery_cell) + (a.ecc != b.ecc)
    rest = abs(a.temperature_k - b.temperature_k) / 50 + 4 * (a.array != b.array) + (a.block_bytes != b.block_bytes)
    return octaves + kinds + rest + 2 * (a.bank_count != b.bank_count)


def described_spec(spec: SramSpec) -> str:
    """Return a configuration in one line, as a person would say it."""
    cells = spec.data_cell if spec.data_cell == spec.periphery_cell else f"{spec.data_cell} cells, {spec.periphery_cell} periphery"
    block = "" if spec.block_bytes == spec.access_bytes else f" ({spec.block_bytes} B blocks)"
    ports = (spec.shared_port_count, spec.read_port_count, spec.write_port_count)
    parts = [
        f"{spec.size_bytes} B, {spec.access_bytes} B wide{block}, {spec.node_nm:g} nm, {cells}, {spec.temperature_k:g} K",
        "ECC" if spec.ecc else "",
        f"{spec.associativity_count}-way cache" if spec.array == "cache" else "",
        f"{spec.bank_count} banks" if spec.bank_count > 1 else "",
        f"{ports[0]} shared, {ports[1]} read and {ports[2]} write ports" if ports != (1, 0, 0) else "",
        f"{spec.interconnect} wires" if spec.interconnect != "conservative" else "",
    ]
    return ", ".join(part for part in parts if part)


def described(row: SramRow) -> str:
    """Return a row in one line: its name, or its configuration."""
    return f"{row.name} ({described_spec(row.spec)})" if row.name else described_spec(row.spec)


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
    try:
        return read_sram_table(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise MissingError(f"cannot be read: {error.strerror}", Location(str(path))) from None
    except UnicodeDecodeError:
        raise FormatError("is not UTF-8 text", Location(str(path))) from None


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
    if tuple(heading) != COLUMNS:
        odd = next((name for name in COLUMNS if name not in heading), None) or next(
            (name for name in heading if name not in COLUMNS), "another order"
        )
        raise FormatError(f"expected the columns of an SRAM table, found a difference at {odd!r}", Location(file, 1))
    return SramTable(_row(cells, Location(file, reader.line_num), verify=verify) for cells in reader)


def _row(cells: list[str], where: Location, *, verify: bool) -> SramRow:
    if len(cells) != len(COLUMNS):
        raise FormatError(f"expected {len(COLUMNS)} cells, found {len(cells)}", where)
    named = dict(zip(COLUMNS, cells, strict=True))
    spec = checked_sram({field: _cell(field, named[field], where) for field in _SPEC_FIELDS}, str(where))
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
    if field in ("data_cell", "periphery_cell", "array", "interconnect"):
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
    writer.writerow(COLUMNS)
    for row in table:
        figures: Mapping[str, Any] = {} if row.figures is None else row.figures.model_dump()
        values = {**row.spec.model_dump(), **figures, **{field: getattr(row, field) for field in (*_OWN, *_RUN)}}
        writer.writerow([_text(values.get(column, "")) for column in COLUMNS])
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
