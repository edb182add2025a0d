"""The power of a board from networks whose energy was measured, and how far it is known for another."""

from __future__ import annotations

import math

import pytest

from costmodel.energy.board_power import NETWORK_SD, energy_at_power_j, measured_power_w, power_sd


def test_the_power_of_a_board_is_all_energy_over_all_time() -> None:
    assert measured_power_w([3.0, 5.0], [1.0, 3.0]) == 2.0
    assert energy_at_power_j(2.0, 3.0) == 6.0


def test_another_networks_power_is_known_the_better_the_more_were_measured() -> None:
    """To its own spread and that of the mean of those measured."""
    for count in (1, 4, 10):
        assert power_sd(count) == pytest.approx(math.sqrt(NETWORK_SD**2 + NETWORK_SD**2 / count))
