"""Published captures and captures that once came out wrong, where they are at hand: each gives its right value."""

import csv
import os
from pathlib import Path

import pytest

from costmodel.measurement.trace_analysis import FOUND, Thresholds
from costmodel.sources.measured.captures import CaptureOptions, analysed_capture

CASES = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="captures are not at hand: COSTMODEL_SHARED names the folder that holds cases/")


def truths():
    table = CASES / "captures" / "truth.csv"
    found = {}
    if table.is_file():
        with table.open(encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                found.setdefault(row["file"], []).append(row)
    return found


def analysed(name, supply_v=None, thresholds=FOUND, **columns):
    return analysed_capture(CASES / name, supply_v, thresholds, columns).summary


@pytest.mark.parametrize("name", truths())
def test_the_runs_of_a_published_capture_are_its_windows(name):
    runs = truths()[name]
    summary = analysed(f"captures/{name}", 1.8)
    assert [1e6 * window.inference_j for window in summary.windows] == pytest.approx(
        [float(run["run_energy_uj"]) for run in runs], rel=0.01
    )
    for window, run in zip(summary.windows, runs, strict=True):
        assert window.start_s == pytest.approx(float(run["run_begin_s"]), abs=0.02)
        assert window.end_s == pytest.approx(float(run["run_end_s"]), abs=0.02)
    counted = analysed(f"captures/{name}", 1.8, Thresholds(inference_count=int(runs[0]["inferences"])))
    expected = [float(run["energy_per_inference_uj"]) for run in runs]
    assert [1e6 * window.inference_j for window in counted.windows] == pytest.approx(expected, rel=0.01)


def test_a_cut_of_a_run_is_told_as_a_run():
    summary = analysed("mlperf_v1.0_octo_kws_cut.csv.gz", 1.8)
    assert len(summary.windows) == 1
    assert summary.windows[0].repeats
    by_period = analysed("mlperf_v1.0_octo_kws_cut.csv.gz", 1.8, Thresholds(period_s=0.1))
    assert 1e6 * by_period.inference.mean == pytest.approx(5230, rel=0.01)
    assert by_period.windows[0].inference_count == 110


def test_the_runners_rejected_trials_are_left_out():
    summary = analysed("runner_trials_rejected.json.gz")
    assert 1e6 * summary.inference.median == pytest.approx(664.28, abs=0.01)
    assert sum("is left out" in note for note in summary.warnings) == 3


def test_the_files_own_volts_are_used():
    summary = analysed("dlog_viewer.csv.gz")
    assert len(summary.windows) == 4
    assert summary.inference.mean == pytest.approx(7.92e-3, rel=2e-3)
    assert summary.supply_v == pytest.approx(3.3)


def test_a_logger_of_three_sensors_says_that_its_power_is_off_by_a_thousand():
    summary = analysed("ina219_logger.csv")
    assert any("1,000 times too small" in note for note in summary.warnings)
    assert summary.mean_a > 0.1


@pytest.mark.parametrize("name", ["irnas_iso.csv", "irnas_ppk2.csv"])
def test_a_python_loggers_capture_is_read(name):
    assert analysed(name, 3.3).sample_count == 1499


def test_a_marker_pin_marks_the_inferences():
    summary = analysed_capture(
        CASES / "n6_capture.csv.gz", 1.8, FOUND, {"time": "time:s", "current": "VDD1V8:A"}, CaptureOptions(marks="PD13")
    ).summary
    assert [window.start_s for window in summary.windows] == pytest.approx([0.04, 0.14, 0.24, 0.34], abs=2e-4)
    assert summary.inference.mean == pytest.approx(0.12 * 1.8 * 0.02, rel=1e-2)


def test_an_energy_monitors_file_is_read_with_the_marks_beside_it(tmp_path):
    summary = analysed("eembc_energy_cut.bin")
    assert summary.total_j == pytest.approx(10.0 * 21.029e-3, rel=1e-3)
    copy = tmp_path / "cut-energy.bin"
    copy.write_bytes((CASES / "eembc_energy_cut.bin").read_bytes())
    (tmp_path / "cut-timestamps.json").write_text("[2.0, 7.0]", encoding="utf-8")
    marked = analysed(copy).windows
    assert [(window.start_s, window.end_s) for window in marked] == [pytest.approx((2.0, 7.0), abs=1e-3)]


@pytest.mark.parametrize("name", ["steps1mA", "twolevel", "twolevel_far", "noise1.5mA_1k"])
def test_levels_and_noise_leave_an_inference_whole(name):
    summary = analysed(f"{name}.csv.gz", 5.03)
    assert len(summary.windows) == 10
    assert summary.duration.mean == pytest.approx(0.320, abs=0.001)
    assert summary.idle_current.mean == pytest.approx(0.0364, rel=2e-3)
    if name == "steps1mA":
        assert summary.computational.mean == pytest.approx(11.14e-3, rel=5e-3)
    if name.startswith("noise"):
        assert summary.computational.mean == pytest.approx(0.0066 * 0.32 * 5.03, rel=2e-2)


@pytest.mark.parametrize(("name", "count"), [("short_lead.csv", 1), ("short_lead2.csv", 2), ("short_burst.csv.gz", 6)])
def test_short_leads_and_short_bursts_are_found(name, count):
    assert len(analysed(name, 3.3).windows) == count


def test_a_capture_without_inferences_gives_its_mean_current_charge_and_energy():
    summary = analysed("run_mode.csv", 3.3)
    assert summary.windows == ()
    assert summary.mean_a == pytest.approx(0.082, rel=1e-3)
    statistics = analysed("joulescope_stats.csv")
    assert statistics.windows == ()
    assert statistics.total_j == pytest.approx(20.5321, rel=0.06)
