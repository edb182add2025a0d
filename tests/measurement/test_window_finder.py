"""How readings, kinds and edges are put together: durations that choose, levels that idle, and what each window is bounded with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from blocks_of_means import blocks_of, held, quiet_of

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows import window_finder
from costmodel.measurement.windows.current_levels import Level
from costmodel.measurement.windows.ends.faint_ends import FaintEnds
from costmodel.measurement.windows.ends.rises import Rises
from costmodel.measurement.windows.ends.soft_edges import Ends, SoftEdge
from costmodel.measurement.windows.inference_windows import Window
from costmodel.measurement.windows.kinds import Joined, Kinds
from costmodel.measurement.windows.readings import Reading
from costmodel.measurement.windows.window_finder import (
    Hints,
    _chosen,
    _fitting,
    _idling,
    _nothing,
    _resting,
    _rule,
    _told,
    _typical_s,
    _windows,
    _without_wanderings,
    found_inferences,
)

BLOCKS = blocks_of(np.zeros(400), 0.5, 100.0)


def reading(first: Sequence[int], last: Sequence[int], current: Floats | None = None) -> Reading:
    """Rises out of 10 A, left above 11 A, with 12 A half-way up."""
    bounds = np.array(first, dtype=np.intp), np.array(last, dtype=np.intp)
    rises = Rises(10.0, 11.0, 12.0, 0.0, *bounds, np.zeros(len(first), dtype=bool), True)
    quiet = quiet_of(np.full(400, 10.0) if current is None else current)
    return Reading(quiet, (Level(10.0, 0.0, 12.0, 0.5), Level(14.0, 12.0, np.inf, 0.5)), 0, rises)


def lasting(*blocks: int) -> Reading:
    first = np.cumsum([10, *(length + 10 for length in blocks)])[:-1]
    return reading(first.tolist(), (first + np.array(blocks)).tolist())


def test_the_typical_rise_is_that_in_which_half_the_time_lies() -> None:
    assert _typical_s(lasting(2, 2, 2, 20), BLOCKS) == 10.0
    assert _typical_s(lasting(2, 2, 2, 4), BLOCKS) == 1.0


def test_the_reading_nearest_to_a_duration_is_chosen() -> None:
    short, long = lasting(2, 2), lasting(20, 20)
    assert _chosen([short, long], Hints(duration_s=10.0), BLOCKS) == (long, "")
    assert _chosen([short, long], Hints(duration_s=1.0), BLOCKS) == (short, "")


@pytest.mark.parametrize(("outer", "inner", "deeper"), [(2, 6, True), (2, 5, False), (3, 9, False)])
def test_three_rises_in_each_of_fewer_than_three_out_of_sleep_are_inferences(
    monkeypatch: pytest.MonkeyPatch, outer: int, inner: int, deeper: bool
) -> None:
    monkeypatch.setattr(window_finder, "sleeps", lambda _: True)
    monkeypatch.setattr(window_finder, "awake_around", lambda *_: True)
    readings = [lasting(*[20] * outer), lasting(*[2] * inner)]
    chosen, doubt = _chosen(readings, Hints(), BLOCKS)
    assert chosen is readings[deeper]
    assert bool(doubt) is not deeper


def test_a_board_idles_between_what_leaves_its_level_and_as_far_below_as_half_way_up() -> None:
    current = np.full(400, 20.0)
    current[:6] = [11.0, 11.1, 10.0, 8.0, 7.9, 0.5]
    some = reading([], [], current)
    assert np.flatnonzero(_resting(some)).tolist() == [0, 2, 3, 4, 5]
    assert np.flatnonzero(_idling(some)).tolist() == [0, 2, 3]


JOINED = Joined(np.array([0, 2]), np.array([1, 3]), 0, "doubted")
BEGINS_S, ENDS_S = np.array([50.0, 52.0, 60.0, 62.0]), np.array([51.0, 54.0, 61.0, 64.0])


def test_rises_are_left_apart_where_a_duration_is_nearer_to_one_of_them() -> None:
    """Together they last 4 s, apart 1.5 s."""
    assert _fitting(None, BEGINS_S, ENDS_S, Hints(duration_s=4.0)) is None
    assert _fitting(JOINED, BEGINS_S, ENDS_S, Hints()) is JOINED
    assert _fitting(JOINED, BEGINS_S, ENDS_S, Hints(duration_s=4.0)) == JOINED._replace(doubt="")
    assert _fitting(JOINED, BEGINS_S, ENDS_S, Hints(duration_s=1.5)) is None
    assert _fitting(JOINED, BEGINS_S, ENDS_S, Hints(duration_s=2.5)) == JOINED._replace(doubt="")
    assert _fitting(JOINED, BEGINS_S, ENDS_S, Hints(duration_s=2.4)) is None
    each = Joined(np.arange(4), np.arange(4), 0, "doubted")
    assert _fitting(each, BEGINS_S, ENDS_S, Hints(duration_s=4.0)) is each
    # As near to either: apart.
    assert _fitting(JOINED, np.array([0.0, 3.0, 60.0, 63.0]), np.array([1.0, 4.0, 61.0, 64.0]), Hints(duration_s=2.0)) is None


def test_wanderings_are_counted_and_told() -> None:
    kinds = Kinds(np.array([0]), 1, 2, "", ("said",))
    assert _without_wanderings(kinds, 0) is kinds
    found = _without_wanderings(kinds, 3)
    assert (found.short_count, found.other_count) == (1, 5)
    assert found.notes == ("said", "3 rise(s) without an edge, where others have one: taken for idle that wanders, left out")


def test_whether_rises_repeat_inside_is_asked_of_the_first_two_longer_than_half_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(window_finder, "kinds_of", lambda *given: asked.append(given))
    lengths = (40, 80, 80, 80)
    some = lasting(*lengths)
    current = some.quiet.current_a
    for a, b in zip(some.rises.first.tolist(), some.rises.last.tolist(), strict=True):
        current[a:b] = 20.0 + np.tile([2.0, 2.0, -1.0, -1.0], (b - a) // 4)
    _told(some, BLOCKS, some.rises.first, some.rises.last, Hints(shortest_s=0.25))
    ((begins_s, spans_s, heights_a, repeats, shortest_s, middles_a),) = asked
    assert begins_s.tolist() == [105.0, 130.0, 175.0, 220.0]
    assert spans_s.tolist() == [20.0, 40.0, 40.0, 40.0]
    assert heights_a == pytest.approx([10.5] * 4)
    assert repeats.tolist() == [False, True, True, False]
    assert shortest_s == 0.25
    assert middles_a == pytest.approx([10.5] * 4)


def test_windows_are_bounded_with_the_space_to_the_nearest_rise_and_the_least_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rise that is no window, between the two that are, ends a space too."""
    bounded: list[Any] = []
    inside: list[Any] = []

    def window(blocks: Any, resting: Any, bounds: tuple[int, int], space: int, rest_a: float, width: int, step_a: float, fixed: Any) -> Any:
        bounded.append((bounds, space, rest_a, width, step_a, fixed))
        return Window(0.0, 1.0, 0.0, None, *bounds, 0.0)

    monkeypatch.setattr(window_finder, "bounded_window", window)
    monkeypatch.setattr(window_finder, "inner_period", lambda current, height_a, noise_a: inside.append((len(current), height_a)) or 3.0)
    some = reading([20, 60, 100], [40, 70, 150], held((10.0, 20), (14.0, 20), (10.0, 60), (16.0, 50), (10.0, 25)))
    first, last = some.rises.first[::2], some.rises.last[::2]
    kinds = Kinds(np.array([1, -1, 0]), 0, 0, "", ())
    found = _windows(BLOCKS, some, (first, last), kinds, np.array([0, 2]), np.array([[True, False], [False, True]]))
    assert bounded == [((20, 40), 20, 10.0, 1, 4.0, [True, False]), ((100, 150), 25, 10.0, 1, 4.0, [False, True])]
    assert inside == [(20, 4.0), (50, 6.0)]
    assert [(each.kind, each.inner_blocks) for each in found] == [(1, 3.0), (0, 3.0)]
    wide = reading([20, 60, 100], [40, 70, 150], held((10.0, 20), (14.0, 20), (10.0, 60), (16.0, 50), (10.0, 60)))
    bounded.clear()
    _windows(BLOCKS, wide, (first, last), kinds, np.array([0, 2]), np.zeros((2, 2), dtype=bool))
    assert [space for _, space, *_ in bounded] == [20, 30]


