"""Traces that are not delimited text: .ppk2 and MLPerf Tiny JSON."""

import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costmodel.errors import FormatError, MissingError
from costmodel.measurement.captures.mlperf_runner import read_mlperf_trace
from costmodel.measurement.captures.ppk2_archive import read_ppk2_trace
from costmodel.measurement.synthetic_trace import synthetic_chunks
from costmodel.measurement.trace_analysis import Thresholds, analyse_trace


def read_archive(content):
    return read_ppk2_trace(io.BytesIO(content), "session.ppk2")


def test_a_ppk2_session_holds_the_currents_and_times_it_was_taken_with(ppk2_archive, recipe):
    chunks = list(read_archive(ppk2_archive()).chunks)
    expected = np.concatenate([chunk.current_a for chunk in synthetic_chunks(recipe)])
    assert np.concatenate([chunk.current_a for chunk in chunks]) == pytest.approx(expected, rel=1e-6)
    assert np.concatenate([chunk.time_s for chunk in chunks]).tolist() == (np.arange(len(expected)) / recipe.rate_hz).tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": ("metadata.json",)}, "holds no 'session.raw'"),
        ({"names": ("session.raw",)}, "holds no 'metadata.json'"),
        ({"metadata": {"metadata": {"samplesPerSecond": 0}}}, "samplesPerSecond should be a number above 0"),
        ({"metadata": [1]}, "samplesPerSecond should be a number above 0, found None"),
        ({"frames": b"1234567"}, "cut off in the frame after sample 1"),
        ({"frames": b""}, "holds no sample"),
    ],
)
def test_a_session_that_is_not_whole_is_refused(ppk2_archive, change, words):
    with pytest.raises(FormatError, match=r"session\.ppk2 ") as caught:
        list(read_archive(ppk2_archive(**change)).chunks)
    assert words in str(caught.value)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_corruption_of_a_session_escapes_as_anything_but_an_input_error(complaint_of, ppk2_archive, data):
    content = bytearray(ppk2_archive(frames=bytes(range(250)) * 12))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    assert "\n" not in complaint_of(lambda: list(read_archive(cut).chunks))


def runner_json(samples, **power):
    return json.dumps({"tests": [{"info": {"name": "ic"}, "power": {"samples": samples, "timestamps": [], **power}}]}).encode()


def read_runner(content, **options):
    return read_mlperf_trace(io.BytesIO(content), "results.json", **options)


def test_runner_joules_a_millisecond_become_currents_at_its_voltage():
    chunk = next(read_runner(runner_json([1e-4, float("nan"), 3e-4], voltage=3.0)).chunks)
    assert chunk.current_a[[0, 2]] == pytest.approx([0.1 / 3, 0.3 / 3])
    assert np.isnan(chunk.current_a[1])
    assert chunk.time_s.tolist() == pytest.approx([0.0, 1e-3, 2e-3])
    assert chunk.voltage_v.tolist() == [3.0] * 3


def test_runner_voltage_may_stand_around_the_samples_or_be_given():
    content = json.dumps({"voltage": 1.8, "power": {"samples": [1e-4]}}).encode()
    assert next(read_runner(content).chunks).voltage_v[0] == 1.8
    with pytest.raises(MissingError, match="give --supply-v"):
        read_runner(runner_json([1e-4]))
    assert next(read_runner(runner_json([1e-4]), supply_v=3.3).chunks).voltage_v[0] == 3.3


def runner_capture(level_j, iterations=20, idle_j=1e-6):
    """As in the results files of MLPerf Tiny v1.3: marks are (counter, samples so far), and the last two bracket the run."""
    busy = [2.0 * idle_j, 2.5 * idle_j] * 20
    samples = [idle_j] * 40 + busy + [idle_j] * 20 + [level_j] * 100 + [idle_j] * 30
    power = {"samples": samples, "timestamps": [["00", 3], ["01", 100], ["02", 200]], "voltage": 3}
    return {"file": "a.bin", "infer": {"results": [1.0], "iterations": iterations}, "power": power, "mode": "e"}


def analysed_runner(captures):
    return analyse_trace(read_runner(json.dumps(captures).encode()), 3.0, "given").summary


def test_the_energy_of_an_inference_is_what_the_runner_sums_between_its_own_marks_over_the_inferences_it_ran():
    summary = analysed_runner([runner_capture(2e-5), runner_capture(6e-5), runner_capture(4e-5)])
    assert [window.inference_j for window in summary.windows] == pytest.approx([1e-4, 3e-4, 2e-4], rel=1e-9)
    assert [window.inference_count for window in summary.windows] == [20, 20, 20]
    assert summary.duration.mean == pytest.approx(5e-3, rel=1e-9)
    assert summary.baseline.mean == pytest.approx(5 * 1e-6, rel=2e-2)
    assert [window.start_s for window in summary.windows] == pytest.approx([0.0995, 0.3295, 0.5595])
    assert summary.period_s is None
    assert not [note for note in summary.warnings if "clipped" not in note and "under the 10 s" not in note]


