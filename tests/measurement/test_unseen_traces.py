"""Windows and energies of captures that no generator of the package made, at any rate, with their own truth."""

import zlib

import numpy as np
import pytest

from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.measurement.trace_analysis import FOUND, Thresholds, analyse_trace

_SUPPLY_V = 5.03
_IDLE_A = 0.0364
_EACH_SECOND = tuple((0.8 + second, 0.32, 0.043) for second in range(4))


def capture(rate_hz, segments, noise_a, span_s=5.0, idle_a=_IDLE_A):
    """Time, current and noiseless current of segments of (start, span, level), later ones over earlier ones."""
    time = np.arange(round(rate_hz * span_s)) / rate_hz
    clean = np.full(len(time), idle_a)
    for start_s, segment_s, level_a in segments:
        clean[round(start_s * rate_hz) : round((start_s + segment_s) * rate_hz)] = level_a
    noise = np.random.default_rng(zlib.crc32(repr((rate_hz, segments)).encode())).normal(0.0, noise_a, len(time))
    return time, clean + noise, clean


def analysed(time, current, thresholds=FOUND):
    chunks = (TraceChunk(time[first : first + 65536], current[first : first + 65536], None, first) for first in range(0, len(time), 65536))
    return analyse_trace(Trace("capture", "array", "sample", chunks), _SUPPLY_V, "given", thresholds).summary


def edge_errors(summary, windows, rate_hz):
    """Samples between each edge found and the middle between the two samples it lies between."""
    assert len(summary.windows) == len(windows)
    truth = [(round(start_s * rate_hz) - 0.5, round((start_s + span_s) * rate_hz) - 0.5) for start_s, span_s, *_ in windows]
    return np.abs(np.array([(window.start_s, window.end_s) for window in summary.windows]) * rate_hz - np.array(truth))


@pytest.mark.parametrize("noise_a", [1e-4, 1e-3], ids=["the deck's noise", "ten times it"])
@pytest.mark.parametrize("rate_hz", [1_000.0, 10_000.0, 100_000.0])
@pytest.mark.parametrize(
    "around",
    [(), ((0.0, 0.4, 0.08),), ((0.0, 0.4, 0.043),), tuple((1.3 + second, 0.05, 0.18) for second in range(4))],
    ids=["alone", "boot", "boot at the inference's own level", "long radio bursts"],
)
def test_windows_are_found_to_the_sample_at_every_rate(rate_hz, noise_a, around):
    time, current, clean = capture(rate_hz, (*around, *_EACH_SECOND), noise_a)
    summary = analysed(time, current)
    assert edge_errors(summary, _EACH_SECOND, rate_hz).max() <= 1.0 + 1e-6
    assert summary.total_j == pytest.approx(clean.sum() / rate_hz * _SUPPLY_V, rel=1e-3)


@pytest.mark.parametrize("noise_a", [1e-4, 1e-3], ids=["the deck's noise", "ten times it"])
@pytest.mark.parametrize("gap_s", [0.005, 0.02])
def test_gaps_of_a_few_samples_between_windows_are_kept_and_their_idle_is_found(gap_s, noise_a):
    windows = tuple((0.8 + place * (0.32 + gap_s), 0.32, 0.043) for place in range(8))
    summary = analysed(*capture(1_000.0, windows, noise_a)[:2])
    assert edge_errors(summary, windows, 1_000.0).max() <= 1.0 + 1e-6
    # A baseline known from so few samples is as good as their noise lets it be.
    assert summary.computational.mean == pytest.approx(0.0066 * 0.32 * _SUPPLY_V, rel=5e-3 if noise_a < 1e-3 else 3e-2)


@pytest.mark.parametrize("seed", range(8))
def test_an_edge_within_a_block_of_few_samples_is_still_placed_among_them(seed):
    starts = np.random.default_rng(seed).uniform(0.0, 0.01, 20)
    windows = tuple((0.3 + 0.2 * place + float(start), 0.1, 0.043) for place, start in enumerate(starts))
    summary = analysed(*capture(10_000.0, windows, 1e-3)[:2])
    assert edge_errors(summary, windows, 10_000.0).max() <= 2.0 + 1e-6


def test_a_sleeping_boards_inference_is_told_from_its_awake_idle_in_ten_times_the_noise():
    segments = [part for second in range(4) for part in ((0.5 + second, 0.62, _IDLE_A), (0.8 + second, 0.32, 0.043))]
    taken = capture(10_000.0, tuple(segments), 1e-3, idle_a=1e-5)[:2]
    assert "sleeps at" in (analysed(*taken).withheld or "")
    summary = analysed(*taken, Thresholds(duration_s=0.32))
    assert edge_errors(summary, _EACH_SECOND, 10_000.0).max() <= 1.0 + 1e-6
    assert summary.baseline_ratio == pytest.approx(_IDLE_A / 0.043, rel=2e-3)


