"""Small ONNX files, written node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GENERATOR = np.random.default_rng(0)


def array(name: str, *shape: int, kind: str = "float32") -> onnx.TensorProto:
    """Return a constant of random numbers."""
    return numpy_helper.from_array(GENERATOR.normal(size=shape).astype(kind), name)


def integers(name: str, *values: int) -> onnx.TensorProto:
    """Return a constant of whole numbers."""
    return numpy_helper.from_array(np.asarray(values, np.int64), name)


def written(
    nodes: Sequence[onnx.NodeProto],
    constants: Sequence[onnx.TensorProto],
    shape: Sequence[int | str | None] = (1, 3, 8, 8),
    made: str = "y",
    opset: int = 17,
    element: int = TensorProto.FLOAT,
    **more: Any,
) -> bytes:
    """Return a file of one graph from `x` to `y`."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", element, list(shape))],
        [helper.make_tensor_value_info(made, TensorProto.FLOAT, None)],
        list(constants),
        **more,
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def small() -> bytes:
    """Return convolution, norm, rectifier, pooling, flatten and a linear layer."""
    return written(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="/stem/conv/Conv", pads=[1, 1, 1, 1]),
            helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["n"]),
            helper.make_node("Relu", ["n"], ["r"]),
            helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
            helper.make_node("Flatten", ["p"], ["f"]),
            helper.make_node("Gemm", ["f", "v", "b"], ["y"], transB=1),
        ],
        [
            array("w", 4, 3, 3, 3),
            *(array(name, 4) for name in ("gamma", "beta", "mean")),
            numpy_helper.from_array(np.ones(4, np.float32), "variance"),
            array("v", 10, 64),
            array("b", 10),
        ],
    )


def quantised() -> bytes:
    """Return operators that carry their quantisation among their inputs."""
    scale = [numpy_helper.from_array(np.asarray(0.1, np.float32), "s"), numpy_helper.from_array(np.asarray(3, np.int8), "z")]
    terms = ["s", "z"]
    nodes = [
        helper.make_node("QLinearConv", ["x", *terms, "w", *terms, *terms, "b"], ["c"]),
        helper.make_node("QLinearAdd", ["c", *terms, "c", *terms, *terms], ["a"], domain="com.microsoft"),
        helper.make_node("QLinearGlobalAveragePool", ["a", *terms, *terms], ["y"], domain="com.microsoft"),
    ]
    weights = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.int8), "w")
    bias = numpy_helper.from_array(np.ones(4, np.int32), "b")
    return written(nodes, [*scale, weights, bias], element=TensorProto.INT8)


def recurrent() -> bytes:
    """Return an LSTM between two transpositions, and a linear layer behind its last output."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["t", "w", "r", "b"], ["h", "last"], hidden_size=4),
        helper.make_node("Squeeze", ["last", "axis"], ["l"]),
        helper.make_node("Gemm", ["l", "k"], ["y"]),
    ]
    return written(nodes, [array("w", 1, 16, 3), array("r", 1, 16, 4), array("b", 1, 32), integers("axis", 0), array("k", 4, 2)], (1, 5, 3))


def reshaped() -> bytes:
    """Return a shape that is computed, slices, a join and a padding."""
    zero = numpy_helper.from_array(np.asarray(0, np.int64), "zero")
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axis"], ["left"]),
        helper.make_node("Concat", ["left", "x"], ["joined"], axis=1),
        helper.make_node("Pad", ["joined", "pads"], ["padded"]),
        helper.make_node("Shape", ["padded"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["batches"]),
        helper.make_node("Concat", ["batches", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["padded", "target"], ["y"]),
    ]
    constants = [zero, integers("axes", 0), integers("rest", -1), integers("from", 0), integers("to", 1), integers("axis", 1)]
    return written(nodes, [*constants, integers("pads", 0, 0, 1, 1, 0, 0, 1, 1)], ("N", 3, 8, 8))
