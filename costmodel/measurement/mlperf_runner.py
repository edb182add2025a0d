"""Energy results of the MLPerf Tiny runner (JSON): joules per millisecond, with the voltage they were taken at.

A capture runs one inference many times without a pause. Its marks say where the run begins and ends, so the runner's own energy of an
inference, the sum between the last two marks over the number of iterations, is told beside what the windows show.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np

from costmodel.errors import FormatError, Location, MissingError
from costmodel.measurement.trace_chunk import Trace, TraceChunk
from costmodel.units import MS_PER_S, UJ_PER_J

_SAMPLE_S: Final = 1.0 / MS_PER_S
"""The runner's energy monitors integrate over a millisecond."""


def read_mlperf_trace(stream: BinaryIO, name: str, supply_v: float | None = None) -> Trace:
    """Read a trace from the runner's JSON.

    Parameters
    ----------
    stream : binary stream
        JSON with `power.samples` in joules per millisecond, at any depth; of several such objects the first is read, and all are told of.
    name : str
        File name, for messages.
    supply_v : float, optional
        Supply voltage where the file states none [V].

    Returns
    -------
    Trace
        Currents and voltages.

    Raises
    ------
    FormatError
        If it is no JSON, or holds no energy samples.
    MissingError
        If no voltage is known.
    """
    where = Location(name)
    try:
        document = json.loads(stream.read().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise FormatError(f"not JSON: {error.msg}", Location(name, error.lineno, error.colno)) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise FormatError("not JSON text", where) from None
    parents = list(_holders(document, []))
    if not parents:
        raise FormatError("no 'power' with 'samples' in this JSON; expected an energy result of the MLPerf Tiny runner", where)
    power, ancestors = parents[0]
    voltage_v = _voltage(power, ancestors, supply_v, where)
    samples = power["samples"]
    for index, sample in enumerate(samples):
        if isinstance(sample, bool) or not isinstance(sample, int | float):
            raise FormatError(f"power.samples[{index}] should be a number of joules, found {sample!r}", where)
    energy = np.array(samples, dtype=np.float64)
    energy[~np.isfinite(energy)] = np.nan
    notes = [f"{len(parents)} captures in this file: the first is analysed"] if len(parents) > 1 else []
    notes += _by_marks(parents)
    return Trace(name, f"MLPerf Tiny runner JSON: J per ms at {voltage_v:g} V", "sample", _chunks(energy, voltage_v, name), notes)


def _by_marks(parents: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> list[str]:
    """Say what the runner makes of its captures: the median energy of an inference between its last two marks."""
    energies, durations = [], []
    for power, ancestors in parents:
        marks, infer = power.get("timestamps"), ancestors[-1].get("infer")
        iterations = infer.get("iterations") if isinstance(infer, dict) else None
        try:
            first, last = (int(mark[1]) for mark in marks[-2:])  # type: ignore[index]
            run = np.array(power["samples"][first:last], dtype=np.float64)
            energies.append(float(run.sum()) / float(iterations))  # type: ignore[arg-type]
            durations.append((last - first) * _SAMPLE_S / float(iterations))  # type: ignore[arg-type]
        except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError, OverflowError):
            return []
    if not all(math.isfinite(energy) and energy > 0.0 for energy in energies):
        return []
    return [
        f"between the runner's own marks an inference takes {UJ_PER_J * float(np.median(energies)):.5g} uJ and "
        f"{MS_PER_S * float(np.median(durations)):.4g} ms (median of {len(energies)} capture(s)): a run without pauses is one window here"
    ]


def _holders(node: Any, ancestors: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Walk to each `power` object with samples, with the objects around it, the nearest last."""
    pending: list[tuple[Any, list[dict[str, Any]]]] = [(node, ancestors)]
    while pending:
        current, around = pending.pop()
        if isinstance(current, dict):
            power = current.get("power")
            if isinstance(power, dict) and isinstance(power.get("samples"), list) and power["samples"]:
                yield power, [*around, current]
            pending.extend((child, [*around, current]) for child in reversed(list(current.values())))
        elif isinstance(current, list):
            pending.extend((child, around) for child in reversed(current))


def _voltage(power: dict[str, Any], ancestors: list[dict[str, Any]], supply_v: float | None, where: Location) -> float:
    for holder in (power, *reversed(ancestors)):
        found = holder.get("voltage")
        if isinstance(found, int | float) and not isinstance(found, bool) and np.isfinite(found) and found > 0:
            return float(found)
    if supply_v is None:
        raise MissingError("the file states no 'voltage' for its energy samples: give --supply-v", where)
    return supply_v


def _chunks(energy: np.ndarray[Any, np.dtype[np.float64]], voltage_v: float, name: str) -> Iterator[TraceChunk]:
    if np.isnan(energy).all():
        raise FormatError("power.samples holds no number", Location(name))
    time = np.arange(len(energy), dtype=np.float64) * _SAMPLE_S
    yield TraceChunk(time, energy / (_SAMPLE_S * voltage_v), np.full(len(energy), voltage_v), 1)
