"""Numbers to int8, and real factors to fixed point: the arithmetic of quantisation."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.provenance import formula
from costmodel.specs.quantisation import Quantisation, symmetric_quantisation

INT8_MAX: Final = 127
"""Largest quantised magnitude; -128 is never made, so that every value has its negative."""
MULTIPLIER_BITS: Final = 31
MAX_LEFT_SHIFT: Final = 30
MAX_RIGHT_SHIFT: Final = 31


class Rescale(NamedTuple):
    """A real factor in fixed point: multiplier * 2**(shift - 31)."""

    multiplier: int
    """Below 2**31, and at least 2**30 but for factors that are 0."""
    shift: int
    """Powers of two to the left, -31 to 30."""


@formula(
    id="compression.scale",
    equation="scale = m / 127 if m > 0 else 1",
    symbols={"scale": "real value of one step [1]", "m": "largest magnitude of the tensor [1]"},
    unit="1",
    source="kornak2025deck: slide 'Pre-Deployment: Quantization'",
)
def scale_of(largest_magnitude: float) -> float:
    """Return the scale that maps the largest magnitude to 127; 1 for a tensor of zeros."""
    return largest_magnitude / INT8_MAX if largest_magnitude > 0 else 1.0


def stored_scale(largest_magnitude: float) -> float:
    """Return the scale of a largest magnitude as a float32 number, which is how it is stored.

    Below float32's normal numbers a scale loses its digits, or is 0: such a tensor is zeros to every kernel, and its scale is 1.
    """
    scale = float(np.float32(scale_of(largest_magnitude)))
    return scale if scale >= float(np.finfo(np.float32).tiny) else 1.0


def quantise(values: NDArray[np.floating], *, per_channel: bool = False) -> tuple[NDArray[np.int8], Quantisation]:
    """Quantise a tensor to int8, symmetrically.

    Parameters
    ----------
    values : array of float
        Any shape; the first extent is the output channel's.
    per_channel : bool
        One scale per output channel instead of one for the tensor.

    Returns
    -------
    array of int8
        round(x / scale), halves to even.
    Quantisation
        The scales, float32 numbers, as the model file stores them.
    """
    planes = np.asarray(values, np.float64).reshape(len(values) if per_channel else 1, -1)
    scales = [stored_scale(float(np.max(np.abs(plane), initial=0.0))) for plane in planes]
    # A scale is rounded to float32, so the largest magnitude may come out a hair above 127.
    steps = np.clip(np.rint(planes / np.array(scales)[:, None]), -INT8_MAX, INT8_MAX)
    return steps.astype(np.int8).reshape(np.shape(values)), symmetric_quantisation(*scales)


def as_steps(values: NDArray[np.floating], quantisation: Quantisation) -> NDArray[np.int8]:
    """Return a tensor in steps of scales it has already: one for the tensor, or one per first extent; zero points are 0."""
    scales = np.array(quantisation.scales).reshape(-1, *[1] * (np.ndim(values) - 1))
    steps: NDArray[np.int8] = np.clip(np.rint(np.asarray(values, np.float64) / scales), -INT8_MAX - 1, INT8_MAX).astype(np.int8)
    return steps


def rescale_of(factor: float) -> Rescale:
    """Write a real factor in fixed point.

    Parameters
    ----------
    factor : float
        At least 0.

    Returns
    -------
    Rescale
        With the multiplier's 31 bits nearest to the factor, halves away from zero; 0 where the factor is too small for any shift, the
        largest there is where it is too large.
    """
    mantissa, shift = math.frexp(factor)
    multiplier = math.floor(math.ldexp(mantissa, MULTIPLIER_BITS) + 0.5)
    if multiplier == 1 << MULTIPLIER_BITS:
        multiplier, shift = multiplier // 2, shift + 1
    if shift < -MAX_RIGHT_SHIFT:
        return Rescale(0, 0)
    if shift > MAX_LEFT_SHIFT:
        return Rescale((1 << MULTIPLIER_BITS) - 1, MAX_LEFT_SHIFT)
    return Rescale(multiplier, shift)
