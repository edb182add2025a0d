"""Where the current leaves a level and is back, and which level a capture is read by: each limit on its side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from blocks_of_means import blocks_of, held, quiet_of

from costmodel.measurement.windows import readings
from costmodel.measurement.windows.current_levels import Level, current_levels, dwelt_at
from costmodel.measurement.windows.ends.rises import Rises, rises_out_of
from costmodel.measurement.windows.readings import Reading, _is_texture, _lone, readings_of, sleeps, wakes_of


def rises(rest_a: float, *bounds: tuple[int, int], cut: int = 0, separable: bool = True) -> Rises:
    """Rises by their bounds, the last few of which the capture cuts."""
    first, last = (np.array([each[side] for each in bounds], dtype=np.intp) for side in (0, 1))
    return Rises(rest_a, rest_a + 1.0, rest_a + 5.0, 0.0, first, last, np.arange(len(bounds)) >= len(bounds) - cut, separable)


def test_what_rests_lies_above_the_level_below_and_half_way_to_the_next_at_most() -> None:
    found = rises_out_of(quiet_of([0.0, 0.0, 0.0, 1.0, 1.5, 2.0]), Level(7.0, 0.0, 2.0, 1.0))
    assert (found.rest_a, found.core_a) == (1.5, 2.0)
    # Nothing rests: the level says where.
    assert rises_out_of(quiet_of([3.0, 3.0]), Level(1.0, 0.0, 2.0, 1.0)).rest_a == 1.0


@pytest.mark.parametrize(
    ("noise_a", "left_a", "separable"), [(0.2, 1.0, True), (0.5, 2.0, True), (2.25, 9.0, True), (2.26, 9.0, False), (9.0, 9.0, False)]
)
def test_rest_is_left_four_deviations_above_it_up_to_nine_tenths_of_the_way(noise_a: float, left_a: float, separable: bool) -> None:
    found = rises_out_of(quiet_of(100.0 + held((0.0, 9), (20.0, 3), (0.0, 9)), noise_a), Level(100.0, 99.0, 110.0, 1.0))
    assert (found.left_a, found.separable) == (100.0 + left_a, separable)
    assert (found.first.tolist(), found.last.tolist(), found.cut.tolist()) == ([9], [12], [False])


def test_a_rise_has_two_blocks_beyond_half_way_and_begins_where_rest_is_left() -> None:
    level = Level(0.0, -1.0, 10.0, 1.0)
    for middle, bounds in (
        ((20.0, 20.0), [(3, 5)]),
        ((20.0, 10.0), []),
        ((20.0,), []),
        ((1.0, 20.0, 20.0, 1.0), [(4, 6)]),
        ((1.1, 20.0, 20.0, 1.1), [(3, 7)]),
        ((20.0, 20.0, 0.0, 20.0, 20.0), [(3, 8)]),
        ((20.0, 20.0, 0.0, 0.0, 20.0, 20.0), [(3, 5), (7, 9)]),
        ((20.0, 0.0, 20.0), [(3, 6)]),
        ((20.0, 20.0, 0.0, 0.0, 20.0), [(3, 5)]),
    ):
        found = rises_out_of(quiet_of([0.0] * 3 + list(middle) + [0.0] * 3), level)
        assert list(zip(found.first.tolist(), found.last.tolist(), strict=True)) == bounds
    assert rises_out_of(quiet_of(held((20.0, 3), (0.0, 3), (20.0, 3))), level).cut.tolist() == [True, True]


@pytest.mark.parametrize(("count", "widths"), [(64, [1, 2, 4, 8, 16]), (63, [1, 2, 4, 8])])
def test_as_many_blocks_are_averaged_as_fit_four_times(monkeypatch: pytest.MonkeyPatch, count: int, widths: list[int]) -> None:
    tried: list[int] = []
    real = readings.averaged
    monkeypatch.setattr(readings, "averaged", lambda quiet, width: tried.append(width) or real(quiet, width))
    assert list(readings_of(blocks_of(np.ones(count)), quiet_of(np.ones(count)))) == []
    assert tried == widths


def test_two_levels_that_are_dwelt_at_are_taken_as_they_are() -> None:
    means = np.tile(held((1.0, 12), (3.0, 6)), 5)[:-3]
    (found,) = readings_of(blocks_of(means), quiet_of(means))
    assert found.levels == dwelt_at(current_levels(means, 1, 1.0))


@pytest.mark.parametrize(
    ("counts", "width"),
    [(((3, 1), (3, 2)), 2), (((2, 0), (2, 0), (3, 0), (3, 0)), 8), (((2, 0), (4, 0), (3, 0), (5, 0), (5, 0)), 16)],
)
def test_three_rises_met_again_with_twice_as_many_averaged_are_hidden_by_no_noise(
    monkeypatch: pytest.MonkeyPatch, counts: tuple[tuple[int, int], ...], width: int
) -> None:
    """Rises that the capture cuts do not count."""
    left = iter(counts)

    def hidden(smooth: Any, level: Any) -> Rises:
        whole, cut = next(left)
        return rises(1.0, *((10 * place, 10 * place + 5) for place in range(whole + cut)), cut=cut, separable=False)

    monkeypatch.setattr(readings, "rises_out_of", hidden)
    means = np.tile(held((1.0, 128), (3.0, 128)), 4)
    assert [each.quiet.width for each in readings_of(blocks_of(means), quiet_of(means))] == [width]


def reading(current: list[float] | np.ndarray, found: Rises, levels: tuple[Level, ...] = (), noise_a: float = 0.0) -> Reading:
    return Reading(quiet_of(current, noise_a), levels, 0, found)


@pytest.mark.parametrize(("rest_a", "asleep"), [(0.49, True), (0.5, False), (1.0, False)])
def test_sleep_is_below_a_tenth_of_the_next_level(rest_a: float, asleep: bool) -> None:
    levels = (Level(rest_a, 0.0, 2.0, 0.5), Level(5.0, 2.0, 50.0, 0.3), Level(100.0, 50.0, np.inf, 0.2))
    assert sleeps(reading([0.0], rises(rest_a), levels)) is asleep


def awakening(noise_a: float = 0.0, awake: int = 10, computing_a: float = 10.0) -> list[Reading]:
    """Three times asleep at 0 A, awake at 2 A and computing; what is found of being awake."""
    part = held((0.0, 20), (2.0, awake), (computing_a, 6), (2.0, 5))
    current = np.concatenate((np.tile(part, 3), np.zeros(20)))
    bounds = [(len(part) * place + 20, len(part) * (place + 1)) for place in range(3)]
    return list(wakes_of(reading(current, rises(0.0, *bounds), (Level(0.0, 0.0, 5.0, 1.0),), noise_a)))


def test_a_board_awake_at_what_its_rises_begin_with_is_read_from_there() -> None:
    (found,) = awakening()
    count, inside = 3 * 41 + 20, 3 * 21
    assert found.levels == (Level(0.0, 0.0, 5.0, 1.0), Level(2.0, 1.0, 6.0, inside / count), Level(10.0, 6.0, np.inf, 0.0))
    assert found.place == 1
    assert (found.rises.first.tolist(), found.rises.last.tolist()) == ([30, 71, 112], [36, 77, 118])


def test_a_board_computes_eight_deviations_above_being_awake() -> None:
    assert len(awakening(0.9)) == 1
    assert awakening(1.0) == []
    assert len(awakening(0.3, computing_a=5.0)) == 1


def test_a_rise_of_seven_blocks_says_what_it_begins_with() -> None:
    for blocks, told in ((6, 0), (7, 1)):
        inside = held((2.0, blocks - 2), (10.0, 2))
        current = np.concatenate((np.zeros(9), inside, np.zeros(9), inside, np.zeros(9)))
        bounds = [(9, 9 + blocks), (18 + blocks, 18 + 2 * blocks)]
        assert len(list(wakes_of(reading(current, rises(0.0, *bounds), (Level(0.0, 0.0, 5.0, 1.0),))))) == told


def test_a_capture_of_one_level_has_short_rises_eight_deviations_above_it() -> None:
    levels = (Level(0.0, 0.0, np.inf, 1.0),)
    current = np.concatenate((1000.0 + held((0.0, 90), (5.0, 2), (8.0, 2), (-3.0, 2)), 1000.0 + held((20.0, 2), (24.0, 2))))
    assert _lone(quiet_of(current, 1.0), levels) == (Level(1000.0, 997.0, 1011.0, 0.96), Level(1022.0, 1011.0, np.inf, 0.04))
    assert _lone(quiet_of(current[:98], 1.0), levels)[1].current_a == 1020.0
    assert _lone(quiet_of(current[:97], 1.0), levels) is levels
    # The noise that neighbours do not show: a slow wave.
    assert _lone(quiet_of(np.concatenate((np.tile([0.0, 4.0], 40), [20.0, 20.0])), 1.0), levels) is levels


def test_a_step_below_a_tenth_of_what_rises_draw_is_what_the_board_does_at_idle() -> None:
    for drawn_a, texture in ((20.0, False), (20.2, True)):
        current = held((10.0, 6), (drawn_a, 4), (10.0, 6))
        assert _is_texture(current, rises(10.0, (6, 10)), Level(11.0, 0.0, 0.0, 1.0)) is texture