def test_the_shortest_window_found_is_the_rule_unless_one_was_given() -> None:
    windows = [Window(50.0, 52.0, 0.0, None, 0, 1, 0.0), Window(60.0, 63.0, 0.0, None, 0, 1, 0.0)]
    assert _rule(BLOCKS, lasting(4, 6), Hints(), windows, 0.0).shortest_s == 2.0
    assert _rule(BLOCKS, lasting(4, 6), Hints(shortest_s=0.5), windows, 0.0).shortest_s == 0.5


def test_a_capture_of_one_level_says_where_its_current_lies() -> None:
    told = _nothing(blocks_of(held((1.0, 400), (2.0, 1), (3.0, 400))))
    assert "1000 to 3000 mA (median 2000)" in told


def even(count: int = 6, span: int = 20, first_s: float = 0.0) -> Any:
    """Inferences of twenty blocks of a tenth of a second, as far apart."""
    return replace(blocks_of(held((1.0, 20), *[(5.0, span), (1.0, 20)] * count), 0.1, first_s), noise_a=0.0)


@pytest.mark.parametrize("first_s", [0.0, 8.0])
@pytest.mark.parametrize(("boot_s", "windows", "cut"), [(None, 6, 0), (1.9, 6, 0), (2.1, 5, 1), (10.1, 3, 3)])
def test_what_begins_before_the_boot_is_over_is_left_out_and_counted(first_s: float, boot_s: float | None, windows: int, cut: int) -> None:
    found = found_inferences(even(first_s=first_s), Hints(boot_s=boot_s)).found
    assert found is not None
    assert (len(found.windows), found.cut_count) == (windows, cut)


