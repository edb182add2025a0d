"""What CACTI 7 prints and writes, read by the names and units in its own headings.

CACTI ends with status 0 on invalid input, and appends to a table that may hold older runs. So a run counts as a success only when both of
its outputs are there and agree: a fresh row in the table, and the listing on standard output with the same figures and configuration.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from pydantic import ValidationError

from costmodel.errors import CactiError, CactiFailure
from costmodel.results.runs.sram_run import SramFigures
from costmodel.specs.devices.sram import SramSpec
from costmodel.units import MW_PER_W, NS_PER_S, PJ_PER_NJ

VERSION: Final = "7.0.3DD Prerelease of Aug, 2012"
"""The CACTI this reader knows."""
NO_ORGANISATION: Final = "no valid data array organizations found"

_VERSION: Final = re.compile(r"CACTI \(version ([^)]*)\)")
_HEADING: Final = re.compile(r"^(?P<name>.*?)\s*(?:\((?P<unit>[^)]*)\)|(?P<percent>%))?$")
_TO_OURS: Final[dict[str, Decimal]] = {
    "nJ": Decimal(PJ_PER_NJ),
    "mW": 1 / Decimal(MW_PER_W),
    "ns": 1 / Decimal(NS_PER_S),
    "mm2": Decimal(1),
    "%": 1 / Decimal(100),
    "": Decimal(1),
}
_SUM_TOLERANCE: Final = 1e-5
"""Six printed digits: two rounded leakages may miss their rounded sum by that share."""
_ARRAY_TYPES: Final = {"ram": "Scratch", "cache": "Cache"}
_CELLS: Final = ("itrs-hp", "itrs-lstp", "itrs-lop")


class _Column(NamedTuple):
    heading: str
    unit: str


_COLUMNS: Final[dict[str, _Column]] = {
    "read_pj": _Column("Dynamic read energy", "nJ"),
    "write_pj": _Column("Dynamic write energy", "nJ"),
    "standby_w": _Column("Standby leakage per bank", "mW"),
    "access_s": _Column("Access time", "ns"),
    "cycle_s": _Column("Random cycle time", "ns"),
    "area_mm2": _Column("Area", "mm2"),
    "area_efficiency_ratio": _Column("Data arrary area efficiency", "%"),
    "wordline_split_count": _Column("Ndwl", ""),
    "bitline_split_count": _Column("Ndbl", ""),
    "sets_per_wordline_ratio": _Column("Nspd", ""),
    "bitline_mux_count": _Column("Ndcm", ""),
}
_LISTED: Final[dict[str, _Column]] = {
    "leakage_w": _Column("Total leakage power of a bank", "mW"),
    "gate_leakage_w": _Column("Total gate leakage power of a bank", "mW"),
    "access_s": _Column("Access time", "ns"),
    "read_pj": _Column("Total dynamic read energy per access", "nJ"),
    "write_pj": _Column("Total dynamic write energy per access", "nJ"),
}


def cacti_version(listing: str) -> str:
    """Return the version a listing states.

    Parameters
    ----------
    listing : str
        Standard output of a run.

    Returns
    -------
    str
        For example `7.0.3DD Prerelease of Aug, 2012`.

    Raises
    ------
    CactiError
        If it states none, or one this reader does not know.
    """
    match = _VERSION.search(listing)
    if match is None:
        raise CactiError(CactiFailure.TRUNCATED, "the listing states no version; it was cut short, or is not CACTI's")
    if match[1] != VERSION:
        raise CactiError(CactiFailure.OTHER_VERSION, f"expected version {VERSION!r}, found {match[1]!r}")
    return match[1]


def sram_figures(listing: str, table: str, spec: SramSpec) -> SramFigures:
    """Read the figures of a run.

    Parameters
    ----------
    listing : str
        Standard output of the run.
    table : str
        The file CACTI appended to; its last row is read.
    spec : SramSpec
        What was run; outputs of anything else are refused.

    Returns
    -------
    SramFigures
        To the last printed digit.

    Raises
    ------
    CactiError
        If an output is missing, cut short, not finite, of another version or another configuration.
    """
    if NO_ORGANISATION in listing:
        raise CactiError(CactiFailure.NO_ORGANISATION, f"no array of {spec.size_bytes} bytes and {spec.bus_bits} bits can be laid out")
    cacti_version(listing)
    row = _last_row(table)
    figures = {field: _value(row, column) for field, column in _COLUMNS.items()}
    for field, column in _LISTED.items():
        listed = _listed(listing, column)
        if figures.setdefault(field, listed) != listed:
            raise CactiError(
                CactiFailure.OTHER_CONFIGURATION,
                f"{column.heading} is {listed} {column.unit} in the listing and {figures[field]} in the table: two different runs",
            )
    _check_configuration(listing, row, spec)
    values = {field: float(value * _unit_factor(field)) for field, value in figures.items()}
    leakage_w = values["leakage_w"] + values["gate_leakage_w"]
    if spec.bank_count == 1 and not math.isclose(leakage_w, values["standby_w"], rel_tol=_SUM_TOLERANCE):
        raise CactiError(
            CactiFailure.OTHER_CONFIGURATION, f"leakages sum to {leakage_w:g} W, the table's row says {values['standby_w']:g} W"
        )
    try:
        return SramFigures.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise CactiError(CactiFailure.OTHER_VERSION, f"{first['loc'][0]} cannot be {values[str(first['loc'][0])]}") from None


def _unit_factor(field: str) -> Decimal:
    return _TO_OURS[(_COLUMNS.get(field) or _LISTED[field]).unit]


def _last_row(table: str) -> dict[tuple[str, str], str]:
    lines = [line for line in table.splitlines() if line.strip()]
    if len(lines) < 2:
        raise CactiError(CactiFailure.INVALID_INPUT, "no row was written; CACTI does so, with status 0, on input it calls invalid")
    heading = [cell.strip() for cell in lines[0].split(",")]
    cells = [cell.strip() for cell in lines[-1].split(",")]
    if len(cells) != len(heading) or not table.endswith("\n"):
        raise CactiError(CactiFailure.TRUNCATED, f"the last row has {len(cells)} cells of {len(heading)}")
    return dict(zip((_name_and_unit(cell) for cell in heading), cells, strict=True))


def _name_and_unit(heading: str) -> tuple[str, str]:
    match = _HEADING.match(heading)
    if match is None:
        return heading, ""
    return match["name"], match["unit"] or match["percent"] or ""


def _value(row: dict[tuple[str, str], str], column: _Column) -> Decimal:
    cell = row.get(column)
    if cell is None:
        raise CactiError(CactiFailure.OTHER_VERSION, f"the table has no column {column.heading!r} in {column.unit or 'no unit'}")
    return _positive(cell, column)


def _listed(listing: str, column: _Column) -> Decimal:
    match = re.search(rf"^ *{re.escape(column.heading)} \({column.unit}\): *(\S*)[ ]*\n", listing, re.MULTILINE)
    if match is None:
        raise CactiError(CactiFailure.TRUNCATED, f"the listing has no '{column.heading} ({column.unit})'")
    return _positive(match[1], column)


def _positive(cell: str, column: _Column) -> Decimal:
    try:
        value = Decimal(cell)
    except InvalidOperation:
        raise CactiError(CactiFailure.TRUNCATED, f"{column.heading}: expected a number, found {cell[:40]!r}") from None
    if not value.is_finite():
        raise CactiError(CactiFailure.NOT_FINITE, f"{column.heading} is {cell}")
    if value <= 0:
        raise CactiError(CactiFailure.NOT_FINITE, f"{column.heading} should be above 0, found {cell}")
    return value


def _check_configuration(listing: str, row: dict[tuple[str, str], str], spec: SramSpec) -> None:
    cells = {str(number): cell for number, cell in enumerate(_CELLS)}
    expected = {
        "Capacity": (row.get(("Capacity", "bytes")), str(spec.size_bytes)),
        "Output width": (row.get(("Output width", "bits")), str(spec.bus_bits)),
        "Tech node": (row.get(("Tech node", "nm")), f"{spec.node_nm:g}"),
        "array type": (_stated(listing, "array type"), _ARRAY_TYPES[spec.array]),
        "Associativity": (_stated(listing, "Associativity"), str(spec.associativity_count)),
        "Block size": (_stated(listing, "Block size"), str(spec.block_bytes)),
        "Temperature": (_stated(listing, "Temperature"), f"{spec.temperature_k:g}"),
        "Data array cell type": (cells.get(_stated(listing, "Data array cell type")), spec.data_cell),
        "Data array peripheral type": (cells.get(_stated(listing, "Data array peripheral type")), spec.periphery_cell),
        "ECC overhead": (_stated(listing, "ECC overhead"), str(int(spec.ecc))),
    }
    for what, (found, wanted) in expected.items():
        if found != wanted:
            raise CactiError(CactiFailure.OTHER_CONFIGURATION, f"{what}: the run was given {wanted}, its output says {found}")


def _stated(listing: str, key: str) -> str:
    match = re.search(rf"^{re.escape(key)} *: *(\S+)", listing, re.MULTILINE)
    return match[1] if match else ""
