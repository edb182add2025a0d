"""A capture condensed: cells, gaps, what is counted on the way, and the samples kept around jumps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from costmodel.measurement.captures.trace_chunk import MOST_CURRENT_A, TraceChunk
from costmodel.measurement.windows import trace_blocks
from costmodel.measurement.windows.trace_blocks import Blocks, Tally, _as_sample, _instrument_step, _jumps, _noise, condensed


def chunks(*currents: list[float], volts: float | None = None, period_s: float = 1.0) -> Iterator[TraceChunk]:
    """Samples a period apart; the first is number 100."""
    at = 0
    for current in currents:
        time = period_s * np.arange(at, at + len(current))
        voltage = None if volts is None else np.full(len(current), volts)
        yield TraceChunk(time, np.array(current, dtype=float), voltage, 100 + at)
        at += len(current)


def blocks(*currents: list[float], size: int = 1, **given: Any) -> Blocks:
    """Of so many samples each; the chunks together are longer than what is looked ahead."""
    found = condensed(chunks(*currents, **given), float(size))
    assert found is not None
    return found


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sample is enough to settle the span of a block."""
    monkeypatch.setattr(trace_blocks, "_LOOKED_AHEAD", 1)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, ahead: None) -> Any:
    """Blocks of four samples whose samples were kept, where only so many may be, and whether some were let go."""

    def found(most: int, *currents: list[float]) -> tuple[list[int], bool]:
        monkeypatch.setattr(trace_blocks, "_KEPT_SAMPLES", most)
        condensed_blocks = blocks(*currents, size=4)
        return sorted(condensed_blocks.raw), condensed_blocks.tally.unresolved

    return found


def test_cells_reach_half_way_to_the_neighbours_and_half_a_period_beyond_the_ends() -> None:
    chunk = TraceChunk(np.array([0.0, 2.0, 4.0, 12.0, 14.0]), np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.full(5, 3.0), 1)
    found = condensed(iter([chunk]))
    assert found is not None
    assert found.start_s.tolist() == [-1.0, 1.0, 3.0, 8.0, 13.0, 15.0]
    assert found.charge.tolist() == [2.0, 4.0, 20.0, 40.0, 32.0]
    assert found.energy is not None
    assert found.energy.tolist() == [6.0, 12.0, 60.0, 120.0, 96.0]
    tally = found.tally
    assert (tally.gap_count, tally.missing_s, tally.bridged) == (1, 6.0, 36.0)
    assert (tally.first_s, tally.last_s) == (0.0, 14.0)


def test_a_step_of_one_and_a_half_periods_is_no_gap() -> None:
    for step_s, gaps in ((3.0, 0), (3.1, 1)):
        found = condensed(iter([TraceChunk(np.array([0.0, 2.0, 4.0, 4.0 + step_s]), np.ones(4), None, 1)]))
        assert found is not None
        assert found.tally.gap_count == gaps


def test_samples_with_the_time_of_the_one_before_are_counted() -> None:
    found = condensed(iter([TraceChunk(np.array([0.0, 1.0, 1.0, 2.0]), np.ones(4), None, 1)]))
    assert found is not None
    assert found.tally.repeated_count == 1


@pytest.mark.usefixtures("ahead")
def test_chunks_of_one_sample_are_condensed_as_one_of_many() -> None:
    assert blocks(*[[1.0]] * 9, size=4).charge.tolist() == blocks([1.0] * 9, size=4).charge.tolist() == [4.0, 4.0, 1.0]


def test_samples_without_a_number_and_beyond_any_current_are_left_out_and_counted() -> None:
    found = blocks([1.0, 1.0], [1.0, np.nan, 1.0, np.nan], [2.0 * MOST_CURRENT_A, MOST_CURRENT_A])
    tally = found.tally
    assert (tally.nan_count, tally.first_nan, tally.garbage_count, tally.sample_count) == (3, 103, 1, 5)
    assert tally.highest_a == MOST_CURRENT_A


def test_a_range_is_clipped_where_ten_samples_of_all_chunks_lie_at_the_highest() -> None:
    top = [5.0, 1.0, 5.0]
    assert blocks(*[top] * 5, [1.0]).tally.clipped_count == 10
    assert blocks(*[top] * 4, [5.0, 2.0]).tally.clipped_count == 0
    assert blocks(*[top] * 5, [6.0]).tally.at_highest_count == 1
    assert blocks([6.0], *[top] * 5).tally.at_highest_count == 1