def test_an_inference_that_begins_with_the_end_of_the_boot_counts() -> None:
    blocks = blocks_of(held((1.0, 16), *[(5.0, 16), (1.0, 16)] * 6), 0.125, 8.0)
    found = found_inferences(blocks, Hints(boot_s=2.0)).found
    assert found is not None
    assert len(found.windows) == 6


def test_a_duration_is_that_of_what_lasts_as_long_to_a_fifth() -> None:
    blocks = blocks_of(held((1.0, 20), *[(5.0, 20), (1.0, 20)] * 4, *[(5.0, 60), (1.0, 20)] * 4), 0.1)
    for duration_s, windows in ((2.0, 4), (6.0, 4), (2.4, 4), (1.8, 4), (5.1, 4)):
        found = found_inferences(blocks, Hints(duration_s=duration_s)).found
        assert found is not None
        assert (len(found.windows), found.short_count) == (windows, 4)
    assert found_inferences(blocks, Hints(duration_s=3.5)).found is None


GIVEN = Hints(boot_s=0.5)
"""Changes nothing of what is found, but is a hint."""


@pytest.mark.parametrize("doubt", ["unlike", "idles_elsewhere", "busy_rest"])
def test_what_is_odd_about_a_capture_is_asked_about_where_nothing_was_given(monkeypatch: pytest.MonkeyPatch, doubt: str) -> None:
    given: list[Any] = []
    monkeypatch.setattr(window_finder, doubt, lambda *each: given.append(each) or "doubted")
    assert found_inferences(even(), Hints()) == (None, "doubted", None)
    assert found_inferences(even(), GIVEN).found is not None
    if doubt == "unlike":
        assert given[0][0] == pytest.approx([2.0] * 6, abs=0.11)


def test_what_noise_hides_is_asked_about_where_nothing_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven blocks of two samples each."""
    monkeypatch.setattr(window_finder, "faint_ends", lambda _, first, last, *__: FaintEnds(first, last, (False, False), 7))
    blocks = replace(even(), samples_a_block=2, period_s=0.05)
    withheld = found_inferences(blocks, Hints())
    assert withheld.found is None
    assert "begin or end with 0.7 s at a level that noise hides" in withheld.reason
    assert found_inferences(blocks, GIVEN).found is not None


def test_a_duration_may_be_that_with_a_decay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds, or five with it, to a block of a tenth."""
    shape = Ends(None, SoftEdge(30.0, 0.0, decays=True))
    monkeypatch.setattr(window_finder, "soft_ends", lambda *_: shape)
    for duration_s, lasts_s in ((2.0, 2.0), (5.0, 5.0)):
        found = found_inferences(even(span=20), Hints(duration_s=duration_s)).found
        assert found is not None
        assert [window.end_s - window.start_s for window in found.windows] == pytest.approx([lasts_s] * 6, abs=0.11)


def test_what_was_left_out_before_rises_were_joined_is_counted_with_what_is_left_out_after(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([(1, 2), (3, 4)])
    real = window_finder._told

    def told(*given: Any) -> Kinds:
        short, other = next(counts)
        return real(*given)._replace(short_count=short, other_count=other)

    monkeypatch.setattr(window_finder, "_told", told)
    pairs = Joined(np.array([0, 2, 4]), np.array([1, 3, 5]), 5, "")
    monkeypatch.setattr(window_finder, "joined_pauses", lambda *_: pairs)
    found = found_inferences(even(), Hints()).found
    assert found is not None
    assert (len(found.windows), found.short_count, found.other_count, found.cut_count) == (3, 4, 6, 5)
