"""Synthetic captures that join what real ones join: structure inside inferences, sleep, slow supplies, coarse instruments, wandering idle.

A second generator beside `synthetic_captures.py`, written apart from it, so that a finder that suits one need not suit the other. The
truth is computed from the current before noise, spikes, gaps and rounding. Where a decay that matters follows an inference, a board is
awake around it, or an instrument is too coarse for 1 %, nothing in the capture says which energy is meant: such captures are ambiguous,
and an answer that asks is right.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from synthetic_captures import SUPPLY_V, SyntheticCapture

COMBINED_KINDS: Final = (
    "ramps and levels",
    "bursts",
    "pauses",
    "everything inside",
    "the same in noise and gaps",
    "soft end",
    "decay after",
    "slow supply",
    "coarse instrument",
    "sleeps between",
    "sleeps, levels",
    "awake around",
    "low duty",
    "wandering idle",
    "two kinds, any order",
    "durations vary",
    "hum",
    "radio",
)
_RATES_HZ: Final = (100.0, 1_000.0, 1_000.0, 5_000.0, 10_000.0, 100_000.0)
_MOST_SAMPLES: Final = 500_000
Floats = NDArray[np.float64]
Piece = tuple[float, float, float, float]
"""Begin and end of a piece of an inference, as shares of it, and the height at both."""


def combined_capture(seed: int) -> SyntheticCapture:
    """Return the capture a seed makes.

    Parameters
    ----------
    seed : int
        Kind follows from it in turn, everything else at random.

    Returns
    -------
    SyntheticCapture
        With between 3 and 23 whole inferences.
    """
    random = np.random.default_rng((seed, 77))
    kind = COMBINED_KINDS[seed % len(COMBINED_KINDS)]
    rate_hz = 100_000.0 if kind == "low duty" else float(random.choice(_RATES_HZ))
    inference_s = max(float(np.exp(random.uniform(np.log(0.01), np.log(1.5)))), 40 / rate_hz)
    spacing = float(np.exp(random.uniform(np.log(1.4), np.log(9.0))))
    if kind == "low duty":
        inference_s, spacing = float(random.uniform(0.0008, 0.01)), float(random.uniform(30.0, 400.0))
    period_s, step_s = inference_s * spacing, 1.0 / rate_hz
    count = max(3, min(int(random.integers(3, 24)), int(_MOST_SAMPLES / rate_hz / period_s) - 1))
    idle_a = float(np.exp(random.uniform(np.log(0.001), np.log(0.08))))
    rise_a = idle_a * float(np.exp(random.uniform(np.log(0.15), np.log(6.0))))
    noise_a = rise_a * float(random.uniform(0.03, 0.12) if kind == "the same in noise and gaps" else random.uniform(0.001, 0.03))
    starts = period_s * (float(random.uniform(0.1, 1.6)) + np.arange(count))
    starts += random.normal(0.0, 0.02 * period_s, count) * (random.random() < 0.6)
    lasts = inference_s * (random.uniform(0.8, 1.25, count) if kind == "durations vary" else 1.0 + random.normal(0.0, 0.01, count))
    scale = np.ones(count)
    if kind == "two kinds, any order":
        which = random.integers(0, 2, count)
        which[:2] = 0, 1
        lasts = np.where(which, lasts * random.uniform(0.4, 0.8), lasts)
        scale = np.where(which, float(random.choice([1.0, 1.5])), 1.0)
    span_s = float(starts[-1] + lasts[-1] + random.uniform(0.3, 1.4) * (period_s - inference_s))
    time = np.arange(int(span_s * rate_hz)) * step_s
    running = np.full(len(time), -1)
    above, pieces = np.zeros(len(time)), _pieces(kind, random)
    ambiguous = kind == "awake around" or (kind == "sleeps, levels" and _one_small_step(pieces))
    for place, (start_s, last_s) in enumerate(zip(starts, lasts, strict=True)):
        here = np.flatnonzero((time >= start_s) & (time < start_s + last_s))
        within = (time[here] - start_s) / last_s
        height = np.zeros(len(here))
        for begin, end, first, last in pieces:
            inside = (within >= begin) & (within < end)
            height[inside] = first + (last - first) * (within[inside] - begin) / (end - begin)
        above[here] = rise_a * scale[place] * height + (idle_a if kind in ("sleeps between", "sleeps, levels") else 0.0)
        running[here] = place
    if kind in ("decay after", "slow supply"):
        constant_s = inference_s * float(np.exp(random.uniform(np.log(0.002), np.log(0.3))))
        constant_s = min(constant_s, 0.2 * inference_s, (period_s - inference_s) / 6.0)
        above = _slowed(kind, above, running, rise_a, constant_s, step_s)
        ambiguous = 3.0 * constant_s > max(0.01 * inference_s, 2.0 * step_s)
    clean = above + _idle(kind, random, time, starts, lasts, idle_a)
    begins = np.array([time[running == place][0] for place in range(count)]) - 0.5 * step_s
    ends = np.array([time[running == place][-1] for place in range(count)]) + 0.5 * step_s
    energies = np.array([clean[running == place].sum() for place in range(count)]) * step_s * SUPPLY_V
    current = clean + random.normal(0.0, noise_a, len(time))
    if kind == "two kinds, any order":
        # A first one of its own before others that are alike: a boot, or one more kind.
        ambiguous = len(set(which[1:].tolist())) == 1
    if kind == "coarse instrument":
        instrument_a = rise_a / float(random.uniform(4.0, 9.0))
        current = current + random.normal(0.0, 0.12 * instrument_a, len(current))
        current = np.round(current / instrument_a) * instrument_a
        # So little noise leaves a mean open by about a quarter of a step.
        ambiguous = 0.25 * instrument_a > 0.01 * float(clean[running >= 0].mean())
    time, current = _measured(kind, random, time, current, running, rise_a, begins, ends, inference_s)
    return SyntheticCapture(seed, kind, rate_hz, time, current, begins, ends, energies, ambiguous)


def _pieces(kind: str, random: np.random.Generator) -> list[Piece]:
    """Return what an inference does inside, later pieces over earlier ones."""
    if kind == "soft end":
        end = float(random.uniform(0.1, 0.3))
        return [(0.0, 1.0 - end, 1.0, 1.0), (1.0 - end, 1.0, 1.0, 0.0)]
    structured = kind in ("ramps and levels", "everything inside", "the same in noise and gaps", "sleeps, levels")
    pieces: list[Piece] = [(0.0, 1.0, 1.0, 1.0)]
    if structured:
        count = int(random.integers(2, 7))
        bounds = np.concatenate(([0.0], np.sort(random.uniform(0.08, 0.92, count - 1)), [1.0]))
        pieces = []
        for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            first = float(random.uniform(0.35, 1.8))
            straight = kind != "sleeps, levels" and random.random() < 0.4
            pieces.append((begin, end, first, float(random.uniform(0.35, 1.8)) if straight else first))
    if kind == "bursts" or (structured and kind != "sleeps, levels" and random.random() < 0.4):
        for _ in range(int(random.integers(1, 4)) if kind == "bursts" else 1):
            begin, height = float(random.uniform(0.05, 0.9)), float(random.uniform(2.0, 7.0))
            pieces.append((begin, min(begin + float(random.uniform(0.01, 0.06)), 1.0), height, height))
    if kind == "pauses" or (structured and kind != "sleeps, levels" and random.random() < 0.3):
        for middle in np.linspace(0.15, 0.85, int(random.integers(1, 4)) + 1)[:-1].tolist() if kind == "pauses" else [0.3]:
            begin = middle + float(random.uniform(0.0, 0.08))
            pieces.append((begin, begin + float(random.uniform(0.04, 0.1)), 0.0, 0.0))
    return pieces


def _one_small_step(pieces: list[Piece]) -> bool:
    """Tell whether an inference may be a board awake that computes for a part of that time, which adds one small step."""
    low = min(pieces, key=lambda piece: piece[2])
    others = [piece[2] for piece in pieces if piece is not low]
    outside = low in (pieces[0], pieces[-1]) and low[1] - low[0] > 0.2
    return outside and max(others) <= 1.4 * low[2] and max(others) - min(others) <= 0.5 * (min(others) - low[2])


def _slowed(kind: str, above: Floats, running: NDArray[np.intp], rise_a: float, constant_s: float, step_s: float) -> Floats:
    """Return the current with a decay after each inference, or as a slow supply delivers it."""
    slowed = above.copy()
    if kind == "decay after":
        for edge in (np.flatnonzero(np.diff((running >= 0).astype(np.int8)) == -1) + 1).tolist():
            rest = slowed[edge:][: int(np.argmax(running[edge:] >= 0)) or None]
            rest += rise_a * np.exp(-np.arange(1, len(rest) + 1) * step_s / constant_s)
        return slowed
    keeps = float(np.exp(-step_s / constant_s))
    level = 0.0
    for place, value in enumerate(above.tolist()):
        level = value + keeps * (level - value)
        slowed[place] = level
    return slowed


def _idle(kind: str, random: np.random.Generator, time: Floats, starts: Floats, lasts: Floats, idle_a: float) -> Floats:
    """Return what the board draws besides inferences."""
    if kind == "wandering idle":
        phase = 2.0 * np.pi * time / time[-1] * float(random.uniform(1.0, 3.0)) + float(random.uniform(0.0, 6.0))
        wandering: Floats = idle_a * (1.0 + 0.04 * np.sin(phase))
        return wandering
    if kind not in ("sleeps between", "sleeps, levels", "awake around"):
        return np.full(len(time), idle_a)
    drawn = np.full(len(time), float(random.choice([5e-6, 1e-5, 1e-4])))
    if kind == "awake around":
        shorter_s = min(float(lasts.min()), float(np.min(starts[1:] - starts[:-1] - lasts[:-1])))
        before_s, after_s = (max(float(random.uniform(0.05, 0.4)) * shorter_s, 4.0 * (time[1] - time[0])) for _ in range(2))
        for start_s, last_s in zip(starts, lasts, strict=True):
            drawn[(time >= start_s - before_s) & (time < start_s + last_s + after_s)] = idle_a
    return drawn


def _measured(
    kind: str,
    random: np.random.Generator,
    time: Floats,
    current: Floats,
    running: NDArray[np.intp],
    rise_a: float,
    begins: Floats,
    ends: Floats,
    inference_s: float,
) -> tuple[Floats, Floats]:
    """Return the samples with what surroundings and instrument add, and what they lose."""
    if kind == "radio":
        pauses = begins[1:] - ends[:-1]
        long_s = float(random.uniform(0.2, 0.8)) * min(0.1 * float(pauses.min()), 0.25 * inference_s)
        for end_s, pause_s in zip(ends[:-1].tolist(), pauses.tolist(), strict=True):
            begin_s = end_s + float(random.uniform(0.3, 0.6)) * pause_s
            current[(time >= begin_s) & (time < begin_s + long_s)] += rise_a * float(random.uniform(5.0, 9.0))
    if kind == "hum":
        current += 0.08 * rise_a * np.sin(2.0 * np.pi * 50.0 * time + 1.0)
    if kind == "everything inside":
        where = random.choice(len(time), max(3, len(time) // 4000), replace=False)
        where = where[running[where] < 0]
        current[where] += random.choice([-0.9, 3.0, 8.0], len(where)) * rise_a
    if kind == "the same in noise and gaps":
        kept = np.ones(len(time), dtype=bool)
        for _ in range(5):
            begin = int(random.integers(len(time)))
            kept[begin : begin + max(2, int(0.03 * inference_s / float(np.median(np.diff(time)))))] = False
        for edge in np.flatnonzero(np.diff(running) != 0).tolist():
            kept[max(edge - 2, 0) : edge + 3] = True
        return time[kept], current[kept]
    return time, current
