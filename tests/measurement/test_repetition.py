"""How well a capture repeats: periods inside a window, and windows beside each other."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.repetition import inner_period, likeness


def square(period: int, blocks: int, swing_a: float = 1.0) -> Floats:
    """High for half of each period, then low."""
    return 3.0 + np.where(np.arange(blocks) % period < period // 2, swing_a, -swing_a)


@pytest.mark.parametrize("period", [4, 6, 10, 30])
@pytest.mark.parametrize("times", [5, 7, 40])
def test_what_is_met_five_times_or_more_is_a_period(period: int, times: int) -> None:
    """The window's own edges, a fiftieth at either end, are left out of what is looked at."""
    inside = square(period, period * times)
    assert inner_period(np.concatenate((inside, inside[: len(inside) // 25])), 1.0, 0.0) == period
    assert inner_period(inside[: 4 * period], 1.0, 0.0) is None


def test_twenty_blocks_are_the_fewest_that_are_looked_at() -> None:
    assert inner_period(square(4, 20), 1.0, 0.0) == 4
    assert inner_period(square(2, 20), 1.0, 0.0) == 2
    assert inner_period(square(2, 19), 1.0, 0.0) is None


def test_a_period_is_met_where_the_edges_of_the_window_are_not_its_own() -> None:
    """A tall first and last fiftieth would hide what is between."""
    inside = square(10, 200)
    inside[:4] = inside[-4:] = 500.0
    assert inner_period(inside, 1.0, 0.0) == 10
    inside[4] = 500.0
    assert inner_period(inside, 1.0, 0.0) is None


def test_the_inside_swings_by_a_share_of_the_height_and_by_twice_the_noise() -> None:
    """It swings by exactly one."""
    inside = square(4, 80)
    assert inner_period(inside, 0.0, 0.5) == inner_period(inside, 4.0, 0.0, 0.25) == 4
    assert inner_period(inside, 0.0, 0.501) is inner_period(inside, 4.01, 0.0, 0.25) is None
    assert inner_period(inside, 1 / 0.03, 0.0) == 4
    assert inner_period(inside, 1 / 0.029, 0.0) is None


def test_a_ramp_and_a_slow_wave_repeat_nothing() -> None:
    assert inner_period(np.linspace(0.0, 1.0, 200), 1.0, 0.0) is None
    assert inner_period(np.sin(np.arange(200) / 200 * 2 * np.pi * 3), 1.0, 0.0) is None
    assert inner_period(np.random.default_rng(1).normal(size=500), 1.0, 0.0) is None


def test_of_multiples_that_are_met_as_well_the_first_is_the_period() -> None:
    """Every second inference draws a little more; the pattern of two is met better than that of one."""
    inside = square(20, 800)
    for weak, period in ((0.15, 20), (1.5, 40)):
        changed = inside.copy()
        for begin in range(0, 800, 40):
            changed[begin : begin + 10] += weak
        assert inner_period(changed, 1.0, 0.0) == period


def test_half_as_well_as_with_itself_is_no_period_any_more() -> None:
    random = np.random.default_rng(0)
    # The correlation one period on is 1 / (1 + variance of the noise).
    for noise_a, expected in ((0.9, 20), (1.1, None)):
        assert inner_period(square(20, 4000) + random.normal(0.0, noise_a, 4000), 1.0, 0.0) == expected


def test_windows_alike_are_one_and_those_without_a_shape_in_common_none() -> None:
    up = np.concatenate((np.zeros(64), np.ones(32), np.zeros(64)))
    assert likeness(np.concatenate((up, up)), [64, 224], [96, 256]) == pytest.approx(1.0)
    assert likeness(np.concatenate((up, -up)), [64, 224], [96, 256]) == pytest.approx(0.0, abs=0.05)
    assert likeness(np.zeros(200), [50, 150], [60, 160]) == 1.0
    assert likeness(up, [64], [96]) is None


def test_windows_are_laid_over_each_other_whatever_their_lengths_with_a_quarter_around_them() -> None:
    """Two ramps, from more than a quarter before a window to more than a quarter after it, as steep as the window is short."""
    parts = [(np.arange(-0.375 * blocks, 1.375 * blocks) + 0.5) / blocks for blocks in (8, 800)]
    currents = np.concatenate((np.full(600, 5.0), parts[0], np.full(600, 5.0), parts[1]))
    firsts, lasts = [603, 600 + 14 + 600 + 300], [611, 600 + 14 + 600 + 1100]
    assert likeness(currents, firsts, lasts) == pytest.approx(1.0, abs=1e-12)
    currents[607:611] += 1.0
    changed = likeness(currents, firsts, lasts)
    assert changed is not None
    assert changed < 0.9
