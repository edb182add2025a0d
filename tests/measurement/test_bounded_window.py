"""Where the edges of a window are looked for, between which levels, and what idles around it: to the block."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from blocks_of_means import blocks_of, held

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows import inference_windows
from costmodel.measurement.windows.ends.edges import Edge
from costmodel.measurement.windows.inference_windows import _idle, _level, _settled, bounded_window


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Blocks looked at either side of both edges, and the levels before and after each, of a window."""

    def looked(means: Floats, bounds: tuple[int, int], space: int = 40, noise_a: float = 0.0, samples: int = 1, **given: Any) -> Any:
        asked: list[Any] = []
        real = inference_windows.placed_edge
        monkeypatch.setattr(inference_windows, "placed_edge", lambda *edge: asked.append(edge[1:]) or real(*edge))
        blocks = replace(blocks_of(means), noise_a=noise_a, samples_a_block=samples)
        resting = given.pop("resting", np.zeros(len(means), dtype=bool))
        window = bounded_window(blocks, resting, bounds, space, given.pop("otherwise_a", 0.0), **given)
        monkeypatch.undo()
        (begin, near, came, entered), (end, other_near, left, goes) = asked
        assert (begin, end) == bounds
        assert near == other_near
        return window, near, (came, entered, left, goes)

    return looked


@pytest.mark.parametrize(
    ("samples", "width", "length", "space", "near"),
    [
        (1, 1, 60, 40, 8),
        (1, 16, 60, 40, 16),
        (4, 1, 60, 40, 1),
        (4, 8, 60, 40, 8),
        (1, 1, 10, 40, 5),
        (1, 1, 1, 40, 1),
        (1, 1, 60, 6, 3),
        (1, 1, 60, 1, 1),
        (1, 1, 60, 0, 1),
    ],
)
def test_an_edge_is_looked_for_among_eight_samples_or_what_was_averaged_within_half_of_what_is_there(
    looked_at: Any, samples: int, width: int, length: int, space: int, near: int
) -> None:
    means = held((0.0, 60), (10.0, length), (0.0, 60))
    assert looked_at(means, (60, 60 + length), space, samples=samples, width=width)[1] == near


@pytest.mark.parametrize(
    ("space", "came_a", "goes_a"), [(40, 100 - 8 - 2, 160 + 8 + 1), (11, 100 - 5 - 2, 160 + 5 + 1), (2, 100 - 1 - 2, 160 + 1 + 1)]
)
def test_the_level_outside_is_that_of_three_blocks_beyond_what_is_looked_at(
    looked_at: Any, space: int, came_a: float, goes_a: float
) -> None:
    """Each block draws its own number."""
    _, _, levels = looked_at(np.arange(300.0), (100, 160), space)
    assert (levels[0], levels[3]) == (came_a, goes_a)


