"""A capture's current with spikes of one block and a straight drift taken out, and its noise: what levels and windows are looked for in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from costmodel.measurement.captures.trace_chunk import Floats

_SIGMA_OF_MEDIAN_STEP: Final = 1.0 / 0.9538725524
"""Standard deviation over the median absolute difference of neighbours, for Gaussian noise."""
_PIECE: Final = 64
"""Blocks over which noise is looked at; the quieter pieces tell it, as what a run does inside is no noise."""
_QUIETER: Final = 0.25
_LOOKED_AT: Final = 8192
_FEW: Final = 0.05
"""Share of the samples looked at that their different values stay below where an instrument tells few apart."""
_ROUNDING: Final = 1e-9
_ONE_STEP: Final = 1.5
"""Steps of the instrument that a flip between neighbouring values stays below."""
_DRIFT_PIECES: Final = 24
"""Pieces of a capture whose lowest currents a drift is seen in."""
_DRIFT_BLOCKS: Final = 16
"""Blocks in such a piece, at least."""
_DRIFT_LOW: Final = 0.02
"""Share of a piece that lies below its rest, at most."""
_DRIFT_FIT: Final = 0.25
"""Share of the pieces' spread that a line leaves, at most, where it is a drift."""


@dataclass(frozen=True)
class QuietCurrent:
    """Block means without spikes and drift."""

    current_a: Floats
    """Of each block, or the mean of some around it [A]."""
    noise_a: float
    """Standard deviation of one of them that no level explains [A]."""
    drift_a: float
    """What rest drifted by from the capture's begin to its end, taken out [A]."""
    width: int
    """Blocks averaged for each."""
    single_a: Floats
    """Of each block, none averaged [A]."""
    steps: tuple[tuple[int, float], ...] = ()
    """Blocks at which idle steps to another level, and how far up, taken out [A]."""


def quiet_current(means: Floats) -> QuietCurrent:
    """Take spikes of one block and a straight drift out of block means.

    Parameters
    ----------
    means : Floats, shape (blocks,)
        Mean current of each block [A].

    Returns
    -------
    QuietCurrent
        As many, not yet averaged.
    """
    current = despiked(means)
    noise_a = max(_noise(current), _flips(current))
    slope = _drift(current, noise_a)
    if slope:
        current = current - slope * np.arange(len(current))
    return QuietCurrent(current, noise_a, slope * len(current), 1, current)


def averaged(quiet: QuietCurrent, width: int) -> QuietCurrent:
    """Average blocks over a width around each; the capture's ends are held.

    Parameters
    ----------
    quiet : QuietCurrent
        Not yet averaged.
    width : int
        Blocks.

    Returns
    -------
    QuietCurrent
        As many blocks, with less noise.
    """
    if width == 1:
        return quiet
    before = width // 2
    padded = np.pad(quiet.current_a, (before, width - 1 - before), mode="edge")
    sums = np.cumsum(np.concatenate(([0.0], padded)))
    mean: Floats = (sums[width:] - sums[:-width]) / width
    return replace(quiet, current_a=mean, noise_a=quiet.noise_a / float(np.sqrt(width)), width=width)


def despiked(means: Floats) -> Floats:
    """Return the median of each block and its neighbours.

    Parameters
    ----------
    means : Floats, shape (blocks,)
        Mean current of each block [A].

    Returns
    -------
    Floats, shape (blocks,)
        Without what stands alone for one block [A].
    """
    if len(means) < 3:
        return means
    left, middle, right = means[:-2], means[1:-1], means[2:]
    quiet = means.copy()
    quiet[1:-1] = np.maximum(np.minimum(left, middle), np.minimum(np.maximum(left, middle), right))
    return quiet


def _noise(current: Floats) -> float:
    steps = np.abs(np.diff(current))
    if len(steps) < 2 * _PIECE:
        return float(np.median(steps)) * _SIGMA_OF_MEDIAN_STEP if len(steps) else 0.0
    pieces = steps[: len(steps) // _PIECE * _PIECE].reshape(-1, _PIECE)
    # The median of three neighbours halves the steps of white noise.
    return float(np.quantile(np.median(pieces, axis=1), _QUIETER)) * _SIGMA_OF_MEDIAN_STEP * 1.6


def _flips(current: Floats) -> float:
    """Return the noise of an instrument that tells few values apart, which flips between neighbours; 0 where values hardly repeat."""
    some = current[:: max(len(current) // _LOOKED_AT, 1)]
    values = np.unique(some)
    if not 2 <= len(values) <= _FEW * len(some):
        return 0.0
    steps = np.diff(values)
    steps = steps[steps > _ROUNDING * abs(values[-1])]
    if not len(steps):
        return 0.0
    flips = np.diff(some)
    flips = flips[np.abs(flips) < _ONE_STEP * steps.min()]
    return float(np.sqrt(0.5 * np.mean(flips * flips)))


def _drift(current: Floats, noise_a: float) -> float:
    """Return how much rest rises from block to block; 0 where no straight line tells the pieces' lowest currents."""
    size = len(current) // _DRIFT_PIECES
    if size < _DRIFT_BLOCKS:
        return 0.0
    lows = np.quantile(current[: size * _DRIFT_PIECES].reshape(_DRIFT_PIECES, size), _DRIFT_LOW, axis=1)
    places = np.arange(_DRIFT_PIECES, dtype=np.float64)
    slopes = (lows[:, None] - lows[None, :])[np.triu_indices(_DRIFT_PIECES, 1)]
    slope = float(np.median(slopes / (places[:, None] - places[None, :])[np.triu_indices(_DRIFT_PIECES, 1)]))
    rest = lows - slope * places
    left = float(np.median(np.abs(rest - np.median(rest))))
    rise = abs(slope) * (_DRIFT_PIECES - 1)
    if rise < 3.0 * noise_a or left > _DRIFT_FIT * rise / 4.0:
        return 0.0
    return slope / size
