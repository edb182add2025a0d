"""The steady currents a capture dwells at, and which of them is the inference.

An inference is a dwell that current rises into and falls out of. Idling between sleep and inference is not: it is left
upward. A radio burst is, but is short, so the level that such dwells spend the most time at is the inference.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.measurement.trace_blocks import Blocks
from costmodel.measurement.trace_chunk import Floats
from costmodel.units import MA_PER_A

_BINS: Final = 2048
_LEAST_SHARE: Final = 1e-5
"""Of the blocks: fewer make no level."""
_STEADY_SIGMAS: Final = 6.0
_JUMP_SHARE: Final = 0.15
"""Levels closer than some of these shares of a jump are one level that drifts."""
_VALLEY: Final = 0.5
"""Two peaks are two levels where the count between them falls below this share of the lower."""


@dataclass(frozen=True)
class Level:
    """A steady current."""

    current_a: float
    low_a: float
    """Half-way to the level below; zero or the lowest seen for the lowest."""
    high_a: float
    """Half-way to the level above; infinity for the highest."""
    share: float
    """Of the steady blocks."""


@dataclass(frozen=True)
class Band:
    """Thresholds of the inference, and why."""

    minimum_a: float
    maximum_a: float
    idle_a: float
    """The level below, which the board would have drawn meanwhile."""
    reason: str


def current_levels(blocks: Blocks) -> list[Level]:
    """Find the currents a capture dwells at.

    Parameters
    ----------
    blocks : Blocks
        The capture.

    Returns
    -------
    list of Level
        From the lowest up.
    """
    means = blocks.mean_a
    if len(means) < 3:
        return []
    steps = np.abs(np.diff(means))
    noise = float(np.median(steps))
    top = float(np.quantile(means, 0.999))
    bottom = float(means.min())
    spread = top - bottom
    if spread <= 0.0:
        return [Level(float(means.mean()), bottom, np.inf, 1.0)]
    limit = _STEADY_SIGMAS * noise + 2e-3 * spread
    steady = np.ones(len(means), dtype=bool)
    steady[1:] &= steps <= limit
    steady[:-1] &= steps <= limit
    settled = means[steady & (means <= top + 0.1 * spread)]
    if len(settled) < 3:
        return []
    counts, edges = np.histogram(settled, bins=_BINS)
    width = edges[1] - edges[0]
    smooth = _smoothed(counts.astype(np.float64), max(1.0, noise / width, _JUMP_SHARE * _jump(means, limit) / width))
    peaks = _peaks(smooth, max(_LEAST_SHARE * len(settled), 2.0))
    centres = 0.5 * (edges[:-1] + edges[1:])
    bounds = [0, *(int(lower + np.argmin(smooth[lower:upper])) for lower, upper in itertools.pairwise(peaks)), _BINS]
    values, shares = [], []
    for lower, upper in itertools.pairwise(bounds):
        weight = counts[lower:upper]
        if weight.sum():
            values.append(float(np.average(centres[lower:upper], weights=weight)))
            shares.append(float(weight.sum()) / len(settled))
    return [
        Level(
            value,
            bottom if index == 0 else 0.5 * (values[index - 1] + value),
            np.inf if index == len(values) - 1 else 0.5 * (value + values[index + 1]),
            share,
        )
        for index, (value, share) in enumerate(zip(values, shares, strict=True))
    ]


def inference_band(blocks: Blocks, levels: list[Level]) -> Band | None:
    """Choose the level of the inference.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    levels : list of Level
        Its levels.

    Returns
    -------
    Band or None
        None where no level is risen into and fallen out of.
    """
    best: tuple[float, int, Band] | None = None
    means, spans = blocks.mean_a, np.diff(blocks.start_s)
    for below, level in itertools.pairwise(levels):
        minimum_a = level.low_a
        maximum_a = min(level.high_a, level.current_a + 2.0 * (level.current_a - below.current_a))
        first, last = runs((means > minimum_a) & (means < maximum_a))
        inner = (first > 0) & (last < len(means))
        first, last = first[inner], last[inner]
        upward = (means[first - 1] <= minimum_a) & (means[np.minimum(last, len(means) - 1)] <= minimum_a)
        # A run of a block or two is an edge or a spike passing through.
        upward &= last - first > 2
        if not upward.any():
            continue
        dwell = float(sum(spans[a:b].sum() for a, b in zip(first[upward], last[upward], strict=True)))
        if best is None or dwell > best[0]:
            seen = ", ".join(f"{MA_PER_A * each.current_a:.4g}" for each in levels)
            reason = (
                f"the capture dwells at {seen} mA; {MA_PER_A * level.current_a:.4g} mA is the level risen into and "
                f"fallen out of for the longest "
                f"({dwell:.3g} s); thresholds half-way to {MA_PER_A * below.current_a:.4g} mA below and "
                + ("half-way to the level above" if maximum_a == level.high_a else "at three times the step above it")
            )
            best = (dwell, int(upward.sum()), Band(minimum_a, maximum_a, below.current_a, reason))
    return None if best is None else best[2]


def runs(active: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first index of each run of true values, and the one after its last."""
    changes = np.flatnonzero(np.diff(np.concatenate(([False], active, [False])).astype(np.int8)))
    return changes[::2], changes[1::2]


def _jump(means: Floats, limit: float) -> float:
    """Return the size of the smaller jumps of a capture, which tell levels from drift; 0 without any."""
    rises = np.abs(means[2:] - means[:-2])
    jumps = rises[rises > 2.0 * limit]
    return float(np.quantile(jumps, 0.25)) if len(jumps) else 0.0


def _smoothed(counts: Floats, sigma: float) -> Floats:
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    smooth: Floats = np.convolve(counts, kernel / kernel.sum(), mode="same")[: len(counts)]
    return smooth


def _peaks(counts: Floats, least: float) -> list[int]:
    """Return the bins of peaks with a valley between each two."""
    peaks: list[int] = []
    padded = np.concatenate(([0.0], counts, [0.0]))
    rising = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:])
    for index in np.flatnonzero(rising).tolist():
        if peaks:
            valley = float(counts[peaks[-1] : index + 1].min())
            if valley > _VALLEY * min(counts[peaks[-1]], counts[index]):
                if counts[index] > counts[peaks[-1]]:
                    peaks[-1] = index
                continue
        peaks.append(index)
    return [index for index in peaks if counts[max(index - 3, 0) : index + 4].sum() >= least]
