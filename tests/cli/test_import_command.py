"""`costmodel import`: a file becomes a folder that every command takes, and every operator is accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tflite_writer import small_network

import costmodel
from costmodel.cli.app import main
from costmodel.sources.catalogue import load_network


def model() -> bytes:
    """A padding that folds, a convolution with its norm, an activation, a view and a linear layer."""
    generator = np.random.default_rng(0)

    def array(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(generator.uniform(0.5, 1, shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["padded"], name="around"),
        helper.make_node("Conv", ["padded", "w"], ["c"], name="/stem/conv/Conv"),
        helper.make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"], name="norm"),
        helper.make_node("Relu", ["n"], ["r"], name="/stem/act/Relu"),
        helper.make_node("Flatten", ["r"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "k"], ["y"], name="/head/Gemm"),
    ]
    pads = numpy_helper.from_array(np.asarray([0, 0, 1, 1, 0, 0, 1, 1], np.int64), "pads")
    constants = [pads, array("w", 4, 3, 3, 3), *(array(name, 4) for name in ("g", "b", "m", "v")), array("k", 256, 5)]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.onnx").write_bytes(model())
    Path("small.tflite").write_bytes(small_network())


def test_a_file_becomes_a_folder_that_commands_take(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "net.onnx", "-o", "my-model"]) == 0
    told = capsys.readouterr().out
    assert "Next: costmodel report my-model" in told
    assert "is multiplied into the weights before it" in told
    text = Path("my-model/network.yaml").read_text(encoding="utf-8")
    assert "  - {name: stem.conv, kind: conv2d, out_channels: 4, kernel: [3, 3], padding: [1, 1, 1, 1]}\n" in text
    assert "  - {name: stem.act, kind: relu}\n" in text
    for arguments in (["report", "my-model", "--device", "esp32-s3-wroom-1-n8"], ["count", "--network", "my-model"]):
        assert main(arguments) == 0
        assert "net" in capsys.readouterr().out
    assert load_network("my-model") == load_network("net.onnx")
    weights = costmodel.load_model("my-model").parameters["stem.conv"].weight
    assert np.allclose(weights, costmodel.load_model("net.onnx").parameters["stem.conv"].weight)


def test_every_operator_is_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "net.onnx", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["folder"] == "net"
    assert [(each["kind"], each["became"], each["layers"]) for each in found["operators"]] == [
        ("Conv", "layer", ["stem.conv"]),
        ("Relu", "fused", ["stem.act"]),
        ("Flatten", "view", ["flat"]),
        ("Gemm", "layer", ["head"]),
    ]
    assert {(each["kind"], each["why"]) for each in found["folded"]} == {
        ("Pad", "is the padding of the convolution behind it"),
        ("BatchNormalization", "is multiplied into the weights before it"),
    }
    assert all(each["why"] for each in found["operators"] if each["became"] != "layer")
    assert [each["mac_count"] for each in found["operators"]] == [64 * 4 * 27, 0, 0, 256 * 5]
    assert sum(each["mac_ratio"] for each in found["operators"]) == pytest.approx(1)
    assert sum(each["access_ratio"] for each in found["operators"]) == pytest.approx(1)
    assert found["operators"][0]["parameter_bytes"] == 4 * (108 + 4)
    assert found["multiply_accumulates"] == sum(each["mac_count"] for each in found["operators"])
    assert found["parameters"] == 108 + 4 + 1280


def test_a_file_of_tensorflow_lite_is_accounted_for_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "small.tflite", "-o", "small", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(each["mac_ratio"] for each in found["operators"]) == pytest.approx(1)
    assert load_network("small") == load_network("small.tflite")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nett.onnx"], "did you mean 'net.onnx'?"),
        (["net.yaml"], "expected a model file: .tflite, .onnx"),
        (["net.onnx", "--format", "jsn"], "did you mean 'json'?"),
    ],
)
def test_a_typo_is_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_a_folder_of_something_else_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("precious", encoding="utf-8")
    assert main(["import", "net.onnx", "-o", "mine"]) == 2
    assert "is no model folder" in capsys.readouterr().err
    assert Path("mine/notes.txt").read_text(encoding="utf-8") == "precious"
    # A model folder is replaced.
    assert main(["import", "net.onnx", "-o", "again"]) == main(["import", "net.onnx", "-o", "again"]) == 0


def test_a_file_may_be_called_anything(capsys: pytest.CaptureFixture[str]) -> None:
    Path("my net (2).onnx").write_bytes(model())
    assert main(["import", "my net (2).onnx", "-o", "two"]) == 0
    assert load_network("two").name == "my_net_2_"


def test_shapes_that_a_file_leaves_open_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    content = onnx.ModelProto.FromString(model())
    content.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    content.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "rows"
    Path("open.onnx").write_bytes(content.SerializeToString())
    assert main(["import", "open.onnx"]) == 2
    assert "give them, as in --input-shape x=1x3x<rows>x8" in capsys.readouterr().err
    assert main(["import", "open.onnx", "--input-shape", "x=1x3x8x8"]) == 0
    assert load_network("open").input == (3, 8, 8)
