"""A capture's current without spikes and drift, and its noise: each by its definition, at the fewest blocks and at its limits."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.quiet_current import _drift, _flips, _noise, averaged, despiked, quiet_current

MEDIAN_STEP = math.sqrt(2.0) * NormalDist().inv_cdf(0.75)
"""Median difference of neighbours in white noise, in its standard deviations."""


def test_what_stands_alone_for_one_block_is_taken_out() -> None:
    assert despiked(np.array([0.0, 9.0, 0.0])).tolist() == [0.0, 0.0, 0.0]
    assert despiked(np.array([0.0, 9.0])).tolist() == [0.0, 9.0]
    assert despiked(np.array([5.0, 0.0, 7.0, 8.0, 1.0])).tolist() == [5.0, 5.0, 7.0, 7.0, 1.0]


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_blocks_are_averaged_around_each_and_the_ends_are_held(width: int) -> None:
    current = np.arange(8.0) ** 2
    quiet = quiet_current(current)
    smooth = averaged(quiet, width)
    before = width // 2
    padded = np.concatenate((np.full(before, quiet.current_a[0]), quiet.current_a, np.full(width, quiet.current_a[-1])))
    assert smooth.current_a == pytest.approx([padded[place : place + width].mean() for place in range(8)])
    assert smooth.noise_a == pytest.approx(quiet.noise_a / math.sqrt(width))
    assert smooth.single_a is quiet.single_a
    assert smooth.width == width


def test_noise_is_that_of_the_quieter_quarter_of_the_pieces() -> None:
    """Steps of 1 over one piece of 64 blocks and of 3 over the next; too few for two pieces, those of all."""
    current = np.cumsum([0.0, *[1.0] * 64, *[3.0] * 64])
    assert _noise(current) == pytest.approx(1.6 * 1.5 / MEDIAN_STEP)
    assert _noise(current[:-1]) == pytest.approx(1.0 / MEDIAN_STEP)
    assert _noise(current[100:]) == pytest.approx(3.0 / MEDIAN_STEP)
    assert _noise(current[:1]) == 0.0


def held(*values: float) -> Floats:
    """Values one after the other, each for a hundred blocks."""
    return np.repeat(values, 100)


def test_an_instrument_that_tells_few_values_apart_flips_between_them() -> None:
    """Half the mean square of what differs by less than one and a half of its steps: more is the board's own."""
    assert _flips(held(0.0, 2.0, 0.0, 2.0, 0.0)) == pytest.approx(math.sqrt(0.5 * 4 * 2.0**2 / 499))
    assert _flips(held(0.0, 2.0, 5.0, 2.0)) == pytest.approx(math.sqrt(0.5 * 2.0**2 / 397))
    assert _flips(held(0.0)) == 0.0


def test_values_that_hardly_repeat_are_no_instruments() -> None:
    """Two of forty are one in twenty."""
    two = np.repeat([0.0, 1.0], 20)
    assert _flips(two) > 0.0
    assert _flips(two[1:]) == 0.0
    assert _flips(np.arange(400.0)) == 0.0


def test_values_apart_by_a_billionth_are_rounding() -> None:
    assert _flips(held(1e9 - 1.0, 1e9)) == 0.0
    assert _flips(held(1e9 - 2.0, 1e9)) > 0.0
    assert _flips(held(0.0, 5e-7, 1e-3)) == pytest.approx(math.sqrt(0.5 * 5e-7**2 / 298))


def test_of_many_blocks_some_evenly_far_apart_are_looked_at() -> None:
    """Of 16,384, every second; those between would halve the step."""
    current = np.full(16_384, 0.5)
    current[::2] = np.repeat([0.0, 1.0], 4096)
    assert _flips(current) == pytest.approx(math.sqrt(0.5 / 8191))


def test_the_noise_of_a_capture_is_the_larger_of_both_and_a_drift_is_taken_out() -> None:
    current = np.tile(np.repeat([0.0, 1.0, 0.0], [2, 2, 46]), 4)
    quiet = quiet_current(current)
    assert quiet.noise_a == _flips(current) > _noise(current)
    slow = quiet_current(0.5 * np.arange(480.0))
    assert slow.drift_a == pytest.approx(0.5 * 480)
    assert slow.current_a == pytest.approx(np.zeros(480), abs=1e-9)


def stairs(size: int, rise_a: float, off_a: float = 0.0) -> Floats:
    """24 pieces of so many blocks, each higher than the one before, and every second one off."""
    return np.repeat(1000.0 + rise_a * np.arange(24.0) + np.tile([off_a, -off_a], 12), size)


def test_a_drift_takes_sixteen_blocks_a_piece() -> None:
    assert _drift(stairs(16, 48.0), 0.0) == 3.0
    assert _drift(stairs(16, -48.0), 0.0) == -3.0
    assert _drift(stairs(16, 48.0)[1:], 0.0) == 0.0
    assert _drift(np.append(stairs(20, 40.0), [0.0] * 19), 0.0) == 2.0


def test_a_drift_rises_by_three_times_the_noise_and_leaves_a_sixteenth_of_its_rise() -> None:
    """Over 23 pieces by 1,104."""
    assert _drift(stairs(16, 48.0), 368.0) == 3.0
    assert _drift(stairs(16, 48.0), 368.1) == 0.0
    assert _drift(stairs(16, 48.0, 69.0), 0.0) == 3.0
    assert _drift(stairs(16, 48.0, 69.1), 0.0) == 0.0
