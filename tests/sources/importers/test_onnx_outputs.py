"""ONNX: what an operator becomes computes what its definition says, held against the reference of `onnx`."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from imported_outputs import outputs_of
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_examples import GENERATOR, array, integers, written

from costmodel.errors import InputError
from costmodel.sources.importers.onnx_format.onnx_file import from_onnx
from costmodel.sources.importers.to_network import network_of

SHAPE = (1, 4, 6, 5)
TABLE = numpy_helper.from_array(np.asarray([[0, 3], [2, 2]], np.int64), "i")


def node(kind: str, *more: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, ["x", *more], ["y"], **attributes)


ROWS = numpy_helper.from_array(np.asarray([[3], [0], [3]], np.int64), "i")
FIRST, SECOND = (numpy_helper.from_array(np.asarray(axis, np.int64), "axes") for axis in (1, 2))
CHOICE = [node("Greater", "half"), helper.make_node("Where", ["g", "one", "w"], ["y"])]
COLUMN = [node("Reshape", "s"), helper.make_node("Softmax", ["r"], ["y"], axis=1)]
BOUNDS = [array("half", 1), integers("pads", 0, 0, 1, 2, 0, 0, 0, 1)]
ONE: list[tuple[str, list[onnx.NodeProto], list[onnx.TensorProto], int]] = [
    ("atan", [node("Atan")], [], 18),
    ("celu", [node("Celu", alpha=0.4)], [], 18),
    ("elu with its depth", [node("Elu", alpha=0.4)], [], 18),
    ("selu", [node("Selu")], [], 18),
    ("mish", [node("Mish")], [], 18),
    ("softsign", [node("Softsign")], [], 18),
    ("gelu by a hyperbolic tangent", [node("Gelu", approximate="tanh")], [], 20),
    ("hard sigmoid of another slope", [node("HardSigmoid", alpha=0.3, beta=0.4)], [], 18),
    ("hard sigmoid", [node("HardSigmoid", alpha=1 / 6, beta=0.5)], [], 18),
    ("thresholded", [node("ThresholdedRelu", alpha=0.2)], [], 18),
    ("hard shrink", [node("Shrink", lambd=0.4)], [], 18),
    ("soft shrink", [node("Shrink", lambd=0.4, bias=0.4)], [], 18),
    ("lengths", [node("ReduceL2", "axes", keepdims=0)], [integers("axes", 1)], 18),
    ("sizes", [node("ReduceL1", "axes")], [integers("axes", 1, 2)], 18),
    ("squares", [node("ReduceSumSquare", axes=[2], keepdims=0)], [], 17),
    ("powers", [node("ReduceLogSumExp", axes=[1], keepdims=0)], [], 17),
    ("powers, kept", [node("ReduceLogSumExp", axes=[1, 3])], [], 17),
    ("running sums", [node("CumSum", "axes")], [SECOND], 18),
    (
        "running sums, backwards",
        [node("CumSum", "axes", reverse=1, exclusive=1)],
        [numpy_helper.from_array(np.asarray(1, np.int64), "axes")],
        18,
    ),
    ("edge", [node("Pad", "pads", mode="edge")], [BOUNDS[1]], 19),
    ("wrapped", [node("Pad", "pads", mode="wrap")], [BOUNDS[1]], 19),
    ("reflected", [node("Pad", "pads", mode="reflect")], [BOUNDS[1]], 19),
    ("a table of numbers", [node("Gather", "i", axis=1)], [TABLE], 18),
    ("rows by number", [node("Transpose", perm=[1, 0, 2, 3]), helper.make_node("GatherND", ["r", "i"], ["y"])], [ROWS], 18),
    ("channels to places", [node("DepthToSpace", blocksize=2, mode="CRD")], [], 18),
    ("channels to places, block by block", [node("DepthToSpace", blocksize=2)], [], 18),
    ("several axes normalised", [node("LayerNormalization", "w", "b", axis=2)], [array("w", 6, 5), array("b", 6, 5)], 17),
    ("the last axis normalised", [node("LayerNormalization", "w", axis=-1)], [array("w", 5)], 17),
    ("groups normalised", [node("GroupNormalization", "w", "b", num_groups=2)], [array("w", 4), array("b", 4)], 21),
    ("padding counted", [node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)], [], 18),
    ("padding left out", [node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], [], 18),
    ("repeated", [node("Expand", "shape")], [integers("shape", 2, 4, 6, 5)], 18),
    ("tiled", [node("Tile", "times")], [integers("times", 1, 2, 1, 3)], 18),
    ("an outer sum", [node("ReduceMean", axes=[2], keepdims=1), helper.make_node("Add", ["r", "c"], ["y"])], [], 17),
    (
        "a choice of two constants",
        [node("Greater", "half"), helper.make_node("Where", ["g", "one", "w"], ["y"])],
        [array("one"), array("w", 4, 1, 1)],
        18,
    ),
    (
        "a softmax behind an axis of one",
        [node("Reshape", "s"), helper.make_node("Softmax", ["r"], ["y"], axis=1)],
        [integers("s", 1, 120, 1)],
        18,
    ),
    ("a vector", [node("MatMul", "v")], [array("v", 5)], 18),
]


def renamed(nodes: list[onnx.NodeProto], name: str) -> list[onnx.NodeProto]:
    """The first of several nodes makes what the last reads."""
    if len(nodes) > 1:
        nodes[0].output[0] = name
    return nodes


def outputs(content: bytes, example: Any) -> tuple[list[Any], list[Any]]:
    expected = ReferenceEvaluator(onnx.load_from_string(content)).run(None, {"x": example})
    return outputs_of(from_onnx(content, "m.onnx"), example), expected


@pytest.mark.parametrize(("nodes", "constants", "opset"), [row[1:] for row in ONE], ids=[row[0] for row in ONE])
def test_an_operator_computes_what_it_is_defined_as(nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], opset: int) -> None:
    if len(nodes) > 1 and nodes[1].op_type == "Add":
        nodes = [nodes[0], helper.make_node("ReduceMean", ["x"], ["c"], axes=[3], keepdims=1), nodes[1]]
    kind = {"Greater": "g"}.get(nodes[0].op_type, "r")
    more = [BOUNDS[0]] if kind == "g" else []
    content = written(renamed(nodes, kind), [*constants, *more], SHAPE, opset=opset)
    found, expected = outputs(content, GENERATOR.normal(size=SHAPE).astype(np.float32))
    assert found[0].shape == expected[0].shape
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("equation", ["bchw,bdhw->bcd", "bchw,bdhw->bchd", "bchw,bchw->bhw", "abcd,aecd", "bchw,bdhw->hwcd"])
def test_an_equation_computes_what_it_says(equation: str) -> None:
    content = written([helper.make_node("Einsum", ["x", "x"], ["y"], equation=equation)], [], SHAPE)
    found, expected = outputs(content, GENERATOR.normal(size=SHAPE).astype(np.float32))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("equation", ["bchw,bdhw,behw->cde", "bchw->bc", "bbhw,bchw->c", "b...,b...->b", "BCHW,bchw->b"])
def test_an_equation_that_no_layer_computes_is_refused_in_a_line(equation: str) -> None:
    count = equation.count(",") + 1
    content = written([helper.make_node("Einsum", ["x"] * count, ["y"], equation=equation)], [], (1, 1, 6, 5))
    with pytest.raises(InputError, match="Einsum") as found:
        network_of(from_onnx(content, "m.onnx"))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_recurrent_operator_computes_its_steps_and_its_last_states(kind: str, direction: str, after: int) -> None:
    # Sums and states by hand: the reference of onnx runs one direction only.
    gates, sides = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind], 2 if direction == "bidirectional" else 1
    constants = [array("w", sides, gates * 3, 5), array("r", sides, gates * 3, 3), array("b", sides, 2 * gates * 3)]
    attributes: dict[str, Any] = {"hidden_size": 3, "direction": direction}
    if kind == "GRU":
        attributes["linear_before_reset"] = after
    made = helper.make_node(kind, ["x", "w", "r", "b"], ["every", "y"], **attributes)
    content = written([made], constants, (7, 1, 5))
    example = GENERATOR.normal(size=(7, 1, 5)).astype(np.float32)
    (found,) = outputs_of(from_onnx(content, "m.onnx"), example)
    w, r, b = (numpy_helper.to_array(each).astype(np.float64) for each in constants)
    for side in range(sides):
        steps = example[::-1, 0] if direction == "reverse" or side == 1 else example[:, 0]
        expected = last_state(kind, steps, w[side], r[side], *np.split(b[side], 2), after=after)
        np.testing.assert_allclose(found[side, 0], expected, rtol=1e-5, atol=1e-6)


def last_state(kind: str, steps: Any, w: Any, r: Any, b: Any, again: Any, *, after: int) -> Any:
    """As ONNX defines its recurrent operators: gates z, r, h of a GRU, i, o, f, c of an LSTM."""

    def squash(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    hidden = cell = np.zeros(r.shape[1])
    for x in steps:
        inside, state = w @ x + b, r @ hidden + again
        if kind == "RNN":
            hidden = np.tanh(inside + state)
        elif kind == "LSTM":
            i, o, f, c = np.split(inside + state, 4)
            cell = squash(f) * cell + squash(i) * np.tanh(c)
            hidden = squash(o) * np.tanh(cell)
        else:
            (z, reset, h), (u, s, v) = np.split(inside, 3), np.split(state, 3)
            reset = squash(reset + s)
            weighed = reset * v if after else np.split(r, 3)[2] @ (reset * hidden) + np.split(again, 3)[2]
            z = squash(z + u)
            hidden = (1 - z) * np.tanh(h + weighed) + z * hidden
    return hidden


def test_functions_that_a_recurrent_layer_does_not_have_are_refused() -> None:
    made = helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=3, activations=["Relu", "Tanh", "Tanh"])
    content = written([made], [array("w", 1, 12, 5), array("r", 1, 12, 3)], (7, 1, 5))
    with pytest.raises(InputError, match=r"its functions are relu, tanh, tanh; sigmoid and tanh and tanh are supported"):
        network_of(from_onnx(content, "m.onnx"))


def test_rows_of_a_table_are_read_by_what_needs_rows_and_columns() -> None:
    nodes = [
        helper.make_node("Gather", ["table", "x"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["turned", "w"], ["y"]),
    ]
    content = written(nodes, [array("table", 9, 4), array("w", 6, 4, 3)], (1, 10), element=TensorProto.INT64)
    found, expected = outputs(content, GENERATOR.integers(0, 9, (1, 10)))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_local_response_is_weighed_by_the_channels_around(size: int) -> None:
    content = written([node("LRN", size=size, alpha=0.3, beta=0.6, bias=1.5)], [], SHAPE)
    example = GENERATOR.normal(size=SHAPE).astype(np.float32)
    square = np.pad(example[0] ** 2, [((size - 1) // 2, size // 2), (0, 0), (0, 0)])
    sums = np.stack([square[at : at + size].sum(axis=0) for at in range(SHAPE[1])])
    (found,) = outputs_of(from_onnx(content, "m.onnx"), example)
    np.testing.assert_allclose(found[0], example[0] / (1.5 + 0.3 / size * sums) ** 0.6, rtol=1e-5)


def test_what_arithmetic_repeats_itself_is_not_repeated_before_it() -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=1),
        helper.make_node("Expand", ["m", "shape"], ["e"]),
        helper.make_node("Sub", ["x", "e"], ["y"]),
    ]
    content = written(nodes, [integers("shape", *SHAPE)], SHAPE)
    assert [layer.kind for layer in network_of(from_onnx(content, "m.onnx")).layers] == ["reduce", "binary"]
    found, expected = outputs(content, GENERATOR.normal(size=SHAPE).astype(np.float32))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-5)


def test_a_form_that_has_no_parts_is_refused_as_such() -> None:
    pairs = numpy_helper.from_array(np.asarray([[0, 3], [0, 1]], np.int64), "i")
    with pytest.raises(InputError, match=r"\(GatherND, 'pairs'\): with these inputs and attributes it is not supported"):
        network_of(from_onnx(written([node("GatherND", "i", name="pairs")], [pairs], SHAPE, opset=18), "m.onnx"))
