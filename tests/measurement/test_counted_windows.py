"""What a user says of inferences, and what marks say, against windows: which lie in the capture, and how many inferences each holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from costmodel.errors import Location, MissingError
from costmodel.measurement.captures.trace_chunk import MarkedRun, Trace
from costmodel.measurement.synthetic_trace import SyntheticTrace, synthetic_chunks
from costmodel.measurement.trace_analysis import Thresholds, _check_period, _counted, _decision, _no_window, _within_capture
from costmodel.measurement.windows.inference_windows import FoundWindows, Window, WindowRule
from costmodel.measurement.windows.trace_blocks import condensed

HERE = Location("capture.csv")
BLOCKS: Any = SimpleNamespace(start_s=np.array([1.0, 1.5, 2.0, 2.5, 3.0]), period_s=0.5, samples_a_block=2)


def window(start_s: float, end_s: float, inner_blocks: float | None = None) -> Window:
    return Window(start_s, end_s, 0.0, None, 0, 1, 0.0, inner_blocks=inner_blocks)


def count(span_s: float, period_s: float, inner_blocks: float | None = None, sample_s: float = 0.25) -> int:
    blocks: Any = SimpleNamespace(period_s=sample_s, samples_a_block=2)
    return _counted(window(2.0, 2.0 + span_s, inner_blocks), Thresholds(period_s=period_s), blocks, HERE).inference_count


def test_marks_at_the_ends_of_a_capture_are_within_it_and_those_beyond_are_not() -> None:
    ends = [MarkedRun(1.0, 2.0, 1), MarkedRun(3.0, 3.5, 1)]
    beyond = [MarkedRun(0.9, 2.0, 1), MarkedRun(3.0, 3.6, 1)]
    assert _within_capture([*beyond, *ends], BLOCKS, HERE) == ends
    with pytest.raises(MissingError, match=r"none of the marks \(0.9 to 3.6 s\) is within the capture \(1 to 3 s\)"):
        _within_capture(beyond, BLOCKS, HERE)


@pytest.mark.parametrize(("span_s", "period_s", "expected"), [(0.7, 0.5, 1), (0.75, 0.5, 2), (3.0, 2.0, 2), (2.9, 2.0, 1), (7.0, 2.0, 4)])
def test_a_window_of_one_and_a_half_periods_or_more_holds_as_many_inferences_as_periods(
    span_s: float, period_s: float, expected: int
) -> None:
    assert count(span_s, period_s) == expected


@pytest.mark.parametrize("times", [1, 2, 3, 7])
def test_what_repeats_inside_a_window_is_a_part_of_a_period_or_holds_some(times: int) -> None:
    """Three blocks of two samples of 70 ms are 420 ms."""
    for period_s in (0.42 * times, 0.42 / times):
        assert count(7.35 * times, period_s, 3, 0.07) == round(7.35 * times / period_s)


@pytest.mark.parametrize("times", [1.08, 2.15, 2.85, 3.25])
def test_a_period_may_be_a_tenth_off_what_repeats(times: float) -> None:
    assert count(7.4 * times, 0.42 * times, 3, 0.07) == 18


@pytest.mark.parametrize("period_s", [0.3, 0.6, 0.42 * 2.3])
def test_a_period_that_what_repeats_does_not_divide_is_asked_about(period_s: float) -> None:
    with pytest.raises(MissingError, match=r"the run at 2 s repeats every 0.42 s"):
        count(7.35, period_s, 3, 0.07)


def test_marked_runs_that_are_no_longer_than_the_shortest_are_left_out() -> None:
    """Of a quarter and of half a second, to the sample."""
    recipe = SyntheticTrace(rate_hz=1024.0, span_s=6.0)
    trace = Trace("marked", "synthetic", "sample", synthetic_chunks(recipe), runs=(MarkedRun(2.0, 2.25, 1), MarkedRun(3.5, 4.0, 1)))
    blocks = condensed(trace.chunks)
    assert blocks is not None
    for shortest_s, lasting in ((0.1, 2), (0.25, 1), (0.4, 1)):
        found = _decision(trace, blocks, Thresholds(shortest_s=shortest_s)).found
        assert found is not None
        assert len(found.windows) == lasting
    for shortest_s in (0.5, 0.6):
        with pytest.raises(MissingError, match="no inference window"):
            _decision(trace, blocks, Thresholds(shortest_s=shortest_s))


def test_a_period_is_held_to_the_inferences_that_stand_alone() -> None:
    apart = [window(begin, begin + 0.1) for begin in (1.0, 3.0)]
    _check_period(apart, 2.1, HERE)
    for period_s in (1.0, 1.7, 2.4, 4.0):
        with pytest.raises(MissingError, match=r"inferences begin every 2 s in this capture"):
            _check_period(apart, period_s, HERE)
    joined = [*apart, window(5.0, 9.0)._replace(inference_count=2)]
    _check_period(joined, 1.0, HERE)
    _check_period(apart[:1], 1.0, HERE)


@pytest.mark.parametrize(
    ("currents_a", "minimum_a", "maximum_a", "told"),
    [
        ([1.0, 2.0, 2.0, 3.0], 3.0, np.inf, "above 3,000 mA: current lies at 1003 to 2997 mA (median 2000); lower --min-current"),
        ([1.0, 2.0, 2.0, 3.0], 0.5, 1.0, "between 500 and 1,000 mA: current lies at 1003 to 2997 mA (median 2000); raise --max-current"),
        ([1.0, 3.0, 3.0, 3.0], 2.0, 2.5, "between 2,000 and 2,500 mA: current lies at 1006 to 3000 mA (median 3000); raise --max-current"),
    ],
)
def test_a_current_at_a_threshold_is_not_within_and_the_threshold_to_move_is_named(
    currents_a: list[float], minimum_a: float, maximum_a: float, told: str
) -> None:
    blocks: Any = SimpleNamespace(mean_a=np.array(currents_a))
    rule = WindowRule(minimum_a, maximum_a, 0.1, 0.0, "given", "given", "given")
    assert _no_window(blocks, FoundWindows(rule, [], 0, 0), Thresholds()) == f"no inference window {told}"
