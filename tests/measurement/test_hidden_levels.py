"""Low levels beyond windows, in all of them laid over each other: what is one, how sure that is, and how near its end is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from blocks_of_means import held

from costmodel.measurement.windows.ends.hidden_levels import HiddenLevel, _wander_a, hidden_level


def level(
    *parts: tuple[float, int], height_a: float = 4.0, windows: int = 1, sigma_a: float = 0.0, wander_a: float = 0.0, rest_a: float = 0.0
) -> HiddenLevel | None:
    """What is found after windows that are all alike."""
    return hidden_level(np.tile(rest_a + held(*parts), (windows, 1)), height_a, sigma_a, wander_a)


@pytest.mark.parametrize("rest_a", [0.0, 0.5, -0.5])
def test_a_step_down_is_found_to_the_block(rest_a: float) -> None:
    assert level((1.0, 3), (0.0, 4), rest_a=rest_a) == HiddenLevel(3, 1.0, np.inf, 0.0)
    assert level((1.0, 5), (0.0, 40), rest_a=rest_a) == HiddenLevel(5, pytest.approx(1.0), np.inf, 0.0)
    assert level((1.0, 40), (0.0, 5), rest_a=rest_a) == HiddenLevel(40, pytest.approx(1.0), np.inf, 0.0)
    assert level((1.0, 3), (0.0, 3), rest_a=rest_a) is None
    assert level((1.0, 2), (0.0, 20), rest_a=rest_a) is None


def test_a_level_has_a_twentieth_to_a_half_of_the_windows_height() -> None:
    for height_a, found in ((20.0, True), (20.1, False), (2.0, True), (1.9, False)):
        assert (level((1.0, 5), (0.0, 20), height_a=height_a) is not None) is found


@pytest.mark.parametrize("rest_a", [0.0, 0.5])
@pytest.mark.parametrize(
    ("thirds_a", "sigma_a", "found"),
    [
        ((0.5, 1.25, 1.25), 0.0, True),
        ((0.44, 1.28, 1.28), 0.0, False),
        ((0.35, 1.325, 1.325), 0.15, True),
        ((0.3, 1.35, 1.35), 0.15, False),
        ((1.25, 1.0, 0.75), 0.0, True),
        ((1.28, 1.0, 0.72), 0.0, False),
        ((1.25, 1.1, 0.65), 0.15, True),
        ((1.4, 0.95, 0.65), 0.15, False),
    ],
)
def test_a_level_begins_at_half_its_height_and_ends_at_six_tenths_of_what_it_begins_at(
    thirds_a: tuple[float, float, float], sigma_a: float, found: bool, rest_a: float
) -> None:
    """To two deviations of a third."""
    parts = [(third_a, 3) for third_a in thirds_a]
    assert (level(*parts, (0.0, 30), sigma_a=sigma_a, rest_a=rest_a) is not None) is found


@pytest.mark.parametrize("windows", [1, 2, 3, 4])
def test_how_sure_a_level_is_follows_from_the_noise_that_the_windows_share(windows: int) -> None:
    found = level((1.0, 5), (0.0, 15), windows=windows, sigma_a=0.2, wander_a=0.1)
    sigma_a = 0.2 / math.sqrt(windows) * (1.2533 if windows >= 3 else 1.0)
    off_a = math.hypot(sigma_a * math.sqrt(1 / 5 + 1 / 15), 0.1 if windows < 2 else 0.0)
    assert found == HiddenLevel(5, pytest.approx(1.0), pytest.approx(1.0 / off_a), pytest.approx(3.0 * sigma_a**2))
    low = level((0.5, 5), (0.0, 15), windows=windows, sigma_a=0.2, wander_a=0.1)
    assert low is not None
    assert low.within_blocks == pytest.approx(3.0 * (sigma_a / 0.5) ** 2)


def test_the_median_of_three_windows_passes_over_a_burst() -> None:
    beyond = np.tile(held((1.0, 5), (0.0, 15)), (3, 1))
    beyond[1, 12:14] = 50.0
    found = hidden_level(beyond, 4.0, 0.0, 0.0)
    assert found is not None
    assert found.blocks == 5


@pytest.mark.parametrize(("shape", "told"), [((2, 9), True), ((2, 8), False), ((6, 3), True), ((1, 20), True), ((1, 17), False)])
def test_six_stretches_at_rest_tell_how_it_wanders(shape: tuple[int, int], told: bool) -> None:
    assert (_wander_a(np.zeros(shape), 3, 7.0) == 0.0) is told
    assert (_wander_a(np.zeros(shape), 3, 7.0) == 7.0) is not told


def test_rest_wanders_by_what_stretches_differ_beyond_white_noise() -> None:
    means = 10.0 + np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 2.0]])
    calm = np.repeat(means, 3, axis=1)
    assert _wander_a(calm, 3, 7.0) == pytest.approx(1.4826 / math.sqrt(2.0))
    noisy = calm + np.tile([-1.0, 0.0, 1.0], 3)
    assert _wander_a(noisy, 3, 7.0) == pytest.approx(math.sqrt((1.4826**2 - (2 / 3) / 3) / 2.0))
    assert _wander_a(calm + np.tile([-9.0, 0.0, 9.0], 3), 3, 7.0) == 0.0


def test_the_step_that_leaves_the_least_squares_is_taken() -> None:
    """Of two steps down, 0.7 A after six blocks is more of what is seen than 0.3 A after twelve."""
    found = level((1.0, 6), (0.3, 6), (0.0, 15))
    assert found is not None
    assert found.blocks == 6
