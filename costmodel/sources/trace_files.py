"""Current traces on disk: which format a file is, opened for as long as it is read."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from costmodel.errors import FormatError, Location, MissingError
from costmodel.measurement.captures.csv_trace import read_csv_trace
from costmodel.measurement.captures.joulescope_capture import read_jls_trace
from costmodel.measurement.captures.mlperf_runner import read_mlperf_trace
from costmodel.measurement.captures.ppk2_archive import read_ppk2_trace
from costmodel.measurement.captures.trace_chunk import Trace
from costmodel.sources.documents.plain_stream import plain_stream
from costmodel.sources.documents.text_file import nearest_file

_ZIP: Final = b"PK\x03\x04"
_JLS: Final = b"jlsfmt"
_JLS_1: Final = b"\xd3tagfmt"
_SUFFIXES: Final = (".csv", ".txt", ".gz", ".ppk2", ".jls", ".json")
"""Endings captures usually have: only to offer a file for a misspelt one."""


@contextmanager
def open_trace(
    path: Path, columns: Mapping[str, str] | None = None, supply_v: float | None = None, sample_rate_hz: float | None = None
) -> Iterator[Trace]:
    """Open a trace; what it is follows from its first bytes, not from its name.

    Parameters
    ----------
    path : Path
        The capture.
    columns : mapping, optional
        Kind (`time`, `current`, `voltage`, `power`) to a column of a CSV file, where its header leaves a choice.
    supply_v : float, optional
        Supply voltage for formats that need one to tell a current [V].
    sample_rate_hz : float, optional
        Rate of the samples of a CSV file whose columns do not tell their time [Hz].

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
    try:
        if path.is_dir():
            raise FormatError("is a folder, expected a capture", Location(name))
        stream = path.open("rb")
    except FileNotFoundError:
        raise MissingError(f"does not exist{nearest_file(path, _SUFFIXES)}", Location(name)) from None
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot be read: {getattr(error, 'strerror', None) or error}", Location(name)) from None
    with stream:
        head = stream.read(64)
        stream.seek(0)
        if head.startswith(_JLS):
            _refuse_options(name, columns, sample_rate_hz)
            with _jls_reader(path) as trace:
                yield trace
        elif head.startswith(_JLS_1):
            raise FormatError(
                "a JLS file of version 1; expected version 2, which the Joulescope UI writes when it opens and exports it", Location(name)
            )
        elif head.startswith(_ZIP) or path.suffix.lower() == ".ppk2":
            _refuse_options(name, columns, sample_rate_hz)
            yield read_ppk2_trace(stream, name)
        else:
            plain = plain_stream(stream, name)
            text, plain = _peeked(plain)
            if text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
                _refuse_options(name, columns, sample_rate_hz)
                yield read_mlperf_trace(plain, name, supply_v)
            else:
                yield read_csv_trace(plain, name, columns, sample_rate_hz, supply_v)


def _peeked(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))
    return buffered.peek(64)[:64], buffered


def _refuse_options(name: str, columns: Mapping[str, str] | None, sample_rate_hz: float | None) -> None:
    if columns:
        raise FormatError(f"this format has no columns to choose: leave out --{next(iter(columns))}-column", Location(name))
    if sample_rate_hz is not None:
        raise FormatError("this format states its own rate: leave out --sample-rate", Location(name))


@contextmanager
def _unlogged(name: str) -> Iterator[None]:
    """Keep a library's own log off the terminal while what it raises says the same in one line."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _jls_reader(path: Path) -> Iterator[Trace]:
    try:
        import pyjls
    except ImportError:
        raise MissingError("reading JLS needs pyjls: pip install 'costmodel[jls]'", Location(str(path))) from None
    with _unlogged("pyjls.c"):
        try:
            reader = pyjls.Reader(str(path))
        except (OSError, RuntimeError, ValueError) as error:
            raise FormatError(f"not a whole JLS file: {error}", Location(str(path))) from None
        try:
            yield read_jls_trace(reader, str(path))
        finally:
            reader.close()
