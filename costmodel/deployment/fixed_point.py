"""Fixed-point arithmetic as TensorFlow Lite Micro's int8 reference kernels define it, over columns of integers.

Every function takes and returns int64 columns whose values fit 32 bits; a number in "Q d" has d integer bits and 31 - d fractional ones.
Published definition: gemmlowp's fixed-point header and the int8 reference kernels (bibliography: jacob2018quantization).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]

INT32_MAX: Final = (1 << 31) - 1
INT32_MIN: Final = -(1 << 31)


def wrapped(values: Any) -> Column:
    """Return whole numbers modulo 2**32, as signed."""
    return np.asarray(np.asarray(values, np.int64).astype(np.uint32).astype(np.int32), np.int64)


def doubled_high_product(a: Any, b: Any) -> Column:
    """Return a * b / 2**31 to nearest, halves towards plus infinity, saturated."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return np.asarray(np.minimum((product + (1 << 30)) >> 31, INT32_MAX), np.int64)


def divided_by_power(values: Any, exponent: Any) -> Column:
    """Return values / 2**exponent to nearest, halves away from zero; exponents 0 to 62."""
    values, exponent = np.asarray(values, np.int64), np.asarray(exponent, np.int64)
    half = np.where(exponent > 0, np.int64(1) << np.maximum(exponent - 1, 0), 0)
    magnitudes = (np.abs(values) + half) >> exponent
    return np.asarray(np.where(values < 0, -magnitudes, magnitudes), np.int64)


def rescaled(values: Any, multipliers: Any, shifts: Any) -> Column:
    """Return values * multiplier * 2**(shift - 31), rounded twice.

    Parameters
    ----------
    values, multipliers, shifts : array of int
        Broadcast together; a shift to the left wraps modulo 2**32.

    Returns
    -------
    array of int64
        The doubled high product, divided by a power of two where the shift goes right.
    """
    shifts = np.asarray(shifts, np.int64)
    shifted = wrapped(np.asarray(values, np.int64) << np.maximum(shifts, 0))
    return divided_by_power(doubled_high_product(shifted, multipliers), np.maximum(-shifts, 0))


def shifted_left(values: Any, exponent: int) -> Column:
    """Return values * 2**exponent, saturated."""
    return np.asarray(np.clip(np.asarray(values, np.int64) << exponent, INT32_MIN, INT32_MAX), np.int64)


_EXP_OF_MINUS_EIGHTH: Final = 1895147668
_ONE_THIRD: Final = 715827883
_EXP_OF_MINUS_POWERS: Final = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""e**-(2**k) in Q0, for k from -2 to 4."""
_EXPONENT_BITS: Final = 5
"""Integer bits of an exponent."""


def exp_of_negative(a: Any, bits: int = _EXPONENT_BITS) -> Column:
    """Return e**a in Q0 for a <= 0 in Q5, or with another number of integer bits.

    A Taylor polynomial of the fourth degree around -1/8 for the part within a quarter, and one factor for each power of two from 1/4 to 16
    in the rest.
    """
    a = np.asarray(a, np.int64)
    quarter = 1 << (31 - bits - 2)
    part = (a & (quarter - 1)) - quarter
    rest = part - a
    x = (part << bits) + (1 << 28)
    x2 = doubled_high_product(x, x)
    x3 = doubled_high_product(x2, x)
    x4 = doubled_high_product(x2, x2)
    tail = divided_by_power(doubled_high_product(divided_by_power(x4, 2) + x3, _ONE_THIRD) + x2, 1)
    result = _EXP_OF_MINUS_EIGHTH + doubled_high_product(_EXP_OF_MINUS_EIGHTH, x + tail)
    for power, factor in enumerate(_EXP_OF_MINUS_POWERS[: bits + 2]):
        result = np.where(rest & (quarter << power), doubled_high_product(result, factor), result)
    return np.where(a == 0, INT32_MAX, result)


_48_OVER_17: Final = 1515870810
_MINUS_32_OVER_17: Final = -1010580540


def reciprocal_of_one_plus(a: Any) -> Column:
    """Return 1 / (1 + a) in Q0 for 0 <= a < 1 in Q0: Newton's method, three steps, in Q2."""
    half = (np.asarray(a, np.int64) + INT32_MAX + 1) // 2
    x = _48_OVER_17 + doubled_high_product(half, _MINUS_32_OVER_17)
    for _ in range(3):
        left = (1 << 29) - doubled_high_product(half, x)
        x = x + shifted_left(doubled_high_product(x, left), 2)
    return shifted_left(x, 1)


def leading_zeros(values: Column) -> Column:
    """Return how many of a positive number's 32 bits stand before its first 1."""
    return 32 - np.floor(np.log2(values.astype(np.float64))).astype(np.int64) - 1


ACCUMULATOR_BITS: Final = 12
"""Integer bits of a sum of exponentials."""


def softmax(steps: Any, multiplier: int, shift: int) -> Column:
    """Return int8 probabilities in steps of 1/256 from -128, over the first extent.

    Parameters
    ----------
    steps : array of int
        Int8 inputs.
    multiplier, shift : int
        Of the factor that takes a difference of inputs to an exponent in Q5; the shift is 0 to 30.

    Returns
    -------
    array of int64
        -128 to 127.
    """
    steps = np.asarray(steps, np.int64)
    differences = steps - steps.max(axis=0)
    near = differences >= -((31 << (31 - _EXPONENT_BITS)) >> shift)
    exponents = doubled_high_product(np.where(near, differences, 0) << shift, multiplier)
    powers = np.where(near, exp_of_negative(exponents), 0)
    total = np.minimum(divided_by_power(powers, ACCUMULATOR_BITS).sum(axis=0), INT32_MAX)
    zeros = leading_zeros(total)
    reciprocal = reciprocal_of_one_plus((total << zeros) - (1 << 31))
    quotients = divided_by_power(doubled_high_product(reciprocal, powers), ACCUMULATOR_BITS + 31 - 8 - zeros)
    return np.where(near, np.clip(quotients - 128, -128, 127), -128)


LOGISTIC_BITS: Final = 4
"""Integer bits of a logistic function's argument."""
_LOGISTIC_FRACTION: Final = 23
"""Bits by which its result is divided: steps of 1/256."""


def logistic(steps: Any, zero_point: int, multiplier: int, shift: int) -> Column:
    """Return int8 logistic functions in steps of 1/256 from -128.

    Parameters
    ----------
    steps : array of int
        Int8 inputs.
    zero_point : int
        The step that stands for 0.
    multiplier, shift : int
        Of the factor that takes a step to Q4; beyond 2**4 either way the function is at its ends.

    Returns
    -------
    array of int64
        -128 to 127.
    """
    inputs = np.asarray(steps, np.int64) - zero_point
    largest = ((1 << LOGISTIC_BITS) - 1) * (1 << (31 - LOGISTIC_BITS))
    radius = largest >> shift if shift >= 0 else largest << -shift
    arguments = rescaled(np.clip(inputs, -radius, radius), multiplier, shift)
    positive = reciprocal_of_one_plus(exp_of_negative(-np.abs(arguments), LOGISTIC_BITS))
    whole = np.where(arguments > 0, positive, np.where(arguments < 0, INT32_MAX - positive, 1 << 30))
    found = np.clip(divided_by_power(whole, _LOGISTIC_FRACTION) - 128, -128, 127)
    return np.asarray(np.where(inputs <= -radius, -128, np.where(inputs >= radius, 127, found)), np.int64)
