"""What every battery model must respect, whatever its parameters."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.battery.diffusion import Diffusion
from costmodel.battery.energy_budget import IdealCharge
from costmodel.battery.kinetic import Kinetic
from costmodel.battery.load_profile import LoadProfile, average_current_a, constant_load
from costmodel.battery.peukert import Peukert

RATED_S = 20 * 3600.0
currents = st.floats(1e-4, 2.0)
durations = st.floats(0.1, 600.0)
capacities = st.floats(0.05, 10.0)
profiles = st.lists(st.tuples(currents, durations), min_size=1, max_size=4).map(
    lambda steps: LoadProfile(tuple(s[0] for s in steps), tuple(s[1] for s in steps))
)


def models(capacity_ah):
    return (
        IdealCharge(capacity_ah, 0.9),
        Peukert(capacity_ah, RATED_S, 1.15),
        Kinetic(capacity_ah, 0.3, 1e-3),
        Diffusion(capacity_ah, 1.2e-3),
    )


def scaled(profile, factor):
    return LoadProfile(tuple(current * factor for current in profile.currents_a), profile.durations_s)


@settings(max_examples=200, deadline=None)
@given(capacities, profiles, st.floats(1.0, 3.0))
def test_more_load_never_lives_longer(capacity_ah, profile, factor):
    for model in models(capacity_ah):
        assert model.life_s(scaled(profile, factor)) <= model.life_s(profile) * (1 + 1e-9)


@settings(max_examples=200, deadline=None)
@given(capacities, profiles, st.integers(0, 3), st.floats(0.0, 1.0))
def test_more_load_in_one_step_alone_never_lives_longer(capacity_ah, profile, step, extra_a):
    heavier = list(profile.currents_a)
    heavier[step % len(heavier)] += extra_a
    for model in models(capacity_ah):
        assert model.life_s(LoadProfile(tuple(heavier), profile.durations_s)) <= model.life_s(profile) * (1 + 1e-9)


@settings(max_examples=200, deadline=None)
@given(capacities, profiles)
def test_no_model_delivers_more_than_the_ideal_charge(capacity_ah, profile):
    bound_s = IdealCharge(capacity_ah).life_s(profile)
    # Whole periods straddle the average: allow the one the battery empties in.
    slack_s = sum(profile.durations_s)
    for model in models(capacity_ah):
        assert model.life_s(profile) <= bound_s * (1 + 1e-9) + slack_s


@settings(max_examples=200, deadline=None)
@given(capacities, profiles)
def test_peukert_with_exponent_one_is_the_ideal_model(capacity_ah, profile):
    ideal_s = IdealCharge(capacity_ah).life_s(profile)
    assert Peukert(capacity_ah, RATED_S, 1.0).life_s(profile) == pytest.approx(ideal_s, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(capacities, currents)
def test_fast_wells_and_fast_diffusion_approach_the_ideal_model(capacity_ah, current_a):
    load = constant_load(current_a)
    ideal_s = IdealCharge(capacity_ah).life_s(load)
    for rate_hz in (1e3, 1e5):
        # The lagging charge is w * I / r seconds of load.
        assert Kinetic(capacity_ah, 0.2, rate_hz).life_s(load) == pytest.approx(ideal_s, abs=4.0 / rate_hz + 1e-9 * ideal_s)
        assert Diffusion(capacity_ah, rate_hz).life_s(load) == pytest.approx(ideal_s, abs=4.0 / rate_hz + 1e-9 * ideal_s)


@settings(max_examples=200, deadline=None)
@given(capacities, profiles, st.floats(0.1, 10.0))
def test_capacity_and_current_scaled_together_leave_the_life_unchanged(capacity_ah, profile, factor):
    for small, large in zip(models(capacity_ah), models(capacity_ah * factor), strict=True):
        life_s = small.life_s(profile)
        assert large.life_s(scaled(profile, factor)) == pytest.approx(life_s, rel=1e-9, abs=0.0)


@settings(max_examples=100, deadline=None)
@given(capacities, profiles)
def test_a_profile_written_twice_over_is_the_same_load(capacity_ah, profile):
    twice = LoadProfile(profile.currents_a * 2, profile.durations_s * 2)
    for model in models(capacity_ah):
        assert model.life_s(twice) == pytest.approx(model.life_s(profile), rel=1e-9, abs=2 * sum(profile.durations_s))


def test_nothing_drawn_is_endless_in_every_model():
    for model in models(1.0):
        assert model.life_s(constant_load(0.0)) == math.inf
        assert model.life_s(LoadProfile((0.0, 0.0), (1.0, 2.0))) == math.inf


def test_columns_give_the_lives_their_rows_give():
    rng = np.random.default_rng(1)
    period_s = np.geomspace(1.0, 86400.0, 30)[:, None]
    active_a = rng.uniform(0.02, 0.4, 20)[None, :]
    load = LoadProfile((active_a, 1e-4), (0.3, period_s - 0.3))
    for model in models(0.5):
        table = model.life_s(load)
        assert table.shape == (30, 20)
        for row, column in ((0, 0), (7, 3), (29, 19), (15, 11)):
            alone = LoadProfile((float(active_a[0, column]), 1e-4), (0.3, float(period_s[row, 0]) - 0.3))
            assert table[row, column] == pytest.approx(model.life_s(alone), rel=1e-12)


def test_average_current_weighs_each_step_by_its_length():
    assert average_current_a(LoadProfile((1.0, 0.0), (1.0, 3.0))) == 0.25


def test_rows_of_very_different_lives_and_rates_do_not_borrow_from_one_another():
    """What has faded away in one row has not in the next: terms are left out only where they are gone in all of them."""
    profile = LoadProfile((0.4, 0.001), (3.0, 57.0))
    capacities = np.array([0.02, 0.05, 2.0, 400.0])
    for build, rates in ((lambda q, r: Kinetic(q, 0.3, r), (1e-5, 1e-2)), (Diffusion, (1e-5, 1e-3))):
        for rate in rates:
            together = build(capacities, rate).life_s(profile)
            alone = [build(float(capacity), rate).life_s(profile) for capacity in capacities]
            assert together == pytest.approx(alone, rel=1e-12)
        mixed = np.array([1e-6, 1e-4, 1e-1, 1e1])
        together = build(np.array([0.02, 0.05, 2.0, 40.0]), mixed).life_s(profile)
        alone = [build(capacity, float(rate)).life_s(profile) for capacity, rate in zip([0.02, 0.05, 2.0, 40.0], mixed, strict=True)]
        assert together == pytest.approx(alone, rel=1e-12)


def test_an_empty_battery_lives_no_time():
    for model in (Kinetic(0.0, 0.3, 1e-3), Diffusion(0.0, 1.2e-3)):
        assert model.life_s(LoadProfile((0.3, 0.1), (2.0, 5.0))) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("place", range(len(models(1.0))))
@pytest.mark.parametrize("capacity_ah", [0.0, np.zeros(3)])
def test_what_has_no_charge_lasts_no_time(capacity_ah, place):
    """As a battery at a temperature that leaves it nothing."""
    found = models(capacity_ah)[place].life_s(LoadProfile((0.1, 0.0), (1.0, 59.0)))
    assert np.array_equal(found, np.zeros_like(capacity_ah))
