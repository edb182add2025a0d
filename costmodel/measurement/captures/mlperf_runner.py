"""Energy results of the MLPerf Tiny runner (JSON): joules per millisecond, with the voltage they were taken at.

A capture runs one inference many times without a pause. Its last two marks say where the run begins and ends, and `iterations` how often:
the runner's own energy of an inference is the sum between them over that number; what is published is the median of the whole trials.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from costmodel.errors import FormatError, LimitError, Location, MissingError
from costmodel.json_text import parsed_json
from costmodel.measurement.captures.trace_chunk import MOST_CURRENT_A, Floats, MarkedRun, Trace, TraceChunk
from costmodel.units import MS_PER_S

MAX_JSON_BYTES: Final = 1 << 26
"""Largest JSON that is read, unpacked: half an hour of samples, six times what the longest runs leave."""
_SAMPLE_S: Final = 1.0 / MS_PER_S
"""The runner's energy monitors integrate over a millisecond."""
_LEAST_SHARE: Final = 0.1
"""Share of the file's longest trial below which one is none."""
_RUNNER_LEAST_S: Final = 10.0
"""Time the runner asks a trial to last."""


def read_mlperf_trace(stream: BinaryIO, name: str, supply_v: float | None = None) -> Trace:
    """Read a trace from the runner's JSON.

    Parameters
    ----------
    stream : binary stream
        JSON with `power.samples` in joules per millisecond, at any depth; of several such captures the whole trials, else the first.
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
        content = stream.read(MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise LimitError(f"more than {MAX_JSON_BYTES:,} bytes of JSON; at most so many are read", where)
        document = parsed_json(content.decode("utf-8-sig"), where)
    except json.JSONDecodeError as error:
        raise FormatError(f"not JSON: {error.msg}", Location(name, error.lineno, error.colno)) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise FormatError("not JSON text", where) from None
    captures = list(_holders(document, []))
    if not captures:
        raise FormatError("no 'power' with 'samples' in this JSON; expected an energy result of the MLPerf Tiny runner", where)
    trials = [_trial(place, power, ancestors) for place, (power, ancestors) in enumerate(captures, 1)]
    whole, notes = _whole(trials)
    runs = tuple(trial.run for trial in whole if trial.run is not None)
    if whole:
        captures = [captures[trial.place - 1] for trial in whole]
    elif len(captures) > 1:
        notes.append(f"{len(captures)} captures in this file, none of them a whole trial: the first is analysed")
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


class _Trial(NamedTuple):
    """A capture of the file, and what its marks say."""

    place: int
    """From 1."""
    name: str
    run: MarkedRun | None
    fault: str
    """Why it is not whole; empty where it is."""


def _trial(place: int, power: dict[str, Any], ancestors: list[dict[str, Any]]) -> _Trial:
    """Return the run between a capture's last two marks, or why there is none.

    The rules are the runner's own: two marks, inferences between them, and a number for each sample there.
    """
    marks, infer = power.get("timestamps"), ancestors[-1].get("infer")
    iterations = infer.get("iterations") if isinstance(infer, dict) else None
    file = ancestors[-1].get("file")
    name = f"trial {place}" + (f" ({file})" if isinstance(file, str) else "")
    if not isinstance(marks, list) or len(marks) < 2:
        count = len(marks) if isinstance(marks, list) else 0
        return _Trial(place, name, None, f"{count} of the two marks")
    try:
        first, last = (int(mark[1]) for mark in marks[-2:])
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return _Trial(place, name, None, "marks that are no samples")
    if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
        return _Trial(place, name, None, "no number of iterations")
    samples = power["samples"]
    if not 0 <= first < last <= len(samples):
        return _Trial(place, name, None, "marks that bracket no samples")
    missing = sum(1 for sample in samples[first:last] if isinstance(sample, float) and not math.isfinite(sample))
    fault = f"{missing} samples without a number between its marks" if missing else ""
    return _Trial(place, name, MarkedRun(first * _SAMPLE_S, last * _SAMPLE_S, iterations), fault)


def _whole(trials: list[_Trial]) -> tuple[list[_Trial], list[str]]:
    """Return the trials the runner would take, and a line for each that it would not."""
    sound = [trial for trial in trials if trial.run is not None and not trial.fault]
    longest_s = max((trial.run.end_s - trial.run.start_s for trial in sound if trial.run is not None), default=0.0)
    whole, notes = [], []
    for trial in trials:
        fault = trial.fault
        if trial.run is not None and not fault and trial.run.end_s - trial.run.start_s < _LEAST_SHARE * longest_s:
            fault = f"{trial.run.end_s - trial.run.start_s:.3g} s long, under a tenth of the longest"
        if not fault:
            whole.append(trial)
        elif len(trials) > 1:
            notes.append(f"{trial.name} is left out: {fault}")
    if whole and longest_s < _RUNNER_LEAST_S:
        notes.append(f"the longest trial lasts {longest_s:.3g} s, under the {_RUNNER_LEAST_S:g} s the runner asks for: used all the same")
    return whole, notes


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
