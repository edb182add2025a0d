"""Windows, energies and statistics against the truth of synthetic captures."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from costmodel.errors import FormatError, MissingError
from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.measurement.synthetic_trace import SyntheticTrace, synthetic_chunks, synthetic_truth
from costmodel.measurement.trace_analysis import FOUND, Thresholds, analyse_trace


def analysed(recipe, thresholds=FOUND, chunks=None):
    trace = Trace("synthetic", "synthetic", "sample", chunks or synthetic_chunks(recipe))
    return analyse_trace(trace, recipe.supply_v, "given", thresholds).summary


def assert_truth(recipe, summary, samples=1.0, total=1e-3, computational=5e-3):
    truth = synthetic_truth(recipe)
    found = [(window.start_s, window.end_s) for window in summary.windows]
    assert len(found) == len(truth.windows_s)
    errors = np.abs(np.array(found) - np.array(truth.windows_s)) * recipe.rate_hz
    assert errors.max() <= samples + 1e-6
    assert summary.total_j == pytest.approx(truth.total_j, rel=total)
    assert sum(window.inference_j for window in summary.windows) == pytest.approx(truth.inference_j, rel=total)
    assert sum(window.computational_j for window in summary.windows) == pytest.approx(truth.computational_j, rel=computational)


@pytest.mark.parametrize("noise_a", [0.0001, 0.001], ids=["the deck's noise", "ten times it"])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"boot_s": 0.8, "burst_s": 0.004, "drift_ratio": 0.03, "seed": 1},
        {"jitter_s": 0.02, "period_s": 0.7, "seed": 2},
        {"period_s": 0.34, "first_s": 0.2, "seed": 3},
        {"missing_ratio": 0.01, "nan_count": 40, "seed": 4},
        {"inference_s": 0.03, "period_s": 0.1, "seed": 5},
    ],
    ids=["plain", "boot, bursts, drift", "durations vary", "20 ms apart", "samples missing", "30 ms"],
)
def test_every_window_is_found_none_invented_edges_within_one_sample(noise_a, change):
    recipe = SyntheticTrace(span_s=6.0, noise_a=noise_a, **change)
    summary = analysed(recipe)
    # With missing samples an edge is known to the gap around it.
    assert_truth(recipe, summary, samples=1.0 if not recipe.missing_ratio else 4.0)
    assert summary.nan_count == recipe.nan_count


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.03, 0.4),
    st.floats(1.15, 4.0),
    st.floats(0.0, 0.001),
    st.floats(-0.03, 0.05),
    st.sampled_from([10_000.0, 50_000.0]),
)
@example(0, 0.19779458766512525, 1.15, 0.0, 0.0, 10_000.0)  # 11 windows of 12, once
def test_windows_are_found_whatever_their_length_and_spacing(seed, inference_s, spacing, noise_a, drift, rate_hz):
    recipe = SyntheticTrace(
        rate_hz=rate_hz,
        span_s=3.0,
        first_s=0.3,
        inference_s=inference_s,
        period_s=spacing * inference_s,
        noise_a=noise_a,
        drift_ratio=drift,
        seed=seed,
    )
    assert_truth(recipe, analysed(recipe), computational=2e-2)


@pytest.mark.parametrize("rate_hz", [100.0, 1000.0])
def test_slow_loggers_are_read_sample_by_sample(rate_hz):
    recipe = SyntheticTrace(rate_hz=rate_hz, span_s=60.0)
    assert_truth(recipe, analysed(recipe))


def test_given_thresholds_are_used_and_said_to_be_given():
    recipe = SyntheticTrace(span_s=4.0)
    summary = analysed(recipe, Thresholds(0.040, 0.050, 0.05, 0.5))
    assert_truth(recipe, summary)
    assert summary.thresholds.minimum_a == 0.040
    assert summary.thresholds.shortest_s == 0.05
    assert summary.thresholds.boot_s == pytest.approx(0.5)
    assert [reason.split(": ")[1] for reason in summary.thresholds.reasons] == ["given"] * 3


def test_an_inference_of_a_board_that_sleeps_and_idles_awake_is_withheld_until_a_hint_tells_which_is_meant():
    rate_hz, block = 10_000.0, []
    for _ in range(6):
        block += [(0.0001, 0.5), (0.0364, 0.2), (0.0430, 0.1), (0.0364, 0.05)]
    current = np.concatenate([np.full(round(span * rate_hz), level) for level, span in [*block, (0.0001, 0.5)]])
    current += np.random.default_rng(0).normal(0.0, 1e-5, len(current))
    chunk = TraceChunk(np.arange(len(current)) / rate_hz, current, None, 1)
    withheld = analysed(SyntheticTrace(), chunks=iter([chunk]))
    assert withheld.windows == ()
    assert withheld.withheld is not None
    assert "6 of 0.35 s: --duration 0.35s" in withheld.withheld
    assert "6 of 0.1 s: --duration 0.1s, or --min-current 39.7mA" in withheld.withheld
    for hint in (Thresholds(duration_s=0.1), Thresholds(minimum_a=0.0397)):
        summary = analysed(SyntheticTrace(), hint, iter([chunk]))
        assert len(summary.windows) == 6
        assert summary.active_current.mean == pytest.approx(0.0430, rel=1e-3)
        assert summary.windows[0].duration_s == pytest.approx(0.1, abs=2 / rate_hz)
    awake = analysed(SyntheticTrace(), Thresholds(duration_s=0.35), iter([chunk]))
    assert [window.duration_s for window in awake.windows] == pytest.approx([0.35] * 6, abs=2 / rate_hz)
    with pytest.raises(MissingError, match="--duration"):
        analysed(SyntheticTrace(), Thresholds(duration_s=5.0), iter([chunk]))


def test_a_radio_burst_in_the_midst_of_each_inference_does_not_split_it():
    recipe = SyntheticTrace(span_s=5.0, noise_a=0.001)
    parts = list(synthetic_chunks(recipe))
    time, current = (np.concatenate([getattr(part, name) for part in parts]) for name in ("time_s", "current_a"))
    for begin, _ in synthetic_truth(recipe).windows_s:
        current[(time >= begin + 0.1) & (time < begin + 0.104)] += 0.15
    summary = analysed(recipe, chunks=iter([TraceChunk(time, current, None, 1)]))
    found = [(window.start_s, window.end_s) for window in summary.windows]
    assert np.abs(np.array(found) - np.array(synthetic_truth(recipe).windows_s)).max() * recipe.rate_hz <= 1.0 + 1e-6
    # What flows in the window is what the battery gives: the burst is in it.
    assert summary.active_current.mean == pytest.approx(0.043 + 0.15 * 0.004 / 0.32, rel=2e-3)


def test_windows_the_capture_cuts_are_left_out_and_counted():
    recipe = SyntheticTrace(span_s=4.0, first_s=1.0, period_s=1.0)
    whole = np.concatenate([chunk.current_a for chunk in synthetic_chunks(recipe)])
    begin, end = round(1.1 * recipe.rate_hz), round(3.1 * recipe.rate_hz)
    chunk = TraceChunk(np.arange(end - begin) / recipe.rate_hz, whole[begin:end], None, 1)
    summary = analysed(recipe, chunks=iter([chunk]))
    # The first is cut by the begin, the last by the end: none is dropped without being counted.
    assert (len(summary.windows), summary.cut_count) == (1, 2)


def test_gaps_are_counted_and_what_they_are_lent_is_told():
    recipe = SyntheticTrace(span_s=3.0)
    parts = list(synthetic_chunks(recipe))
    time = np.concatenate([part.time_s for part in parts])
    current = np.concatenate([part.current_a for part in parts])
    kept = (time < 1.0) | (time >= 1.25)
    summary = analysed(recipe, chunks=iter([TraceChunk(time[kept], current[kept], None, 1)]))
    assert summary.gap_count == 1
    assert summary.gap_s == pytest.approx(0.25)
    assert summary.bridged_j == pytest.approx(0.25 * 0.0364 * 5.03, rel=1e-2)
    assert summary.total_j == pytest.approx(synthetic_truth(recipe).total_j, rel=1e-3)


def test_a_clipped_range_is_noticed():
    summary = analysed(SyntheticTrace(span_s=4.0, burst_s=0.004, clip_a=0.15))
    assert summary.clipped_count > 0
    assert any("clipped" in warning for warning in summary.warnings)
    assert analysed(SyntheticTrace(span_s=4.0)).clipped_count == 0


def test_statistics_are_those_of_the_samples():
    recipe = SyntheticTrace(span_s=8.0, noise_a=0.0001, jitter_s=0.02)
    summary = analysed(recipe)
    assert summary.idle_current.mean == pytest.approx(0.0364, rel=1e-4)
    assert summary.idle_current.sigma == pytest.approx(0.0001, rel=0.02)
    assert summary.active_current.sigma == pytest.approx(0.0001, rel=0.02)
    durations = [b - a for a, b in synthetic_truth(recipe).windows_s]
    assert summary.duration.mean == pytest.approx(np.mean(durations), rel=1e-6)
    assert summary.duration.sigma == pytest.approx(np.std(durations, ddof=1), rel=1e-3)
    assert summary.baseline_ratio + summary.computational_ratio == pytest.approx(1.0)


def test_powers_and_mean_current_are_those_of_the_supply_and_of_the_whole_capture():
    summary = analysed(SyntheticTrace(span_s=6.0))
    assert summary.idle_w == pytest.approx(0.0364 * 5.03, rel=1e-3)
    assert summary.active_w == pytest.approx(0.0430 * 5.03, rel=1e-3)
    assert summary.average_w == pytest.approx(summary.total_j / 6.0, rel=1e-3)
    assert summary.mean_a == pytest.approx(0.0364 + 0.0066 * 5 * 0.32 / 6.0, rel=1e-3)


def test_the_decks_split_is_found_in_the_decks_trace():
    summary = analysed(SyntheticTrace(span_s=6.0))
    assert round(1e3 * summary.inference.mean, 1) == 69.2
    assert round(1e3 * summary.baseline.mean, 1) == 58.6
    assert round(1e3 * summary.computational.mean, 1) == 10.6
    assert (round(100 * summary.baseline_ratio), round(100 * summary.computational_ratio)) == (85, 15)


@pytest.mark.parametrize(
    ("recipe", "thresholds", "words"),
    [
        (SyntheticTrace(span_s=4.0), Thresholds(minimum_a=0.06), "lower --min-current"),
        (SyntheticTrace(span_s=4.0), Thresholds(minimum_a=0.01, maximum_a=0.02), "raise --max-current"),
        (SyntheticTrace(span_s=4.0), Thresholds(shortest_s=2.0), "none longer than tau_min 2000 ms"),
        (SyntheticTrace(span_s=4.0), Thresholds(boot_s=3.9), "--boot"),
        (SyntheticTrace(span_s=1.7), Thresholds(0.040, 0.050), "reach the capture's begin or end"),
    ],
)
def test_a_trace_without_a_window_says_what_was_seen_and_what_to_change(recipe, thresholds, words):
    chunks = None
    if recipe.span_s == 1.7:
        # The inference at 1.5 s is cut by the end.
        whole = list(synthetic_chunks(SyntheticTrace(span_s=3.0)))
        time, current = (np.concatenate([getattr(part, name) for part in whole]) for name in ("time_s", "current_a"))
        chunks = iter([TraceChunk(time[time < 1.7], current[time < 1.7], None, 1)])
    with pytest.raises(MissingError) as caught:
        analysed(recipe, thresholds, chunks)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_capture_without_an_inference_still_gives_its_charge_and_energy():
    recipe = SyntheticTrace(span_s=1.0)
    summary = analysed(recipe)
    assert summary.windows == ()
    assert summary.inference is None
    assert summary.withheld is not None
    assert "current dwells at no level it rises out of" in summary.withheld
    assert summary.mean_a == pytest.approx(0.0364, rel=1e-4)
    assert summary.charge_ah == pytest.approx(0.0364 / 3600, rel=1e-4)
    assert summary.total_j == pytest.approx(0.0364 * recipe.supply_v, rel=1e-4)
    assert [each.current_a for each in summary.percentiles] == sorted(each.current_a for each in summary.percentiles)


def test_the_time_above_a_threshold_is_that_of_the_inferences():
    recipe = SyntheticTrace(span_s=6.0)
    trace = Trace("synthetic", "synthetic", "sample", synthetic_chunks(recipe))
    summary = analyse_trace(trace, recipe.supply_v, "given", above_a=0.040).summary
    assert summary.above_s == pytest.approx(5 * 0.32, rel=2e-3)


def test_a_trace_without_a_number_is_refused():
    with pytest.raises(FormatError, match="no sample with a number"):
        analysed(SyntheticTrace(), chunks=iter([TraceChunk(np.arange(3.0), np.full(3, np.nan), None, 1)]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=80), st.floats(1e-5, 1.0))
def test_any_currents_at_all_give_a_summary_or_a_reason(complaint_of, values, step_s):
    chunk = TraceChunk(np.arange(len(values)) * step_s, np.array(values), None, 1)
    found = []
    complaint = complaint_of(lambda: found.append(analysed(SyntheticTrace(), chunks=iter([chunk]))))
    if complaint:
        assert "current is negative" in complaint
        assert min(values) < 0.0
    else:
        assert found[0].sample_count == len(values)


def test_reversed_leads_are_refused_and_an_offset_below_zero_is_not():
    recipe = SyntheticTrace(rate_hz=10_000.0, span_s=3.0)
    chunks = list(synthetic_chunks(recipe))
    with pytest.raises(FormatError, match=r"current is negative, -36.4. mA in the median: .* leads are reversed"):
        analysed(recipe, chunks=(TraceChunk(chunk.time_s, -chunk.current_a, None, 1) for chunk in chunks))
    asleep = (TraceChunk(chunk.time_s, chunk.current_a - 0.0366, None, 1) for chunk in chunks)
    assert len(analysed(recipe, chunks=asleep).windows) == 2


def test_a_capture_with_voltage_is_priced_by_it():
    recipe = SyntheticTrace(span_s=4.0)
    chunks = (TraceChunk(part.time_s, part.current_a, np.full(len(part.time_s), 3.3), part.first) for part in synthetic_chunks(recipe))
    summary = analysed(recipe, chunks=chunks)
    truth = synthetic_truth(recipe)
    assert summary.supply_v == pytest.approx(3.3)
    assert summary.total_j == pytest.approx(truth.total_j * 3.3 / recipe.supply_v, rel=1e-3)
    assert sum(w.inference_j for w in summary.windows) == pytest.approx(truth.inference_j * 3.3 / recipe.supply_v, rel=1e-3)


def test_what_idling_would_have_drawn_is_priced_at_the_voltage_of_the_window_not_of_the_capture():
    """The supply sags under load: from 5.0 to 4.5 V while the board infers."""
    recipe = SyntheticTrace(span_s=6.0, noise_a=0.0)
    threshold_a = 0.5 * (recipe.idle_a + recipe.active_a)

    def sagging():
        for chunk in synthetic_chunks(recipe):
            yield replace(chunk, voltage_v=np.where(chunk.current_a > threshold_a, 4.5, 5.0))

    summary = analysed(recipe, chunks=sagging())
    assert 4.6 < summary.supply_v < 4.9
    for window in summary.windows:
        assert window.baseline_j == pytest.approx(recipe.idle_a * window.duration_s * 4.5, rel=2e-3)
        assert window.inference_j == pytest.approx(recipe.active_a * window.duration_s * 4.5, rel=2e-3)
