"""Pauses of one block, pauses that are none, and rises that are none: at the limits, each on its side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from blocks_of_means import held, quiet_of

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.ends.rises import Rises
from costmodel.measurement.windows.ends.single_pauses import _like, _parted, _parted_where_alike, _usual, with_single_pauses
from costmodel.measurement.windows.ends.wanderings import wanderings, with_bridges
from costmodel.measurement.windows.quiet_current import despiked
from costmodel.measurement.windows.readings import Reading

REST_A = 100.0


def reading(current: Floats, first: Sequence[int], last: Sequence[int], spread_a: float = 0.0, width: int = 1) -> Reading:
    """Rises out of 100 A, left above 102 A, with 105 A half-way up."""
    a, b = np.array(first, dtype=np.intp), np.array(last, dtype=np.intp)
    found = Rises(REST_A, REST_A + 2.0, REST_A + 5.0, spread_a, a, b, (a == 0) | (b == len(current)), True)
    return Reading(quiet_of(current, width=width), (), 0, found)


def bounds(found: Reading) -> list[tuple[int, int]]:
    return list(zip(found.rises.first.tolist(), found.rises.last.tolist(), strict=True))


def parted(means: Floats, first: Sequence[int], last: Sequence[int], drift_a: float = 0.0) -> Reading:
    """What comes of rises found in blocks that a drift was taken out of."""
    drift = drift_a * np.arange(len(means))
    return with_single_pauses(reading(despiked(means + drift) - drift, first, last), means + drift)


FOUR = [(5, 15), (16, 26), (27, 37), (38, 48)]


@pytest.mark.parametrize("drift_a", [0.0, 0.5])
@pytest.mark.parametrize(
    ("pause_a", "expected"), [(100.0, FOUR), (102.0, FOUR), (102.1, [(5, 48)]), (96.0, FOUR), (95.9, [(5, 48)]), (30.0, [(5, 48)])]
)
def test_blocks_back_at_idle_alone_part_pieces_that_are_alike(pause_a: float, expected: list[tuple[int, int]], drift_a: float) -> None:
    """As far as twice below what leaves idle is above it; what lies lower is garbage."""
    piece, pause = (110.0, 10), (pause_a, 1)
    means = held((100.0, 5), piece, pause, piece, pause, piece, pause, piece, (100.0, 5))
    found = parted(means, [5], [48], drift_a)
    assert bounds(found) == expected
    assert found.rises.cut.tolist() == [False] * len(expected)
    if len(expected) > 1:
        assert found.quiet.current_a[[15, 26, 37]] == pytest.approx(min(pause_a, 102.0))


def test_averaged_blocks_part_nothing() -> None:
    piece, pause = (110.0, 10), (100.0, 1)
    means = held((100.0, 5), piece, pause, piece, pause, piece, pause, piece, (100.0, 5))
    wide = reading(despiked(means), [5], [48], width=2)
    assert with_single_pauses(wide, means) is wide


@pytest.mark.parametrize(("pause_a", "pieces"), [(105.0, 7), (105.1, 6), (96.0, 7), (95.9, 6)])
@pytest.mark.parametrize("uneven", [False, True])
def test_a_rise_twice_as_long_as_the_usual_is_parted_half_way_down(pause_a: float, pieces: int, uneven: bool) -> None:
    """Also where blocks back at idle leave pieces that are not alike, so that they are no pauses."""
    parts: list[tuple[float, int]] = [(100.0, 3)]
    for place in (3, 2, 4, 2, 3):
        parts += [(110.0, place), (100.0, 1), (110.0, 9 - place)] if uneven else [(110.0, 10)]
        parts += [(100.0, 3)]
    parts += [(110.0, 10), (pause_a, 1), (110.0, 10), (100.0, 3)]
    first = [3 + 13 * place for place in range(6)]
    last = [*(begin + 10 for begin in first[:5]), first[5] + 21]
    found = bounds(parted(held(*parts), first, last))
    assert len(found) == pieces
    assert found[:5] == list(zip(first[:5], last[:5], strict=True))


def test_pieces_are_what_lies_between_pauses_and_those_of_one_block_are_none() -> None:
    first, last = np.array([10, 40]), np.array([30, 60])
    begins, ends = _parted(first, last, np.array([5, 12, 15, 17, 30, 35, 59, 60]))
    assert list(zip(begins.tolist(), ends.tolist(), strict=True)) == [(10, 12), (13, 15), (18, 30), (40, 59)]


def test_three_whole_pieces_four_in_five_of_which_are_alike_tell_the_usual_one() -> None:
    first, last = np.array([0, 20, 40, 60]), np.array([10, 30, 50, 70])
    assert _usual(first, last, 70) is None
    assert _usual(first, last, 71) == 10.0
    assert _usual(first + 1, last + 1, 71) == 10.0
    starts = np.array([10, 30, 50, 70, 90])
    assert _usual(starts, starts + np.array([10, 10, 10, 10, 20]), 200) == 10.0
    assert _usual(starts, starts + np.array([10, 10, 10, 5, 20]), 200) is None


@pytest.mark.parametrize(
    ("blocks", "usual", "like"), [(27, 20.0, True), (28, 20.0, False), (20, 27.0, True), (3, 2.0, True), (5, 2.0, False), (1, 2.0, False)]
)
def test_pieces_last_alike_within_a_ratio_and_within_a_block(blocks: int, usual: float, like: bool) -> None:
    assert _like(np.array([blocks]), usual).tolist() == [like]


def test_pieces_far_longer_than_usual_are_parted_where_that_leaves_usual_ones() -> None:
    for begin, end, pieces in ((100, 132, 1), (100, 133, 2), (0, 32, 1), (0, 33, 2)):
        begins, ends = _parted_where_alike(np.array([begin]), np.array([end]), np.array([begin + 16]), 20.0)
        assert len(begins) == len(ends) == pieces
    begins, _ = _parted_where_alike(np.array([0]), np.array([41]), np.array([5]), 20.0)
    assert begins.tolist() == [0]


def edged(*shapes: tuple[float, float, float], around: int = 10, width: int = 1) -> list[bool]:
    """Which of some rises of twenty blocks wander, given how far each steps up and down and how high it is in the mean."""
    parts: list[tuple[float, int]] = [(REST_A, around)]
    for up_a, down_a, height_a in shapes:
        middle_a = (20.0 * height_a - 2.0 * up_a - 2.0 * down_a) / 16.0
        parts += [(REST_A + up_a, 2), (REST_A + middle_a, 16), (REST_A + down_a, 2), (REST_A, around)]
    first = np.array([around + (20 + around) * place for place in range(len(shapes))])
    return wanderings(reading(held(*parts), first.tolist(), (first + 20).tolist(), width=width), first, first + 20).tolist()


SHARP = [(6.0, 0.0, 10.0), (0.0, 6.0, 10.0), (6.0, 0.0, 10.0)]


def test_a_rise_without_an_edge_wanders_beside_three_with_one() -> None:
    """Six tenths of its height are an edge, less than two tenths are none."""
    soft, edge = (1.9, 0.0, 10.0), (2.0, 0.0, 10.0)
    assert edged(*SHARP, soft) == [False, False, False, True]
    assert edged(*SHARP, edge) == [False] * 4
    assert edged(*SHARP[:2], soft) == [False] * 3
    assert edged(*SHARP[:2], (5.9, 0.0, 10.0), soft) == [False] * 4
    # Two blocks further in.
    assert edged((0.0, 0.0, 10.0), *SHARP) == [True, False, False, False]


def test_a_rise_that_steps_by_less_than_three_tenths_of_the_usual_wanders_unless_its_edge_is_sharp() -> None:
    high = [(10.0, 0.0, 10.0)] * 3
    assert edged(*high, (2.9, 0.0, 6.0)) == [False, False, False, True]
    assert edged(*high, (3.0, 0.0, 6.0)) == [False] * 4
    assert edged(*high, (2.9, 0.0, 4.0)) == [False] * 4


def test_edges_are_looked_for_within_the_capture() -> None:
    assert edged(*SHARP, around=2, width=64) == [False] * 3


def bridged(
    highs_a: Sequence[float], high: int = 6, low: int = 16, spread_a: float = 0.0, short: int | None = None, ends: int = 20
) -> list[tuple[int, int]]:
    """Inferences of two rises of 10 A with a pause at some level above rest between, given for each; the bounds that are left."""
    parts: list[tuple[float, int]] = [(REST_A, ends)]
    first, at = [], ends
    for place, high_a in enumerate(highs_a):
        pause = 5 if place == short else high
        parts += [(REST_A + 10.0, 8), (REST_A + high_a, pause), (REST_A + 10.0, 8), (REST_A, low + place % 3)]
        first += [at, at + 8 + pause]
        at += 16 + pause + low + place % 3
    return bounds(with_bridges(reading(held(*parts), first, [begin + 8 for begin in first], spread_a)))


def test_rises_are_joined_where_the_pauses_between_are_of_two_kinds_three_of_each() -> None:
    for count, left in ((4, 4), (3, 6), (9, 9)):
        assert len(bridged([1.0] * count)) == left
    assert bridged([1.0] * 4)[0] == (20, 42)
    assert len(bridged([0.0] * 5)) == 10
    assert len(bridged([1.0] * 4, high=5)) == 8
    assert len(bridged([1.0] * 4, high=1, low=2)) == 8


def test_the_level_of_a_pause_of_few_blocks_is_not_told() -> None:
    """Four that hold no edge, at least."""
    assert len(bridged([1.0] * 10)) == 10
    assert len(bridged([1.0] * 10, short=4)) == 11


def test_pauses_at_two_levels_lie_apart_by_noise_spread_and_height() -> None:
    """By five deviations of the shortest, three of what either kind spreads by, and a twentieth of the rises."""
    assert len(bridged([1.0] * 4, spread_a=0.4)) == 4
    assert len(bridged([1.0] * 4, spread_a=0.41)) == 8
    assert len(bridged([0.5] * 4)) == 4
    assert len(bridged([0.49] * 4)) == 8
    assert len(bridged(np.linspace(0.6, 1.4, 8).tolist())) == 8
    assert len(bridged(np.linspace(0.4, 1.6, 8).tolist())) == 16


def grouped(sizes: Sequence[int], ends: tuple[int, int] = (20, 20)) -> Reading:
    """What comes of groups of so many rises of 10 A, 1 A above rest in each group and at rest between groups."""
    parts: list[tuple[float, int]] = [(REST_A, ends[0])]
    first, at = [], ends[0]
    for number, size in enumerate(sizes):
        for place in range(size):
            inside, last = place + 1 < size, number + 1 == len(sizes)
            parts += [(REST_A + 10.0, 8), (REST_A + 1.0, 6) if inside else (REST_A, ends[1] if last else 16)]
            first.append(at)
            at += 14 if inside else 24
    return with_bridges(reading(held(*parts), first, [begin + 8 for begin in first]))


def test_four_in_five_groups_are_of_two_to_twelve_rises_as_the_usual_one_is() -> None:
    for sizes, joined in (([2, 2, 2, 2, 1], True), ([2, 2, 2, 1, 1], False), ([12] * 4, True), ([13] * 4, False), ([3, 3, 3, 3, 2], True)):
        assert len(grouped(sizes).rises.first) == (len(sizes) if joined else sum(sizes))


def test_groups_that_the_capture_begins_or_ends_in_are_cut() -> None:
    assert grouped([2] * 4).rises.cut.tolist() == [False] * 4
    assert grouped([2] * 4, (0, 20)).rises.cut.tolist() == [True, False, False, False]
    assert grouped([2] * 4, (20, 0)).rises.cut.tolist() == [False, False, False, True]
