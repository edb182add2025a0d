"""Edges that are no steps, boards awake around inferences, and instruments that tell few currents apart: followed, or withheld and said."""

import numpy as np
import pytest

from costmodel.measurement.captures.trace_chunk import Trace, TraceChunk
from costmodel.measurement.trace_analysis import FOUND, Thresholds, analyse_trace
from costmodel.measurement.windows.coarse_instrument import mean_open_by_a

_RATE_HZ = 1_000.0
_IDLE_A, _RISE_A, _LASTS_S, _PERIOD_S, _COUNT = 0.0364, 0.012, 0.4, 1.3, 6


def capture(after, noise_a=2e-5, sleep_a=None, awake_s=0.0):
    """Six inferences of 0.4 s; `after` gives the current above idle by the time since an inference's end."""
    time = np.arange(round((_COUNT + 0.5) * _PERIOD_S * _RATE_HZ)) / _RATE_HZ
    within = (time - 0.5) % _PERIOD_S
    begun = time >= 0.5
    current = np.where(begun & (within < _LASTS_S - 1e-9), _RISE_A, 0.0)
    current += np.where(begun & (within >= _LASTS_S - 1e-9), after(within - _LASTS_S), 0.0)
    idle = np.full(len(time), _IDLE_A)
    if sleep_a is not None:
        idle[(within >= _LASTS_S + awake_s) & (within < _PERIOD_S - awake_s)] = sleep_a
    return time, idle + current + np.random.default_rng(5).normal(0.0, noise_a, len(time))


def analysed(time, current, thresholds=FOUND):
    return analyse_trace(Trace("c", "c", "sample", iter([TraceChunk(time, current, None, 1)])), 3.3, "given", thresholds).summary


def decay(constant_s):
    return lambda since: _RISE_A * np.exp(-since / constant_s)


def test_a_decay_after_inferences_is_asked_about_and_either_duration_answers():
    taken = capture(decay(0.05))
    withheld = analysed(*taken).withheld
    assert "end in a decay" in withheld
    without = analysed(*taken, Thresholds(duration_s=0.4))
    assert without.duration.mean == pytest.approx(0.4, rel=0.02)
    assert without.computational.mean == pytest.approx(3.3 * _RISE_A * 0.4, rel=0.02)
    including = analysed(*taken, Thresholds(duration_s=0.55))
    assert including.computational.mean == pytest.approx(3.3 * _RISE_A * (0.4 + 0.95 * 0.05), rel=0.02)


def test_a_decay_too_short_to_matter_is_no_reason_to_withhold():
    summary = analysed(*capture(decay(0.001)))
    assert summary.withheld is None
    assert summary.duration.mean == pytest.approx(0.4, rel=0.01)


@pytest.mark.parametrize("ramp_s", [0.04, 0.1, 0.2])
def test_a_straight_ramp_down_to_idle_ends_at_its_foot(ramp_s):
    summary = analysed(*capture(lambda since: _RISE_A * np.clip(1.0 - since / ramp_s, 0.0, 1.0)))
    assert summary.duration.mean == pytest.approx(0.4 + ramp_s, rel=0.01)
    assert summary.computational.mean == pytest.approx(3.3 * _RISE_A * (0.4 + 0.5 * ramp_s), rel=0.01)


def test_a_board_awake_before_and_after_an_inference_is_asked_about():
    taken = capture(lambda since: 0.0 * since, sleep_a=1e-5, awake_s=0.1)
    assert "is awake at 36.4 mA" in analysed(*taken).withheld
    assert analysed(*taken, Thresholds(duration_s=0.4)).duration.mean == pytest.approx(0.4, rel=0.01)
    assert analysed(*taken, Thresholds(duration_s=0.6)).duration.mean == pytest.approx(0.6, rel=0.01)


def test_a_board_that_wakes_into_an_inference_is_not():
    summary = analysed(*capture(lambda since: 0.0 * since, sleep_a=1e-5))
    assert summary.duration.mean == pytest.approx(0.4, rel=0.01)


def test_a_coarse_instrument_is_withheld_with_how_far_energies_are_open_and_given_where_asked_for():
    time, current = capture(lambda since: 0.0 * since, noise_a=4e-4)
    coarse = np.round(current / 2e-3) * 2e-3
    assert "tells currents 2 mA apart" in analysed(time, coarse).withheld
    asked = analysed(time, coarse, Thresholds(duration_s=0.4))
    assert asked.duration.mean == pytest.approx(0.4, rel=0.01)
    assert any("tells currents 2 mA apart" in note for note in asked.warnings)
    fine = analysed(time, np.round(current / 1e-4) * 1e-4)
    assert fine.inference.mean == pytest.approx(3.3 * (_IDLE_A + _RISE_A) * 0.4, rel=0.01)


