"""How far an instrument that tells few currents apart leaves a mean open: noise spreads samples over its steps, or does not."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.inference_windows import FoundWindows
from costmodel.measurement.windows.trace_blocks import Blocks
from costmodel.units import MA_PER_A, MS_PER_S

_OPEN: Final = 0.01
"""Share of an inference's current that its mean is open by from which its energy is not given."""
_VALUES: Final = 4
"""Different currents in a capture from which their common step is the instrument's; fewer may be what the board draws."""


def mean_open_by_a(step_a: float, spread_a: float) -> float:
    """Return how far the mean of samples may lie from the current that an instrument rounds to its steps.

    Parameters
    ----------
    step_a : float
        Between two currents the instrument tells apart [A].
    spread_a : float
        Standard deviation of the rounded samples at a steady current [A].

    Returns
    -------
    float
        Half a step without noise; less the more noise spreads the samples over steps [A]: what rounding adds is a sawtooth of the
        current, whose first Fourier term, averaged over Gaussian noise, is at most step / pi * exp(-2 pi^2 sigma^2 / step^2).
    """
    if step_a <= 0.0:
        return 0.0
    # Rounding alone spreads samples by half a step where the current lies between two.
    noise = max(spread_a * spread_a - step_a * step_a / 4.0, 0.0) / (step_a * step_a)
    return min(0.5, float(np.exp(-2.0 * np.pi**2 * noise)) * (0.5 if noise == 0.0 else 1.0 / np.pi)) * step_a


def too_coarse(blocks: Blocks, found: FoundWindows) -> tuple[str, str]:
    """Tell whether an instrument's steps leave the energy of inferences open.

    Parameters
    ----------
    blocks : Blocks
        The capture.
    found : FoundWindows
        Its windows, one at least.

    Returns
    -------
    tuple of str
        Why the energy is not given, empty where it may be; and what to say beside the energy, empty where nothing.
    """
    step_a = blocks.tally.step_a
    if not step_a:
        return "", ""
    window = max(found.windows, key=lambda each: each.end_s - each.start_s)
    inside = slice(window.first, window.last)
    outside = np.ones(len(blocks.mean_a), dtype=bool) if found.resting is None else found.resting
    spread_a = min(_spread(blocks, np.flatnonzero(outside)), _spread(blocks, np.arange(len(blocks.mean_a))[inside]))
    open_a = mean_open_by_a(step_a, spread_a)
    current_a = abs(float(blocks.mean_a[inside].mean()))
    above_a = abs(current_a - window.idle_a)
    if open_a <= _OPEN * max(min(current_a, above_a), step_a * _OPEN):
        return "", ""
    shares = [
        f"{min(100.0 * open_by / of, 99.0):.2g} %" if of else "nothing" for open_by, of in ((open_a, current_a), (2.0 * open_a, above_a))
    ]
    few = blocks.tally.value_count < _VALUES
    step = f"{MA_PER_A * step_a:.3g} mA"
    tells = f"all currents are multiples of {step}" if few else f"the instrument tells currents {step} apart"
    note = (
        f"{tells}, and noise does not spread samples over its steps: {'if the instrument is that coarse, ' if few else ''}an inference's "
        f"energy is known to {shares[0]}, what computing adds to {shares[1]}"
    )
    if few or open_a <= _OPEN * current_a:
        return "", note
    span_s = window.end_s - window.start_s
    lasts = f"{span_s:.4g}s" if span_s >= 1.0 else f"{MS_PER_S * span_s:.4g}ms"
    return f"{note}: capture with a finer range, or take it as it is with --duration {lasts}", note


def _spread(blocks: Blocks, where: np.ndarray) -> float:
    """Return the standard deviation of samples at a steady current: within blocks, or from one to the next."""
    if not len(where):
        return np.inf
    if blocks.samples_a_block > 1:
        return float(np.sqrt(np.median(blocks.variance[where])))
    steps: Floats = np.diff(blocks.mean_a[where])
    near = steps[np.abs(steps) < 3.0 * blocks.tally.step_a]
    return float(np.sqrt(0.5 * np.mean(near**2))) if len(near) else np.inf
