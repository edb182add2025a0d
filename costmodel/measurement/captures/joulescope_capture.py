"""A Joulescope capture (JLS v2), walked through an opened `pyjls.Reader`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from costmodel.errors import FormatError, Location
from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk

_SAMPLES_A_CHUNK: Final = 1 << 18


def read_jls_trace(reader: Any, name: str) -> Trace:
    """Read a trace from an opened JLS file.

    Parameters
    ----------
    reader : pyjls.Reader
        Open until the trace is walked through.
    name : str
        File name, for messages.

    Returns
    -------
    Trace
        Current, and voltage where it was sampled at the same rate.

    Raises
    ------
    FormatError
        If the file holds no sampled current.
    """
    found = [signal for signal in reader.signals.values() if getattr(signal, "sample_rate", 0) > 0 and signal.length > 0]
    currents = [signal for signal in found if signal.name.lower() == "current"]
    current = currents[0] if currents else None
    # A file may hold several instruments: the voltage is that of the one whose current is read.
    sampled = {signal.name.lower(): signal for signal in found if current is None or signal.source_id == current.source_id}
    if current is None:
        names = ", ".join(sorted(sampled)) or "none"
        raise FormatError(f"the capture holds no signal 'current' (signals with samples: {names})", Location(name))
    voltage = sampled.get("voltage")
    if voltage is not None and (voltage.sample_rate, voltage.length) != (current.sample_rate, current.length):
        voltage = None
    rate_hz = float(current.sample_rate)
    notes = [f"{len(currents)} instruments in this file: the current of the first is analysed"] if len(currents) > 1 else []
    return Trace(name, f"Joulescope JLS: A at {rate_hz:g} samples/s", "sample", _chunks(reader, name, current, voltage), notes)


def _chunks(reader: Any, name: str, current: Any, voltage: Any) -> Iterator[TraceChunk]:
    for first in range(0, current.length, _SAMPLES_A_CHUNK):
        count = min(_SAMPLES_A_CHUNK, current.length - first)
        try:
            amperes = np.asarray(reader.fsr(current.signal_id, first, count), dtype=np.float64)
            volts = None if voltage is None else np.asarray(reader.fsr(voltage.signal_id, first, count), dtype=np.float64)
        except (OSError, RuntimeError, ValueError) as error:
            raise FormatError(f"the capture breaks off after sample {first}: {' '.join(str(error).split())}", Location(name)) from None
        yield TraceChunk(np.arange(first, first + count) / float(current.sample_rate), amperes, volts, first + 1)