def test_a_runners_capture_that_holds_nothing_but_its_run_says_that_no_idle_is_known():
    capture = runner_capture(2e-5)
    capture["power"]["timestamps"] = [["00", 0], ["01", len(capture["power"]["samples"])]]
    summary = analysed_runner([capture])
    assert summary.baseline.mean == 0.0
    assert "nothing is seen around the marks: all of the energy counts as computation" in summary.warnings


def test_given_thresholds_come_before_the_runners_marks():
    trace = read_runner(json.dumps([runner_capture(2e-5)]).encode())
    summary = analyse_trace(trace, 3.0, "given", Thresholds(minimum_a=2e-3)).summary
    assert (summary.windows[0].inference_count, summary.windows[0].duration_s) == (1, pytest.approx(0.1, rel=0.03))


@pytest.mark.parametrize("iterations", [0, -3, "many", True, None, 2.5])
def test_a_runner_file_that_does_not_say_how_many_inferences_ran_is_a_plain_capture(iterations):
    trace = read_runner(json.dumps([runner_capture(2e-5, iterations), runner_capture(2e-5)]).encode())
    assert len(trace.runs) == 1
    assert "trial 1 (a.bin) is left out: no number of iterations" in trace.notes
    assert sum(len(chunk.time_s) for chunk in trace.chunks) == 230


def test_trials_the_runner_rejects_are_left_out_by_name_and_the_median_of_the_others_is_told():
    one_mark, too_short, numberless = (runner_capture(5e-5) for _ in range(3))
    one_mark["power"]["timestamps"] = [["00", 3]]
    too_short["power"]["timestamps"] = [["00", 100], ["01", 103]]
    numberless["power"]["samples"][150] = float("nan")
    summary = analysed_runner([one_mark, runner_capture(2e-5), too_short, numberless, runner_capture(6e-5), runner_capture(3e-5)])
    assert [window.inference_j for window in summary.windows] == pytest.approx([1e-4, 3e-4, 1.5e-4], rel=1e-9)
    assert summary.inference.median == pytest.approx(1.5e-4, rel=1e-9)
    for words in (
        "trial 1 (a.bin) is left out: 1 of the two marks",
        "trial 3 (a.bin) is left out: 0.003 s long",
        "trial 4 (a.bin)",
        "under the 10 s",
    ):
        assert any(words in note for note in summary.warnings), words


def test_a_file_without_a_whole_trial_is_a_plain_capture():
    captures = [runner_capture(2e-5), runner_capture(2e-5)]
    for capture in captures:
        capture["power"]["timestamps"] = [["00", 3]]
    trace = read_runner(json.dumps(captures).encode())
    assert trace.runs == ()
    assert "2 captures in this file, none of them a whole trial: the first is analysed" in trace.notes


@pytest.mark.parametrize("marks", [[], [["00", 3]], [["00", 20], ["01", 10]], [["00", 20], ["01", 10_000]], [3, 4], [["0", "x"], ["1", 9]]])
def test_marks_that_bracket_no_samples_are_left_out(marks):
    capture = runner_capture(2e-5)
    capture["power"]["timestamps"] = marks
    assert read_runner(json.dumps(capture).encode()).runs == ()


def test_a_sample_without_a_number_outside_the_marks_is_bridged():
    capture = runner_capture(2e-5)
    capture["power"]["samples"][50] = float("nan")
    assert analysed_runner([capture]).inference.mean == pytest.approx(1e-4, rel=1e-9)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"power": {"samples": [1,', "not JSON"),
        (b'{\n"power": [}', ":2:"),
        (b'{"power": {}}', "no 'power' with 'samples'"),
        (runner_json(["x"], voltage=3), "should be a number of joules, found 'x'"),
        (runner_json([float("nan")], voltage=3), "holds no number"),
        (runner_json([1e-6, -50.0], voltage=3), "power.samples[1] is -50 J in a millisecond, beyond 1000 A at 3 V"),
        (runner_json([10**400], voltage=3), "a number beyond all joules"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_runner_files_that_are_not_whole_are_refused(content, words):
    with pytest.raises(FormatError) as caught:
        list(read_runner(content).chunks)
    assert words in str(caught.value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_corruption_of_a_runner_file_escapes_as_anything_but_an_input_error(complaint_of, data):
    content = bytearray(runner_json([1e-4, float("nan"), 2e-4] * 5, voltage=3.0))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    assert "\n" not in complaint_of(lambda: list(read_runner(cut).chunks))
