"""Joulescope captures (JLS v2) as the instrument's own library writes them, and changed ones whose checks are right again."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyjls
from numpy.typing import NDArray

from costmodel.measurement.captures.crc32c import crc32c

_HEADER_BYTES = 32


def written(path: Path, *signals: tuple[str, NDArray[np.floating]], rate_hz: int = 1000, sources: Sequence[int] = ()) -> Path:
    """Write a capture of signals by name, each of the instrument whose number stands at its place."""
    numbers = sources or [1] * len(signals)
    with pyjls.Writer(str(path)) as writer:
        for number in dict.fromkeys(numbers):
            writer.source_def(source_id=number, name=f"js{number}", vendor="", model="", version="", serial_number="")
        for place, ((name, samples), source) in enumerate(zip(signals, numbers, strict=True), 1):
            kind = {"f4": pyjls.DataType.F32, "f8": pyjls.DataType.F64, "i2": pyjls.DataType.I16}[samples.dtype.str[1:]]
            writer.signal_def(place, source_id=source, sample_rate=rate_hz, name=name, units="", data_type=kind)
            writer.fsr(place, 0, samples)
    return path


def chunks(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each chunk begins, its tag and the size of its content [B]."""
    at = _HEADER_BYTES
    while at + _HEADER_BYTES <= len(content):
        (size,) = struct.unpack_from("<I", content, at + 20)
        yield at, content[at + 16], size
        at += _HEADER_BYTES + _stored(size)


def with_right_checks(content: bytes) -> bytes:
    """Return a capture each of whose checks is what its content asks for: only a reader's own rules are left."""
    mended = bytearray(content)
    mended[28:32] = crc32c(content[:28]).to_bytes(4, "little")
    for at, _, size in chunks(content):
        mended[at + 28 : at + 32] = crc32c(content[at : at + 28]).to_bytes(4, "little")
        begin, end = at + _HEADER_BYTES, at + _HEADER_BYTES + _stored(size)
        if size and end <= len(content):
            mended[end - 4 : end] = crc32c(content[begin : begin + size]).to_bytes(4, "little")
    return bytes(mended)


def _stored(size: int) -> int:
    return -(-(size + 4) // 8) * 8 if size else 0
