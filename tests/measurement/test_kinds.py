"""Which rises are inferences, and which belong to one: at the limits that docs/traces.md states, each on its side."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from costmodel.measurement.windows.kinds import (
    Joined,
    Kinds,
    _as_single,
    _clusters,
    _even,
    _in_time,
    _like_the_next,
    joined_pauses,
    kinds_of,
)

ALIKE = 1.35


def told(durations_s: list[float], heights_a: list[float] | None = None, repeats: str = "", **given: Any) -> Kinds:
    """What rises are: the first begins long before the others, which follow each other evenly; an r marks an inside that repeats."""
    durations = np.array(durations_s)
    heights = np.array([1.0] * len(durations) if heights_a is None else heights_a)
    begins = np.concatenate(([0.0], 50.0 + 20.0 * np.arange(len(durations) - 1)))
    return kinds_of(begins, durations, heights, np.array([mark == "r" for mark in repeats.ljust(len(durations))]), **given)


def test_kinds_last_and_draw_alike_and_the_one_most_time_is_spent_in_comes_first() -> None:
    assert told([1.0, 1.0, 1.0, 2.0, 2.0]).kind.tolist() == [1, 1, 1, 0, 0]
    assert told([1.0] * 5, [1.0, 1.0, 2.0, 2.0, 2.0]).kind.tolist() == [1, 1, 0, 0, 0]
    assert told([2.0, 1.0, 2.0, 1.0, 2.0, 1.0], [1.0, 1.0, 2.0, 1.0, 1.0, 1.0]).kind.tolist() == [0, 1, 2, 1, 0, 1]


def test_a_step_of_exactly_the_ratio_is_of_one_kind() -> None:
    assert _clusters(np.array([1.5, 0.0, 0.5, 0.5]), 0.5).tolist() == [1, 0, 0, 0]
    assert told([1.0, ALIKE, 1.0]).kind.tolist() == [0, 0, 0]
    assert told([1.0, ALIKE * 1.001, 1.0]).kind.tolist() == [0, 1, 0]
    assert told([1.0] * 3, [1.0, ALIKE, 1.0]).kind.tolist() == [0, 0, 0]


def test_one_long_rise_before_three_that_are_alike_is_the_boot_and_before_two_it_is_not() -> None:
    boot = told([10.0, 1.0, 1.0, 1.0])
    assert (boot.kind.tolist(), boot.other_count, boot.doubt) == ([-1, 0, 0, 0], 1, "")
    assert boot.notes == ("the first rise, 10 s long, is unlike what follows again and again: taken as the boot, left out",)
    two = told([10.0, 1.0, 1.0])
    assert (two.kind.tolist(), two.other_count, two.short_count, two.notes) == ([0, 1, 1], 0, 0, ())


def test_a_long_rise_that_repeats_inside_is_a_run_and_what_is_short_beside_it_its_warm_up() -> None:
    run = told([10.0, 1.0, 3.5, 3.5], repeats="r")
    assert (run.kind.tolist(), run.short_count, run.other_count) == ([0, -1, 1, 1], 1, 0)
    assert told([10.0, 3.3, 3.3, 3.3], repeats="r").short_count == 3
    assert told([10.0, 1.0, 1.0, 1.0], repeats=" rrr").kind.tolist() == [-1, 0, 0, 0]


def test_one_long_rise_among_others_is_asked_about_unless_they_take_a_tenth_of_its_time() -> None:
    asked = told([1.0, 1.0, 1.0, 10.0, 1.0])
    assert asked.doubt == "one rise of 10 s and 4 of about 1 s: either may be the inference; give --duration"
    assert told([1.0, 1.0, 1.0, 29.0]).doubt
    assert not told([1.0, 1.0, 1.0, 30.0]).doubt


def test_a_first_rise_that_alone_draws_what_it_draws_is_the_boot() -> None:
    for heights_a, kinds in (
        ([3.0, 1.0, 1.0], [-1, 0, 0]),
        ([3.0, 1.0, 1.0, 1.0], [-1, 0, 0, 0]),
        ([3.0, 1.0], [1, 0]),
        ([3.0, 1.0, 1.0, 3.0], [1, 0, 0, 1]),
        ([3.0, 1.0, 1.0, 2.0], [2, 0, 0, 1]),
    ):
        assert told([1.0] * len(heights_a), heights_a).kind.tolist() == kinds
    inside_only = told([1.0] * 4, [3.0, 1.0, 1.0, 1.0], middles_a=np.array([1.0, 1.0, 1.0]))
    assert inside_only.kind.tolist() == [1, 0, 0, 0]


def test_short_is_below_a_tenth_of_the_typical_or_what_was_given() -> None:
    assert told([10.0, 10.0, 10.0, 1.0]).short_count == 0
    assert told([10.0, 10.0, 10.0, 0.99]).short_count == 1
    assert told([1.0, 1.0, 1.0, 0.5], shortest_s=0.5).short_count == 0
    assert told([1.0, 1.0, 1.0, 0.5], shortest_s=0.51).short_count == 1


@pytest.mark.parametrize(
    ("duration_s", "height_a", "bursts"), [(1.0, 16.0, 0), (0.9, 16.0, 1), (0.9, 6.0, 0), (0.9, 6.1, 1), (0.9, 5.0, 0), (0.3, 16.0, 0)]
)
def test_shorter_than_a_quarter_and_more_than_three_times_as_high_is_a_radio_burst(duration_s: float, height_a: float, bursts: int) -> None:
    """Beside inferences of 4 s and 2 A; what is too short to be anything is no burst either."""
    found = told([4.0, 4.0, 4.0, duration_s], [2.0, 2.0, 2.0, height_a])
    assert found.other_count == bursts
    assert found.short_count == (duration_s < 0.4)
    burst = f"1 short rises of {duration_s} s, more than 3 times as high as an inference: taken as radio bursts, left out"
    assert found.notes == ((burst,) if bursts else ())


def test_the_first_is_like_the_next_where_it_lasts_and_mostly_draws_as_they_do() -> None:
    durations = np.array([1.0, 1.0, 1.0, 1.0])
    assert _like_the_next(durations, np.array([ALIKE, 1.0, 1.0]))
    assert not _like_the_next(durations, np.array([ALIKE * 1.01, 1.0, 1.0]))
    assert not _like_the_next(durations, np.array([1.0 / ALIKE / 1.01, 1.0, 1.0]))
    assert not _like_the_next(np.array([1.4, 1.0, 1.0]), np.array([1.0, 1.0, 1.0]))
    assert not _like_the_next(durations, np.array([1.0, 1.0]))
    assert not _like_the_next(durations, None)
    assert _like_the_next(np.array([0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0]))


def test_a_boot_does_not_begin_a_period_before_the_first_inference() -> None:
    for begins_s, in_time in (
        ([0.0, 100.0, 200.0, 300.0], True),
        ([0.0, 98.0, 198.0, 298.0], True),
        ([0.0, 97.9, 197.9, 297.9], False),
        ([0.0, 90.0, 192.0, 292.0, 390.0, 490.0], False),
        ([0.0, 92.0, 194.0, 292.0, 392.0, 494.0, 592.0], True),
        ([0.0, 91.9, 193.9, 291.9, 391.9, 493.9, 591.9], False),
        ([0.0, 100.0], False),
        ([0.0, 100.0, 200.0], True),
    ):
        assert _in_time(np.array(begins_s)) is in_time
    doubt = kinds_of(np.arange(4.0), np.array([0.5] * 4), np.array([3.0, 1.0, 1.0, 1.0]), np.zeros(4, dtype=bool)).doubt
    assert "0.5 s long, is unlike those that follow and begins as long before them as they follow each other: a boot, or one" in doubt


def joined(groups: list[list[float]], pauses_s: float | list[float], between_s: float, heights_a: list[float] | None = None) -> Joined:
    """Of groups of rises, each given by its durations, with pauses within them and between them."""
    times = [0.0]
    for place, group in enumerate(groups):
        for number, duration_s in enumerate(group):
            within_s = pauses_s if isinstance(pauses_s, float) else pauses_s[number % len(pauses_s)]
            times += [times[-1] + duration_s, times[-1] + duration_s + (within_s if number + 1 < len(group) else between_s)]
        assert place < len(groups)
    begins, ends = np.array(times[0:-1:2]), np.array(times[1::2])
    heights = np.ones(len(begins)) if heights_a is None else np.resize(heights_a, len(begins))
    return joined_pauses(begins, ends, heights)


def bounds(found: Joined) -> list[tuple[int, int]]:
    return list(zip(found.first.tolist(), found.last.tolist(), strict=True))


APART = [(place, place) for place in range(6)]
PAIRS = [(0, 1), (2, 3), (4, 5)]


@pytest.mark.parametrize(("between_s", "expected"), [(5.0, PAIRS), (4.5, APART)])
def test_rises_with_pauses_of_two_fifths_of_those_between_three_groups_are_one(between_s: float, expected: list[tuple[int, int]]) -> None:
    found = joined([[3.0, 4.0]] * 3, 2.0, between_s)
    assert bounds(found) == expected
    assert (found.cut_count, found.doubt) == (0, "")
    assert bounds(joined([[3.0, 4.0]] * 2, 2.0, between_s)) == APART[:4]


def test_groups_are_told_by_the_pauses_that_differ_most() -> None:
    """Three groups of two pairs, two of each close together: pauses of 1, 4 and 100 s."""
    found = joined([[2.0, 3.0, 2.0, 3.0]] * 3, [1.0, 4.0], 100.0)
    assert bounds(found) == [(0, 3), (4, 7), (8, 11)]


def test_a_first_group_shorter_than_the_others_by_a_tenth_is_cut_by_the_capture() -> None:
    whole = [2.0, 2.0]
    for first, cut in (([1.5, 2.0], 1), ([1.6, 2.0], 0)):
        found = joined([first, whole, whole, whole], 1.5, 20.0)
        assert found.cut_count == cut
        assert len(found.first) == 4 - cut
        assert joined([whole, whole, whole, first], 1.5, 20.0).cut_count == cut


def test_where_only_a_cut_group_holds_several_rises_none_are_joined() -> None:
    assert bounds(joined([[1.0, 1.0], [4.0], [4.0], [4.0], [4.0]], 0.5, 10.0)) == APART


def test_at_most_twelve_rises_make_up_one_inference() -> None:
    for rises, groups in ((12, 3), (13, 39)):
        assert len(joined([[1.0, 2.0, *[1.0] * (rises - 2)]] * 3, 0.25, 50.0).first) == groups
    pairs, many = [6.0, 10.0], [1.0] * 13
    assert len(joined([pairs, pairs, many, pairs], 0.25, 50.0).first) == 19


@pytest.mark.parametrize(("spans_s", "sizes", "single"), [
    ([4.0, 4.0, 4.0, 5.0], [1, 1, 1, 2], True),
    ([4.0, 4.0, 4.0, 5.1], [1, 1, 1, 2], False),
    ([4.0, 4.0, 4.0, 3.0], [1, 1, 1, 2], True),
    ([4.0, 4.0, 4.0, 2.9], [1, 1, 1, 2], False),
    ([4.0, 9.0, 9.0], [1, 2, 2], True),
])  # fmt: skip
def test_several_rises_last_as_long_as_a_single_one_to_a_quarter(spans_s: list[float], sizes: list[int], single: bool) -> None:
    assert _as_single(np.array(spans_s), np.array(sizes)) is single


@pytest.mark.parametrize(
    ("spans_s", "even"),
    [
        ([9.0, 10.0, 11.0, 11.0, 9.0], True),
        ([8.9, 10.0, 11.1, 11.1, 8.9], False),
        ([10.0, 10.0, 10.0, 7.5, 12.5], True),
        ([10.0, 10.0, 10.0, 7.4, 12.5], True),
        ([10.0, 10.0, 10.0, 7.4, 12.6], False),
    ],
)
def test_groups_last_alike_to_a_tenth_usually_and_to_a_quarter_for_four_in_five(spans_s: list[float], even: bool) -> None:
    assert _even(np.array(spans_s)) is even


def test_groups_of_rises_alike_to_a_tenth_are_asked_about() -> None:
    pairs = "rises of 1 s come in pairs 0.5 s apart: two inferences each, or one with pauses; give --duration"
    assert joined([[1.0, 1.0]] * 3, 0.5, 10.0).doubt == pairs
    assert joined([[1.0, 1.0, 1.0]] * 5, [0.5, 0.25], 10.0).doubt == (
        "rises of 1 s come in groups of 3 0.375 s apart: 3 inferences each, or one with pauses; give --duration"
    )
    for durations_s, heights_a, asked in (
        ([5.0, 5.5], [1.0, 1.0], True),
        ([5.0, 5.6], [1.0, 1.0], False),
        ([5.0, 5.0], [5.0, 5.5], True),
        ([5.0, 5.0], [5.0, 5.6], False),
        ([5.0, 5.0], [1.0, 2.0], False),
    ):
        assert bool(joined([durations_s] * 3, 1.0, 30.0, heights_a).doubt) is asked


def test_a_group_of_another_number_of_rises_says_nothing_of_the_usual_ones() -> None:
    """Two pairs are too few to be asked about; the third group is a triple of the same duration."""
    found = joined([[1.0, 1.0], [1.0, 1.0], [0.5, 0.5, 0.5]], 0.5, 10.0)
    assert [last - first for first, last in bounds(found)] == [1, 1, 2]
    assert found.doubt == ""
    assert all(later[0] > earlier[1] for earlier, later in pairwise(bounds(found)))
