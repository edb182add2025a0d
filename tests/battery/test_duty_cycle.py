"""Regulators, self-discharge, crossovers and the voltage model."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from costmodel.battery.cell_voltage import CellVoltage, loaded_current_a
from costmodel.battery.duty_cycle import (
    battery_current_a,
    crossover_period_s,
    efficiency_ratio,
    interpolated_share_ratio,
    self_discharge_a,
)
from costmodel.battery.energy_budget import IdealCharge
from costmodel.battery.load_profile import LoadProfile, constant_load
from costmodel.provenance import recording

CURVE = ((0.0, 0.1, 0.5, 1.0), (3.0, 3.5, 3.7, 4.2))


def test_a_regulator_conserves_energy_and_adds_its_own_current():
    assert battery_current_a(3.3, 0.1, 5.0, 0.8, 1e-6) == pytest.approx(3.3 * 0.1 / 0.8 / 5.0 + 1e-6)


def test_efficiency_is_read_over_the_logarithm_of_the_load_and_level_beyond_the_ends():
    loads, shares = (1e-5, 1e-3, 1e-1), (0.6, 0.8, 0.9)
    assert efficiency_ratio(1e-4, loads, shares) == pytest.approx(0.7)
    assert [efficiency_ratio(load, loads, shares) for load in (0.0, 1e-9, 10.0)] == pytest.approx([0.6, 0.6, 0.9])
    assert efficiency_ratio(np.array([0.0, 1e-2]), loads, shares) == pytest.approx([0.6, 0.85])


def test_self_discharge_empties_its_share_in_a_year_and_doubles_every_ten_kelvin():
    assert self_discharge_a(2.0, 0.1, 20.0) * 365.25 * 24 == pytest.approx(0.2)
    assert self_discharge_a(2.0, 0.1, 40.0) == pytest.approx(4 * self_discharge_a(2.0, 0.1, 20.0))


@settings(max_examples=200)
@given(st.floats(0.01, 1.0), st.floats(0.0, 0.1), st.floats(1e-6, 1e-3), st.floats(0.01, 1.0), st.floats(2e-3, 0.1))
def test_at_the_crossover_both_rests_draw_the_same_charge(inference_s, wake_charge, deep_a, wake_s, light_a):
    period = crossover_period_s(inference_s, wake_charge, deep_a, wake_s, 0.0, light_a, 0.0)
    deep = wake_charge + deep_a * (period - inference_s - wake_s)
    assert light_a * (period - inference_s) == pytest.approx(deep, rel=1e-6, abs=1e-12)


def test_interpolation_serves_a_column_and_a_number_alike():
    assert interpolated_share_ratio(5.0, [0.0, 10.0], [0.5, 1.0]) == 0.75
    assert interpolated_share_ratio(np.array([-5.0, 20.0]), [0.0, 10.0], [0.5, 1.0]).tolist() == [0.5, 1.0]


def test_a_cell_delivers_the_power_asked_of_it():
    current = loaded_current_a(2.0, 3.7, 0.1)
    assert current * (3.7 - 0.1 * current) == pytest.approx(2.0)


def cell(resistance_ohm=0.2, cutoff_v=3.2, capacity_ah=1.0):
    return CellVoltage(capacity_ah, 3.7, *CURVE, resistance_ohm, cutoff_v)


@pytest.mark.parametrize("current_a", [0.01, 0.1, 0.5, 2.0])
def test_the_voltage_models_life_is_the_integral_of_charge_over_current(current_a):
    power, resistance, cutoff = current_a * 3.7, 0.2, 3.2

    def open_v(charge):
        return float(np.interp(charge, *CURVE))

    begin = float(np.interp(cutoff + resistance * power / cutoff, CURVE[1], CURVE[0]))
    expected_s, _ = quad(lambda s: 3600.0 / loaded_current_a(power, open_v(s), resistance), begin, 1.0, points=CURVE[0][1:-1], epsabs=1e-10)
    assert cell().life_s(constant_load(current_a)) == pytest.approx(expected_s, rel=1e-8)


def test_a_lower_cut_off_and_a_smaller_resistance_never_shorten_the_life():
    load = LoadProfile((0.5, 0.01), (1.0, 9.0))
    assert cell(cutoff_v=3.4).life_s(load) < cell(cutoff_v=3.2).life_s(load) < cell(cutoff_v=3.0, resistance_ohm=0.1).life_s(load)


def test_without_resistance_and_with_a_level_curve_the_voltage_model_is_the_ideal_one():
    flat = CellVoltage(1.5, 3.7, (0.0, 1.0), (3.7, 3.7), 0.0, 3.0)
    load = LoadProfile((0.3, 0.02), (2.0, 7.0))
    assert flat.life_s(load) == pytest.approx(IdealCharge(1.5).life_s(load))


def test_a_cell_that_never_reaches_its_cut_off_voltage_lives_no_time_and_an_idle_one_for_ever():
    assert cell(cutoff_v=4.3).life_s(constant_load(0.1)) == 0.0
    assert cell().life_s(constant_load(0.0)) == math.inf


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-4, 1.0), st.floats(1.0, 3.0))
def test_more_power_never_lives_longer_in_the_voltage_model(current_a, factor):
    assert cell().life_s(constant_load(current_a * factor)) <= cell().life_s(constant_load(current_a)) * (1 + 1e-12)


def test_voltage_columns_give_the_lives_their_rows_give():
    currents = np.geomspace(1e-4, 1.0, 40)[:, None]
    resistances = np.linspace(0.05, 0.5, 5)[None, :]
    table = CellVoltage(1.0, 3.7, *CURVE, resistances, 3.2).life_s(LoadProfile((currents, 1e-5), (1.0, 9.0)))
    alone = CellVoltage(1.0, 3.7, *CURVE, float(resistances[0, 3]), 3.2).life_s(LoadProfile((float(currents[20, 0]), 1e-5), (1.0, 9.0)))
    assert table.shape == (40, 5)
    assert table[20, 3] == pytest.approx(alone, rel=1e-12)


LEVEL = ((0.0, 0.2, 0.6, 1.0), (3.0, 3.4, 3.4, 4.0))
"""A curve with a level piece, from which a cell without resistance delivers its power at a voltage that does not change."""


@pytest.mark.parametrize(("cutoff_v", "begin"), [(3.2, 0.1), (3.4, 0.2), (3.4001, 0.6 + 0.4 * 0.0001 / 0.6), (3.7, 0.8)])
def test_a_level_piece_is_delivered_whole_down_to_its_own_voltage_and_not_at_all_above(cutoff_v, begin):
    """Down to the cut-off the device runs; at 3.4 V it does, at more it does not."""
    watts = 0.37

    def open_v(charge):
        return float(np.interp(charge, *LEVEL))

    expected_s, _ = quad(lambda s: 3600.0 * open_v(s) / watts, begin, 1.0, points=[0.2, 0.6], epsabs=1e-9)
    found = CellVoltage(1.0, 3.7, *LEVEL, 0.0, cutoff_v).life_s(constant_load(watts / 3.7))
    assert found == pytest.approx(expected_s, rel=1e-9)


def test_a_table_of_one_point_holds_everywhere_and_is_explained():
    with recording() as tape:
        assert interpolated_share_ratio(5.0, [20.0], [0.7]) == 0.7
    assert {name: tape[0].symbols[name] for name in ("x_a", "x_b", "y_a", "y_b")} == {"x_a": 20.0, "x_b": 20.0, "y_a": 0.7, "y_b": 0.7}
