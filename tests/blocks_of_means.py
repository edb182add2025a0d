"""Captures of one sample a block, by their means: what the window finder is tried on where a whole capture says less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.quiet_current import QuietCurrent
from costmodel.measurement.windows.trace_blocks import Blocks, Tally


def held(*parts: tuple[float, int]) -> Floats:
    """Runs of a current each: current and number of blocks."""
    return np.concatenate([np.full(count, float(current_a)) for current_a, count in parts])


def blocks_of(means: Sequence[float] | Floats, period_s: float = 1.0, first_s: float = 0.0, volts: float | None = None) -> Blocks:
    """One sample a block, the first cell beginning at a time; without noise."""
    mean_a = np.asarray(means, dtype=np.float64)
    charge = mean_a * period_s
    energy = None if volts is None else charge * volts
    start_s = first_s + period_s * np.arange(len(mean_a) + 1)
    return Blocks(1, period_s, start_s, mean_a, charge, energy, np.zeros(len(mean_a), np.float32), {}, 0.0, Tally())


def quiet_of(means: Sequence[float] | Floats, noise_a: float = 0.0, width: int = 1) -> QuietCurrent:
    """A current without spikes and drift."""
    current_a = np.asarray(means, dtype=np.float64)
    return QuietCurrent(current_a, noise_a, 0.0, width, current_a)
