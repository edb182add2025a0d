"""The shape of edges that are no steps, from how long the current takes from one height to the next; each height a block's middle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from blocks_of_means import blocks_of, held, quiet_of

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.ends import soft_edges
from costmodel.measurement.windows.ends.rises import Rises
from costmodel.measurement.windows.ends.soft_edges import Ends, SoftEdge, _last_above, _most_blocks, _run, soft_edge, soft_ends, softened
from costmodel.measurement.windows.inference_windows import Window
from costmodel.measurement.windows.readings import Reading

ROOT = math.sqrt(2.0)
PLATEAU = 60
DECAY = [10] * 9
STRAIGHT = [34, 24, 17, 12, 8, 6, 4, 3, 2]
"""Blocks from each height to the next, a factor of the square root of two lower: those of a line, but for rounding."""


def ramp(blocks: float, height_a: float = 1.0, rest: int = 100) -> Floats:
    """A plateau, then a straight line down to 0 A within so many blocks."""
    since = np.arange(blocks + rest) + 0.5
    return height_a * np.concatenate((np.ones(PLATEAU), np.clip(1.0 - since / blocks, 0.0, 1.0)))


def falling(times: Sequence[int], first: int = 5, rest: int = 100) -> Floats:
    """A plateau of 1 A, then down to 0.9 A after some blocks, from there from each height to the next within a time, and to 0 A."""
    places = np.cumsum([0.0, first, *times, 1.0]) + 0.5
    heights = [1.0, *(0.9 / ROOT ** np.arange(len(times) + 1)), 0.0]
    return np.concatenate((np.ones(PLATEAU), np.interp(np.arange(places[-1] + rest) + 0.5, places, heights)))


def edge(above_a: Floats, inside: int = 50, at: int = PLATEAU, spread_a: float = 0.0, width: int = 1, outside: int | None = None) -> Any:
    """The shape of one window's end, which is to be that of its begin in a capture the other way round."""
    count = len(above_a)
    room = (inside, count - at if outside is None else outside)
    found = soft_edge(above_a, np.array([at]), 1, room, spread_a, width)
    assert soft_edge(above_a[::-1].copy(), np.array([count - at]), -1, room, spread_a, width) == found
    return found


