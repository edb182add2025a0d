"""Windows of thresholds that were given, and windows between marks: to the block, at the limits."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from blocks_of_means import blocks_of, held

from costmodel.measurement.captures.trace_chunk import MarkedRun
from costmodel.measurement.windows import given_thresholds
from costmodel.measurement.windows.given_thresholds import Band, _bridged, _shortest, given_band, windows_within
from costmodel.measurement.windows.inference_windows import FoundWindows, Window
from costmodel.measurement.windows.marked_runs import _around, marked_windows


@pytest.mark.parametrize(
    ("idle_a", "idling", "not_idling"), [(1.0, (0.0, 2.0), (-0.1, 2.1)), (7.0, (5.0, 9.0), (4.9, 9.1)), (2.0, (2.0,), (1.9, 2.1))]
)
def test_what_is_as_near_to_idle_as_the_nearer_threshold_idles(
    idle_a: float, idling: tuple[float, ...], not_idling: tuple[float, ...]
) -> None:
    band = Band(2.0, 5.0, idle_a, "given")
    assert band.idles(np.array(idling)).all()
    assert not band.idles(np.array(not_idling)).any()


@pytest.mark.parametrize(
    ("parts", "idle_a"),
    [
        (((1.0, 2), (3.0, 96), (5.0, 2)), 1.0),
        (((2.0, 2), (3.0, 96), (5.0, 2)), 2.0),
        (((1.0, 1), (3.0, 97), (5.0, 2)), 5.0),
        (((1.0, 1), (3.0, 98), (5.0, 1)), 1.0),
        (((2.0, 1), (3.0, 98), (5.0, 1)), 2.0),
        (((3.0, 100),), 0.0),
    ],
)
def test_idle_is_what_lies_outside_for_more_than_a_hundredth(parts: tuple[tuple[float, int], ...], idle_a: float) -> None:
    assert given_band(blocks_of(held(*parts)), 2.0, 5.0, "given") == Band(2.0, 5.0, idle_a, "given")


def within(*parts: tuple[float, int], shortest_s: float = 3.0, boot_s: float | None = None) -> FoundWindows:
    """Windows between 1 and 5 A of a capture that idles at 0 A before and after."""
    return windows_within(blocks_of(held((0.0, 10), *parts, (0.0, 10))), Band(1.0, 5.0, 0.0, "given"), shortest_s, boot_s)


def test_a_current_at_a_threshold_is_outside() -> None:
    found = within((2.0, 8))
    assert [(window.start_s, window.end_s) for window in found.windows] == [(10.0, 18.0)]
    assert (found.cut_count, found.short_count) == (0, 0)
    assert within((1.0, 8)).windows == within((5.0, 8)).windows == []


def test_a_run_is_longer_than_the_shortest_and_than_a_block() -> None:
    assert len(within((2.0, 8), shortest_s=7.9).windows) == 1
    for parts, shortest_s in ((((2.0, 8),), 8.0), (((2.0, 1),), 0.5), (((0.0, 50), (2.0, 3)), 3.5)):
        found = within(*parts, shortest_s=shortest_s)
        assert (found.windows, found.cut_count, found.short_count) == ([], 0, 1)


def test_a_run_that_begins_with_the_end_of_the_boot_is_cut() -> None:
    assert within((2.0, 8), boot_s=9.0).windows == within((2.0, 8)).windows
    found = within((2.0, 8), boot_s=10.0)
    assert (found.windows, found.cut_count) == ([], 1)


def test_two_blocks_at_the_lower_threshold_end_a_window_and_one_does_not() -> None:
    for below, windows in ((2, 0), (1, 1)):
        assert len(within((2.0, 60), (1.0, below), (2.0, 60), shortest_s=100.0).windows) == windows


def test_a_burst_above_ends_a_window_where_it_lasts_longer_than_what_is_bridged() -> None:
    first, last = np.array([0, 12, 30]), np.array([10, 20, 40])
    starts, below = np.arange(50.0), np.zeros(50, dtype=bool)
    assert [bounds.tolist() for bounds in _bridged(first, last, starts, below, 2.0)] == [[0, 30], [20, 40]]
    assert [bounds.tolist() for bounds in _bridged(first, last, starts, below, 1.9)] == [[0, 12, 30], [10, 20, 40]]
    assert [bounds.tolist() for bounds in _bridged(first, last, starts, below, 10.0)] == [[0], [40]]
    assert [bounds.tolist() for bounds in _bridged(first[:0], last[:0], starts, below, 2.0)] == [[], []]


def test_each_window_is_bounded_with_the_space_to_the_nearer_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """And kept where its edges leave it longer than the shortest."""
    spaces: list[int] = []

    def bounded(blocks: Any, resting: Any, bounds: tuple[int, int], space: int, otherwise_a: float) -> Window:
        spaces.append(space)
        return Window(100.0, 100.0 + 3.0 + 0.5 * (bounds[0] > 10), 0.0, None, *bounds, otherwise_a)

    monkeypatch.setattr(given_thresholds, "bounded_window", bounded)
    found = within((2.0, 10), (0.0, 5), (2.0, 15), (0.0, 6), (2.0, 8))
    assert spaces == [5, 5, 6]
    assert [window.first for window in found.windows] == [25, 46]


def test_the_shortest_run_is_a_quarter_of_that_in_which_half_the_time_lies_or_two_blocks() -> None:
    spans = np.array([10.0, 1.0, 1.0, 1.0])
    assert _shortest(spans, blocks_of([0.0], 0.05), None)[0] == 2.5
    assert _shortest(spans, blocks_of([0.0], 2.0), None)[0] == 4.0
    assert _shortest(spans[1:], blocks_of([0.0], 0.05), None)[0] == 0.25
    assert _shortest(spans[:0], replace(blocks_of([0.0], 0.05), samples_a_block=4), None) == (0.4, "no run within the thresholds")


PERIOD_S = 2.0**-20


def marked(*runs: tuple[float, float], volts: float | None = None) -> FoundWindows:
    """Between marks given by samples; idle flips between 4 and 6 A, runs draw 12 and 13 A."""
    means = np.tile([4.0, 6.0], 100)
    for begin, end in runs:
        means[int(begin) : int(end)] = 12.0
        means[int(begin) : int(begin) + 2] = 13.0
    blocks = blocks_of(means, PERIOD_S, -0.5 * PERIOD_S, volts)
    return marked_windows(blocks, [MarkedRun(begin * PERIOD_S, end * PERIOD_S, 1) for begin, end in runs])


def test_a_marked_run_is_what_flows_from_its_first_sample_to_the_one_after_its_last() -> None:
    found = marked((50, 60), (100, 120), volts=2.0)
    assert [(window.first, window.last) for window in found.windows] == [(50, 60), (100, 120)]
    assert [window.start_s / PERIOD_S for window in found.windows] == [49.5, 99.5]
    assert [window.end_s / PERIOD_S for window in found.windows] == [59.5, 119.5]
    assert [window.charge / PERIOD_S for window in found.windows] == pytest.approx([122.0, 242.0])
    assert [window.energy / PERIOD_S for window in found.windows if window.energy is not None] == pytest.approx([244.0, 484.0])
    assert found.rule.shortest_s / PERIOD_S == pytest.approx(10.0)
    assert found.rule.minimum_a == math.nextafter(12.0, 0.0)
    assert found.rule.maximum_a == math.nextafter(13.0, math.inf)


def test_what_lies_as_far_from_idle_as_what_is_around_the_runs_idles() -> None:
    found = marked((50, 60))
    assert found.windows[0].idle_a == 5.0
    assert found.resting is not None
    assert np.flatnonzero(~found.resting).tolist() == list(range(50, 60))


def test_a_mark_at_the_end_of_a_capture_and_one_without_length_take_one_block() -> None:
    assert [(window.first, window.last) for window in marked((200, 200)).windows] == [(199, 200)]
    assert [(window.first, window.last) for window in marked((50, 50)).windows] == [(50, 51)]


@pytest.mark.parametrize(
    ("bounds", "around"),
    [
        ((100, 110), [*range(78, 98), *range(112, 132)]),
        ((5, 7), [0, 1, 2, *range(9, 29)]),
        ((1, 3), [*range(5, 25)]),
        ((150, 190), [*range(128, 148), *range(192, 200)]),
        ((150, 199), [*range(128, 148)]),
    ],
)
def test_twenty_blocks_either_side_show_idling_but_those_two_that_may_hold_an_edge(bounds: tuple[int, int], around: list[int]) -> None:
    means = np.arange(200.0)
    assert _around(means, np.zeros(200, dtype=bool), *bounds).tolist() == around
    other = np.isin(means, around[::2])
    assert _around(means, other, *bounds).tolist() == around[1::2]
