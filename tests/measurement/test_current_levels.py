"""The currents a capture dwells at: what is a level, what is passed through, and where noise and drift make two of them one."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.measurement.captures.trace_chunk import Floats
from costmodel.measurement.windows.current_levels import Level, _bounded, _jump, _peaks, _quiet, current_levels, dwelt_at

SLOW_S = 0.1
"""Between samples so far apart that none are averaged."""


def blocks(*parts: tuple[float, int]) -> Floats:
    """Runs of a current each."""
    return np.concatenate([np.full(count, float(current_a)) for current_a, count in parts])


def found(currents: Floats, least_noise_a: float = 0.0) -> list[float]:
    return [level.current_a for level in current_levels(currents, 1, SLOW_S, least_noise_a)]


def test_three_blocks_alike_are_the_fewest_that_make_a_level() -> None:
    for current_a in (0.0, 1.0):
        assert current_levels(blocks((current_a, 3)), 1, SLOW_S) == [Level(current_a, current_a, np.inf, 1.0)]
    assert found(blocks((1.0, 2))) == []
    assert found(blocks((1.0, 4), (50.0, 1))) == [1.0]
    assert found(blocks((1.0, 3), (50.0, 1))) == []


def test_levels_have_their_share_of_the_time_and_end_half_way_to_each_other() -> None:
    low, high = current_levels(blocks((1.0, 302), (3.0, 102)), 1, SLOW_S)
    assert (low.current_a, high.current_a) == (pytest.approx(1.0, abs=1e-3), pytest.approx(3.0, abs=1e-3))
    assert (low.share, high.share) == (pytest.approx(0.75, abs=2e-3), pytest.approx(0.25, abs=2e-3))
    assert (low.low_a, low.high_a, high.low_a, high.high_a) == (1.0, pytest.approx(2.0, abs=1e-3), low.high_a, np.inf)
    assert _bounded([2.0, 4.0, 10.0], [0.5, 0.25, 0.25], 1.0) == [
        Level(2.0, 1.0, 3.0, 0.5),
        Level(4.0, 3.0, 7.0, 0.25),
        Level(10.0, 7.0, np.inf, 0.25),
    ]


@pytest.mark.parametrize("scale_a", [10.0, 1e-6])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_a_block_on_the_way_from_level_to_level_is_none(scale_a: float, offset: float) -> None:
    currents = np.tile(blocks((0.0, 4), (0.5, 1), (1.0, 4), (0.5, 1)), 50)
    assert found(scale_a * (offset + currents)) == pytest.approx([scale_a * offset, scale_a * (offset + 1.0)], abs=1e-3 * scale_a)


def test_blocks_that_differ_by_a_five_hundredth_of_the_range_are_steady() -> None:
    for step_a, count in ((2.0, 3), (2.1, 2)):
        between = np.tile([500.0, 500.0 + step_a], 100)
        assert len(found(np.concatenate((blocks((0.0, 200)), between, blocks((1000.0, 200)))))) == count


def test_what_differs_by_rounding_alone_is_one_level_however_low_a_lone_block_lies() -> None:
    assert found(blocks((1.0, 100), (0.0, 1), (1.0 + 5e-10, 100))) == [pytest.approx(1.0)]
    assert found(blocks((1e-6, 100), (2e-6, 100))) == pytest.approx([1e-6, 2e-6], rel=1e-3)


def test_a_rare_level_counts_up_to_a_tenth_of_the_range_above_the_usual_ones() -> None:
    """Eight blocks of ten thousand: fewer than one in a thousand."""
    for rare_a, count in ((1100.0, 3), (1101.0, 2)):
        assert len(found(blocks((0.0, 5000), (1000.0, 5000), (rare_a, 8)))) == count


def test_a_level_is_dwelt_at_for_five_blocks_of_half_a_million() -> None:
    for dwelt, count in ((6, 2), (16, 3)):
        assert len(found(blocks((0.0, 250_000), (0.5, dwelt), (1.0, 250_000)))) == count


def test_levels_closer_than_the_noise_are_one_and_the_ends_of_the_range_two() -> None:
    stairs = 100.0 + blocks((0.0, 100), (1.0, 100), (5.0, 100))
    assert len(found(stairs)) == 3
    assert len(found(stairs, 1.0)) == 2
    assert len(found(blocks((0.0, 100), (1.0, 100)), 0.5)) == 2


def test_a_level_that_drifts_by_less_than_a_few_hundredths_of_its_jumps_is_one() -> None:
    drifting = np.concatenate([blocks((0.0, 20), (1.0 + 0.01 * place, 20)) for place in range(10)])
    assert len(found(drifting)) == 2


@pytest.mark.parametrize(
    ("shares", "kept"),
    [
        ((0.5, 0.015, 0.485), [0, 1, 2]),
        ((0.5, 0.0149, 0.4851), [0, 2]),
        ((0.5, 0.49, 0.01), [0, 1, 2]),
        ((0.001, 0.5, 0.499), [0, 1, 2]),
    ],
)
def test_a_level_between_others_is_dwelt_at_for_three_hundredths_of_the_time_above_the_lowest(
    shares: tuple[float, ...], kept: list[int]
) -> None:
    levels = _bounded([1.0, 2.0, 5.0], list(shares), 0.0)
    assert dwelt_at(levels) == tuple(_bounded([(1.0, 2.0, 5.0)[place] for place in kept], [shares[place] for place in kept], 0.0))


@pytest.mark.parametrize(
    ("count", "samples", "period_s", "size"),
    [
        (6, 1, 1e-3, 2),
        (7, 1, 1e-3, 2),
        (5, 1, 1e-3, 1),
        (6, 1, 2.5e-3, 2),
        (6, 1, 2.6e-3, 1),
        (20, 2, 1e-3, 1),
        (20, 3, 1e-5, 1),
    ],
)
def test_two_samples_are_averaged_where_they_span_five_milliseconds_at_most(count: int, samples: int, period_s: float, size: int) -> None:
    means = np.arange(float(count)) ** 2
    expected = [means[first : first + size].mean() for first in range(0, count - size + 1, size)]
    assert _quiet(means, samples, period_s).tolist() == expected


def test_jumps_are_those_between_steady_runs_of_three_blocks_beyond_the_limit() -> None:
    means = np.array([0.0, 0.0, 0.0, 9.0, 5.0, 5.0, 5.0, 9.0, 4.0, 4.0])
    steady = np.array([True, True, True, False, True, True, True, False, True, True])
    assert _jump(means, steady, 4.0) == 5.0
    assert _jump(means, steady, 5.0) == 0.0
    assert _jump(means, ~steady, 0.0) == 0.0


@pytest.mark.parametrize(
    ("counts", "least", "reach", "peaks"),
    [
        ([0, 3, 3, 0], 1, 1, [1]),
        ([0, 0, 0, 5], 1, 3, [3]),
        ([5, 4, 1, 5], 1, 1, [0, 3]),
        ([4, 2, 4], 1, 1, [0, 2]),
        ([4, 1, 4], 1, 1, [0, 2]),
        ([4, 3, 4], 1, 1, [0]),
        ([4, 3, 5], 1, 1, [2]),
        ([0, 3, 0], 3, 1, [1]),
        ([0, 3, 0], 3.1, 1, []),
        ([0, 1, 3, 1, 0], 5, 1, [2]),
        ([0, 1, 3, 1, 2], 6.1, 2, [2]),
    ],
)
def test_two_peaks_are_two_levels_with_a_valley_of_half_the_lower_between(
    counts: list[float], least: float, reach: int, peaks: list[int]
) -> None:
    assert _peaks(np.array(counts, dtype=float), least, reach) == peaks
