"""The closed forms of the lagging batteries against numerical integration of their differential equations."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from costmodel.battery.diffusion import Diffusion
from costmodel.battery.kinetic import Kinetic
from costmodel.battery.load_profile import LoadProfile

TERMS = 10
"""Of the series, as its authors cut it; on purpose not read from the model."""


def integrated_life_s(slope, left, start, profile):
    """Integrate step by step until `left` crosses zero; an event inside a step is found by the solver."""

    def empty(t, y, current):
        return left(y)

    empty.terminal, empty.direction = True, -1
    state, time = np.asarray(start, dtype=float), 0.0
    for _ in range(10_000):
        for current, duration in zip(profile.currents_a, profile.durations_s, strict=True):
            solved = solve_ivp(slope, (0.0, duration), state, args=(current,), events=empty, rtol=1e-12, atol=1e-12, method="DOP853")
            if solved.t_events[0].size:
                return time + float(solved.t_events[0][0])
            state, time = solved.y[:, -1], time + duration
    raise AssertionError("still alive")


def random_profile(rng, steps):
    return LoadProfile(tuple(rng.uniform(0.01, 1.0, steps)), tuple(rng.uniform(5.0, 200.0, steps)))


@pytest.mark.parametrize("seed", range(12))
def test_kinetic_life_is_that_of_its_differential_equations(seed):
    rng = np.random.default_rng(seed)
    charge, share, rate = rng.uniform(200.0, 2000.0), rng.uniform(0.1, 0.9), 10 ** rng.uniform(-4, -1)
    profile = random_profile(rng, 1 + seed % 4)

    def slope(t, wells, current):
        valve = rate * share * (1 - share) * (wells[1] / (1 - share) - wells[0] / share)
        return np.array([valve - current, -valve])

    expected_s = integrated_life_s(slope, lambda wells: wells[0], (share * charge, (1 - share) * charge), profile)
    assert Kinetic(charge / 3600.0, share, rate).life_s(profile) == pytest.approx(expected_s, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_diffusion_life_is_that_of_its_differential_equations(seed):
    rng = np.random.default_rng(100 + seed)
    charge, rate = rng.uniform(200.0, 2000.0), 10 ** rng.uniform(-4, -2.5)
    profile = random_profile(rng, 1 + seed % 3)
    rates = rate * np.arange(1, TERMS + 1) ** 2

    def slope(t, state, current):
        return np.concatenate(([current], current - rates * state[1:]))

    def left(state):
        return charge - state[0] - 2 * state[1:].sum()

    expected_s = integrated_life_s(slope, left, np.zeros(TERMS + 1), profile)
    assert Diffusion(charge / 3600.0, rate).life_s(profile) == pytest.approx(expected_s, rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_no_empty_moment_within_a_step_is_passed_over(seed):
    rng = np.random.default_rng(200 + seed)
    rates = 1.242e-3 * np.arange(1, TERMS + 1) ** 2
    for _ in range(10):
        steps = int(rng.integers(3, 7))
        currents, durations = 10 ** rng.uniform(-3, 0.3, steps) * (rng.random(steps) < 0.8), 10 ** rng.uniform(-1, 4.5, steps)
        currents[0] += 1e-3
        charge = float((currents * durations).sum() * rng.uniform(0.3, 3) + 2 * currents.max() / rates.sum() * rng.uniform(0, 20))
        life_s = Diffusion(charge / 3600.0, 1.242e-3).life_s(LoadProfile(tuple(currents), tuple(durations)))
        # The first moment seen empty lies up to one look behind the root, and never before it.
        assert life_s * (1 - 1e-9) <= first_empty_s(charge, rates, currents, durations) <= 1.04 * life_s


def first_empty_s(charge, rates, currents, durations):
    """Look at hundreds of moments of every step."""
    modes, drawn, begun = np.zeros(len(rates)), 0.0, 0.0
    while True:
        for current, duration in zip(currents, durations, strict=True):
            moments = np.unique(np.concatenate((np.geomspace(1e-6 * duration, duration, 400), np.linspace(0.0, duration, 400))))
            fading = np.exp(-np.outer(moments, rates))
            filled = modes * fading + current / rates * (1.0 - fading)
            empty = charge - drawn - current * moments - 2.0 * filled.sum(axis=1) <= 0.0
            if empty.any():
                return begun + float(moments[np.argmax(empty)])
            modes, drawn, begun = filled[-1], drawn + current * duration, begun + duration


@pytest.mark.parametrize(
    ("charge_ah", "currents_a", "durations_s"),
    [(0.01, (1.0,), (5.0,)), (0.01, (1.0, 1.0), (2.0, 5.0)), (0.02, (0.25, 0.25, 0.25), (2.0, 2.0, 0.1))],
)
def test_a_battery_that_is_empty_as_its_period_ends_has_a_life_whatever_the_last_place_says(charge_ah, currents_a, durations_s):
    """Rounding may leave a breath of charge at the end of the last step: it is that step all the same."""
    profile, breath = LoadProfile(currents_a, durations_s), 1e-9
    shorter, longer = (Kinetic(charge_ah * (1 + change), 0.5, 1.0).life_s(profile) for change in (-breath, breath))
    columns = Kinetic(np.full(2000, charge_ah), 0.5, 1.0).life_s(profile)
    for life in (Kinetic(charge_ah, 0.5, 1.0).life_s(profile), *columns[:2]):
        assert shorter <= life <= longer


@pytest.mark.parametrize("sleeps_s", [[1e-3, 1.0, 3600.0, 86_400.0], [1e-3, 1e4]])
@pytest.mark.parametrize(
    "model",
    [Kinetic(1.0, 0.4, 1e-4), Kinetic(1.0, 0.4, 5e-4), Diffusion(1.0, 1e-4), Diffusion(1.0, 1e-3)],
    ids=["kinetic", "quick kinetic", "diffusion", "quick diffusion"],
)
def test_a_design_lives_as_long_beside_others_as_alone(model, sleeps_s):
    """Periods of a millisecond to a day: what has long settled in one design still moves in another; hundreds of periods in the second."""
    count = len(sleeps_s)
    together = model.life_s(LoadProfile((np.full(count, 0.5), np.full(count, 1e-3)), (np.full(count, 1e-3), np.array(sleeps_s))))
    alone = [float(model.life_s(LoadProfile((0.5, 1e-3), (1e-3, sleep_s)))) for sleep_s in sleeps_s]
    assert together == pytest.approx(alone, rel=1e-9)
