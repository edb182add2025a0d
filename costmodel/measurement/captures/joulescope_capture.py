"""A Joulescope capture (JLS v2), walked through chunk by chunk.

The instrument's own library is not asked: it repairs a file that was not closed in place, and a file made to harm ends the program.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location
from costmodel.measurement.captures.joulescope_chunks import END, JlsChunk, chunk_content, walked_chunks
from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk

_SAMPLES_A_CHUNK: Final = 1 << 18
_SIGNAL_DEFINITION: Final = 0x02
_DATA: Final = 0x22
"""Samples at a fixed rate."""
_SIGNAL_NUMBER: Final = 0xFFF
_DEFINITION: Final = struct.Struct("<HBBII")
_DEFINITION_NAME_AT: Final = 128
_DATA_HEADER: Final = struct.Struct("<qIHH")
_REALS: Final = {0x2004: "<f4", 0x4004: "<f8"}
"""Stored type of a signal that is a real number."""
_MOST_NAME_BYTES: Final = 100

Samples = NDArray[Any]


@dataclass
class _Signal:
    """A signal as it is defined, and how much of it the file holds."""

    number: int
    source: int
    name: str
    type_code: int
    rate_hz: int
    first: int = 0
    count: int = 0


def read_jls_trace(stream: BinaryIO, name: str) -> Trace:
    """Read a trace from a JLS file.

    Parameters
    ----------
    stream : binary stream
        Seekable; read as the trace is walked through.
    name : str
        File name, for messages.

    Returns
    -------
    Trace
        Current, and voltage where it was sampled at the same rate.

    Raises
    ------
    FormatError
        If the file is no JLS v2, is damaged, or holds no sampled current.
    """
    signals, closed = _surveyed(stream, name)
    found = [signal for signal in signals if signal.rate_hz > 0 and signal.count > 0]
    currents = [signal for signal in found if signal.name.lower() == "current"]
    if not currents:
        names = ", ".join(sorted(signal.name for signal in found)) or "none"
        raise FormatError(f"the capture holds no signal 'current' (signals with samples: {names})", Location(name))
    current = currents[0]
    # A file may hold several instruments: the voltage is that of the one whose current is read.
    beside = (one for one in found if one.name.lower() == "voltage" and (one.source, one.rate_hz) == (current.source, current.rate_hz))
    # Of a capture that was cut off, one signal has a block more than the other.
    voltage = next((one for one in beside if one.first == current.first and (one.count == current.count or not closed)), None)
    for signal in (current, *([] if voltage is None else [voltage])):
        if signal.type_code not in _REALS:
            raise FormatError(f"signal {signal.name!r} is stored as type {signal.type_code:#x}; expected real numbers", Location(name))
    count = current.count if voltage is None else min(current.count, voltage.count)
    notes = [f"{len(currents)} instruments in this file: the current of the first is analysed"] if len(currents) > 1 else []
    if not closed:
        notes.append(f"the capture was not closed, or is cut off: the {count:,} samples up to there are read")
    rate_hz = float(current.rate_hz)
    chunks = _chunks(stream, name, current, voltage, count)
    return Trace(name, f"Joulescope JLS: A at {rate_hz:g} samples/s", "sample", chunks, notes)


def _surveyed(stream: BinaryIO, name: str) -> tuple[list[_Signal], bool]:
    """Every signal in the order of the file, and whether the capture was closed."""
    signals: dict[int, _Signal] = {}
    size = stream.seek(0, 2)
    for chunk in walked_chunks(stream, name):
        if chunk.next_at > size:
            break
        if chunk.tag == END:
            return list(signals.values()), True
        number = chunk.meta & _SIGNAL_NUMBER
        if chunk.tag == _SIGNAL_DEFINITION:
            signals[number] = _defined(stream, chunk, name)
        elif chunk.tag == _DATA and number in signals:
            _count(stream, chunk, signals[number], name)
    return list(signals.values()), False


def _defined(stream: BinaryIO, chunk: JlsChunk, name: str) -> _Signal:
    content = chunk_content(stream, chunk, name) or b""
    if len(content) < _DEFINITION_NAME_AT:
        raise FormatError(f"the chunk at byte {chunk.at} has {len(content)} bytes; a signal is described by more", Location(name))
    source, _, _, type_code, rate_hz = _DEFINITION.unpack_from(content)
    told = content[_DEFINITION_NAME_AT:].partition(b"\0")[0][:_MOST_NAME_BYTES]
    return _Signal(chunk.meta & _SIGNAL_NUMBER, source, told.decode("utf-8", errors="replace"), type_code, rate_hz)


def _count(stream: BinaryIO, chunk: JlsChunk, signal: _Signal, name: str) -> None:
    """Count a block of samples, which follows the one before it."""
    if chunk.payload_bytes < _DATA_HEADER.size:
        raise FormatError(
            f"the chunk at byte {chunk.at} has {chunk.payload_bytes} bytes; a block of samples begins with {_DATA_HEADER.size}",
            Location(name),
        )
    stream.seek(chunk.at)
    first, count, bits, _ = _DATA_HEADER.unpack(stream.read(_DATA_HEADER.size))
    if chunk.payload_bytes < _DATA_HEADER.size + count * bits // 8 or not bits:
        raise FormatError(
            f"the chunk at byte {chunk.at} has {chunk.payload_bytes:,} bytes; {count:,} samples of {bits} bits need more", Location(name)
        )
    if signal.count and first != signal.first + signal.count:
        raise FormatError(
            f"signal {signal.name!r} goes on at sample {first} where {signal.first + signal.count} follows: "
            "samples were left out; export the capture as CSV",
            Location(name),
        )
    if not signal.count:
        signal.first = first
    signal.count += count


def _chunks(stream: BinaryIO, name: str, current: _Signal, voltage: _Signal | None, count: int) -> Iterator[TraceChunk]:
    amperes = _evenly(_blocks(stream, name, current), count)
    volts = None if voltage is None else _evenly(_blocks(stream, name, voltage), count)
    first = 0
    for currents in amperes:
        time_s = np.arange(first, first + len(currents)) / float(current.rate_hz)
        yield TraceChunk(time_s, currents, None if volts is None else next(volts), first + 1)
        first += len(currents)


def _blocks(stream: BinaryIO, name: str, signal: _Signal) -> Iterator[Samples]:
    """Yield a signal's samples as they are stored."""
    kind = np.dtype(_REALS[signal.type_code])
    for chunk in walked_chunks(stream, name):
        if chunk.tag == _DATA and chunk.meta & _SIGNAL_NUMBER == signal.number:
            content = chunk_content(stream, chunk, name)
            if content is None:
                return
            _, count, bits, _ = _DATA_HEADER.unpack_from(content)
            if bits != kind.itemsize * 8:
                raise FormatError(
                    f"the chunk at byte {chunk.at} has samples of {bits} bits; {signal.name!r} has {kind.itemsize * 8}", Location(name)
                )
            yield np.frombuffer(content, kind, count, _DATA_HEADER.size)


def _evenly(blocks: Iterator[Samples], count: int) -> Iterator[NDArray[np.float64]]:
    """Yield so many samples, in pieces of one length."""
    held: list[Samples] = []
    while count:
        size = min(count, _SAMPLES_A_CHUNK)
        missing = size - sum(map(len, held))
        while missing > 0:
            held.append(next(blocks))
            missing -= len(held[-1])
        piece = np.concatenate(held)
        with np.errstate(invalid="ignore"):  # a number that signals is none, and counted as such
            amounts = piece[:size].astype(np.float64)
        yield amounts
        held = [piece[size:]]
        count -= size
