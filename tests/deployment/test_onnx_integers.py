"""Quantised ONNX files are deployed with their own scales and zero points, signed or unsigned, a scale a tensor or a channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import oracle

from costmodel.deployment.borders import without_borders
from costmodel.deployment.deploy import deploy, input_as_deployed
from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.deployment.parameters import random_example
from costmodel.deployment.reference import run_reference
from costmodel.sources.importers.model_files import load_model_graph
from costmodel.sources.importers.to_model import model_of
from costmodel.validation.firmware_plan import firmware_plan

onnx = pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
SHAPE = (1, 3, 8, 8)
STEPS = {"x": (0.04, -3), "c": (0.05, -128), "d": (0.06, 5), "s": (0.09, -10), "p": (0.09, -10), "y": (0.2, 7)}
"""Scale and zero point of each activation, in signed steps."""


def integers(folder: Path, *, operators: bool, signed: bool, per_channel: bool) -> Path:
    """Write convolution with a rectifier, depthwise convolution, sum, pooling and linear layer, each between int8 or uint8 tensors."""
    random = np.random.default_rng(5)
    helper, by_array = onnx.helper, onnx.numpy_helper.from_array
    kind = np.int8 if signed else np.uint8
    constants: list[Any] = []
    for name, (scale, zero) in STEPS.items():
        constants += [by_array(np.float32(scale), f"{name}_s"), by_array(np.array(zero + (0 if signed else 128), kind), f"{name}_z")]
    scales = {}
    for name, shape in (("v", (8, 3, 3, 3)), ("w", (8, 1, 3, 3)), ("m", (8, 10) if operators else (10, 8))):
        axis = len(shape) - 1 if name == "m" and operators else 0
        count = shape[axis] if per_channel else 1
        scales[name] = random.uniform(0.01, 0.03, count).astype(np.float32)
        scales[name] = scales[name] if per_channel else scales[name].reshape(())
        zeros = np.zeros_like(scales[name], np.int8)
        constants += [by_array(random.integers(-127, 128, shape).astype(np.int8), name)]
        constants += [by_array(scales[name], f"{name}_s"), by_array(zeros, f"{name}_z")]
    for name, weights, source, outputs in (("vb", "v", "x", 8), ("wb", "w", "c", 8), ("mb", "m", "f", 10)):
        step = (np.ones(outputs) * scales[weights] * np.float32(STEPS["p" if source == "f" else source][0])).astype(np.float32)
        constants += [by_array(random.integers(-900, 900, outputs).astype(np.int32), name), by_array(step, f"{name}_s")]
        constants += [by_array(np.zeros(outputs, np.int32), f"{name}_z")]
    make = helper.make_node

    def terms(name: str) -> list[str]:
        return [name, f"{name}_s", f"{name}_z"]

    nodes = [make("QuantizeLinear", ["in", "x_s", "x_z"], ["x"])]
    windows: list[tuple[str, str, str, str, dict[str, Any]]] = [
        ("x", "v", "vb", "c", {"pads": [1] * 4}),
        ("c", "w", "wb", "d", {"pads": [1] * 4, "group": 8}),
    ]
    if operators:
        nodes += [
            make("QLinearConv", [*terms(a), *terms(b), f"{made}_s", f"{made}_z", bias], [made], **more)
            for a, b, bias, made, more in windows
        ]
        nodes.append(make("QLinearAdd", [*terms("c"), *terms("d"), "s_s", "s_z"], ["s"], domain="com.microsoft"))
        nodes += [make("MaxPool", ["s"], ["p"], kernel_shape=[8, 8]), make("Flatten", ["p"], ["f"])]
        product = ["f", "p_s", "p_z", *terms("m"), "mb", "y_s", "y_z"]
        nodes.append(make("QGemm", product, ["y"], domain="com.microsoft", transB=0))
    else:

        def real(name: str, step: str = "", axis: int = 0) -> str:
            step = step or name
            more = {"axis": axis} if step.endswith("b") or (per_channel and step in ("v", "w", "m")) else {}
            scale = [f"{step}_s", f"{step}_z"]
            nodes.append(make("DequantizeLinear", [name, *scale], [f"{name}_r{len(nodes)}"], **more))
            return f"{name}_r{len(nodes) - 1}"

        def whole(name: str, made: str) -> None:
            nodes.append(make("QuantizeLinear", [name, f"{made}_s", f"{made}_z"], [made]))

        for a, b, bias, made, more in windows:
            nodes.append(make("Conv", [real(a), real(b), real(bias)], [f"{made}_f"], **more))
            last = f"{made}_f"
            if made == "c":
                nodes.append(make("Relu", [last], ["c_g"]))
                last = "c_g"
            whole(last, made)
        nodes.append(make("Add", [real("c"), real("d")], ["s_f"]))
        whole("s_f", "s")
        nodes.append(make("MaxPool", [real("s")], ["p_f"], kernel_shape=[8, 8]))
        whole("p_f", "p")
        nodes.append(make("Flatten", [real("p")], ["f"]))
        nodes.append(make("Gemm", ["f", real("m"), real("mb")], ["y_f"], transB=1))
        whole("y_f", "y")
    nodes.append(make("DequantizeLinear", terms("y"), ["out"]))
    used = {name for node in nodes for name in node.input}
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in (("in", SHAPE), ("out", (1, 10)))]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [each for each in constants if each.name in used])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    path = folder / f"{operators}{signed}{per_channel}.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    return path


def deployed(path: Path) -> DeployedNetwork:
    model = without_borders(model_of(load_model_graph(path)))
    return deploy(model, Variant.INT8, random_example(model, 1), firmware_plan(model.network, Variant.INT8))


def answers(network: DeployedNetwork, values: Any) -> Any:
    return run_reference(network, input_as_deployed(network, values[0]))[-1].reshape(-1).astype(int)


@pytest.mark.parametrize("operators", [False, True], ids=["QDQ", "QOperator"])
@pytest.mark.parametrize("per_channel", [False, True], ids=["a tensor", "a channel"])
def test_integers_of_an_onnx_file_are_those_that_are_deployed(operators: bool, per_channel: bool, tmp_path: Path) -> None:
    signed, unsigned = (integers(tmp_path, operators=operators, signed=signed, per_channel=per_channel) for signed in (True, False))
    networks = [deployed(path) for path in (signed, unsigned)]
    scale, zero = STEPS["y"]
    session = oracle("onnxruntime").InferenceSession(str(signed))
    for seed in range(4):
        values = np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32) * 3
        steps = [answers(network, values) for network in networks]
        # Unsigned steps stand for the same numbers 128 above.
        np.testing.assert_array_equal(*steps)
        assert len(set(steps[0].tolist())) > 3
        expected = np.rint(session.run(None, {"in": values})[0].reshape(-1) / scale + zero)
        # onnxruntime rescales in single precision, once: a half may fall to the other side, layer by layer.
        assert np.abs(steps[0] - expected).max() <= 1
