"""What every trace reader yields: columns of time and current, a piece of the capture at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location

Floats = NDArray[np.float64]

MOST_CURRENT_A: Final = 1000.0
"""Beyond this no board's supply current lies: a unit is wrong."""
MOST_VOLTAGE_V: Final = 10_000.0
"""Beyond this no board's supply lies; the square of its energy stays within what a float holds."""
MOST_TIME_S: Final = 1e10
"""Three centuries: beyond seconds since any epoch."""


@dataclass(frozen=True)
class TraceChunk:
    """Consecutive samples."""

    time_s: Floats
    current_a: Floats
    """NaN where the instrument gave none."""
    voltage_v: Floats | None
    """None where the capture holds currents only."""
    first: int
    """Line of the first sample; its number, counted from 1, where the capture has no lines."""


class MarkedRun(NamedTuple):
    """Inferences that follow each other without a pause, between two marks of whoever took the capture."""

    start_s: float
    """Time of the first sample."""
    end_s: float
    """Time of the sample after the last."""
    inference_count: int


@dataclass(frozen=True)
class Trace:
    """A capture, read as it is walked through."""

    name: str
    """File name, to lead messages."""
    format_name: str
    """What the capture is, with the units its header named."""
    place: str
    """What `TraceChunk.first` counts: `line` or `sample`."""
    chunks: Iterator[TraceChunk]
    notes: list[str] = field(default_factory=list)
    """What a reader noticed on the way, complete once the trace is walked through."""
    runs: Sequence[MarkedRun] = ()
    """Where marks say which inferences ran when; complete once the trace is walked through."""


def location_of(name: str, place: str, number: int) -> Location:
    """Return the location of a sample: a line where the capture has lines."""
    return Location(name, number) if place == "line" else Location(name)


def place_text(place: str, number: int) -> str:
    """Return what to add to a message whose location names no line."""
    return "" if place == "line" else f" at sample {number}"


def bounded(trace: Trace) -> Trace:
    """Return a trace that is refused where a time or voltage is beyond all boards: of such numbers no mean or spread could be told.

    Parameters
    ----------
    trace : Trace
        As a reader yields it.

    Returns
    -------
    Trace
        The same, checked as it is walked through; raises FormatError with the line.
    """
    return replace(trace, chunks=_bounded(trace))


def _bounded(trace: Trace) -> Iterator[TraceChunk]:
    for chunk in trace.chunks:
        for values, most, unit in ((chunk.time_s, MOST_TIME_S, "s"), (chunk.voltage_v, MOST_VOLTAGE_V, "V")):
            # Where nothing but gaps is left, the largest is none.
            if values is None or not len(values) or not max(np.fmax.reduce(values), -np.fmin.reduce(values)) > most:
                continue
            at = int(np.nanargmax(np.abs(values)))
            if abs(values[at]) > most:
                number = chunk.first + at
                raise FormatError(
                    f"{float(values[at]):.6g} {unit}{place_text(trace.place, number)}, beyond {most:g} {unit}",
                    location_of(trace.name, trace.place, number),
                )
        yield chunk


def checked(chunk: TraceChunk, previous_s: float, name: str, place: str) -> TraceChunk:
    """Return a chunk whose time never runs backwards.

    Parameters
    ----------
    chunk : TraceChunk
        Samples as read.
    previous_s : float
        Time of the sample before the first [s]; minus infinity where there is none.
    name : str
        File name, for the message.
    place : str
        What `first` counts.

    Returns
    -------
    TraceChunk
        The same chunk.

    Raises
    ------
    FormatError
        If a time is missing or lies before the one before it; names the line.
    """
    time = chunk.time_s
    if not len(time):
        return chunk
    falling = time[1:] < time[:-1]
    if time[0] >= previous_s and not falling.any() and np.isfinite(time[-1]) and not np.isnan(time).any():
        return chunk
    missing = ~np.isfinite(time)
    if missing.any():
        number = chunk.first + int(missing.argmax())
        raise FormatError(f"time is not a number{place_text(place, number)}", location_of(name, place, number))
    index = 0 if time[0] < previous_s else int(falling.argmax()) + 1
    before = previous_s if index == 0 else float(time[index - 1])
    number = chunk.first + index
    raise FormatError(
        f"time runs backwards{place_text(place, number)}: {float(time[index]):.9g} s after {before:.9g} s; "
        "give --sample-rate where samples follow each other evenly",
        location_of(name, place, number),
    )
