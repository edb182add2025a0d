"""The steady currents a capture dwells at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from costmodel.measurement.captures.trace_chunk import Floats

_BINS: Final = 2048
_MOST_BLUR: Final = _BINS / 8
"""Widest smoothing of the histogram, in bins."""
_LEAST_SHARE: Final = 1e-5
"""Of the blocks: fewer make no level."""
_STEADY_SIGMAS: Final = 6.0
_JUMP_SHARE: Final = 0.15
"""Levels closer than some of these shares of a jump are one level that drifts."""
_RUN: Final = 3
"""Blocks of a steady run, at least, whose ends are compared with its neighbours'."""
_QUIET_SAMPLES: Final = 2
_QUIET_S: Final = 0.005
"""Samples averaged, at least, before levels are looked for, unless they span longer than this."""
_ROUNDING: Final = 1e-9
"""Share of the largest current below which a difference is rounding."""
_PASSED: Final = 0.03
"""Share of the time above the lowest level that one between others is dwelt at, at least: a slow ramp passes through many."""
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


def current_levels(currents: Floats, samples_averaged: int, period_s: float, least_noise_a: float = 0.0) -> list[Level]:
    """Find the currents a capture dwells at.

    Parameters
    ----------
    currents : Floats, shape (blocks,)
        Of the capture's blocks [A].
    samples_averaged : int
        Samples each is the mean of.
    period_s : float
        Time from one sample to the next [s].
    least_noise_a : float, optional
        Noise that neighbours may not show: an instrument's own step [A].

    Returns
    -------
    list of Level
        From the lowest up.
    """
    means = _quiet(currents, samples_averaged, period_s)
    if len(means) < 3:
        return []
    steps = np.abs(np.diff(means))
    noise = max(float(np.median(steps)), least_noise_a)
    top = float(np.quantile(means, 0.999))
    bottom = float(means.min())
    spread = top - bottom
    limit = _STEADY_SIGMAS * noise + 2e-3 * spread
    steady = np.ones(len(means), dtype=bool)
    steady[1:] &= steps <= limit
    steady[:-1] &= steps <= limit
    settled = means[steady & (means <= top + 0.1 * spread)]
    if len(settled) < 3:
        return []
    if np.ptp(settled) <= _ROUNDING * max(abs(top), abs(bottom)):
        return [Level(float(settled.mean()), bottom, np.inf, 1.0)]
    counts, edges = np.histogram(settled, bins=_BINS)
    width = edges[1] - edges[0]
    blur = max(1.0, noise / width, _JUMP_SHARE * _jump(means, steady, limit) / width)
    blur = min(blur, _MOST_BLUR)
    smooth = gaussian_filter1d(counts.astype(np.float64), blur, mode="constant", truncate=3.0)
    peaks = _peaks(smooth, max(_LEAST_SHARE * len(settled), 2.0), round(blur))
    centres = 0.5 * (edges[:-1] + edges[1:])
    bounds = [0, *(int(lower + np.argmin(smooth[lower:upper])) for lower, upper in itertools.pairwise(peaks)), _BINS]
    values, shares = [], []
    for lower, upper in itertools.pairwise(bounds):
        weight = counts[lower:upper]
        if weight.sum():
            values.append(float(np.average(centres[lower:upper], weights=weight)))
            shares.append(float(weight.sum()) / len(settled))
    return _bounded(values, shares, bottom)


def dwelt_at(levels: list[Level]) -> tuple[Level, ...]:
    """Leave out levels that the current only passes through.

    Parameters
    ----------
    levels : list of Level
        From the lowest up.

    Returns
    -------
    tuple of Level
        The lowest and the highest, and those between that are dwelt at, bounded half-way to each other.
    """
    above = sum(level.share for level in levels[1:])
    last = len(levels) - 1
    kept = [level for place, level in enumerate(levels) if place in (0, last) or level.share >= _PASSED * above]
    if len(kept) == len(levels):
        return tuple(levels)
    return tuple(_bounded([level.current_a for level in kept], [level.share for level in kept], levels[0].low_a))


def _bounded(values: list[float], shares: list[float], bottom: float) -> list[Level]:
    """Return levels bounded half-way to each other."""
    return [
        Level(
            value,
            bottom if index == 0 else 0.5 * (values[index - 1] + value),
            np.inf if index == len(values) - 1 else 0.5 * (value + values[index + 1]),
            share,
        )
        for index, (value, share) in enumerate(zip(values, shares, strict=True))
    ]


def runs(active: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first index of each run of true values, and the one after its last."""
    changes = np.flatnonzero(np.diff(np.concatenate(([False], active, [False])).astype(np.int8)))
    return changes[::2], changes[1::2]


def _quiet(means: Floats, samples_averaged: int, period_s: float) -> Floats:
    """Return block means; where a block is too few samples to average noise, means of several."""
    size = min(-(-_QUIET_SAMPLES // samples_averaged), int(_QUIET_S / (samples_averaged * period_s)))
    if size < 2 or len(means) < 3 * size:
        return means
    quiet: Floats = means[: len(means) // size * size].reshape(-1, size).mean(axis=1)
    return quiet


def _jump(means: Floats, steady: NDArray[np.bool_], limit: float) -> float:
    """Return the size of the smaller jumps from one steady run to the next, which tell levels from drift; 0 without any."""
    first, last = runs(steady)
    long = last - first >= _RUN
    first, last = first[long], last[long]
    entered = sum(means[first + place] for place in range(_RUN)) / _RUN
    left = sum(means[last - 1 - place] for place in range(_RUN)) / _RUN
    jumps = np.abs(np.asarray(entered)[1:] - np.asarray(left)[:-1])
    jumps = jumps[jumps > limit]
    return float(np.quantile(jumps, 0.05)) if len(jumps) else 0.0


def _peaks(counts: Floats, least: float, reach: int) -> list[int]:
    """Return the bins of peaks with a valley between each two, and at least so many blocks within a reach of each.

    SciPy's `find_peaks` asks for a prominence in counts; here a valley is a share of the lower of its two peaks, whatever their heights.
    """
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
    return [index for index in peaks if counts[max(index - reach, 0) : index + reach + 1].sum() >= least]