def test_with_given_thresholds_inferring_may_draw_less_than_idling():
    windows = tuple((start_s, span_s, 0.030) for start_s, span_s, _ in _EACH_SECOND)
    summary = analysed(*capture(10_000.0, windows, 1e-4)[:2], Thresholds(0.028, 0.033))
    assert edge_errors(summary, windows, 10_000.0).max() <= 1.0 + 1e-6
    assert summary.baseline.mean == pytest.approx(_IDLE_A * 0.32 * _SUPPLY_V, rel=1e-3)
    assert summary.computational.mean < 0.0


def test_two_levels_within_an_inference_are_one_window():
    segments = tuple(part for second in range(4) for part in ((0.8 + second, 0.1, 0.043), (0.9 + second, 0.22, 0.047)))
    summary = analysed(*capture(10_000.0, segments, 1e-4)[:2])
    assert edge_errors(summary, _EACH_SECOND, 10_000.0).max() <= 1.0 + 1e-6
    assert summary.warnings == ()


def test_rises_of_which_no_two_are_alike_are_withheld():
    segments = ((0.8, 0.32, 0.043), (2.0, 1.1, 0.06))
    summary = analysed(*capture(10_000.0, segments, 1e-4)[:2])
    assert summary.windows == ()
    assert "no two alike: nothing in the capture repeats" in summary.withheld


def test_two_kinds_of_inference_are_both_found_and_told_apart():
    segments = tuple((0.8 + second, 0.32, 0.043 if second % 2 else 0.06) for second in range(4))
    summary = analysed(*capture(10_000.0, segments, 1e-4)[:2])
    assert edge_errors(summary, _EACH_SECOND, 10_000.0).max() <= 1.0 + 1e-6
    assert {window.kind for window in summary.windows} == {"A", "B"}
    assert summary.windows[0].kind == summary.windows[2].kind != summary.windows[1].kind


def test_what_follows_an_inference_without_a_return_to_idle_is_in_its_window_unless_thresholds_say_otherwise():
    segments = tuple(part for second in range(4) for part in ((0.8 + second, 0.32, 0.043), (1.12 + second, 0.05, 0.18)))
    time, current, _ = capture(10_000.0, segments, 1e-4)
    whole = tuple((0.8 + second, 0.37, 0.06) for second in range(4))
    assert edge_errors(analysed(time, current), whole, 10_000.0).max() <= 1.0 + 1e-6
    assert edge_errors(analysed(time, current, Thresholds(0.0397, 0.1115)), _EACH_SECOND, 10_000.0).max() <= 1.0 + 1e-6


def test_a_gap_that_swallows_an_inference_is_told_of():
    time, current, _ = capture(10_000.0, _EACH_SECOND, 1e-4)
    kept = (time < 0.7) | (time >= 1.2)
    summary = analysed(time[kept], current[kept])
    assert edge_errors(summary, _EACH_SECOND[1:], 10_000.0).max() <= 1.0 + 1e-6
    assert summary.warnings == ("10 % of the capture's time is missing: inferences within gaps are not found",)


def test_a_gap_within_an_inference_does_not_split_it():
    time, current, _ = capture(10_000.0, _EACH_SECOND, 1e-4)
    kept = (time < 0.9) | (time >= 0.95)
    assert edge_errors(analysed(time[kept], current[kept]), _EACH_SECOND, 10_000.0).max() <= 1.0 + 1e-6


def test_a_clock_coarser_than_the_samples_is_told_of():
    time, current, _ = capture(1_000.0, _EACH_SECOND, 1e-4)
    notes = analysed(np.floor(time * 10) / 10, current).warnings
    assert any("99 % of the samples have the time of the one before" in note and "--sample-rate" in note for note in notes)


def test_a_plain_capture_raises_no_doubt():
    assert analysed(*capture(10_000.0, _EACH_SECOND, 1e-4)[:2]).warnings == ()


@pytest.mark.parametrize("rate_hz", [1_000.0, 10_000.0])
def test_a_capture_beyond_what_is_kept_at_once_is_kept_in_wider_blocks_and_its_edges_stay(rate_hz, monkeypatch):
    monkeypatch.setattr("costmodel.measurement.windows.trace_blocks.MOST_BLOCKS", 700)
    monkeypatch.setattr("costmodel.measurement.windows.trace_blocks._LOOKED_AHEAD", 1 << 14)
    windows = tuple((0.8 + 2.0 * place, 0.9, 0.043) for place in range(10))
    time, current, clean = capture(rate_hz, windows, 1e-4, span_s=21.0)
    chunks = (TraceChunk(time[first : first + 4096], current[first : first + 4096], None, first) for first in range(0, len(time), 4096))
    summary = analyse_trace(Trace("capture", "array", "sample", chunks), _SUPPLY_V, "given").summary
    assert edge_errors(summary, windows, rate_hz).max() <= 0.04 * rate_hz
    assert summary.total_j == pytest.approx(clean.sum() / rate_hz * _SUPPLY_V, rel=1e-4)
    assert summary.computational.mean == pytest.approx(0.0066 * 0.9 * _SUPPLY_V, rel=0.01)
    assert any("a capture this long is kept in means of" in note for note in summary.warnings)
