"""Traces with a known truth: boot, idle, inferences, radio bursts, noise, drift, missing samples and a clipped range.

For tests and examples. Everything random follows from the seed; the truth is computed from the noiseless current.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from costmodel.measurement.captures.trace_chunk import Floats, TraceChunk
from costmodel.units import MS_PER_S, UA_PER_A

_SAMPLES_A_CHUNK: Final = 1 << 16


@dataclass(frozen=True)
class SyntheticTrace:
    """What a synthetic capture is made of; the deck's figures where nothing else is said."""

    rate_hz: float = 100_000.0
    span_s: float = 10.0
    supply_v: float = 5.03
    idle_a: float = 0.0364
    active_a: float = 0.0430
    inference_s: float = 0.32
    jitter_s: float = 0.0
    """Standard deviation of the inferences' durations."""
    period_s: float = 1.0
    first_s: float = 1.5
    """When the first inference starts."""
    noise_a: float = 0.0001
    """Standard deviation of a sample."""
    drift_ratio: float = 0.0
    """Growth of every current over the span."""
    boot_s: float = 0.0
    boot_a: float = 0.08
    burst_s: float = 0.0
    """Length of a radio burst; one falls between every two inferences."""
    burst_a: float = 0.18
    missing_ratio: float = 0.0
    """Share of the samples that are lost, in short runs."""
    nan_count: int = 0
    """Samples without a number."""
    clip_a: float | None = None
    """Top of the instrument's range."""
    seed: int = 0


@dataclass(frozen=True)
class SyntheticTruth:
    """What an analysis should find."""

    windows_s: tuple[tuple[float, float], ...]
    """Begin and end of each inference, half-way between the samples either side."""
    total_j: float
    inference_j: float
    """All inferences together."""
    computational_j: float
    """All inferences together, above idle."""


def synthetic_truth(recipe: SyntheticTrace) -> SyntheticTruth:
    """Return what an analysis of a synthetic capture should find.

    Parameters
    ----------
    recipe : SyntheticTrace
        What the capture is made of.

    Returns
    -------
    SyntheticTruth
        From the noiseless current, every sample present.
    """
    edges = _edges(recipe)
    step_s = 1.0 / recipe.rate_hz
    total = inference = computing = 0.0
    for first in range(0, _sample_count(recipe), _SAMPLES_A_CHUNK):
        index = np.arange(first, min(first + _SAMPLES_A_CHUNK, _sample_count(recipe)))
        current, running = _noiseless(recipe, index, edges)
        growth = _growth(recipe, index)
        total += float(current.sum())
        inference += float(current[running].sum())
        computing += float((current - recipe.idle_a * growth)[running].sum())
    scale = step_s * recipe.supply_v
    windows = tuple(((float(a) - 0.5) * step_s, (float(b) - 0.5) * step_s) for a, b in edges)
    return SyntheticTruth(windows, total * scale, inference * scale, computing * scale)


def synthetic_chunks(recipe: SyntheticTrace) -> Iterator[TraceChunk]:
    """Yield a synthetic capture.

    Parameters
    ----------
    recipe : SyntheticTrace
        What it is made of.

    Yields
    ------
    TraceChunk
        65,536 samples at a time, less the missing ones.
    """
    random = np.random.default_rng(recipe.seed)
    edges = _edges(recipe)
    count = _sample_count(recipe)
    numberless = set(random.choice(count, size=recipe.nan_count, replace=False).tolist()) if recipe.nan_count else set()
    for first in range(0, count, _SAMPLES_A_CHUNK):
        index = np.arange(first, min(first + _SAMPLES_A_CHUNK, count))
        current = _noiseless(recipe, index, edges)[0] + random.normal(0.0, recipe.noise_a, len(index))
        if recipe.clip_a is not None:
            current = np.minimum(current, recipe.clip_a)
        for sample in numberless & set(range(first, first + len(index))):
            current[sample - first] = np.nan
        time = index / recipe.rate_hz
        if recipe.missing_ratio:
            kept = random.random(len(index)) >= recipe.missing_ratio
            kept[0] = True
            time, current = time[kept], current[kept]
        yield TraceChunk(time, current, None, first + 1)


def as_ppk2_csv(recipe: SyntheticTrace) -> Iterator[bytes]:
    """Yield a synthetic capture as a Nordic PPK2 CSV file.

    Parameters
    ----------
    recipe : SyntheticTrace
        What it is made of.

    Yields
    ------
    bytes
        The header, then the lines of each chunk.
    """
    yield b"Timestamp(ms),Current(uA),D0-D7\n"
    for chunk in synthetic_chunks(recipe):
        pairs = zip((chunk.time_s * MS_PER_S).tolist(), (chunk.current_a * UA_PER_A).tolist(), strict=True)
        yield "".join([f"{time:.2f},{current:.3f},00000000\n" for time, current in pairs]).encode("ascii")


def _sample_count(recipe: SyntheticTrace) -> int:
    return round(recipe.span_s * recipe.rate_hz)


def _edges(recipe: SyntheticTrace) -> list[tuple[int, int]]:
    """First sample of each inference and the one after its last; only inferences that end within the span."""
    random = np.random.default_rng((recipe.seed, 1))
    edges: list[tuple[int, int]] = []
    start_s = recipe.first_s
    while True:
        duration_s = max(recipe.inference_s + recipe.jitter_s * random.standard_normal(), 0.1 * recipe.inference_s)
        first, last = round(start_s * recipe.rate_hz), round((start_s + duration_s) * recipe.rate_hz)
        if last >= _sample_count(recipe):
            return edges
        edges.append((first, last))
        start_s += recipe.period_s


def _growth(recipe: SyntheticTrace, index: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
    growth: Floats = 1.0 + recipe.drift_ratio * index / _sample_count(recipe)
    return growth


def _noiseless(
    recipe: SyntheticTrace, index: np.ndarray[tuple[int], np.dtype[np.intp]], edges: list[tuple[int, int]]
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return the current without noise, and where an inference runs."""
    current = np.full(len(index), recipe.idle_a)
    running = np.zeros(len(index), dtype=bool)
    begin = int(index[0])
    for first, last in edges:
        here = slice(max(first - begin, 0), max(last - begin, 0))
        current[here] = recipe.active_a
        running[here] = True
        if recipe.burst_s:
            middle = round((last / recipe.rate_hz + 0.5 * (recipe.period_s - recipe.inference_s)) * recipe.rate_hz)
            after = middle + round(recipe.burst_s * recipe.rate_hz)
            current[max(middle - begin, 0) : max(after - begin, 0)] = recipe.burst_a
    booting = index < round(recipe.boot_s * recipe.rate_hz)
    current[booting] = recipe.boot_a
    return current * _growth(recipe, index), running
