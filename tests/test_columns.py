"""Column arithmetic: what holds for ints holds for each row, and ints stay ints of any size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from costmodel.columns import any_true, ceil_div, clamped, common_divisor, floor_div, floor_sum, is_column, larger, smaller

whole = st.integers(0, 60)
divisors = st.integers(1, 60)


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@settings(max_examples=500)
@given(whole, divisors, whole, whole)
@example(0, 1, 5, 5)
@example(7, 3, 0, 0)
def test_floor_sum_equals_summing(terms: int, divisor: int, slope: int, offset: int) -> None:
    assert floor_sum(terms, divisor, slope, offset) == sum((slope * i + offset) // divisor for i in range(terms))


@given(st.lists(st.tuples(whole, divisors, whole, whole), min_size=1, max_size=30))
def test_floor_sum_of_columns_equals_floor_sum_of_rows(rows: list[tuple[int, int, int, int]]) -> None:
    sums = floor_sum(*(column(*field) for field in zip(*rows, strict=True)))
    assert sums.tolist() == [floor_sum(*row) for row in rows]


@given(st.integers(1, 10**40), st.integers(1, 10**40))
def test_floor_sum_is_exact_at_any_size(p: int, q: int) -> None:
    # Concrete Mathematics 3.32: for i from 0 to q - 1, the sum of floor(p*i/q) is (p - 1)(q - 1)/2 + (gcd(p, q) - 1)/2.
    assert floor_sum(q, q, p, 0) == ((p - 1) * (q - 1) + math.gcd(p, q) - 1) // 2


@given(st.integers(-99, 99), st.integers(-99, 99))
def test_smaller_and_larger_agree_with_python_on_both_paths(a: int, b: int) -> None:
    assert (smaller(a, b), larger(a, b)) == (min(a, b), max(a, b))
    for x, y in ((column(a), b), (a, column(b)), (column(a), column(b))):
        assert (smaller(x, y).tolist(), larger(x, y).tolist()) == ([min(a, b)], [max(a, b)])


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**20))
def test_ceil_div_rounds_up(a: int, b: int) -> None:
    assert (ceil_div(a, b) - 1) * b < a <= ceil_div(a, b) * b


@pytest.mark.parametrize(("value", "expected"), [(-5, 0), (3, 3), (12, 10)])
def test_clamped(value: int, expected: int) -> None:
    assert clamped(value, 0, 10) == expected
    assert clamped(column(value, 3), 0, 10).tolist() == [expected, 3]


@given(divisors, divisors)
def test_common_divisor(a: int, b: int) -> None:
    assert common_divisor(a, b) == common_divisor(column(a), b)[0] == math.gcd(a, b)


def test_ints_never_pass_through_numpy() -> None:
    big = 2**70
    for result in (smaller(big, big + 1), larger(big - 1, big), ceil_div(big, 1), clamped(big, 0, big), common_divisor(big, big)):
        assert type(result) is int
        assert result == big


def test_any_true_takes_a_bool_or_a_column() -> None:
    assert any_true(True)
    assert not any_true(False)
    assert any_true(column(0, 1) > 0)
    assert not any_true(column(0, 0) > 0)
    assert is_column(column(1))
    assert not is_column(1)


@given(
    st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=30), st.one_of(divisors, st.integers(0, 40).map(lambda power: 1 << power))
)
def test_a_column_is_divided_as_its_rows_are_below_zero_too(rows: list[int], divisor: int) -> None:
    found = floor_div(column(*rows), divisor)
    assert found.tolist() == [row // divisor for row in rows] == [floor_div(row, divisor) for row in rows]
