"""Arithmetic that serves one layer and a million: Python ints of any size, or NumPy int64 columns.

Everything else in a closed form is written with operators; only these functions have to know which of the two they were handed. NumPy is
never handed a lone Python int, so scalar results stay exact beyond 2**63.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

Number: TypeAlias = Any
"""A Python int or float, or a NumPy array of them (a column); any mixture that broadcasts.

The type checker takes it for anything: told `int | float | NDArray`, it finds 295 places in 64 modules where a lone number leaves the one
code that serves columns too (`round`, a Pydantic field, a comparison), each of them a cast.
"""


_SCALARS: Final = frozenset({int, float, bool})
"""Types that are no column: asked first, since they are what most numbers are."""


def is_column(value: Number) -> bool:
    """Tell whether a number is a NumPy column, without importing NumPy to ask."""
    return type(value) not in _SCALARS and hasattr(value, "__array__")


def as_floats(value: Number) -> Number:
    """Return a number that is no count: a column of Python numbers as one of floats, anything else as it is."""
    return value.astype(float) if is_column(value) and value.dtype == object else value


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


def bit_length(a: Number) -> Number:
    """Return how many bits a whole number from 1 on takes; of an int64 column, exact below 2**53."""
    if is_column(a):
        import numpy as np

        if a.dtype == object:
            return np.frompyfunc(int.bit_length, 1, 1)(a)
        return np.frexp(a)[1].astype(np.int64)
    return a.bit_length()


def any_true(condition: Number) -> bool:
    """Tell whether a condition holds anywhere: a bool, or a column of them."""
    if type(condition) is bool:
        return condition
    return bool(condition.any()) if is_column(condition) else bool(condition)


def all_true(condition: Number) -> bool:
    """Tell whether a condition holds everywhere: a bool, or a column of them."""
    return bool(condition.all()) if is_column(condition) else bool(condition)


def chosen(condition: Number, a: Number, b: Number) -> Number:
    """Return `a` where a condition holds and `b` elsewhere, element by element where any of them is a column."""
    if is_column(condition) or is_column(a) or is_column(b):
        import numpy as np

        return np.where(condition, a, b)
    return a if condition else b


def ceil_div(a: Number, b: Number) -> Number:
    """Return a / b rounded up, for whole numbers and b > 0."""
    if type(a) is int and type(b) is int:
        return -(-a // b)
    if is_column(a) and type(b) is int:
        # A shift takes a tenth of a division's time, and block sizes are powers of two.
        return (a + (b - 1)) >> (b.bit_length() - 1) if b & (b - 1) == 0 else (a + (b - 1)) // b
    return -(-a // b)


def floor_div(a: Number, b: Number) -> Number:
    """Return a / b rounded down, for whole numbers and b > 0; a column divided by a lone 1 is that column."""
    if type(a) is int:
        return a // b
    if type(b) is int and b & (b - 1) == 0 and is_column(a):
        # A shift takes a tenth of a division's time, and most strides are 1 or 2.
        return a if b == 1 else a >> (b.bit_length() - 1)
    return a // b


def product(a: Number, b: Number) -> Number:
    """Return a * b, without walking through a column where the other factor is a lone 0 or 1."""
    if type(a) is int and type(b) is int:
        return a * b
    if is_column(a):
        if is_column(b):
            return a * b
        a, b = b, a
    if is_column(b):
        if a == 0:
            return 0
        if type(a) is int and a == 1:
            return b
    return a * b


def sum_of(parts: Sequence[Number]) -> Number:
    """Return the sum of numbers and columns; 0 where there are none."""
    if _SCALARS.issuperset(map(type, parts)):
        return sum(parts)
    columns = [part for part in parts if is_column(part)]
    if not columns:
        return sum(parts)
    known = sum(part for part in parts if not is_column(part))
    return column_sum(columns) if known == 0 else column_sum(columns) + known


def largest_of(parts: Sequence[Number]) -> Number:
    """Return the largest of numbers and columns that are at least 0, row by row; 0 where there are none."""
    largest: Number = 0
    for part in parts:
        largest = larger(largest, part)
    return largest


def column_sum(columns: Sequence[Number]) -> Number:
    """Return the sum of columns that broadcast, adding first what stays small.

    On a product grid most parts depend on a few axes only. Equal shapes are added first, then always the two whose sum has the fewest
    elements, so that only the last additions walk through the whole grid.

    Parameters
    ----------
    columns : sequence of column
        At least one; none is changed.

    Returns
    -------
    column
        The sum; the order of additions shows in the last bits of floats only.
    """
    by_shape: dict[tuple[int, ...], Number] = {}
    for column in columns:
        held = by_shape.get(column.shape)
        by_shape[column.shape] = column if held is None else held + column
    while len(by_shape) > 1:
        _, first, second = min(
            (math.prod(_broadcast(a, b)), a, b) for place, a in enumerate(by_shape) for b in tuple(by_shape)[place + 1 :]
        )
        merged = by_shape.pop(first) + by_shape.pop(second)
        held = by_shape.get(merged.shape)
        by_shape[merged.shape] = merged if held is None else held + merged
    (total,) = by_shape.values()
    return total


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    return tuple(x if y == 1 else y for x, y in zip(longer, padded, strict=True))


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
    if type(divisor) is int and divisor == 1:
        return terms * (terms - 1) // 2 * slope + terms * offset
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
