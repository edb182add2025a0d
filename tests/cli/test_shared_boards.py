"""Boards, cycles, captures and configurations that once could not be stated, where they are at hand: each gives its right answer."""

import json
import os
from pathlib import Path

import pytest

from costmodel.cli.app import main

CASES = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="cases are not at hand: COSTMODEL_SHARED names the folder that holds cases/")


def said(capsys, *arguments):
    assert main(list(arguments)) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_cycles_own_durations_suffice_and_a_bare_module_is_called_one(capsys):
    board = ("battery", "--battery", str(CASES / "b2-cell.yaml"), "--states", "esp32-module", "--cycle", str(CASES / "b2-cycle.yaml"))
    text = said(capsys, *board)
    assert "esp32-module is a bare module with its radio off" in text
    assert "wifi" in text


def test_a_radio_is_a_state_awake(capsys):
    board = ("battery", "--battery", str(CASES / "b2-cell.yaml"), "--states", str(CASES / "b5-board.yaml"))
    assert "wifi takes" in said(capsys, *board, "--cycle", str(CASES / "b5-cycle.yaml"))


def test_a_capture_of_another_chip_beside_a_packaged_sleep_is_said_in_the_first_lines(capsys):
    text = said(capsys, "battery", "--trace", str(CASES / "mlperf_v1.3_U575_kws.json.gz"), "--battery", "cr2032", "--sleep", "deep")
    assert text.index("a capture names no chip") < text.index("measure next")


def test_the_configuration_of_others_is_run_as_it_stands(capsys):
    from costmodel.energy.cacti_config import sram_from_config

    spec = sram_from_config((CASES / "or184b.cfg").read_text(encoding="utf-8"), "or184b.cfg")
    assert (spec.objective, spec.optimised, spec.temperature_k) == ("100:20:20:10:10", "NONE", 360.0)


def test_the_first_lines_of_a_run_ask_for_the_number_of_inferences(capsys):
    capture = str(CASES / "mlperf_v1.0_octo_kws_cut.csv.gz")
    assert "1 run of inferences: 575.5 mJ" in said(capsys, "trace", capture, "--supply-v", "1.8")
    assert main(["trace", capture, "--supply-v", "1.8", "--inferences", "110", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["inference"]["mean"] == pytest.approx(5.23e-3, rel=0.01)


def test_what_a_program_found_free_is_what_a_verdict_stands_on(capsys):
    assert main(["report", str(CASES / "heap-observed.yaml"), "--format", "json"]) == 0
    heap = json.loads(capsys.readouterr().out)["evaluation"]["memory"]["heap"]
    left = {region["name"]: region["free_bytes"] for region in heap["regions"]}
    assert not heap["fits"]
    assert heap["taken"]["missing_bytes"] == 118_976
    assert left["dram"] == pytest.approx(64_700, rel=0.02)
    assert (heap["shortfall"]["size_bytes"], heap["shortfall"]["largest_bytes"]) == (135_168, 110_592)


def test_a_device_whose_regions_were_copied_holds_a_frame_buffer(capsys):
    verdict = json.loads(said(capsys, "report", str(CASES / "h2b.yaml"), "--format", "json"))["evaluation"]["memory"]["heap"]
    assert verdict["fits"]
    assert [(placed["size_bytes"], placed["region"]) for placed in verdict["placements"]] == [(100_352, "d-iram-1")]


def test_a_board_of_a_forum_with_its_own_cell_lives_as_long_as_its_currents_say(capsys):
    board = ("battery", "--battery", str(CASES / "b8-cell.yaml"), "--states", str(CASES / "b8-board.yaml"))
    life = json.loads(said(capsys, *board, "--rate", "1/h", "--sleep", "deep", "--duration", "5s", "--format", "json"))["lives"][0]
    mean_a = (5.0 * 0.080 + 3595.0 * 8.0e-5) / 3600.0
    without_self_discharge_s = 3.0 * 3.7 * 0.89 * 0.95 * 3600.0 / (3.3 * mean_a)
    assert 0.85 * without_self_discharge_s < life["life_s"] < without_self_discharge_s


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("battery", "--battery", "batlow0.yaml", "--states", "esp32-module", "--duration", "1s"),
            "converter_ratio: low should be greater",
        ),
        (("report", "cal-no-total.scenario.yaml"), "its times hold none of 'total'"),
        (("trace", "trace-overflow.csv", "--supply-v", "3"), "beyond 10000 V"),
        (("sweep", "extent-text.study.yaml"), "extent takes a number"),
        (("sweep", "given.study.yaml"), "accuracy should be a number"),
        (("sweep", "long-int.study.yaml"), "expected a number of at most"),
        (("sweep", "range-step.study.yaml"), "expected a number of at most"),
        (("sweep", "times-1e30.study.yaml"), "should be at most"),
    ],
)
def test_inputs_that_once_were_tracebacks_are_told_in_a_line(arguments, words, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(CASES / "robust")
    command, *rest = arguments
    assert main([command, *rest, *(("--out", str(tmp_path / "out")) if command == "sweep" else ())]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_layer_larger_than_any_memory_is_answered(capsys):
    assert "DOES NOT FIT" in said(capsys, "report", "--network", str(CASES / "robust" / "huge-layer.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kernel-65535", "object-columns", "mathtext-dollar-prices", "unsafe-labels"])
def test_studies_that_once_took_their_answer_with_them_end_in_one(name, capsys, tmp_path):
    text = said(capsys, "sweep", str(CASES / "robust" / f"{name}.study.yaml"), "--out", str(tmp_path / "out"))
    assert "\x1b]" not in text
    assert any((tmp_path / "out").iterdir())
