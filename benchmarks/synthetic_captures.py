"""Synthetic captures with known truth, each from its seed: levels, ramps, noise, drift, gaps, spikes, bursts, radio, two kinds, boot.

The truth is computed from the noiseless current on a fine grid of the same samples: begin, end and energy of each inference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SUPPLY_V: Final = 3.3
KINDS: Final = (
    "plain",
    "levels",
    "ramp",
    "noise",
    "drift",
    "gaps",
    "spikes",
    "burst inside",
    "radio",
    "two kinds",
    "boot",
    "pause",
    "short",
)
RATES_HZ: Final = (10.0, 100.0, 1_000.0, 2_000.0, 10_000.0, 100_000.0)
_MOST_SAMPLES: Final = 400_000


@dataclass(frozen=True)
class SyntheticCapture:
    """Samples, and what is true of them."""

    seed: int
    kind: str
    rate_hz: float
    time_s: NDArray[np.float64]
    current_a: NDArray[np.float64]
    begins_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    energies_j: NDArray[np.float64]
    ambiguous: bool = False
    """Whether two readings explain it alike, so that an answer that asks is right."""


def synthetic_capture(seed: int) -> SyntheticCapture:
    """Return the capture a seed makes.

    Parameters
    ----------
    seed : int
        Kind and rate follow from it in turn, everything else at random.

    Returns
    -------
    SyntheticCapture
        With between 3 and 20 whole inferences.
    """
    random = np.random.default_rng((seed, 11))
    kind, rate_hz = KINDS[seed % len(KINDS)], RATES_HZ[(seed // len(KINDS)) % len(RATES_HZ)]
    least_s = 30.0 / rate_hz
    inference_s = max(float(np.exp(random.uniform(np.log(0.02), np.log(1.0)))), least_s)
    if kind == "short":
        inference_s = max(float(random.uniform(0.0015, 0.008)), 12.0 / rate_hz)
    spacing = float(random.uniform(1.7, 6.0)) if kind != "short" else float(random.uniform(8.0, 40.0))
    count = int(random.integers(3, 21))
    count = max(3, min(count, int(_MOST_SAMPLES / rate_hz / (spacing * inference_s)) - 2))
    period_s = spacing * inference_s
    idle_a = float(random.choice([0.0364, 0.0121, 0.002, 0.045, 0.081]))
    rise_a = float(random.uniform(0.15, 2.0)) * idle_a
    noise_a = float(random.uniform(0.002, 0.03)) * rise_a
    if kind == "noise":
        noise_a = float(random.uniform(0.08, 0.2)) * rise_a
    lead_s = float(random.uniform(0.3, 1.5)) * period_s
    starts = lead_s + period_s * np.arange(count) + random.normal(0.0, 0.02 * period_s, count)
    lasts = inference_s * (1.0 + random.normal(0.0, 0.02, count))
    kinds = np.zeros(count, dtype=int)
    if kind == "two kinds":
        kinds = np.arange(count) % 2
        lasts = np.where(kinds == 1, lasts * random.uniform(0.5, 0.8), lasts)
    span_s = float(starts[-1] + lasts[-1] + random.uniform(0.4, 1.5) * (period_s - inference_s))
    time = np.arange(int(span_s * rate_hz)) / rate_hz
    clean = np.full(len(time), idle_a)
    running = np.full(len(time), -1)
    shape = _shape(kind, random)
    for place, (start_s, last_s) in enumerate(zip(starts, lasts, strict=True)):
        here = (time >= start_s) & (time < start_s + last_s)
        within = (time[here] - start_s) / last_s
        clean[here] = (
            idle_a + rise_a * (1.0 if kinds[place] == 0 else 1.6) * np.interp(within, *shape)
            if kind == "ramp"
            else (idle_a + rise_a * (1.0 if kinds[place] == 0 else 1.6) * shape[1][np.searchsorted(shape[0], within, side="right") - 1])
        )
        running[here] = place
    others = np.zeros(len(time))
    ambiguous = kind == "pause" and _alike_halves(*shape)
    if kind == "radio":
        burst_s = max(float(random.uniform(0.02, 0.12)) * inference_s, 2.0 / rate_hz)
        for start_s, last_s in zip(starts, lasts, strict=True):
            middle = start_s + last_s + float(random.uniform(0.25, 0.5)) * (period_s - last_s - burst_s)
            others[(time >= middle) & (time < middle + burst_s)] = 6.0 * rise_a
    if kind == "boot":
        off_s = float(random.choice([0.0, 0.15])) * lead_s
        boot = (time >= off_s) & (time < 0.7 * lead_s)
        clean[boot & (running < 0)] = idle_a + rise_a * float(random.uniform(1.2, 4.0))
        # A whole period before the first inference it may be one more.
        ambiguous = off_s > 0.0 and abs(float(starts[0]) - off_s - period_s) < 0.1 * period_s
    if kind == "drift":
        clean = clean * (1.0 + float(random.uniform(-0.15, 0.25)) * time / span_s)
    begins = np.array([time[running == place][0] for place in range(count)]) - 0.5 / rate_hz
    ends = np.array([time[running == place][-1] for place in range(count)]) + 0.5 / rate_hz
    energies = np.array([clean[running == place].sum() for place in range(count)]) / rate_hz * SUPPLY_V
    current = clean + others + random.normal(0.0, noise_a, len(time))
    if kind == "spikes":
        where = random.choice(len(time), size=max(3, len(time) // 5000), replace=False)
        where = where[running[where] < 0]
        current[where] += random.choice([-0.9, 3.0, 8.0], size=len(where)) * rise_a
    if kind == "gaps":
        kept = np.ones(len(time), dtype=bool)
        for _ in range(4):
            middle = int(random.integers(len(time)))
            kept[middle : middle + max(2, int(0.02 * inference_s * rate_hz))] = False
        edges = np.flatnonzero(np.diff(running) != 0)
        for edge in edges:
            kept[max(edge - 2, 0) : edge + 3] = True
        time, current = time[kept], current[kept]
    return SyntheticCapture(seed, kind, rate_hz, time, current, begins, ends, energies, ambiguous)


def _alike_halves(begins: NDArray[np.float64], levels: NDArray[np.float64]) -> bool:
    """Tell whether what lies before the only pause of an inference lasts as long as what lies after it: two inferences, or one."""
    before, after = float(begins[1]), 1.0 - float(begins[2])
    return float(levels[0]) == float(levels[2]) and max(before, after) < 1.15 * min(before, after)


def _shape(kind: str, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the levels of an inference over its own time from 0 to 1: points of a line for a ramp, else where each level begins."""
    if kind == "levels":
        count = int(random.integers(2, 5))
        begins = np.concatenate(([0.0], np.sort(random.uniform(0.1, 0.9, count - 1))))
        return begins, random.uniform(0.45, 1.6, count)
    if kind == "ramp":
        rise = float(random.uniform(0.1, 0.4))
        return np.array([0.0, rise, 1.0]), np.array([0.3, 1.0, float(random.uniform(0.7, 1.1))])
    if kind == "burst inside":
        begin = float(random.uniform(0.2, 0.7))
        return np.array([0.0, begin, begin + 0.06]), np.array([1.0, 6.0, 1.0])
    if kind == "pause":
        begin = float(random.uniform(0.25, 0.6))
        return np.array([0.0, begin, begin + float(random.uniform(0.08, 0.15))]), np.array([1.0, 0.0, 1.0])
    return np.array([0.0]), np.array([1.0])
