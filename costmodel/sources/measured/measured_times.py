"""Measured times of whole networks, from a table of a user's own: columns of networks, times and perhaps energies, each with its unit."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from costmodel.errors import FormatError, InputError, LimitError, Location, SpecError
from costmodel.sources.catalogue import load_network
from costmodel.sources.documents.input_file import read_text_input
from costmodel.specs.network import Network
from costmodel.units import HZ_PER_MHZ, MJ_PER_J, MS_PER_S, UJ_PER_J, US_PER_S

MOST_ROWS: Final = 1_000
MAX_BYTES: Final = 1 << 20
LEAST: Final = 1e-9
LONGEST_S: Final = 1e9
FASTEST_HZ: Final = 1e12
MOST_J: Final = 1e9
_TIMES: Final = ("latency", "time", "duration", "inference")
_TIME_UNITS: Final = {"s": 1.0, "ms": 1 / MS_PER_S, "us": 1 / US_PER_S}
_ENERGY_UNITS: Final = {"j": 1.0, "mj": 1 / MJ_PER_J, "uj": 1 / UJ_PER_J}
_CLOCK_UNITS: Final = {"hz": 1.0, "mhz": HZ_PER_MHZ}
_NETWORKS: Final = ("network", "model", "name", "file")


class MeasuredTime(NamedTuple):
    """One row."""

    network: Network
    duration_s: float
    clock_hz: float | None
    """None where the table has no column of clocks."""
    energy_j: float | None
    """Of one inference; None where the table has no column of energies, or the cell is empty."""


class _Columns(NamedTuple):
    network: int
    time: int
    seconds: float
    """In one unit of the time column."""
    clock: int | None
    hertz: float
    energy: int | None
    joules: float


def read_measured_times(path: Path) -> tuple[MeasuredTime, ...]:
    """Read a table of measured times.

    Parameters
    ----------
    path : Path
        A CSV file with a header: a column `network` (names or files), a column such as `latency_ms` or `duration_s`, and, where the device
        has several clocks, `clock_mhz`; `energy_uj` of one inference where the board's energy was measured too.

    Returns
    -------
    tuple of MeasuredTime
        In the file's order.

    Raises
    ------
    InputError
        If a column is missing or has no unit, a time, clock or energy is not above zero, or a network is unknown; with the line.
    """
    text = read_text_input(path, MAX_BYTES, "a CSV file of measured times")
    reader = csv.reader(io.StringIO(text, newline=None))
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise FormatError(f"is no CSV: {error}", Location(str(path), reader.line_num)) from None
    if len(rows) < 2:
        raise FormatError("holds no rows: expected a header such as network,latency_ms and a line a network", Location(str(path)))
    if len(rows) > MOST_ROWS + 1:
        raise LimitError(f"{path}: holds {len(rows) - 1:,} rows; at most {MOST_ROWS:,} networks are fitted")
    columns = _columns(rows[0], path)
    return tuple(_measured(row, columns, Location(str(path), line, 1), path) for line, row in enumerate(rows[1:], start=2))


def _columns(header: Sequence[str], path: Path) -> _Columns:
    names = [re.sub(r"[\s(\[]+", "_", cell.strip().lower()).strip("_)]") for cell in header]
    place = Location(str(path), 1, 1)
    network = next((at for at, name in enumerate(names) if name in _NETWORKS), None)
    if network is None:
        raise FormatError(f"has no column of networks: expected `network`, found {', '.join(header)[:200]}", place)
    time, seconds = _with_unit(names, _TIMES, _TIME_UNITS, place)
    clock, hertz = _with_unit(names, ("clock", "f"), _CLOCK_UNITS, place, optional=True)
    if time is None:
        raise FormatError(f"has no column of times: expected one such as latency_ms, found {', '.join(header)[:200]}", place)
    energy, joules = _with_unit(names, ("energy",), _ENERGY_UNITS, place)
    return _Columns(network, time, seconds, clock, hertz, energy, joules)


def _with_unit(
    names: Sequence[str], stems: Sequence[str], units: dict[str, float], place: Location, *, optional: bool = False
) -> tuple[int | None, float]:
    for at, name in enumerate(names):
        stem, _, unit = name.rpartition("_")
        if unit in units and any(stem.startswith(known) for known in stems):
            return at, units[unit]
    bare = next((name for name in names if name in stems), None)
    if bare is not None and not (optional and bare == "f"):
        raise FormatError(f"column `{bare}` has no unit: name it {' or '.join(f'{bare}_{unit}' for unit in units)}", place)
    return None, 1.0


def _measured(row: Sequence[str], columns: _Columns, place: Location, path: Path) -> MeasuredTime:
    if len(row) <= max(columns.network, columns.time, columns.clock or 0, columns.energy or 0):
        raise FormatError(f"has {len(row)} cells, fewer than the header names", place)
    duration_s = _positive(row[columns.time], columns.seconds, "time", LONGEST_S, "s", place)
    clock_hz = None if columns.clock is None else _positive(row[columns.clock], columns.hertz, "clock", FASTEST_HZ, "Hz", place)
    energy_j = None
    if columns.energy is not None and row[columns.energy].strip():
        energy_j = _positive(row[columns.energy], columns.joules, "energy", MOST_J, "J", place)
    named = row[columns.network].strip()
    try:
        network = load_network(named, path.parent)
    except InputError as error:
        raise SpecError(f"{place}: {error.message}") from None
    return MeasuredTime(network, duration_s, clock_hz, energy_j)


def _positive(text: str, scale: float, what: str, most: float, unit: str, place: Location) -> float:
    try:
        found = float(text.strip())
    except ValueError:
        raise FormatError(f"the {what} should be a number, found {text.strip()[:40]!r}", place) from None
    if not (math.isfinite(found) and found > 0.0):
        raise FormatError(f"the {what} should be above 0, found {text.strip()[:40]}", place)
    if not LEAST <= found * scale <= most:
        raise FormatError(f"the {what} should be {LEAST:g} to {most:g} {unit}, found {text.strip()[:40]}", place)
    return found * scale
