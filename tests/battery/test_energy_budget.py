"""The deck's battery slide, figure by figure, from the basic formulas."""

import math

import numpy as np
import pytest

from costmodel.battery import energy_budget as budget
from costmodel.battery.load_profile import average_power_w

SUPPLY_V, IDLE_A, ACTIVE_A, DURATION_S = 5.03, 0.0364, 0.0430, 0.32


@pytest.fixture
def idle_w():
    return budget.electrical_power_w(SUPPLY_V, IDLE_A)


@pytest.fixture
def active_w():
    return budget.electrical_power_w(SUPPLY_V, ACTIVE_A)


@pytest.fixture
def usable_j():
    return budget.usable_energy_j(5.0, 1.0, 0.85, 0.90)


def test_the_decks_continuous_column_follows(active_w, usable_j):
    life_s = usable_j / active_w
    assert usable_j == pytest.approx(3.825 * 3600)
    assert round(life_s / 3600, 1) == 17.7
    assert round(budget.inference_count(life_s, DURATION_S)) == 198_952
    assert budget.inference_rate_hz(DURATION_S) == 3.125


def test_the_decks_duty_cycled_column_follows(idle_w, active_w, usable_j):
    share = budget.duty_ratio(DURATION_S, 60.0)
    average_w = average_power_w((active_w, idle_w), (DURATION_S, 60.0 - DURATION_S))
    assert average_w == pytest.approx(idle_w + share * (active_w - idle_w), rel=1e-12)
    life_s = usable_j / average_w
    assert round(100 * share, 2) == 0.53
    assert round(1e3 * average_w, 1) == 183.3
    assert round(life_s / 3600, 1) == 20.9
    assert round(budget.inference_count(life_s, 60.0)) == 1_252


def test_the_decks_energy_split_follows(idle_w, active_w):
    total_j = budget.inference_energy_j(active_w, DURATION_S)
    baseline_j = budget.baseline_energy_j(idle_w, DURATION_S)
    computing_j = budget.computational_energy_j(total_j, baseline_j)
    assert [round(1e3 * value, 1) for value in (total_j, baseline_j, computing_j)] == [69.2, 58.6, 10.6]
    assert round(100 * budget.energy_share_ratio(baseline_j, total_j)) == 85
    assert round(100 * budget.energy_share_ratio(computing_j, total_j)) == 15


def test_a_load_of_zero_never_empties_the_battery_alone_or_in_a_column():
    assert budget.endless_where_idle(100.0, 0.0) == math.inf
    assert budget.endless_where_idle(100.0, np.array([0.0, 50.0])).tolist() == [math.inf, 2.0]
