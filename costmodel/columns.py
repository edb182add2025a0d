"""Arithmetic that serves one layer and a million: Python ints of any size, or NumPy int64 columns.

Everything else in a closed form is written with operators; only these functions have to know which of the two they were handed. NumPy is
never handed a lone Python int, so scalar results stay exact beyond 2**63.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

Number: TypeAlias = Any
"""A Python int or float, or a NumPy array of them (a column); any mixture that broadcasts."""


def is_column(value: Number) -> bool:
    """Tell whether a number is a NumPy column, without importing NumPy to ask."""
    return type(value) is not int and hasattr(value, "__array__")


def smaller(a: Number, b: Number) -> Number:
    """Return the smaller of two numbers, element by element where either is a column."""
    if type(a) is int and type(b) is int:
        return a if a <= b else b
    if is_column(a) or is_column(b):
        import numpy as np

        return np.minimum(a, b)
    return a if a <= b else b


def larger(a: Number, b: Number) -> Number:
    """Return the larger of two numbers, element by element where either is a column."""
    if type(a) is int and type(b) is int:
        return a if a >= b else b
    if is_column(a) or is_column(b):
        import numpy as np

        return np.maximum(a, b)
    return a if a >= b else b


def common_divisor(a: Number, b: Number) -> Number:
    """Return the greatest common divisor of two positive whole numbers."""
    if is_column(a) or is_column(b):
        import numpy as np

        return np.gcd(a, b)
    return math.gcd(a, b)


def any_true(condition: Number) -> bool:
    """Tell whether a condition holds anywhere: a bool, or a column of them."""
    return bool(condition.any()) if is_column(condition) else bool(condition)


def ceil_div(a: Number, b: Number) -> Number:
    """Return a / b rounded up, for whole numbers and b > 0."""
    return -(-a // b)


def clamped(value: Number, low: Number, high: Number) -> Number:
    """Return `value` held between `low` and `high`."""
    return smaller(larger(value, low), high)


def floor_sum(terms: Number, divisor: Number, slope: Number, offset: Number) -> Number:
    """Return the sum of floor((slope * i + offset) / divisor) for i from 0 to terms - 1.

    The Euclidean reduction: as many steps as the greatest common divisor takes, whatever the number of terms.

    Parameters
    ----------
    terms, divisor, slope, offset : int or int64 column
        All at least 0, the divisor at least 1.

    Returns
    -------
    int or int64 column
        The sum; 0 where there are no terms.

    Notes
    -----
    Source: Graham, Knuth, Patashnik, *Concrete Mathematics*, 2nd ed., section 3.5 (floor/ceiling sums).
    """
    total: Number = 0
    n, m, a, b = terms, divisor, slope, offset
    while True:
        total = total + n * (n - 1) // 2 * (a // m) + n * (b // m)
        a, b = a % m, b % m
        last = a * n + b
        # Rows that are finished keep n = 0 and add nothing while others go on.
        n, b = last // m, last % m
        if not any_true(n > 0):
            return total
        m, a = larger(a, 1), m