@pytest.mark.parametrize("height_a", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("at", [0, 36])
def test_a_straight_ramp_is_told_with_its_foot(height_a: float, at: int) -> None:
    """And where it has fallen by a tenth, from wherever it is looked at."""
    found = edge(ramp(40, height_a), at=PLATEAU + at)
    assert not found.decays
    assert found.foot_blocks == pytest.approx(40 - at, abs=0.1)
    assert found.top_blocks == pytest.approx(4 - at, abs=0.1)


@pytest.mark.parametrize("at", [0, 20])
def test_a_decay_is_told_with_its_top_and_three_time_constants(at: int) -> None:
    """Ten blocks from each height to the next are 10 / ln(2) * 2 blocks of time constant; it began 0.105 of that before 0.9 A."""
    constant = 10 / math.log(ROOT)
    found = edge(falling(DECAY), at=PLATEAU + at)
    assert found.decays
    assert found.top_blocks == pytest.approx(5.5 - at + constant * math.log(0.9))
    assert found.foot_blocks == pytest.approx(found.top_blocks + 3.0 * constant)


def test_a_decay_that_begins_below_a_level_begins_there() -> None:
    """Forty blocks from 0.9 A to the height below are a level."""
    found = edge(falling([40, *[10] * 8]))
    assert found.top_blocks == pytest.approx(45.5)
    assert found.foot_blocks == pytest.approx(45.5 + 3.0 * 10 / math.log(ROOT))


def test_a_step_and_what_does_not_rise_at_all_have_no_shape() -> None:
    assert edge(ramp(1e-9)) is None
    assert edge(np.zeros(200)) is None
    assert edge(-ramp(40)) is None


def test_three_blocks_inside_are_the_fewest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert edge(ramp(40), inside=3).foot_blocks == pytest.approx(40, abs=0.1)
    assert edge(ramp(40), inside=2) is None
    monkeypatch.setattr(soft_edges, "_MOST_BLOCKS", 45)
    assert edge(ramp(40), inside=1000).foot_blocks == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize("windows", [1, 4])
def test_five_heights_above_the_noise_of_all_windows_together_tell_a_shape(windows: int) -> None:
    """Down to a quarter of the first: five deviations of a median of so many."""
    above_a = np.tile(ramp(40), windows)
    places = PLATEAU + len(ramp(40)) * np.arange(windows)
    for spread_a, told in ((0.044, True), (0.046, False)):
        found = soft_edge(above_a, places, 1, (50, 100), spread_a * math.sqrt(windows), 1)
        assert (found is not None) is told


def test_windows_that_do_not_lie_in_the_capture_with_what_is_looked_at_are_left_out() -> None:
    above_a = ramp(40)
    count = len(above_a)
    for inside, outside, told in ((60, count - 60, True), (61, count - 60, False), (60, count - 59, False)):
        assert (soft_edge(above_a, np.array([PLATEAU]), 1, (inside, outside), 0.0, 1) is not None) is told
    both = soft_edge(above_a, np.array([PLATEAU, 5]), 1, (50, 100), 0.0, 1)
    assert both == soft_edge(above_a, np.array([PLATEAU]), 1, (50, 100), 0.0, 1)


def test_heights_that_are_not_passed_before_the_next_window_tell_nothing() -> None:
    found = edge(ramp(40), outside=34)
    assert found.foot_blocks == pytest.approx(40, abs=0.1)
    assert edge(ramp(40), outside=30) is None


@pytest.mark.parametrize(("blocks", "width", "told"), [(2.0, 1, False), (3.8, 1, True), (6.0, 2, False), (7.6, 2, True)])
def test_an_edge_takes_three_of_what_was_averaged(blocks: float, width: int, told: bool) -> None:
    assert (edge(ramp(blocks), width=width) is not None) is told
    assert edge(falling([1] * 9), width=3).decays
    assert edge(falling([1] * 9), width=4) is None


@pytest.mark.parametrize(
    ("times", "decays"),
    [
        (STRAIGHT, False),
        ([20, 17, 15, 14, 12, 11, 10, 9, 8], True),
        ([40, 33, 27, 22, 18, 15, 12, 10, 8], False),
        ([10, 10, 10, 10, 29, 22, 10, 10, 10], True),
        ([10, 10, 10, 10, 31, 22, 10, 10, 10], None),
        ([10, 10, 10, 10, 30, 22, 10, 10, 10], True),
        ([18, 18, 18, 18, 0, 18, 18, 18, 18], True),
        ([600, 600, 600, 600, 600, 600, 0, 600, 600], True),
        ([10, 10, 10, 10, 10, 40, 10, 10, 10], None),
    ],
)
def test_times_that_grow_tell_a_line_and_even_ones_a_decay(times: list[int], decays: bool | None) -> None:
    """Three times the usual one is even; no time at all counts as a thousandth of all; three times are too few to tell.

    From half the growth of those of a line they grow as a line's.
    """
    found = edge(falling(times))
    assert (None if found is None else found.decays) is decays


def test_a_height_is_passed_for_the_last_time_between_the_middles_of_two_blocks() -> None:
    assert _last_above(np.array([5.0, 5.0, 3.0, 1.0, 0.0]), 2.0) == 3.0
    assert _last_above(np.array([5.0, 5.0, 3.0, 0.0]), 1.0) == 2.5 + 2 / 3
    assert _last_above(np.array([5.0, 1.0, 2.0, 0.0]), 2.0) == 2.5
    assert _last_above(np.array([5.0, 3.0]), 2.0) == 1.5


@pytest.mark.parametrize(
    ("times", "run"),
    [
        ([1.0, 1.0, 1.0, 1.0, 10.0], (0, 4)),
        ([1.0, 1.0, 1.0, 9.0, 23.0], (0, 3)),
        ([1.0, 1.0, 2.5], (0, 3)),
        ([1.0, 1.0, 2.6], (0, 2)),
        ([0.01, 0.01, 0.5], (0, 3)),
        ([0.01, 0.01, 0.51], (0, 2)),
        ([1.0, 10.0], (0, 2)),
        ([10.0, 1.0, 1.0], (1, 3)),
        ([2.5, 1.0, 1.0], (0, 3)),
        ([2.6, 1.0, 1.0], (1, 3)),
        ([5.0, 1.0, 2.0, 1.0], (0, 4)),
        ([1.0, 4.0, 1.0, 9.0], (0, 4)),
        ([1.0], (0, 1)),
        ([], (0, 0)),
    ],
)
def test_an_edge_runs_where_it_takes_at_most_two_and_a_half_times_as_long_as_below(times: list[float], run: tuple[int, int]) -> None:
    assert _run(np.array(times), 16.0 / 2.0 ** np.arange(len(times) + 1), 0.0) == run


def test_noise_crosses_a_height_early_or_late() -> None:
    """By four deviations over the slope below."""
    times, heights = np.array([9.0, 1.0, 3.0]), np.array([8.0, 4.0, 2.0, 1.0])
    assert _most_blocks(times, heights, 0.5, 1) == pytest.approx(2.5 * 3.0 + 4.0 * 0.5 * 4.0 / 3.0)
    assert _most_blocks(times, heights, 0.5, 2) == pytest.approx(2.5 * 3.0 + 4.0 * 0.5 * 3.0 / 1.0)
    assert _most_blocks(np.array([9.0, 0.1, 0.1]), heights, 0.0, 1) == pytest.approx(0.5)


def decaying(foot_blocks: float, top_blocks: float = 10.0) -> Ends:
    return Ends(None, SoftEdge(foot_blocks, top_blocks, decays=True))


def test_a_decay_matters_by_a_hundredth_and_three_blocks() -> None:
    assert decaying(13.0).spans_s(100.0, 1.0) is None
    assert decaying(13.1).spans_s(100.0, 1.0) == pytest.approx((110.0, 113.1))
    assert decaying(20.0).spans_s(990.0, 1.0) is None
    assert decaying(20.1).spans_s(990.0, 1.0) == pytest.approx((1000.0, 1010.1))
    assert decaying(20.0).spans_s(100.0, 0.5) == pytest.approx((105.0, 110.0))
    assert Ends(None, None).spans_s(100.0, 1.0) is Ends(None, SoftEdge(20.0, 0.0, decays=False)).spans_s(100.0, 1.0) is None


def test_windows_are_longer_with_their_decay_or_without_as_a_duration_says() -> None:
    assert decaying(30.0).nearer_s(100.0, 1.0, 115.0) == pytest.approx(10.0)
    assert decaying(30.0).nearer_s(100.0, 1.0, 125.0) == pytest.approx(30.0)
    assert Ends(None, None).nearer_s(100.0, 1.0, 125.0) == 0.0


def test_edges_are_looked_for_in_three_quarters_of_the_shortest_window_and_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rises of another kind end a pause too."""
    asked: list[tuple[list[int], int, tuple[int, int]]] = []

    def shape(above_a: Floats, places: Any, outward: int, room: tuple[int, int], spread_a: float, width: int) -> None:
        assert (above_a[0], spread_a, width) == (-3.0, 0.5, 1)
        asked.append((places.tolist(), outward, room))

    monkeypatch.setattr(soft_edges, "soft_edge", shape)
    first, last = np.array([20, 45, 60]), np.array([40, 50, 90])
    reading = Reading(quiet_of(np.zeros(130)), (), 0, Rises(3.0, 4.0, 5.0, 0.5, first, last, np.zeros(3, dtype=bool), True))
    soft_ends(reading, first[::2], last[::2])
    assert asked == [([20, 60], -1, (15, 7)), ([40, 90], 1, (15, 3))]
    asked.clear()
    soft_ends(Reading(quiet_of(np.zeros(91)), (), 0, reading.rises), first[2:], last[2:])
    assert asked == [([60], -1, (22, 7)), ([90], 1, (22, 1))]


BLOCKS = blocks_of(held((1.0, 20), (5.0, 10), (1.0, 20)), 0.5, volts=2.0)
WINDOW = Window(10.0, 15.0, 25.0, 50.0, 20, 30, 1.0)
BOUNDS = (np.array([20]), np.array([30]))


def test_windows_begin_and_end_at_the_foot_of_a_ramp() -> None:
    """Four blocks of half a second further out, at 1 A and 2 V."""
    foot = SoftEdge(4.0, 0.0, decays=False)
    (both,) = softened(BLOCKS, [WINDOW], BOUNDS, Ends(foot, foot), None)
    assert (both.start_s, both.end_s, both.charge, both.energy) == (8.0, 17.0, 29.0, 58.0)
    (begin,) = softened(BLOCKS, [WINDOW], BOUNDS, Ends(foot, None), None)
    assert (begin.start_s, begin.end_s, begin.charge, begin.energy) == (8.0, 15.0, 27.0, 54.0)
    (end,) = softened(BLOCKS, [WINDOW], BOUNDS, Ends(None, foot), None)
    assert (end.start_s, end.end_s, end.charge, end.energy) == (10.0, 17.0, 27.0, 54.0)


def test_windows_whose_foot_lies_within_them_or_that_decay_are_left_as_they_are() -> None:
    moved = WINDOW._replace(start_s=9.9, end_s=15.1)
    for edge_of in (SoftEdge(0.0, -4.0, decays=False), SoftEdge(-1.0, -4.0, decays=False), SoftEdge(4.0, 0.0, decays=True)):
        assert softened(BLOCKS, [moved], BOUNDS, Ends(edge_of, edge_of), None) == [moved]


def test_a_duration_takes_the_decay_in_or_leaves_it_out() -> None:
    ends = Ends(None, SoftEdge(8.0, 2.0, decays=True))
    (short,) = softened(BLOCKS, [WINDOW], BOUNDS, ends, 6.0)
    assert (short.start_s, short.end_s, short.charge) == (10.0, 16.0, 26.0)
    (long,) = softened(BLOCKS, [WINDOW], BOUNDS, ends, 9.0)
    assert (long.start_s, long.end_s, long.charge, long.energy) == (10.0, 19.0, 29.0, 58.0)
    assert softened(BLOCKS, [WINDOW], BOUNDS, Ends(None, None), 9.0) == [WINDOW]
