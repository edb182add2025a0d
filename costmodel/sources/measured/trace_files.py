"""Current traces on disk: which format a file is, opened for as long as it is read."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final, cast

from costmodel.errors import FormatError, Location, MissingError
from costmodel.measurement.captures.csv_trace import read_csv_trace
from costmodel.measurement.captures.eembc_monitor import VERSION, read_eembc_trace
from costmodel.measurement.captures.joulescope_capture import read_jls_trace
from costmodel.measurement.captures.mlperf_runner import read_mlperf_trace
from costmodel.measurement.captures.ppk2_archive import read_ppk2_trace
from costmodel.measurement.captures.time_marks import marked_times
from costmodel.measurement.captures.trace_chunk import MarkedRun, Trace
from costmodel.sources.documents.input_file import opened_input, read_input
from costmodel.sources.documents.plain_stream import plain_stream

_ZIP: Final = b"PK\x03\x04"
_JLS: Final = b"jlsfmt"
_JLS_1: Final = b"\xd3tagfmt"
_MOST_MARK_BYTES: Final = 1 << 25
CAPTURE_SUFFIXES: Final = (".csv", ".txt", ".gz", ".ppk2", ".jls", ".json", ".bin")
"""Endings captures usually have: only to offer a file for a misspelt one."""


@contextmanager
def open_trace(
    path: Path,
    columns: Mapping[str, str] | None = None,
    supply_v: float | None = None,
    sample_rate_hz: float | None = None,
    shunt_ohm: float | None = None,
    assumed_v: float | None = None,
) -> Iterator[Trace]:
    """Open a trace; what it is follows from its first bytes, not from its name.

    Parameters
    ----------
    path : Path
        The capture.
    columns : mapping, optional
        Kind (`time`, `current`, `voltage`, `power`) to a column of a CSV file, where its header leaves a choice; `mark` to the pin that is
        high while the board infers.
    supply_v : float, optional
        Supply voltage for formats that need one to tell a current [V].
    sample_rate_hz : float, optional
        Rate of the samples of a CSV file whose columns do not tell their time [Hz].
    shunt_ohm : float, optional
        Resistance a CSV file holds the voltage over [ohm].
    assumed_v : float, optional
        Supply that powers are divided by where none is given and energies do not depend on it [V].

    Yields
    ------
    Trace
        To be walked through while it is open.

    Raises
    ------
    InputError
        If the file is missing, or no format this reads.
    """
    name = str(path)
    with opened_input(path, "a capture", CAPTURE_SUFFIXES) as stream:
        head = stream.read(64)
        stream.seek(0)
        if head.startswith(_JLS):
            _refuse_options(name, columns, sample_rate_hz)
            _refuse_mark(name, columns)
            yield read_jls_trace(stream, name)
        elif head.startswith(_JLS_1):
            raise FormatError(
                "a JLS file of version 1; expected version 2, which the Joulescope UI writes when it opens and exports it", Location(name)
            )
        elif head.startswith(_ZIP) or path.suffix.lower() == ".ppk2":
            chosen = dict(columns or {})
            mark = chosen.pop("mark", None)
            _refuse_options(name, chosen, sample_rate_hz)
            yield read_ppk2_trace(stream, name, mark)
        elif head.startswith(VERSION):
            _refuse_options(name, columns, sample_rate_hz)
            _refuse_mark(name, columns)
            volts = supply_v or assumed_v
            if volts is None:
                raise MissingError("the file holds milliwatts and no voltage to divide them by: give --supply-v", Location(name))
            yield replace(read_eembc_trace(stream, name, volts), runs=_beside(path))
        else:
            plain = plain_stream(stream, name)
            text, plain = _peeked(plain)
            if text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
                _refuse_options(name, columns, sample_rate_hz)
                _refuse_mark(name, columns)
                yield read_mlperf_trace(plain, name, supply_v)
            else:
                yield read_csv_trace(plain, name, columns, sample_rate_hz, supply_v, shunt_ohm)


def read_marks(path: Path) -> tuple[MarkedRun, ...]:
    """Read begins and ends of inferences from a file.

    Parameters
    ----------
    path : Path
        Lines or a JSON list of times [s]; see `marked_times`.

    Returns
    -------
    tuple of MarkedRun
        In order of time.

    Raises
    ------
    InputError
        If it cannot be read, or holds no pairs of times.
    """
    raw = read_input(path, _MOST_MARK_BYTES, "a file of marks")
    return marked_times(raw.decode("utf-8-sig", errors="replace"), str(path))


def _beside(path: Path) -> tuple[MarkedRun, ...]:
    """Return the marks the energy monitor wrote beside its file; none where there is no such file."""
    stem = path.name.removesuffix(".bin").removesuffix("-energy")
    marks = path.with_name(f"{stem}-timestamps.json")
    return read_marks(marks) if marks.is_file() else ()


def _refuse_mark(name: str, columns: Mapping[str, str] | None) -> None:
    if columns and "mark" in columns:
        raise FormatError(f"--marks {columns['mark']}: no such file, and this format has no pins", Location(name))


def _peeked(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))
    return buffered.peek(64)[:64], buffered


def _refuse_options(name: str, columns: Mapping[str, str] | None, sample_rate_hz: float | None) -> None:
    chosen = [kind for kind in columns or () if kind != "mark"]
    if chosen:
        raise FormatError(f"this format has no columns to choose: leave out --{chosen[0]}-column", Location(name))
    if sample_rate_hz is not None:
        raise FormatError("this format states its own rate: leave out --sample-rate", Location(name))
