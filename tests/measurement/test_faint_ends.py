"""Levels at the ends of windows that noise hides in each of them: at the limits, each on its side."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from blocks_of_means import held, quiet_of

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.ends import faint_ends as room
from costmodel.measurement.windows.ends.faint_ends import _Beyond, _fallen, _level, _level_blocks, _Noise, _wandering_a, faint_ends
from costmodel.measurement.windows.ends.hidden_levels import HiddenLevel
from costmodel.measurement.windows.ends.rises import Rises
from costmodel.measurement.windows.readings import Reading

CALM = _Noise(1, 0.0, 0.0, 1.0)


def test_a_level_stands_out_of_noise_and_by_a_twentieth_of_the_windows() -> None:
    noise = _Noise(4, 0.6, 0.4, 1.0)
    assert noise.least_a(4, 1.0) == pytest.approx(5.0 * math.hypot(0.3, 0.4))
    assert noise.least_a(4, 100.0) == pytest.approx(5.0)


def test_rest_wanders_by_what_means_of_stretches_lie_off_their_median() -> None:
    rest_a = 7.0 + np.repeat([0.0, 2.0, 4.0, 7.0, 3.0], 3)
    assert _wandering_a(rest_a, 3) == pytest.approx(1.4826 * 1.0)
    assert _wandering_a(rest_a[:-1], 3) == pytest.approx(1.4826 * 2.0)
    assert _wandering_a(rest_a[:2], 3) == 0.0


@pytest.mark.parametrize(
    ("profile", "stretch", "least_a", "level"),
    [
        (held((1.0, 5), (0.0, 5)), 1, 1.0, (1.0, 5)),
        (held((1.0, 5), (0.0, 5)), 1, 1.1, None),
        (held((1.0, 5), (0.4, 5)), 1, 0.1, (1.0, 5)),
        (held((1.0, 5), (0.5, 5)), 1, 0.1, None),
        (held((1.0, 9), (0.5, 1), (0.0, 2)), 1, 0.1, (0.95, 10)),
        (held((1.0, 3), (0.0, 5)), 1, 0.1, (1.0, 3)),
        (held((1.0, 2), (0.0, 5)), 1, 0.1, None),
        (held((1.0, 20), (0.0, 20)), 4, 0.1, (20 / 21, 21)),
        (held((1.0, 6), (0.9, 1), (0.5, 1), (0.0, 20)), 4, 0.1, (0.925, 8)),
        (held((1.0, 5), (0.9, 1), (0.5, 1), (0.0, 20)), 4, 0.1, None),
        (held((0.3, 20), (0.0, 20)), 4, 0.31, None),
        (held((5.0, 3), (4.0, 3), (3.0, 3), (0.0, 9)), 1, 0.1, (4.0, 9)),
        (held((5.0, 3), (4.0, 3), (2.9, 3), (0.0, 9)), 1, 0.1, None),
    ],
)
def test_a_level_goes_on_until_a_stretch_is_half_way_down_and_does_not_fall_on_the_way(
    profile: Floats, stretch: int, least_a: float, level: tuple[float, int] | None
) -> None:
    found = _level(profile, stretch, least_a)
    assert found == (None if level is None else (pytest.approx(level[0]), level[1]))


def test_each_window_falls_where_one_step_explains_it_best_up_to_half_as_long_again() -> None:
    tail = 0.6
    beyond = np.array([[2.0] * ends + [tail] * (20 - ends) for ends in (0, 4, 5, 6, 7, 8, 12)])
    assert _fallen(beyond, 2.0, 5).tolist() == [0, 4, 5, 6, 7, 8, 8]
    burst = np.array([[2.0, 2.0, 100.0, *[0.0] * 9]])
    assert _fallen(burst, 2.0, 5).tolist() == [3]


def after(
    levels: list[tuple[float, int]], pause: int = 40, noise: _Noise = CALM, height_a: float = 4.0, burst: int | None = None
) -> _Beyond:
    """What goes on after windows of 4 A with a level of some height and length after each."""
    parts: list[tuple[float, int]] = []
    for level_a, length in levels:
        parts += [(4.0, 20), (level_a, length), (0.0, 60 - length)]
    above_a = held(*parts)
    places = 20 + 80 * np.arange(len(levels))
    if burst is not None:
        above_a[places[burst] + 2] = 100.0
    return _level_blocks(above_a, above_a, places, pause, height_a, noise)


def test_a_level_that_noise_does_not_hide_ends_in_each_window_where_it_does() -> None:
    found = after([(0.5, 5), (0.5, 6), (0.5, 5), (0.5, 4)])
    assert (found.blocks.tolist(), found.together, found.doubted) == ([5, 6, 5, 4], False, 0)
    assert after([(0.5, 5)] * 3, burst=1).blocks.tolist() == [5, 5, 5]
    assert after([(0.5, 5)] * 2).blocks.tolist() == [5, 5]
    # Looked for in six tenths of a pause, of which it leaves some.
    assert after([(0.5, 5)] * 4, pause=10).blocks.tolist() == [5] * 4
    assert after([(0.5, 5)] * 4, pause=8).blocks.tolist() == [0] * 4


@pytest.mark.parametrize(("values", "blocks"), [(40, 5), (16, 0)])
def test_the_more_windows_there_are_the_less_is_looked_at_after_each(monkeypatch: pytest.MonkeyPatch, values: int, blocks: int) -> None:
    monkeypatch.setattr(room, "_MOST_VALUES", values)
    assert after([(0.5, 5)] * 4).blocks.tolist() == [blocks] * 4


@pytest.mark.parametrize(("white_a", "together"), [(0.2, False), (0.21, True), (0.3, True)])
def test_what_noise_hides_in_each_window_is_told_in_all_together(white_a: float, together: bool) -> None:
    """More than four tenths of its height, that is 0.5 A."""
    found = after([(0.5, 5)] * 36, noise=_Noise(1, white_a, 0.0, 1.0))
    assert found.together is together
    assert found.blocks.tolist() == [5] * 36


@pytest.mark.parametrize(("pause", "blocks"), [(14, 4), (13, 0)])
def test_two_stretches_fit_in_what_is_looked_at(pause: int, blocks: int) -> None:
    found = after([(0.5, 4 if pause == 14 else 3)] * 100, pause, _Noise(4, 0.15, 0.0, 1.0))
    assert found.blocks.tolist() == [blocks] * 100


@pytest.mark.parametrize(
    ("sigmas", "within_blocks", "matters", "together", "doubted"),
    [
        (3.5, 0.0, 1.0, False, 8),
        (3.4, 0.0, 1.0, False, 0),
        (4.9, 0.0, 8.0, False, 8),
        (4.9, 0.0, 8.1, False, 0),
        (5.0, 2.0, 1.0, True, 0),
        (5.0, 2.1, 1.0, False, 8),
        (5.0, 3.0, 3.0, True, 0),
        (5.0, 3.1, 3.0, False, 8),
    ],
)
def test_a_hidden_level_is_told_beyond_five_deviations_and_doubted_beyond_three_and_a_half(
    monkeypatch: pytest.MonkeyPatch, sigmas: float, within_blocks: float, matters: float, together: bool, doubted: int
) -> None:
    monkeypatch.setattr(room, "hidden_level", lambda *_: HiddenLevel(8, 0.1, sigmas, within_blocks))
    found = after([(0.0, 0)] * 3, noise=_Noise(1, 1.0, 0.0, matters))
    assert (found.together, found.doubted) == (together, doubted)
    assert found.blocks.tolist() == [8 if together else 0] * 3


@pytest.mark.parametrize("stretch", [1, 2])
@pytest.mark.parametrize(("level_a", "blocks"), [(0.25, 12), (0.2, 0)])
def test_a_single_window_may_have_such_a_level_alone(level_a: float, blocks: int, stretch: int) -> None:
    """More than a twentieth of its height."""
    found = after([(0.0, 0), (0.0, 0), (level_a, 12), (0.0, 0), (0.0, 0)], noise=_Noise(stretch, 0.0, 0.0, 1.0))
    assert found.blocks.tolist() == [0, 0, blocks, 0, 0]


def test_levels_are_looked_for_on_both_sides_in_the_pauses_between_windows_of_any_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 10 A and 400 blocks; noise of 0.6 A in a block: four make it small beside them."""
    asked: list[Any] = []
    rested: list[tuple[int, float]] = []
    answers = iter([_Beyond(np.array([1, 2]), True, 3), _Beyond(np.array([3, 4]), False, 5)])

    def level_blocks(*given: Any) -> _Beyond:
        asked.append(given)
        return next(answers)

    real = room._wandering_a

    def wandering_a(rest_a: Floats, stretch: int) -> float:
        rested.append((len(rest_a), real(rest_a, stretch)))
        return rested[0][1]

    monkeypatch.setattr(room, "_level_blocks", level_blocks)
    monkeypatch.setattr(room, "_wandering_a", wandering_a)
    rest = 100.0 + np.repeat(np.tile([-1.0, 1.0], 20), 4)
    current = np.concatenate((rest, np.full(400, 110.0), rest[:80], np.full(50, 105.0), [102.0], rest[:39], np.full(400, 110.0), rest))
    first, last = np.array([160, 640, 730]), np.array([560, 690, 1130])
    rises = Rises(100.0, 102.0, 105.0, 0.3, first, last, np.zeros(3, dtype=bool), True)
    found = faint_ends(Reading(quiet_of(current, width=4), (), 0, rises), first[::2], last[::2], first, last)
    assert found.first.tolist() == [159, 728]
    assert found.last.tolist() == [563, 1134]
    assert (found.told_together, found.doubted_blocks) == ((True, False), 5)
    (_, _, begins, before, height_a, noise), (above_a, single_a, ends, behind, _, _) = asked
    assert begins.tolist() == [len(current) - 160, len(current) - 730]
    assert (before, behind) == (40, 80)
    assert ends.tolist() == [560, 1130]
    assert (above_a == current - 100.0).all()
    assert (single_a == current - 100.0).all()
    assert (asked[0][0] == above_a[::-1]).all()
    assert height_a == pytest.approx(10.0)
    ((rested_blocks, wandered_a),) = rested
    assert rested_blocks == 160 + 80 + 1 + 39 + 160
    assert wandered_a > 1.0
    assert noise == _Noise(4, pytest.approx(0.3), pytest.approx(math.sqrt(wandered_a**2 - (1.3 * 0.3) ** 2)), pytest.approx(4.0))


@pytest.mark.parametrize(
    ("span", "spread_a", "stretch"), [(400, 0.6, 4), (400, 0.3, 1), (400, 3.0, 10), (400, 0.01, 1), (30, 3.0, 1), (80, 3.0, 2)]
)
def test_a_mean_is_taken_over_as_many_blocks_as_noise_asks_for(
    monkeypatch: pytest.MonkeyPatch, span: int, spread_a: float, stretch: int
) -> None:
    """A fortieth of the windows at most."""
    noises: list[_Noise] = []
    monkeypatch.setattr(room, "_level_blocks", lambda *given: noises.append(given[-1]) or _Beyond(np.array([0])))
    current = held((0.0, 100), (10.0, span), (0.0, 100))
    bounds = np.array([100]), np.array([100 + span])
    rises = Rises(0.0, 1.0, 5.0, spread_a, *bounds, np.zeros(1, dtype=bool), True)
    faint_ends(Reading(quiet_of(current), (), 0, rises), *bounds, *bounds)
    assert [noise.stretch for noise in noises] == [stretch, stretch]
    assert noises[0].wander_a == 0.0
