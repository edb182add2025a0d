"""Fixed-point arithmetic equals its definition, over random numbers and the edges of 32 bits."""

from __future__ import annotations

import math

import fixed_point_definition as definition
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.compression.quantise import rescale_of
from costmodel.deployment import fixed_point

EDGES = [0, 1, -1, 2**30 - 1, 2**30, 2**30 + 1, -(2**30), 2**31 - 1, -(2**31 - 1), -(2**31)]
WORDS = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from(EDGES), st.integers(-300, 300))
MULTIPLIERS = st.one_of(st.integers(2**30, 2**31 - 1), st.integers(0, 2**31 - 1), st.sampled_from([0, 1, 2**30, 2**31 - 1]))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(WORDS, MULTIPLIERS, st.integers(-31, 30)), min_size=1, max_size=20))
def test_rescaling_rounds_twice(drawn: list[tuple[int, int, int]]) -> None:
    found = fixed_point.rescaled(*np.array(drawn, np.int64).T)
    assert found.tolist() == [definition.rescale(*each) for each in drawn]


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_a_doubled_high_product_saturates(a: int, b: int) -> None:
    assert int(fixed_point.doubled_high_product(a, b)) == definition.high(a, b)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.integers(-(31 * 2**26), 0), st.integers(-64, 0), st.integers(0, 124).map(lambda quarters: -quarters * 2**24)))
def test_exponentials(a: int) -> None:
    found = int(fixed_point.exp_of_negative(a))
    assert found == definition.exp(a)
    assert abs(found / 2**31 - math.exp(a / 2**26)) < 1e-6


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.integers(0, 2**31 - 1), st.sampled_from([0, 1, 2**30, 2**31 - 1])))
def test_reciprocals(a: int) -> None:
    found = int(fixed_point.reciprocal_of_one_plus(a))
    assert found == definition.one_over_one_plus(a)
    assert abs(found / 2**31 - 1 / (1 + a / 2**31)) < 1e-8


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-128, 127), min_size=1, max_size=40), st.floats(1e-4, 30))
def test_softmax(steps: list[int], scale: float) -> None:
    multiplier, shift = rescale_of(max(scale * 2**26, 1.0))
    found = fixed_point.softmax(np.array(steps), multiplier, shift).tolist()
    assert found == definition.softmax(steps, multiplier, shift)
    powers = np.exp(scale * (np.array(steps, float) - max(steps)))
    assert np.abs((np.array(found) + 128) / 256 - powers / powers.sum()).max() < 1 / 200


def test_a_softmax_of_more_classes_than_the_sum_has_bits_saturates() -> None:
    steps = [0] * 5000
    assert fixed_point.softmax(np.array(steps), 2**30, 20).tolist() == definition.softmax(steps, 2**30, 20)
