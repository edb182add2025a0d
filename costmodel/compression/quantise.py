"""Numbers to int8 and fixed point: symmetric, one scale a tensor, as the deck does it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costmodel.provenance import formula

INT8_MAX: Final = 127
"""Largest quantised magnitude; -128 is never made, so that every value has its negative."""
MULTIPLIER_BITS: Final = 31
MAX_SHIFT: Final = 62


@formula(
    id="compression.scale",
    equation="scale = max|x| / 127",
    symbols={"x": "the tensor's values", "scale": "real value of one step"},
    unit="1",
    source="reference deployment, slide 'Pre-Deployment: Quantization'",
)
def scale_of(largest_magnitude: float) -> float:
    """Return the scale that maps the largest magnitude to 127; 1 for a tensor of zeros."""
    return largest_magnitude / INT8_MAX if largest_magnitude > 0 else 1.0


def quantise(values: NDArray[np.floating]) -> tuple[NDArray[np.int8], float]:
    """Quantise a tensor to int8.

    Parameters
    ----------
    values : array of float
        Any shape.

    Returns
    -------
    array of int8
        round(x / scale), halves to even.
    float
        The scale, a float32 number, as the model file stores it.
    """
    largest = float(np.max(np.abs(values), initial=0.0))
    scale = float(np.float32(scale_of(largest)))
    if scale < float(np.finfo(np.float32).tiny):
        # Below float32's normal numbers a scale loses its digits, or is 0: such a tensor is zeros to every kernel.
        scale = 1.0
    # The scale is rounded to float32, so the largest magnitude may come out a hair above 127.
    steps = np.clip(np.rint(np.asarray(values, np.float64) / scale), -INT8_MAX, INT8_MAX)
    return steps.astype(np.int8), scale


def fixed_point(factors: Sequence[float]) -> tuple[tuple[int, ...], int]:
    """Write factors as whole multipliers over one power of two.

    Parameters
    ----------
    factors : sequence of float
        At least 0.

    Returns
    -------
    tuple of int
        Multipliers below 2**31; the largest uses all 31 bits where the shift's limit of 62 lets it.
    int
        The shift, 1 to 62: factor = multiplier / 2**shift.
    """
    _, exponent = math.frexp(max(factors))
    shift = min(max(MULTIPLIER_BITS - exponent, 1), MAX_SHIFT)
    limit = 2**MULTIPLIER_BITS - 1
    return tuple(min(round(math.ldexp(factor, shift)), limit) for factor in factors), shift
