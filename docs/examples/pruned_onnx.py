"""Write `cifar-aap-pruned.onnx`: the packaged model `trained-pruned` with its weights, for trying what takes an ONNX file.

    python docs/examples/pruned_onnx.py cifar-aap-pruned.onnx

Needs `pip install 'costmodel[onnx]'`. The input is (1, 3, 32, 32) of (byte - 128) / 64, the output ten scores in CIFAR-10's order.
"""

import sys
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from costmodel import load_model


def exported(name: str = "trained-pruned") -> onnx.ModelProto:
    """Return a packaged float32 model as ONNX."""
    model = load_model(name)
    nodes, weights, before = [], [], "input"
    for layer in model.network.layers:
        inputs = [before]
        for part in ("weight", "bias"):
            if layer.name in model.parameters:
                values = getattr(model.parameters[layer.name], part).astype(np.float32)
                weights.append(numpy_helper.from_array(values, f"{layer.name}.{part}"))
                inputs.append(f"{layer.name}.{part}")
        kind, fields = _operator(layer)
        nodes.append(helper.make_node(kind, inputs, [layer.name], layer.name, **fields))
        before = layer.name
    rows = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, *model.network.input])
    scores = helper.make_tensor_value_info(before, TensorProto.FLOAT, [1, 10])
    graph = helper.make_graph(nodes, "cifar-aap-pruned", [rows], [scores], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="costmodel")


def _operator(layer: Any) -> tuple[str, dict[str, Any]]:
    if layer.kind == "conv2d":
        top, bottom, left, right = layer.padding
        return "Conv", {"kernel_shape": layer.kernel, "strides": layer.stride, "pads": (top, left, bottom, right)}
    if layer.kind == "max_pool2d":
        return "MaxPool", {"kernel_shape": layer.kernel, "strides": layer.stride or layer.kernel}
    if layer.kind == "adaptive_avg_pool2d":
        # 8 rows and columns to 2: windows of 4.
        return "AveragePool", {"kernel_shape": (4, 4), "strides": (4, 4)}
    if layer.kind == "linear":
        return "Gemm", {"transB": 1}
    return {"relu": "Relu", "flatten": "Flatten"}[layer.kind], {}


if __name__ == "__main__":
    onnx.save(exported(), sys.argv[1])