def test_more_blocks_tell_the_level_outside_the_more_it_is_noise_that_hides_it(looked_at: Any) -> None:
    """Sixteen at most, or a quarter of the window, or as many as are before the next."""
    means = np.arange(1000.0)
    for noise_a, length, space, outside in ((1e4, 100, 40, 16), (1e4, 60, 40, 15), (1e4, 100, 20, 12), (1e4, 100, 9, 5), (1e4, 100, 5, 3)):
        near = min(8, space // 2)
        _, _, levels = looked_at(means, (500, 500 + length), space, noise_a, otherwise_a=0.0)
        assert levels[0] == 500 - near - 0.5 * (outside + 1)
        assert levels[3] == 500 + length + near + 0.5 * (outside - 1)


def test_at_the_ends_of_a_capture_what_is_there_tells_the_level_outside(looked_at: Any) -> None:
    assert looked_at(np.arange(100.0), (10, 70), 40)[2][0] == 0.5
    assert looked_at(np.arange(100.0), (9, 69), 40)[2][0] == 0.0
    assert math.isnan(looked_at(np.arange(100.0), (3, 63), 40)[2][0])


def test_another_window_beside_leaves_the_idle_level_outside(looked_at: Any) -> None:
    resting = np.zeros(300, dtype=bool)
    resting[80:95] = resting[165:180] = True
    _, _, levels = looked_at(np.arange(300.0), (100, 160), 1, resting=resting)
    assert (levels[0], levels[3]) == (87.0, 172.0)
    _, _, levels = looked_at(np.arange(300.0), (100, 160), 2, resting=resting)
    assert (levels[0], levels[3]) == (97.0, 162.0)


def begun(high: int, length: int = 60, high_a: float = 20.0) -> Floats:
    """A window of 10 A that begins and ends with an edge block and so many blocks of another level."""
    return held((0.0, 60), (10.0, 1), (high_a, high), (10.0, length - 2 - 2 * high), (high_a, high), (10.0, 1), (0.0, 60))


@pytest.mark.parametrize(
    ("noise_a", "length", "reach"), [(0.0, 60, 3), (1.0, 60, 3), (3.0, 60, 9), (3.0, 20, 5), (4.0, 100, 16), (5.0, 60, 15), (5.0, 100, 16)]
)
def test_the_level_inside_is_that_of_as_many_blocks_as_tell_it_from_noise(looked_at: Any, noise_a: float, length: int, reach: int) -> None:
    """To a tenth of the window's height; three at least, sixteen or a quarter of the window at most."""
    most = reach // 2 + 1
    for high, level_a in ((most, 30.0), (most - 1, 10.0 if reach % 2 else 20.0)):
        means = 100.0 + 2.0 * begun(high, length, 30.0)
        _, _, levels = looked_at(means, (60, 60 + length), noise_a=2.0 * noise_a, otherwise_a=100.0)
        assert levels[1:3] == (100.0 + 2.0 * level_a, 100.0 + 2.0 * level_a)


def test_few_samples_in_a_block_take_more_blocks(looked_at: Any) -> None:
    for samples, level_a in ((1, 10.0), (3, 30.0)):
        assert looked_at(begun(4, 60, 30.0), (60, 120), noise_a=3.0, samples=samples)[2][1] == level_a


def test_a_level_within_three_deviations_of_the_wider_one_is_that(looked_at: Any) -> None:
    """Nine blocks, three times as well known as a sample; of four samples each, six times as well."""
    for high_a, level_a in ((13.0, 10.0), (13.1, 13.1)):
        for noise_a, samples in ((3.0, 1), (6.0, 4)):
            assert looked_at(begun(6, 60, high_a), (60, 120), noise_a=noise_a, samples=samples)[2][1:3] == (level_a, level_a)


def test_a_wide_level_is_that_of_a_quarter_of_the_window(looked_at: Any) -> None:
    """Of a hundred blocks 25: thirteen of them at 12 A, beside nine that say 11.9 A."""
    means = held((0.0, 60), (0.0, 1), (11.9, 9), (12.0, 15), (10.0, 50), (12.0, 15), (11.9, 9), (0.0, 1), (0.0, 60))
    assert looked_at(means, (60, 160), noise_a=3.0)[2][1:3] == (12.0, 12.0)


@pytest.mark.parametrize(("noise_a", "level_a"), [(3.0, 20.0), (3.01, 30.0)])
def test_a_step_that_noise_stays_below_is_the_least_one(looked_at: Any, noise_a: float, level_a: float) -> None:
    """Below three twentieths of it: a burst soon after an edge is no part of the step."""
    assert looked_at(begun(8, 60, 30.0), (60, 120), noise_a=noise_a, step_a=20.0)[2][1:3] == (level_a, level_a)


def test_four_blocks_inside_are_all_taken_and_of_five_those_that_hold_no_edge(looked_at: Any) -> None:
    for inside, level_a in (((2.0, 2.0, 12.0, 12.0), 2.0), ((2.0, 12.0, 12.0, 12.0, 2.0), 12.0)):
        means = np.concatenate((np.zeros(40), inside, np.zeros(40)))
        assert looked_at(means, (40, 40 + len(inside)))[2][1] == level_a


def test_edges_that_are_told_are_left_where_they_are(looked_at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        inference_windows,
        "placed_edge",
        lambda *edge: asked.append(edge[2]) or Edge(0.0, (0.0, 0.0), (0.0, 0.0), range(0), 7 + 2 * len(asked)),
    )
    blocks = blocks_of(np.zeros(100))
    window = bounded_window(blocks, np.zeros(100, dtype=bool), (40, 60), 20, 0.0, fixed=(True, False))
    assert asked == [0, 8]
    assert (window.first, window.last) == (9, 11)


def test_a_window_has_one_block_inside_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference_windows, "placed_edge", lambda *_: Edge(0.0, (0.0, 0.0), (0.0, 0.0), range(7, 7), 7))
    window = bounded_window(blocks_of(np.zeros(100)), np.zeros(100, dtype=bool), (6, 8), 6, 0.0)
    assert (window.first, window.last) == (6, 7)


