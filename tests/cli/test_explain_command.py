"""`explain` of figures of a capture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from costmodel.cli.app import main


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--capture", "capture.csv"]) == 0
    capsys.readouterr()
    return "capture.csv"


def test_a_figure_of_a_trace_is_walked_down_to_the_capture(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "trace.windows.0.computational_j", "--trace", capture, "--supply-v", "5.03", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["equation"] == "E_comp = E_inf - E_base"
    inference, baseline = found["inputs"]
    assert found["value"] == pytest.approx(inference["value"] - baseline["value"])
    assert {part["source"] for part in baseline["inputs"]} >= {"measured: read off the capture"}


def test_an_unknown_figure_of_a_trace_names_the_nearest(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "trace.average_pw", "--trace", capture]) == 2
    assert "trace.average_w" in capsys.readouterr().err


def test_a_supply_without_a_trace_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "energy.memory", "--supply-v", "3.3"]) == 2
    assert "--trace" in capsys.readouterr().err


def test_a_figure_under_a_schedule_is_the_plans(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "memory.ram", "--scenario", "mobilenet-v1-0.25", "--schedule", "streaming", "--format", "json"]) == 0
    explained = json.loads(capsys.readouterr().out)["value"]
    assert main(["plan", "mobilenet-v1-0.25", "--strategy", "streaming", "--format", "json"]) == 0
    planned = json.loads(capsys.readouterr().out)["plans"]
    assert [plan["total_bytes"] for plan in planned] == [explained]
    assert main(["explain", "memory.ram", "--schedule", "steaming"]) == 2
    assert "did you mean 'streaming'?" in capsys.readouterr().err
    assert main(["explain", "memory.ram", "--schedule", "streaming", "--of", "report"]) == 2
    assert "--schedule: belongs to a scenario" in capsys.readouterr().err


def test_an_accuracy_is_walked_down_to_the_images_that_were_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "accuracy.top1_ratio", "--scenario", "trained-pruned-int8", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["value"], found["equation"]) == (0.815, "A = n_r / n")
    assert [part["value"] for part in found["inputs"]] == [8150, 10000]
    assert found["inputs"][0]["source"].startswith("measured: manifest of trained-pruned-int8, recipe best, seed 0")
    assert main(["explain", "accuracy.top1_ratio", "--of", "report --network trained-pruned-int8", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == 0.815


def test_an_accuracy_that_nobody_knows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "accuracy.top1_ratio", "--scenario", "resnet8"]) == 2
    assert "no trained weights of resnet8 are known; give a model with --scenario" in capsys.readouterr().err
    assert main(["explain", "accuracy.top1", "--scenario", "trained-pruned"]) == 2
    assert "did you mean 'accuracy.top1_ratio'" in capsys.readouterr().err
