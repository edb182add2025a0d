"""Energy results of the MLPerf Tiny runner (JSON): joules per millisecond, with the voltage they were taken at.

A capture runs one inference many times without a pause. Its last two marks say where the run begins and ends, and `iterations` how often:
the runner's own energy of an inference is the sum between them over that number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np

from costmodel.errors import FormatError, Location, MissingError
from costmodel.measurement.captures.trace_chunk import MOST_CURRENT_A, Floats, MarkedRun, Trace, TraceChunk
from costmodel.units import MS_PER_S

_SAMPLE_S: Final = 1.0 / MS_PER_S
"""The runner's energy monitors integrate over a millisecond."""


def read_mlperf_trace(stream: BinaryIO, name: str, supply_v: float | None = None) -> Trace:
    """Read a trace from the runner's JSON.

    Parameters
    ----------
    stream : binary stream
        JSON with `power.samples` in joules per millisecond, at any depth; of several such captures all are read where each marks its run of
        inferences, else the first.
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
    captures = list(_holders(document, []))
    if not captures:
        raise FormatError("no 'power' with 'samples' in this JSON; expected an energy result of the MLPerf Tiny runner", where)
    marked = [_marked(power, ancestors) for power, ancestors in captures]
    runs = tuple(run for run in marked if run is not None)
    notes: list[str] = []
    if len(runs) < len(captures):
        runs = runs[:1] if marked[0] is not None else ()
        notes += [f"{len(captures)} captures in this file: the first is analysed"] if len(captures) > 1 else []
        captures = captures[:1]
    volts = [_voltage(power, ancestors, supply_v, where) for power, ancestors in captures]
    energies = [_energies(power["samples"], where) for power, _ in captures]
    for energy, volt in zip(energies, volts, strict=True):
        place = int(np.argmax(np.abs(np.nan_to_num(energy))))
        if abs(energy[place]) > MOST_CURRENT_A * _SAMPLE_S * volt:
            raise FormatError(
                f"power.samples[{place}] is {energy[place]:.6g} J in a millisecond, beyond {MOST_CURRENT_A:g} A at {volt:g} V", where
            )
    if np.isnan(np.concatenate(energies)).all():
        raise FormatError("power.samples holds no number", where)
    said = f"MLPerf Tiny runner JSON: J per ms at {volts[0]:g} V"
    if runs:
        said += f", {len(runs)} capture{'' if len(runs) == 1 else 's'} one after the other"
    return Trace(name, said, "sample", _chunks(energies, volts), notes, _one_after_the_other(runs, energies))


def _marked(power: dict[str, Any], ancestors: list[dict[str, Any]]) -> MarkedRun | None:
    """Return the run between a capture's last two marks; None where the file does not say where or how many inferences ran."""
    marks, infer = power.get("timestamps"), ancestors[-1].get("infer")
    iterations = infer.get("iterations") if isinstance(infer, dict) else None
    if not isinstance(marks, list):
        return None
    try:
        first, last = (int(mark[1]) for mark in marks[-2:])
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None
    if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
        return None
    return MarkedRun(first * _SAMPLE_S, last * _SAMPLE_S, iterations) if 0 <= first < last <= len(power["samples"]) else None


def _one_after_the_other(runs: tuple[MarkedRun, ...], energies: list[Floats]) -> tuple[MarkedRun, ...]:
    """Shift each run to where its capture begins among all."""
    begins = np.cumsum([0, *(len(energy) for energy in energies)]) * _SAMPLE_S
    return tuple(
        MarkedRun(run.start_s + float(begin), run.end_s + float(begin), run.inference_count)
        for run, begin in zip(runs, begins[: len(runs)], strict=True)
    )


def _energies(samples: list[Any], where: Location) -> Floats:
    for index, sample in enumerate(samples):
        if isinstance(sample, bool) or not isinstance(sample, int | float):
            raise FormatError(f"power.samples[{index}] should be a number of joules, found {sample!r}", where)
    try:
        energy = np.array(samples, dtype=np.float64)
    except OverflowError:
        raise FormatError("power.samples holds a number beyond all joules", where) from None
    energy[~np.isfinite(energy)] = np.nan
    return energy


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


def _chunks(energies: list[Floats], volts: list[float]) -> Iterator[TraceChunk]:
    first = 0
    for energy, volt in zip(energies, volts, strict=True):
        time = np.arange(first, first + len(energy), dtype=np.float64) * _SAMPLE_S
        yield TraceChunk(time, energy / (_SAMPLE_S * volt), np.full(len(energy), volt), first + 1)
        first += len(energy)
