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
