"""A battery curve with its samples in CPU seconds; run alone: `pytest -m timing tests/battery`."""

import time

import numpy as np
import pytest

from costmodel.battery.diffusion import Diffusion
from costmodel.battery.energy_budget import IdealCharge
from costmodel.battery.kinetic import Kinetic
from costmodel.battery.load_profile import LoadProfile
from costmodel.battery.peukert import Peukert

RATES = 1000


def curve(samples):
    """One inference and its wake-up a period, asleep in between: rates down, samples across."""
    rng = np.random.default_rng(0)
    period_s = np.geomspace(1.0, 86400.0, RATES)[:, None]
    wake_a, active_a, sleep_a = rng.normal(0.030, 0.001, samples), rng.normal(0.043, 0.001, samples), rng.normal(1e-4, 1e-5, samples)
    inference_s = rng.normal(0.32, 0.01, samples)
    return LoadProfile((wake_a, active_a, sleep_a), (0.1, inference_s, period_s - inference_s - 0.1)), rng.normal(1.0, 0.02, samples)


def least_cpu_s(model, profile):
    spent = []
    for _ in range(3):
        begun = time.process_time()
        life = model.life_s(profile)
        spent.append(time.process_time() - begun)
        assert life.shape == (RATES, len(profile.currents_a[0]))
        assert np.isfinite(life).all()
    return min(spent)


@pytest.mark.timing
@pytest.mark.parametrize("name", ["energy", "peukert"])
def test_ten_million_lives_of_the_linear_models_take_half_a_second(name):
    profile, capacity_ah = curve(10_000)
    model = IdealCharge(capacity_ah, 0.9) if name == "energy" else Peukert(capacity_ah, 72_000.0, 1.15)
    assert least_cpu_s(model, profile) < 0.5


@pytest.mark.timing
@pytest.mark.parametrize("name", ["kinetic", "diffusion"])
def test_a_million_lives_of_the_lagging_models_take_two_seconds(name):
    profile, capacity_ah = curve(1000)
    model = Kinetic(capacity_ah, 0.3, 1e-3) if name == "kinetic" else Diffusion(capacity_ah, 1e-3)
    assert least_cpu_s(model, profile) < 2.0
