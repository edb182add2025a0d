"""Ranges to samples to intervals, and which input matters."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.evaluation.battery.uncertainty import interval, sampled, sampler, swings
from costmodel.provenance import Constant


def ranged(value, low=None, high=None):
    return Constant(value, "A", low, high, "test")


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 10.0), st.floats(0.0, 5.0), st.floats(0.0, 5.0), st.integers(0, 2**31))
def test_samples_stay_in_their_range_with_the_value_as_median(value, below, above, seed):
    column = sampled(ranged(value, value - below, value + above), "x", 4001, seed)
    if value - below == value == value + above:
        assert column == value
        return
    assert column.min() >= value - below - 1e-9
    assert column.max() <= value + above + 1e-9
    assert np.mean(column < value) <= 0.55
    assert np.mean(column > value) <= 0.55


def test_an_input_without_a_range_stays_a_number():
    assert sampled(ranged(2.0), "x", 100, 0) == 2.0


def test_the_same_seed_gives_the_same_samples_whatever_else_is_sampled():
    x = ranged(1.0, 0.5, 2.0)
    alone = sampled(x, "x", 50, 7)
    read = sampler(50, 7)
    read(ranged(3.0, 1.0, 4.0), "", "a")
    assert read(x, "", "x").tolist() == alone.tolist()
    assert sampled(x, "x", 50, 8).tolist() != alone.tolist()


def test_different_inputs_have_different_samples():
    x, y = (sampled(ranged(1.0, 0.0, 2.0), words, 2000, 1) for words in "xy")
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.1


def test_an_interval_holds_the_middle_and_an_infinite_end_is_none():
    low, high = interval(np.arange(10_001.0))
    assert (low, high) == pytest.approx((250.0, 9750.0), abs=1.0)
    assert interval(np.array([1.0, math.inf, math.inf])).high is None
    assert interval(5.0) == (5.0, 5.0)


def test_the_widest_swing_comes_first_and_what_has_no_effect_is_left_out():
    inputs = {"a": ranged(1.0, 0.9, 1.1), "b": ranged(1.0, 0.5, 3.0), "idle": ranged(1.0, 0.0, 9.0), "fixed": ranged(4.0)}
    a, b, fixed = (inputs[words] for words in ("a", "b", "fixed"))
    found = swings(inputs, lambda read: read(a, "", "a") + read(b, "", "b") * read(fixed, "", "fixed"))
    assert [(swing.name, swing.at_low, swing.at_high) for swing in found] == [("b", 3.0, 13.0), ("a", 4.9, 5.1)]
