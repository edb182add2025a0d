"""Energy files of EEMBC's monitor for the Joulescope: a version byte, the rate as float32, then float32 milliwatts.

The layout is that of the files of MLPerf Tiny results: byte 0xf1, samples a second, mean power of each sample [mW], all little-endian.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np

from costmodel.errors import FormatError, Location
from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.units import MW_PER_W

VERSION: Final = b"\xf1"
"""First byte of such a file."""
_HEADER: Final = struct.Struct("<Bf")
_SAMPLES_A_CHUNK: Final = 1 << 18
_FASTEST_HZ: Final = 1e7


def read_eembc_trace(stream: BinaryIO, name: str, supply_v: float) -> Trace:
    """Read a trace from an energy file of EEMBC's monitor.

    Parameters
    ----------
    stream : binary stream
        At its start; read as the trace is walked through.
    name : str
        File name, for messages.
    supply_v : float
        Supply the powers are divided by: the file states none, and energies do not depend on it [V].

    Returns
    -------
    Trace
        Currents.

    Raises
    ------
    FormatError
        If the header is not whole or holds no rate.
    """
    where = Location(name)
    head = stream.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise FormatError("the file ends within its header; expected byte 0xf1 and the rate as float32", where)
    rate_hz = float(_HEADER.unpack(head)[1])
    if not math.isfinite(rate_hz) or not 0.0 < rate_hz <= _FASTEST_HZ:
        raise FormatError(f"the rate after byte 0xf1 is {rate_hz:.6g}; expected samples a second", where)
    said = f"EEMBC energy monitor file: mW at {rate_hz:g} samples/s, divided by {supply_v:g} V"
    return Trace(name, said, "sample", _chunks(stream, rate_hz, supply_v, name))


def _chunks(stream: BinaryIO, rate_hz: float, supply_v: float, name: str) -> Iterator[TraceChunk]:
    first, rest = 0, b""
    while raw := stream.read(4 * _SAMPLES_A_CHUNK):
        raw = rest + raw
        whole = len(raw) // 4
        rest = raw[4 * whole :]
        power_w = np.frombuffer(raw, "<f4", whole).astype(np.float64) / MW_PER_W
        time = np.arange(first, first + whole) / rate_hz
        yield TraceChunk(time, power_w / supply_v, None, first + 1)
        first += whole
    if rest:
        raise FormatError(f"the file is cut off after sample {first}", Location(name))
    if not first:
        raise FormatError("the file holds no sample", Location(name))