@pytest.mark.usefixtures("ahead")
def test_blocks_hold_mean_variance_charge_and_energy() -> None:
    found = blocks([1.0, 3.0, 5.0, 7.0, 2.0, 2.0, 2.0], size=2, volts=3.0)
    assert found.samples_a_block == 2
    assert found.mean_a.tolist() == [2.0, 6.0, 2.0, 2.0]
    assert found.variance.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert found.charge.tolist() == [4.0, 12.0, 4.0, 2.0]
    assert found.energy is not None
    assert found.energy.tolist() == [12.0, 36.0, 12.0, 6.0]


def test_single_samples_need_none_kept_and_their_noise_is_that_of_all() -> None:
    found = blocks([0.0] * 20 + [9.0] * 20)
    assert found.raw == {}
    assert found.samples_a_block == 1
    assert blocks([0.0, 1.0, 3.0, 6.0]).noise_a == pytest.approx(2.0 / (math.sqrt(2.0) * NormalDist().inv_cdf(0.75)))


@pytest.mark.parametrize(("samples", "size"), [(127, 1), (128, 64)])
def test_a_capture_that_ends_before_what_is_looked_ahead_is_kept_in_finer_blocks(
    monkeypatch: pytest.MonkeyPatch, samples: int, size: int
) -> None:
    monkeypatch.setattr(trace_blocks, "_LOOKED_AHEAD", 128)
    found = condensed(chunks([1.0] * samples, period_s=1e-5))
    assert found is not None
    assert found.samples_a_block == size


def test_samples_of_the_blocks_beside_a_jump_are_kept_across_chunks(kept: Any) -> None:
    """A chunk's last sample waits for the next: 17 samples are four blocks."""
    assert kept(1000, [0.0] * 17, [0.0] * 3 + [9.0] * 21) == ([4, 5, 6], False)
    found = blocks([0.0, 1.0, 0.0, 1.0] * 4 + [9.0], [9.0] * 16, size=4)
    assert sorted(found.raw) == [3, 4, 5]
    begins, current, _ = found.raw[3]
    assert begins.tolist() == [11.5, 12.5, 13.5, 14.5]
    assert current.tolist() == [0.0, 1.0, 0.0, 1.0]


def test_as_many_samples_are_kept_as_there_is_room_for(kept: Any) -> None:
    """Three blocks of four a jump."""
    once, twice = [0.0] * 20 + [9.0] * 21, [9.0] * 19 + [0.0] * 21
    assert kept(12, once) == ([4, 5, 6], False)
    assert kept(11, once) == ([], True)
    assert kept(24, once, twice) == ([4, 5, 6, 14, 15, 16], False)
    assert kept(20, once, twice) == ([4, 5, 6], True)


def widened(monkeypatch: pytest.MonkeyPatch, current: list[float], most_blocks: int, most_kept: int = 1000) -> Blocks:
    """What is kept of single samples in so many blocks."""
    monkeypatch.setattr(trace_blocks, "MOST_BLOCKS", most_blocks)
    monkeypatch.setattr(trace_blocks, "_KEPT_SAMPLES", most_kept)
    return blocks(current, volts=2.0)


@pytest.mark.usefixtures("ahead")
def test_beyond_the_most_blocks_they_are_joined_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last sample waits for the next: 101 are a hundred blocks and one."""
    assert widened(monkeypatch, [1.0] * 101, 100).tally.widened_count == 0
    found = widened(monkeypatch, [1.0, 3.0] * 51 + [1.0], 100)
    assert (found.tally.widened_count, found.samples_a_block) == (1, 2)
    assert found.mean_a.tolist() == [2.0] * 51 + [1.0]
    assert found.variance.tolist() == [1.0] * 51 + [0.0]
    assert found.charge.tolist() == [4.0] * 51 + [1.0]
    assert found.energy is not None
    assert found.energy.tolist() == [8.0] * 51 + [2.0]


@pytest.mark.usefixtures("ahead")
def test_samples_beside_a_jump_are_kept_where_blocks_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter as many blocks as samples may be kept, of which each holds two."""
    current = [0.0] * 50 + [9.0] * 52
    found = widened(monkeypatch, current, 100)
    assert sorted(found.raw) == [24, 25, 26]
    begins, currents, volts = found.raw[25]
    assert (begins.tolist(), currents.tolist()) == ([49.5, 50.5], [9.0, 9.0])
    assert volts is not None
    assert volts.tolist() == [2.0, 2.0]
    assert not found.tally.unresolved
    assert not widened(monkeypatch, current, 100, 12).tally.unresolved
    fewer = widened(monkeypatch, current, 100, 8)
    assert sorted(fewer.raw) == [24, 25]
    assert fewer.tally.unresolved


