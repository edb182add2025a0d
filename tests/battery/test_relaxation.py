"""A lagging battery that nearly recovers in the step it empties in, and batteries of very different rates side by side."""

from __future__ import annotations

import math

import numpy as np
import pytest

from costmodel.battery.load_profile import LoadProfile
from costmodel.battery.relaxation import Relaxation, relaxation_life_s


@pytest.mark.parametrize("spare", [1.0, 5.0, 50.0])
def test_a_battery_empties_where_what_is_left_reaches_nothing_however_slowly_it_does(spare: float) -> None:
    """A light load after a heavy one: nineteen twentieths of what it draws come back at first, so that charge hardly falls."""
    rate, heavy, light, span = 1e-3, 3.085, 1.0, 1000.0
    filled = heavy / rate * (1.0 - math.exp(-rate * span))
    charge = heavy * span + filled + spare

    def left(time: float) -> float:
        mode = light / rate + (filled - light / rate) * math.exp(-rate * time)
        return charge - heavy * span - light * time - mode

    low, high = 0.0, 10_000.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if left(middle) > 0.0 else (low, middle)
    life = relaxation_life_s(Relaxation(charge, 1.0, (rate,)), LoadProfile((heavy, light), (span, 10_000.0)))
    assert life == pytest.approx(span + low, rel=1e-9)


def test_batteries_side_by_side_live_as_each_does_alone() -> None:
    """One that recovers within a period, and one that hardly does within its life."""
    rates = np.array([2e-5, 1e-2])
    profile = LoadProfile((1.0, 0.1), (10.0, 50.0))
    together = relaxation_life_s(Relaxation(1e5, 3.0, (rates,)), profile)
    alone = [float(relaxation_life_s(Relaxation(1e5, 3.0, (float(rate),)), profile)) for rate in rates]
    assert together.tolist() == pytest.approx(alone, rel=1e-12)
    assert alone[0] < 0.9 * alone[1]
