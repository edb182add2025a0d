"""Shapes that a model file leaves open, and leave to go on without operators that are not understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_writer import small_network

from costmodel.cli.app import main
from costmodel.cli.model_options import given_shapes
from costmodel.errors import InputError
from costmodel.evaluation.differences import diff_networks
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.answers.differences import diff_answer
from costmodel.report.reporting import report_document
from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.scenario import Scenario

LEFT_OUT = ("operator 3 (CUSTOM:Mine, 'odd'): it is not supported",)


def partial_scenario() -> Scenario:
    scenario = changed_scenario(None, ScenarioChanges(network="ds-cnn", device="esp32-wroom"))
    return with_changes(scenario, {"network": with_changes(scenario.network, {"left_out": LEFT_OUT})})


def open_model(folder: Path) -> Path:
    """An ONNX file whose rows and columns are left open."""
    onnx = pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    weights = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [2, 3, 3, 3], bytes(4 * 54), raw=True)
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    source = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", 3, "rows", "columns"])
    target = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph([node], "open", [source], [target], [weights])
    path = folder / "open.onnx"
    path.write_bytes(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]).SerializeToString())
    return path


def test_open_extents_are_asked_for_and_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(open_model(tmp_path))
    assert main(["count", "--network", path]) == 2
    asked = capsys.readouterr().err
    assert "--input-shape x=" in asked
    assert asked.count("\n") == 1
    for arguments in (
        ["count", "--network", path],
        ["report", path],
        ["report", "--network", path],
        ["plan", path],
        ["diff", path, path],
        ["list", "operators", "--network", path],
    ):
        assert main([*arguments, "--input-shape", "x=1x3x5x7"]) == 0, (arguments, capsys.readouterr().err)
        assert capsys.readouterr().out
    assert main(["count", "--network", path, "--input-shape", "x=1,3,5,7", "--taps", "nominal", "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["at_least"] is False
    assert content["layers"][0]["counts"]["output-stationary"]["mac_count"] == 5 * 7 * 2 * 27
    assert main(["count", "--network", path, "--input-shape", "y=1x3x5x7"]) == 2
    assert "'y' is not an input of" in capsys.readouterr().err


def texts(document: Any) -> str:
    from costmodel.report.formats.as_markdown import markdown_text

    return markdown_text(document, {})


def test_every_total_that_is_touched_is_at_least_what_is_told() -> None:
    scenario = partial_scenario()
    evaluation = evaluate(scenario)
    assert evaluation.at_least
    assert evaluation.left_out == LEFT_OUT
    said = texts(report_document(evaluation, scenario, grounds_of(scenario, evaluation), "1"))
    assert "One operator is not costed, so every total is at least what is told, but for RAM" in said
    for label in ("Multiply-accumulates", "Memory energy"):
        assert f"{label}, at least" in said
    assert "RAM, its tensors given" in said
    found = diff_networks(scenario, scenario)
    assert found.left_out == tuple(f"ds-cnn: {text}" for text in LEFT_OUT * 2)
    assert "2 operators are not costed" in texts(diff_answer(found, checked=False).document)


def test_counts_say_what_they_leave_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "part.yaml"
    layer = "{name: out, kind: linear, out_features: 3}"
    path.write_text(f'name: part\ninput: [4]\nleft_out: ["{LEFT_OUT[0]}"]\nlayers: [{layer}]\n', encoding="utf-8")
    assert main(["count", "--network", str(path), "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["at_least"] is True
    assert content["left_out"] == list(LEFT_OUT)
    assert main(["count", "--network", str(path)]) == 0
    assert "at least what is told" in " ".join(capsys.readouterr().out.split())
    assert main(["report", str(path)]) == 0
    assert "AT LEAST One operator is not costed" in " ".join(capsys.readouterr().out.split())


def test_what_is_no_shape_or_no_model_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(open_model(tmp_path))
    small = tmp_path / "small.tflite"
    small.write_bytes(small_network())
    assert main(["count", "--network", str(small), "--input-shape", "image=1x8x8x3"]) == 0
    capsys.readouterr()
    for arguments, words in (
        (["count", "--network", str(small), "--input-shape", "image=1x9x9x3"], "does not fit the input 'image' of"),
        (["count", "--network", str(small), "--input-shape", "imag=1x8x8x3"], "did you mean 'image'?"),
        (["report", "resnet8", "--input-shape", "x=1x3"], "goes with a model file, found resnet8"),
        (["report", "resnet8", "--allow-unsupported"], "--allow-unsupported: goes with a model file"),
        (["report", path, "--input-shape", "1x3x5x7"], "expected NAME=SHAPE"),
        (["report", path, "--input-shape", "x=1x3x0x7"], "an extent of 0"),
        (["report", path, "--input-shape", "x=1x3x5x7", "--input-shape", "x=1x3x5x7"], "x is given twice"),
        (["count", "conv2d", "--input", "3x8x8", "--allow-unsupported"], "--network: give the model file"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


@given(st.lists(st.text(alphabet="x1230=,-", max_size=10), max_size=2))
def test_any_shape_is_taken_or_refused(given: list[str]) -> None:
    try:
        found = given_shapes(given)
    except InputError:
        return
    assert all(extent > 0 for shape in found.values() for extent in shape)
