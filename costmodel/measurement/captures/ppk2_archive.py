"""A Nordic Power Profiler session (`.ppk2`): a zip of six-byte frames and the rate they were taken at."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, Final

import numpy as np

from costmodel.errors import FormatError, LimitError, Location, UnknownNameError
from costmodel.measurement.captures.time_marks import PinMarks
from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.units import UA_PER_A

_FRAME: Final = np.dtype([("current_ua", "<f4"), ("bits", "<u2")])
_FRAMES_A_CHUNK: Final = 1 << 16
_PINS: Final = tuple(f"D{place}" for place in range(8))
_SESSION: Final = "session.raw"
_METADATA: Final = "metadata.json"
MAX_METADATA_BYTES: Final = 1 << 20
"""Largest description of a session that is read."""
MAX_DIRECTORY_BYTES: Final = 1 << 20
"""Most bytes of a list of files; a session has three."""


def read_ppk2_trace(stream: BinaryIO, name: str, mark: str | None = None) -> Trace:
    """Read a trace from a Power Profiler session.

    Parameters
    ----------
    stream : binary stream
        Seekable; read as the trace is walked through.
    name : str
        File name, for messages.
    mark : str, optional
        Pin that is high while the board infers, `D0` to `D7`.

    Returns
    -------
    Trace
        Currents at the session's own rate.

    Raises
    ------
    FormatError
        If the archive, its metadata or its frames are not what they should be.
    """
    where = Location(name)
    try:
        archive = zipfile.ZipFile(_BoundedReads(stream))
        names = archive.namelist()
        for wanted in (_SESSION, _METADATA):
            if wanted not in names:
                raise FormatError(f"the archive holds no {wanted!r}; found {', '.join(names[:5]) or 'nothing'}", where)
        with archive.open(_METADATA) as stored:
            content = stored.read(MAX_METADATA_BYTES + 1)
        if len(content) > MAX_METADATA_BYTES:
            raise LimitError(f"{_METADATA} has more than {MAX_METADATA_BYTES:,} bytes; at most so many are read", where)
        metadata = json.loads(content)
        frames = archive.open(_SESSION)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise FormatError(f"not a whole .ppk2 archive: {error}", where) from None
    except ValueError as error:
        raise FormatError(f"{_METADATA} is no JSON: {error}", where) from None
    rate_hz = _rate_hz(metadata, where)
    channel = _channel(mark, where)
    pin = PinMarks()
    chunks = _chunks(frames, rate_hz, name, channel, pin)
    return Trace(name, f"Nordic .ppk2 session: µA at {rate_hz:g} samples/s", "sample", chunks, runs=pin.runs)


class _BoundedReads:
    """A stream that refuses to be read in pieces no session needs: a list of files may be as large as the archive."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or what is left."""
        content = self._stream.read(min(size, MAX_DIRECTORY_BYTES + 1) if size >= 0 else MAX_DIRECTORY_BYTES + 1)
        if len(content) > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"its list of files has more than {MAX_DIRECTORY_BYTES:,} bytes; at most so many are read")
        return content

    def close(self) -> None:
        """Leave the stream to whoever opened it."""


def _channel(mark: str | None, where: Location) -> int | None:
    if mark is None:
        return None
    if mark.upper() not in _PINS:
        raise UnknownNameError("--marks", mark, _PINS, "a pin of the session, nor a file", where)
    return _PINS.index(mark.upper())


def _rate_hz(metadata: object, where: Location) -> float:
    inner = metadata.get("metadata", metadata) if isinstance(metadata, dict) else None
    rate = inner.get("samplesPerSecond") if isinstance(inner, dict) else None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate) or rate <= 0:
        raise FormatError(f"{_METADATA}: samplesPerSecond should be a number above 0, found {rate!r}", where)
    return float(rate)


def _chunks(frames: IO[bytes], rate_hz: float, name: str, channel: int | None, pin: PinMarks) -> Iterator[TraceChunk]:
    first = 0
    while True:
        try:
            raw = _whole_read(frames, _FRAMES_A_CHUNK * _FRAME.itemsize)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise FormatError(f"{_SESSION} breaks off after sample {first}: {error}", Location(name)) from None
        if not raw:
            break
        if len(raw) % _FRAME.itemsize:
            whole = first + len(raw) // _FRAME.itemsize
            raise FormatError(f"{_SESSION} is cut off in the frame after sample {whole}", Location(name))
        table = np.frombuffer(raw, _FRAME)
        current = table["current_ua"].astype(np.float64) / UA_PER_A
        time = np.arange(first, first + len(current)) / rate_hz
        if channel is not None:
            # Two bits a pin: low or high within the sample, both where it changed.
            pin.add(time, (table["bits"] >> (2 * channel + 1) & 1).astype(np.float64))
        yield TraceChunk(time, current, None, first + 1)
        first += len(current)
    if not first:
        raise FormatError(f"{_SESSION} holds no sample", Location(name))


def _whole_read(frames: IO[bytes], count: int) -> bytes:
    """Read `count` bytes, fewer at the end only: a zip member may give less than it is asked for."""
    parts = []
    while count and (part := frames.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