def test_round_currents_without_noise_are_no_coarse_instrument_but_it_is_said():
    time, current = capture(lambda since: 0.0 * since, noise_a=0.0)
    current = np.where(current > 0.04, 0.048, 0.036)
    summary = analysed(time, current)
    assert summary.inference.mean == pytest.approx(3.3 * 0.048 * 0.4, rel=1e-3)
    assert any("if the instrument is that coarse" in note for note in summary.warnings)


@pytest.mark.parametrize("sigma", [0.0, 0.1, 0.3, 0.5, 1.0])
def test_no_mean_of_rounded_samples_lies_further_from_the_current_than_said(sigma):
    random = np.random.default_rng(3)
    for current in np.linspace(10.0, 11.0, 21):
        rounded = np.round(current + random.normal(0.0, sigma, 40_000))
        assert abs(rounded.mean() - current) <= mean_open_by_a(1.0, float(rounded.std())) + 4.0 * max(sigma, 0.3) / 200.0


def test_pieces_with_uneven_pauses_are_one_inference_and_like_ones_are_asked_about():
    time = np.arange(13_000) / _RATE_HZ
    current = np.full(len(time), _IDLE_A) + np.random.default_rng(1).normal(0.0, 1e-4, len(time))
    for place in range(9):
        for begin_s, end_s in ((0.0, 0.1), (0.11, 0.3), (0.302 if place % 2 else 0.31, 0.4)):
            current[(time >= 1.0 + 1.3 * place + begin_s) & (time < 1.0 + 1.3 * place + end_s)] += _RISE_A
    summary = analysed(time, current)
    assert len(summary.windows) == 9
    assert summary.duration.mean == pytest.approx(0.4, rel=0.01)
    alike = np.full(len(time), _IDLE_A) + np.random.default_rng(1).normal(0.0, 1e-4, len(time))
    for place in range(9):
        for part in range(3):
            begin_s = 1.0 + 1.3 * place + 0.12 * part
            alike[(time >= begin_s) & (time < begin_s + 0.1)] += _RISE_A
    assert "groups of 3" in analysed(time, alike).withheld


@pytest.mark.parametrize("step", [-0.35, 0.05, 0.2])
def test_idle_that_steps_for_good_leaves_the_inferences_on_both_sides(step):
    time, current = capture(lambda since: 0.0 * since)
    summary = analysed(time, current + step * _RISE_A * (time > 0.5 + 3 * _PERIOD_S - 0.3))
    assert len(summary.windows) == _COUNT
    assert summary.computational.mean == pytest.approx(3.3 * _RISE_A * _LASTS_S, rel=0.01)
    assert f"idle steps by {1e3 * step * _RISE_A:+.3g} mA at 4.1" in summary.thresholds.reasons[0]


def test_a_last_level_that_noise_hides_in_each_inference_is_part_of_it():
    low_s = 0.05
    summary = analysed(*capture(lambda since: 0.25 * _RISE_A * (since < low_s), noise_a=0.08 * _RISE_A))
    assert summary.duration.mean == pytest.approx(_LASTS_S + low_s, rel=0.01)
    assert summary.computational.mean == pytest.approx(3.3 * _RISE_A * (_LASTS_S + 0.25 * low_s), rel=0.01)


def test_inferences_that_follow_each_other_closely_by_chance_are_two():
    time = np.arange(12_000) / _RATE_HZ
    starts = np.array([0.5, 1.9, 2.35, 4.6, 5.8, 7.5, 8.9, 10.6])
    running = ((time >= starts[:, None]) & (time < starts[:, None] + _LASTS_S)).any(axis=0)
    current = _IDLE_A + _RISE_A * running + np.random.default_rng(7).normal(0.0, 2e-5, len(time))
    assert [window.start_s for window in analysed(time, current).windows] == pytest.approx(starts, abs=2e-3)


def test_a_tall_radio_burst_just_before_an_inference_does_not_draw_its_edge_out():
    time, current = capture(lambda since: 0.0 * since)
    starts = 0.5 + _PERIOD_S * np.arange(_COUNT)
    for start_s in starts[::2]:
        current[(time >= start_s - 0.008) & (time < start_s - 0.006)] += 9.0 * _RISE_A
    summary = analysed(time, current)
    assert [window.start_s for window in summary.windows] == pytest.approx(starts, abs=2e-3)