@pytest.mark.usefixtures("ahead")
def test_samples_that_were_kept_stay_where_blocks_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eleven blocks of four samples the fifth to the seventh: of pairs the third, and the fourth with what was not kept as one."""
    monkeypatch.setattr(trace_blocks, "MOST_BLOCKS", 10)
    found = blocks([0.0] * 20 + [9.0] * 25, size=4)
    assert found.samples_a_block == 8
    assert sorted(found.raw) == [2, 3]
    assert found.raw[2][1].tolist() == [0.0] * 4 + [9.0] * 4
    assert found.raw[3][1].tolist() == [9.0] * 5


def test_a_jump_stands_out_of_the_noise_of_two_means_and_of_a_ten_thousandth() -> None:
    assert _jumps(np.nan, np.array([3.5, 0.0, 3.6, 0.0]), 1.0, 2).tolist() == [False, False, True, True]
    assert _jumps(-3.6, np.array([0.0]), 1.0, 2).tolist() == [True]
    assert _jumps(np.nan, np.array([1e4, 1e4 + 1.0, 1e4 + 2.1]), 0.0, 2).tolist() == [False, False, True]
    assert _jumps(0.0, np.array([1.0, 0.0]), 1.0, 32).tolist() == [True, True]


def test_a_block_that_was_not_kept_stands_for_one_sample() -> None:
    starts, means = np.array([0.0, 2.0, 4.0]), np.array([3.0, 0.0])
    begins, current, volts = _as_sample(starts, means, np.array([6.0, 0.0]), np.array([30.0, 0.5]), 0)
    assert (begins.tolist(), current.tolist()) == ([0.0], [3.0])
    assert volts is not None
    assert volts.tolist() == [5.0]
    empty = _as_sample(starts, means, np.array([6.0, 0.0]), np.array([30.0, 0.5]), 1)[2]
    assert empty is not None
    assert empty.tolist() == [0.5]
    assert _as_sample(starts, means, np.array([6.0, 0.0]), None, 0)[2] is None


@pytest.mark.parametrize(
    ("values", "held", "step"),
    [
        ([0.0, 1.0], 20, (1.0, 2)),
        ([0.0, 1.0], 19, (0.0, 0)),
        ([0.0, 1.0, 3.0], 40, (1.0, 3)),
        ([1.0, 40.0, 60.0], 40, (20.0, 3)),
        ([1.1, 40.0, 60.0], 40, (0.0, 0)),
        ([0.0, 1.0, 2.5], 40, (0.0, 0)),
        ([1e9 - 1.0, 1e9], 40, (0.0, 0)),
        ([1e9 - 2.0, 1e9], 40, (2.0, 2)),
        ([0.0, 5e-7, 1e-3], 40, (5e-7, 3)),
        ([0.0, 1.0, 1.0 + 1e-12], 40, (1.0, 3)),
        ([1.0], 40, (0.0, 0)),
    ],
)
def test_an_instruments_step_is_what_all_its_few_values_are_multiples_of(values: list[float], held: int, step: tuple[float, int]) -> None:
    """To a twentieth of it; what differs by a billionth is rounding."""
    assert _instrument_step([np.repeat(values, held)]) == (pytest.approx(step[0], rel=1e-9), step[1])


def test_three_samples_tell_noise() -> None:
    assert _noise(np.array([0.0, 2.0, 4.0])) == pytest.approx(2.0 / (math.sqrt(2.0) * NormalDist().inv_cdf(0.75)))
    assert _noise(np.array([0.0, 2.0])) == 0.0
    assert Tally().clipped_count == 0
