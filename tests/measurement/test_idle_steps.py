"""Idle that steps for good: between which rises, how far, and how steady on either side; at the limits, each on its side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from blocks_of_means import held, quiet_of

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows import idle_steps
from costmodel.measurement.windows.current_levels import runs
from costmodel.measurement.windows.ends.rises import Rises
from costmodel.measurement.windows.idle_steps import _apart, _goes_on, _long_rise, _shifted_rest, without_idle_step
from costmodel.measurement.windows.readings import Reading

REST_A = 100.0
Parts = list[tuple[float, int]]


def read(current: Floats) -> Reading:
    """Rises out of 100 A, left above 101 A, with 105 A half-way up."""
    first, last = runs(current > REST_A + 1.0)
    cut = (first == 0) | (last == len(current))
    return Reading(quiet_of(current), (), 0, Rises(REST_A, REST_A + 1.0, REST_A + 5.0, 0.0, first, last, cut, True))


def inferences(count: int, idle_a: float = 0.0, high_a: float = 10.0, length: int = 10, pause: int = 10) -> Parts:
    return [(REST_A + idle_a + high_a, length), (REST_A + idle_a, pause)] * count


def stepped(
    before: int = 3, after: int = 3, by_a: float = 3.0, more: Sequence[tuple[float, int]] = (), idle: Parts | None = None
) -> Floats:
    """Some inferences of 10 A, then idle that is higher for good, too high to be left: one long rise."""
    idling = [(REST_A + by_a, 10)] if idle is None else idle
    later = [part for _ in range(after) for part in ((REST_A + by_a + 10.0, 10), *idling)]
    return held((REST_A, 10), *inferences(before), *idling, *later, *more)


def test_the_time_after_a_step_is_one_long_rise_with_three_inferences_like_those_before() -> None:
    found = _long_rise(read(stepped()))
    assert found is not None
    assert (found.blocks, found.above_a) == (slice(70, 140), 3.0)
    for before, after in ((2, 3), (3, 2)):
        assert _long_rise(read(stepped(before, after))) is None


def test_the_time_before_a_step_down_is_one_too() -> None:
    found = _long_rise(read(stepped()[::-1]))
    assert found is not None
    assert (found.blocks, found.above_a) == (slice(0, 70), 3.0)
    assert _long_rise(read(stepped(2, 3)[::-1])) is None


def test_what_lasts_three_times_as_long_as_the_usual_rise_may_be_the_time_after_a_step() -> None:
    for pause, told in ((2, True), (1, False)):
        later: Parts = [(103.0, 2), (113.0, 8), (103.0, 1), (113.0, 8), (103.0, 1), (113.0, 8), (103.0, pause)]
        found = _long_rise(read(held((REST_A, 10), *inferences(5), *later)))
        assert (found is not None) is told


def test_the_level_after_a_step_is_the_low_of_it_up_to_a_quarter_of_the_rises() -> None:
    """Idle that flips between 3 and 5 A mostly is at 5 A; what lies 2.5 A above its low is none of it."""
    flips: Parts = [(103.0, 3), (105.0, 7)]
    found = _long_rise(read(stepped(by_a=3.0, idle=flips)))
    assert found is not None
    assert found.above_a == 5.0
    found = _long_rise(read(stepped(by_a=3.0, more=[(105.5, 90), (103.0, 1)])))
    assert found is not None
    assert found.above_a == 3.0


@pytest.mark.parametrize(("low_a", "blocks", "told"), [(101.4, 2, True), (101.4, 3, False), (101.5, 9, True)])
def test_after_a_step_the_current_is_not_back_for_more_than_a_hundredth(low_a: float, blocks: int, told: bool) -> None:
    """Two of two hundred blocks less than half-way up."""
    current = stepped(more=[(103.0, 130 - blocks), (low_a, blocks)])
    assert (_long_rise(read(current)) is not None) is told


@pytest.mark.parametrize(("by_a", "told"), [(9.0, True), (10.0, False)])
def test_a_step_is_smaller_than_the_rises(by_a: float, told: bool) -> None:
    assert (_long_rise(read(stepped(by_a=by_a))) is not None) is told


def test_what_is_half_way_up_rests() -> None:
    """Inferences that mostly draw that leave nothing to tell a step from."""
    draw: Parts = [(REST_A, 5)]
    for _ in range(4):
        draw += [(120.0, 10), (105.0, 30), (120.0, 10), (REST_A, 5)]
    current = held(*draw, (103.0, 10), *inferences(4, 3.0, 11.0, 50))
    assert _long_rise(read(current)) is None
    assert _long_rise(read(np.where(current == 105.0, 105.1, current))) is not None


@pytest.mark.parametrize(
    ("runs_a", "goes_on"),
    [
        ([(10.0, 20)] * 3, True),
        ([(10.0, 20)] * 2, False),
        ([(10.0, 27)] * 3, True),
        ([(10.0, 28)] * 3, False),
        ([(13.5, 20)] * 3, True),
        ([(13.6, 20)] * 3, False),
        ([(10.0, 20)] * 4 + [(10.0, 40)], True),
        ([(10.0, 20)] * 3 + [(10.0, 40)], False),
        ([(10.0, 20)] * 3 + [(5.0, 40)], True),
    ],
)
def test_inferences_go_on_where_four_in_five_last_alike_and_stand_as_high(runs_a: list[tuple[float, int]], goes_on: bool) -> None:
    parts: Parts = [(0.0, 5)]
    for run in runs_a:
        parts += [run, (0.0, 5)]
    assert _goes_on(held(*parts), 20.0, 10.0) is goes_on
    # Those that the stretch begins or ends in say nothing.
    assert _goes_on(held((10.0, 3), *parts, (10.0, 50)), 20.0, 10.0) is goes_on


def test_how_far_apart_is_a_ratio() -> None:
    assert _apart(np.array([10, 20, 40]), 20.0) == pytest.approx([math.log(2.0), 0.0, math.log(2.0)])
    assert _apart(np.array([0.0]), 1.0) == pytest.approx([12.0 * math.log(10.0)])


def shifted(
    by_a: float = 2.0, before: int = 3, after: int = 3, high_a: float = 10.0, noise_a: float = 0.0, flip_a: float = 0.0, late: int = 0
) -> Reading:
    """Inferences whose idle steps by less than what leaves it; by hand, some blocks after the end of an inference or, negative, before."""
    current, first, last = [REST_A] * 10, [], []
    for _ in range(before + after):
        first.append(len(current))
        current += [REST_A + high_a] * 10
        last.append(len(current))
        current += [REST_A] * 10
    whole = np.array(current)
    at = last[before - 1] + late
    resting = whole < REST_A + 5.0
    whole[resting & (np.arange(len(whole)) >= at)] += by_a
    whole[resting] += flip_a * np.where(np.arange(np.count_nonzero(resting)) % 2, 1.0, -1.0)
    places = np.array(first, dtype=np.intp), np.array(last, dtype=np.intp)
    rises = Rises(REST_A, REST_A + 4.0, REST_A + 5.0, 0.0, *places, np.zeros(len(first), dtype=bool), True)
    return Reading(quiet_of(whole, noise_a), (), 0, rises)


@pytest.mark.parametrize("late", [1, 5])
def test_a_small_step_of_what_rests_lies_between_three_inferences_either_side(late: int) -> None:
    up = _shifted_rest(shifted(late=late))
    assert up is not None
    assert (up.blocks, up.above_a) == (slice(60 + late, 130), 2.0)
    down = _shifted_rest(shifted(-2.0, late=late))
    assert down is not None
    assert (down.blocks, down.above_a) == (slice(0, 60 + late), 2.0)
    assert _shifted_rest(shifted(before=2, after=4, late=late)) is None
    assert _shifted_rest(shifted(before=4, after=2, late=late)) is None
    assert _shifted_rest(shifted(0.0)) is None
    half_way = _shifted_rest(shifted(5.0, late=late))
    assert half_way is not None
    assert half_way.above_a == 5.0


def test_an_inference_that_ends_or_begins_with_a_step_is_on_one_side_of_it() -> None:
    assert _shifted_rest(shifted(before=4, after=2)) is None
    begins = shifted(before=2, after=4, late=10)
    begins.quiet.current_a[50] = REST_A + 2.0
    assert _shifted_rest(begins) is None


def test_twelve_blocks_at_rest_are_the_fewest() -> None:
    for rests, told in (((2, 2, 2, 2, 2, 1, 1), True), ((2, 2, 2, 2, 1, 1, 1), False)):
        parts: Parts = [(REST_A, rests[0])]
        for place, rest in enumerate(rests[1:]):
            parts += [(REST_A + 10.0, 10), (REST_A + (2.0 if place > 1 else 0.0), rest)]
        current = held(*parts)
        changes = np.flatnonzero(np.diff(current > REST_A + 5.0)) + 1
        rises = Rises(REST_A, REST_A + 4.0, REST_A + 5.0, 0.0, changes[::2], changes[1::2], np.zeros(6, dtype=bool), True)
        assert (_shifted_rest(Reading(quiet_of(current), (), 0, rises)) is not None) is told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"noise_a": 0.5}, True),
        ({"noise_a": 0.51}, False),
        ({"high_a": 100.0}, True),
        ({"high_a": 101.1}, False),
        ({"flip_a": 0.5}, True),
        ({"flip_a": 0.51}, False),
    ],
)
def test_a_step_stands_out_of_noise_of_the_rises_and_of_how_idle_spreads(given: dict[str, float], told: bool) -> None:
    """By four deviations, a fiftieth of their height, and four times what it spreads by."""
    assert (_shifted_rest(shifted(late=4, **given)) is not None) is told


def test_idle_that_spreads_on_one_side_of_a_step_is_enough_to_doubt_it() -> None:
    for place in (0, 64):
        reading = shifted(late=4)
        reading.quiet.current_a[place : place + 60] += np.tile([0.6, -0.6], 30)
        assert _shifted_rest(reading) is None


def test_the_step_that_leaves_the_least_squares_is_taken() -> None:
    """Most of the way is stepped late; a second, smaller step comes before it, a third after it."""
    reading = shifted(late=4)
    reading.quiet.current_a[90:] += 0.6
    found = _shifted_rest(reading)
    assert found is not None
    assert found.blocks == slice(64, 130)
    early = shifted(late=4)
    early.quiet.current_a[:31] -= 0.6
    found = _shifted_rest(early)
    assert found is not None
    assert found.blocks == slice(64, 130)


def test_of_many_blocks_at_rest_some_evenly_far_apart_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle_steps, "_LOOKED_AT", 36)
    found = _shifted_rest(shifted(late=4))
    assert found is not None
    assert found.blocks == slice(64, 130)


@pytest.mark.parametrize("by_a", [2.0, -2.0])
def test_the_lower_idle_is_left_throughout_and_the_step_is_told(by_a: float) -> None:
    reading = shifted(by_a, late=4)
    quiet = without_idle_step(reading)
    assert quiet is not None
    idle = quiet.current_a[reading.quiet.current_a < REST_A + 5.0]
    assert np.ptp(idle) == 0.0
    assert idle[0] == REST_A + min(by_a, 0.0)
    assert quiet.steps == ((64, by_a),)
    assert without_idle_step(read(stepped(3, 0, idle=[(REST_A, 10)]))) is None
    long = without_idle_step(read(stepped()))
    assert long is not None
    assert long.steps == ((70, 3.0),)
    assert long.current_a[70] == REST_A
