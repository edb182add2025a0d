"""What cannot be told of a capture: each doubt at its limit, on its side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from blocks_of_means import held, quiet_of

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.doubts import (
    awake_around,
    busy_rest,
    ends_in_decay,
    hidden_ends,
    idles_elsewhere,
    irregular,
    unlike,
)
from costmodel.measurement.windows.ends.rises import Rises
from costmodel.measurement.windows.ends.soft_edges import Ends, SoftEdge
from costmodel.measurement.windows.readings import Reading


def reading(current: Floats, rest_a: float, first: Sequence[int], last: Sequence[int], width: int = 1) -> Reading:
    """Rises out of a level, which is left 1 A above it."""
    bounds = np.array(first, dtype=np.intp), np.array(last, dtype=np.intp)
    return Reading(
        quiet_of(current, width=width),
        (),
        0,
        Rises(rest_a, rest_a + 1.0, rest_a + 2.0, 0.0, *bounds, np.zeros(len(first), dtype=bool), True),
    )


def awake(
    before: int = 10,
    computing: int = 20,
    after: int = 10,
    *,
    by_a: Sequence[float] = (3.0,),
    awake_a: float = 20.0,
    wakes: int = 2,
    width: int = 1,
    only: int | None = None,
) -> bool:
    """Whether a board that sleeps at 10 A is awake at 20 A around what it computes some amperes above, in each wake or only in some."""
    parts: list[tuple[float, int]] = []
    outer, inner = [], []
    at = 0
    for wake in range(wakes):
        sides = (before, after) if only is None or wake < only else (0, 0)
        parts += [(10.0, 30), (awake_a, sides[0]), *[(20.0 + each, computing // len(by_a)) for each in by_a], (awake_a, sides[1])]
        outer.append((at + 30, at + 30 + sum(sides) + computing))
        inner.append((at + 30 + sides[0], at + 30 + sides[0] + computing))
        at = outer[-1][1]
    current = held(*parts, (10.0, 30))
    return awake_around(
        reading(current, 10.0, [a for a, _ in outer], [b for _, b in outer], width),
        reading(current, 20.0, *map(list, zip(*inner, strict=True))),
    )


def test_a_board_is_awake_around_where_it_idles_on_both_sides_for_more_than_a_fiftieth() -> None:
    assert awake()
    assert not awake(3, 294, 3)
    assert awake(3, 293, 3)
    assert awake(by_a=(100.0,))


def test_two_blocks_may_be_an_edge() -> None:
    """Then one side alone has to count, for more than a quarter where computing adds a small step."""
    assert awake(2, 20, 10)
    assert not awake(2, 20, 10, by_a=(100.0,))
    assert awake(3, 20, 10, by_a=(100.0,))
    assert not awake(4, 20, 10, by_a=(100.0,), width=2)
    assert awake(5, 20, 10, by_a=(100.0,), width=2)


def test_on_one_side_a_board_is_awake_for_more_than_a_quarter() -> None:
    assert not awake(0, 30, 10)
    assert awake(0, 29, 10)
    assert not awake(10, 30, 0)


@pytest.mark.parametrize(
    ("by_a", "small"), [((3.5,), True), ((3.6,), False), ((2.25, 3.75), True), ((2.2, 3.8), False), ((100.0, 200.0), False)]
)
def test_computing_adds_one_small_step(by_a: tuple[float, ...], small: bool) -> None:
    """Seven twentieths of the 10 A from asleep to awake, spread by a quarter at most."""
    assert awake(0, 20, 20, by_a=by_a) is small


def test_a_board_awake_at_another_current_is_not_awake_around() -> None:
    assert awake(awake_a=21.0)
    assert awake(0, 20, 20, awake_a=21.0)
    assert awake(awake_a=19.0)
    assert not awake(awake_a=18.9)


def test_more_than_half_of_the_wakes_are_to_have_it() -> None:
    assert not awake(wakes=4, only=2)
    assert awake(wakes=4, only=3)
    current = np.append(np.ones(99), 9.0)
    assert not awake_around(reading(current, -100.0, [10, 50], [30, 70]), reading(current, 1.0, [80], [90]))


def elsewhere(beside_a: float, near: int = 10, length: int = 40, width: int = 1, around: int = 3, rest_a: float = 100.0) -> str:
    """Four rises of 10 A out of 100 A with some blocks beside each edge at another current, around the first few."""
    parts: list[tuple[float, int]] = []
    first, at = [], 0
    for place in range(4):
        beside = beside_a if place < around else 100.0
        parts += [(rest_a, 60 - near), (beside, near), (110.0, length), (beside, near), (rest_a, 60 - near)]
        first.append(at + 60)
        at += 120 + length
    starts = np.array(first)
    return idles_elsewhere(reading(held(*parts), 100.0, first, [a + length for a in first], width), starts, starts + length)


def test_idle_below_most_rises_by_more_than_their_height_is_asked_about() -> None:
    assert elsewhere(89.9) == (
        "the capture rises out of 1e+05 mA, but idles below that around 3 of 4 rises: its idle current drifts or has several levels; "
        "give --min-current, --duration or --marks"
    )
    assert elsewhere(90.0) == ""
    assert elsewhere(80.0, around=2) == ""


def test_idle_beside_a_rise_is_looked_at_for_a_quarter_of_it_or_what_was_averaged() -> None:
    assert elsewhere(80.0, 6)
    assert not elsewhere(80.0, 4)
    assert not elsewhere(100.0, 6, rest_a=80.0)
    assert elsewhere(100.0, 4, rest_a=80.0)
    assert elsewhere(80.0, 2, 4)
    assert not elsewhere(100.0, 3, 4, rest_a=80.0)
    assert not elsewhere(80.0, 1, 4, width=2)
    assert elsewhere(80.0, 3, 4, width=2)


def test_idle_before_the_first_rise_is_looked_at_as_far_as_there_is_some() -> None:
    current = held((80.0, 3), (110.0, 40), (100.0, 2), (80.0, 4), (100.0, 50))
    assert idles_elsewhere(reading(current, 100.0, [3], [43]), np.array([3]), np.array([43])).startswith("the capture rises")
    current[:3], current[45:53] = 100.0, 80.0
    assert idles_elsewhere(reading(current, 100.0, [3], [43]), np.array([3]), np.array([43])).startswith("the capture rises")
    current[49:53] = 100.0
    assert idles_elsewhere(reading(current, 100.0, [3], [43]), np.array([3]), np.array([43])) == ""


def busy(rises: int = 6, stretch: int = 80, swing_a: float = 1.0, stretch_at: int = 3) -> str:
    """Rises of 10 A out of 100 A after ten blocks of idle each, one pause of which is longer and repeats inside."""
    parts: list[tuple[float, int]] = []
    first, at = [], 0
    for place in range(rises + 1):
        pause = stretch if place == stretch_at else 10
        parts += [(100.0 + swing_a, 4), (100.0 - swing_a, 4)] * (pause // 8) + [(100.0, pause % 8)]
        parts += [(110.0, 10)] if place < rises else []
        first.append(at + pause)
        at += pause + 10
    starts = np.array(first[:rises])
    return busy_rest(reading(held(*parts), 100.0, starts.tolist(), (starts + 10).tolist()), starts, starts + 10)


def test_a_long_stretch_that_repeats_inside_beside_six_short_rises_may_be_a_run() -> None:
    """Eight times the usual pause; it swings by a tenth of the rises."""
    assert busy() == (
        "the longest stretch at 1e+05 mA repeats inside, and 6 short rises lie beside it: a run that draws less than idling does, or "
        "idling; give --min-current and --max-current, --duration or --marks"
    )
    assert busy(5) == busy(stretch=79, swing_a=1.2) == busy(swing_a=0.99) == ""
    assert busy(stretch_at=0)
    assert busy(stretch_at=6)


def test_rises_no_two_of_which_are_alike_say_nothing() -> None:
    spans = np.array([1.0, 2.0])
    assert unlike(spans, np.array([0, 1])).startswith("2 rises of 1 to 2 s, no two alike")
    assert unlike(spans, np.array([0, 0])) == unlike(spans[:1], np.array([0])) == ""


def test_six_of_a_kind_that_spread_by_half_of_the_usual_one_are_asked_about() -> None:
    kind = np.zeros(6, dtype=int)
    assert irregular(np.array([1.0, 3.0] * 3), kind) == ""
    assert irregular(np.array([1.0, 3.2] * 3), kind).startswith("6 rises of 1 to 3.2 s, no two alike")
    assert irregular(np.array([1.0, 3.2] * 2 + [9.0]), kind[:5]) == ""
    assert irregular(np.array([1.0, 3.2] * 3 + [50.0]), np.array([0] * 6 + [1])).startswith("6 rises of 1 to 3.2 s")


def test_a_doubt_says_what_would_settle_it() -> None:
    ends = Ends(None, SoftEdge(30.0, 10.0, decays=True))
    assert ends_in_decay(ends, 1.0, 0.01) == (
        "inferences of 1.1 s end in a decay of the current, over after 0.2 s more: what the board draws, or capacitors of its supply that "
        "fill; without it --duration 1.1s, with it --duration 1.3s"
    )
    assert ends_in_decay(Ends(None, None), 1.0, 0.01) == ""
    assert hidden_ends(1.0, 0.25) == (
        "inferences of 1 s begin or end with 0.25 s at a level that noise hides, or noise looks like it: average faster samples, capture "
        "more inferences, or give --duration 1s, --duration 1.25s or --marks"
    )