def test_what_flows_between_the_edges_is_the_windows() -> None:
    means = held((1.0, 40), (10.0, 30), (1.0, 40))
    window = bounded_window(blocks_of(means, 0.5, volts=3.0), means < 5.0, (41, 69), 40, 7.0)
    assert (window.start_s, window.end_s) == (20.0, 35.0)
    assert (window.charge, window.energy) == (150.0, 450.0)
    assert window.idle_a == 1.0
    assert bounded_window(blocks_of(means, 0.5), np.zeros(110, dtype=bool), (41, 69), 40, 7.0).idle_a == 7.0
    one_side = bounded_window(blocks_of(means), np.arange(110) < 20, (41, 69), 40, 7.0)
    assert one_side.idle_a == 1.0


def test_a_level_outside_is_the_blocks_own_where_it_differs_from_idle() -> None:
    beside = np.array([1.0, 2.0, 3.0])
    assert _level(beside, math.nan, False, 1.0) == 2.0
    assert _level(beside, 5.0, False, 1.0) == _level(beside[:0], 5.0, True, 1.0) == 5.0
    assert _level(beside, 5.0, True, 2.9) == 2.0
    assert _level(beside, 5.0, True, 3.0) == 5.0
    assert _settled(2.0, 5.0, 3.0) == _settled(8.0, 5.0, 3.0) == 5.0
    assert _settled(2.0, 5.0, 2.9) == 2.0


NUMBERS = np.arange(1000.0)


@pytest.mark.parametrize(
    ("idle", "bounds", "before", "after"),
    [
        ([(0, 1000)], (500, 510), 492.5, 516.5),
        ([(0, 1000)], (500, 504), 493.5, 509.5),
        ([(0, 1000)], (5, 15), 1.0, 21.5),
        ([(0, 1000)], (985, 995), 977.5, 998.0),
        ([(488, 493), (455, 470)], (500, 512), 490.0, math.nan),
        ([(488, 492), (455, 470)], (500, 512), (489 + 490 + sum(range(456, 469))) / 15, math.nan),
        ([(520, 525), (540, 560)], (500, 512), math.nan, 522.0),
        ([(520, 524), (540, 560)], (500, 512), math.nan, (521 + 522 + sum(range(541, 559))) / 20),
        ([(490, 491)], (500, 510), 490.0, math.nan),
        ([(400, 405)], (500, 508), 402.0, math.nan),
        ([(600, 605)], (500, 508), math.nan, 602.0),
        ([(370, 375)], (500, 508), 371.5, math.nan),
        ([(360, 370)], (500, 508), math.nan, math.nan),
        ([(637, 650)], (500, 508), math.nan, 637.0),
        ([(638, 650)], (500, 508), math.nan, math.nan),
    ],
)
def test_idle_around_a_window_is_that_of_as_many_blocks_or_more_where_little_of_them_idles(
    idle: list[tuple[int, int]], bounds: tuple[int, int], before: float, after: float
) -> None:
    """Two blocks beside its edges left out, and those beside what does not idle; four and sixteen times as far at most."""
    resting = np.zeros(1000, dtype=bool)
    for a, b in idle:
        resting[a:b] = True
    assert _idle(NUMBERS, resting, *bounds) == (pytest.approx(before, nan_ok=True), pytest.approx(after, nan_ok=True))
