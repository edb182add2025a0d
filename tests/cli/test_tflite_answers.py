"""A newcomer with a .tflite file: how large the arena must be, what to register, and why the runtime does not run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tflite_writer import ModelFile, Scalar, small_network

from costmodel.cli.app import main
from costmodel.sources.importers.channels_first.operator_table import FIRST_LOWERINGS
from costmodel.sources.importers.lowering_table import FOLDED_ONLY, LOWERINGS
from costmodel.sources.importers.understood import costed_as

ADDS = ("AddConv2D", "AddDepthwiseConv2D", "AddFullyConnected", "AddMean", "AddSoftmax")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.tflite").write_bytes(small_network())
    return tmp_path


def hybrid_model() -> bytes:
    """A convolution of float activations with int8 weights."""
    file = ModelFile()
    source, target = file.tensor([1, 4, 4, 1], "float32"), file.tensor([1, 4, 4, 1], "float32", name="a;b")
    weights = file.tensor([1, 3, 3, 1], "int8", bytes(9), scales=[0.5])
    file.operator(3, [source, weights], [target], {0: Scalar("b", 0), 1: Scalar("i", 1), 2: Scalar("i", 1)})
    return file.written([source], [target])


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_the_code_to_paste_registers_what_the_model_uses(capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "list", "operators", "--network", "small.tflite")
    assert "static tflite::MicroMutableOpResolver<5> resolver;" in said
    assert tuple(re.findall(r"^resolver\.(\w+)\(\);$", said, re.MULTILINE)) == ADDS
    markdown = run(capsys, "list", "operators", "--network", "small.tflite", "--format", "markdown")
    assert "```cpp\nstatic tflite::MicroMutableOpResolver<5> resolver;\n" in markdown
    page = run(capsys, "list", "operators", "--network", "small.tflite", "--format", "html")
    assert "resolver.AddConv2D();" in page
    content = json.loads(run(capsys, "list", "operators", "--network", "small.tflite", "--format", "json"))
    assert content["resolver"].splitlines()[1:] == [f"resolver.{name}();" for name in ADDS]
    assert sum(use["mac_count"] for use in content["operators"]) == 16 * 4 * 27 + 16 * 4 * 9 + 40
    assert content["tflm"]["total_bytes"] == content["tflm"]["head_bytes"] + content["tflm"]["tail_bytes"]


@pytest.mark.usefixtures("folder")
def test_the_report_names_the_arena_and_explain_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(run(capsys, "report", "small.tflite", "--format", "json"))["tflm"]
    assert content["head_bytes"] == 256
    assert content["host_total_bytes"] == 2160
    assert "TFLM arena" in run(capsys, "report", "--network", "small.tflite", "--full")
    explained = run(capsys, "explain", "tflm.total_bytes", "--scenario", "small.tflite")
    assert f"tflm.total_bytes = {content['total_bytes']:,} B" in explained
    assert "tflm.tail_bytes" in run(capsys, "explain", "--scenario", "small.tflite")


def test_a_model_the_runtime_refuses_says_which_operator_and_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hybrid.tflite").write_bytes(hybrid_model())
    said = " ".join(run(capsys, "list", "operators", "--network", "hybrid.tflite").split())
    assert "does not run this: operator 0 (CONV_2D, 'a'): its activations are float32, its weights int8: hybrid models are not supp" in said
    assert "MicroMutableOpResolver" not in said


@pytest.mark.usefixtures("folder")
def test_what_is_no_figure_and_no_model_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["explain", "tflm.total", "--scenario", "small.tflite"], "did you mean 'tflm.total_bytes'?"),
        (["explain", "tflm.total_bytes"], "follows from a .tflite file"),
        (["list", "operators", "--network", "smal.tflite"], "did you mean 'small.tflite'?"),
        (["list", "operators", "--network", "resnet18"], "is no model file"),
        (["list", "networks", "--network", "small.tflite"], "goes with `list operators`"),
        (["list", "operator"], "did you mean 'operators'?"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


def test_every_lowering_says_how_it_costs_its_operator(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run(capsys, "list", "operators", "--format", "json"))
    assert {row["operator"] for row in rows if row["format"] == "TensorFlow Lite"} == set(LOWERINGS) | FOLDED_ONLY
    assert {row["operator"] for row in rows if row["format"] == "ONNX"} == set(FIRST_LOWERINGS)
    assert [row["operator"] for row in rows if len(row["costed_as"]) < 8] == []
    assert costed_as("ONNX", "UNHEARD_OF") == "not supported"
