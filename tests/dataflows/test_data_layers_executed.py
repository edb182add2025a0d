"""Layers that move, reduce, combine and remember: closed form against execution, output against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.dataflows.counting import count_work
from costmodel.dataflows.executed.execution import LayerTensors, execute_work
from costmodel.dataflows.executed.loops.block_trace import trace_blocks
from costmodel.errors import ShapeError
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.lowering import Step
from costmodel.specs.network import Network
from costmodel.specs.operations import OPERATIONS
from costmodel.specs.work import View


def tensors_of(step: Step, layer: Any, seed: int) -> LayerTensors:
    """Whole numbers of every shape a step reads."""
    generator = np.random.default_rng(seed)

    def numbers(shape: tuple[int, ...]) -> Any:
        return generator.integers(-5, 6, shape)

    row = step.operation
    shape = row.shape_of_weights(layer, step.inputs)
    if shape is not None and len(shape) == 1:
        shape = (2, *shape)
    bias = numbers(shape[:1]) if shape is not None and getattr(layer, "bias", False) else None
    return LayerTensors(tuple(numbers(extents) for extents in step.inputs), None if shape is None else numbers(shape), bias)


def network(shape: tuple[int, ...], *layers: dict[str, Any]) -> Network:
    return Network.model_validate({"name": "net", "input": shape, "layers": layers})


def output_of(shape: tuple[int, ...], layer: dict[str, Any], *inputs: Any, weight: Any = None, bias: Any = None) -> Any:
    """Run one layer of a network, and hold its counts against the closed form."""
    others = [{"kind": "extra_input", "name": f"x{at}", "shape": one.shape} for at, one in enumerate(inputs[1:])]
    net = network(shape, *others, {"name": "layer", "inputs": ["input", *(one["name"] for one in others)], **layer})
    work = net.steps[-1].lowered.work
    run = execute_work(work, LayerTensors(tuple(inputs), weight, bias), Dataflow.OUTPUT_STATIONARY)
    assert run.counts == count_work(work, Dataflow.OUTPUT_STATIONARY)
    assert run.output.shape == net.steps[-1].lowered.output
    return run.output


@pytest.mark.parametrize("kind", OPERATIONS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_every_kind_executes_as_it_is_counted(kind: str, seed: int) -> None:
    drawn = OPERATIONS[kind].draw(np.random.default_rng(seed), 1)
    try:
        net = Network.model_validate({"name": "net", "input": drawn.shape, "layers": drawn.layers})
    except ShapeError:
        return
    step, layer = net.steps[-1], net.ordered[-1]
    if isinstance(step.lowered.work, View):
        return
    tensors = tensors_of(step, layer, seed)
    # Valid taps and biases last: what a block trace sees too.
    for taps in (Taps.NOMINAL, Taps.VALID):
        for bias in (False, True):
            run = execute_work(step.lowered.work, tensors, Dataflow.OUTPUT_STATIONARY, taps, bias=bias)
            assert run.counts == count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY, taps, bias=bias)
            if step.lowered.output != (0,):
                assert run.output.shape == step.lowered.output
    blocks = trace_blocks(step.lowered.work, Dataflow.OUTPUT_STATIONARY, block_bytes=4)
    assert blocks.mac_count == run.counts.mac_count
    assert blocks.input_read_count <= run.counts.input_read_count


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(-9, 10, shape)


X = numbers(4, 3, 5)
FIELDS: list[tuple[dict[str, Any], Any]] = [
    ({"kind": "concat", "axis": 2}, lambda x, y: np.concatenate([x, y], axis=2)),
    ({"kind": "binary", "function": "sub"}, lambda x, y: x - y),
    ({"kind": "binary", "function": "maximum"}, np.maximum),
    ({"kind": "binary", "function": "squared_difference"}, lambda x, y: (x - y) ** 2),
    ({"kind": "einsum", "equation": "cab,cdb->cda"}, lambda x, y: np.einsum("cab,cdb->cda", x, y)),
]


@pytest.mark.parametrize(("layer", "expected"), FIELDS, ids=[str(layer) for layer, _ in FIELDS])
def test_two_operands(layer: dict[str, Any], expected: Any) -> None:
    y = numbers(4, 3, 5, seed=1)
    np.testing.assert_array_equal(output_of(X.shape, layer, X, y), expected(X, y))


MOVES: list[tuple[dict[str, Any], Any]] = [
    ({"kind": "slice", "starts": [1, 0, 4], "sizes": [2, 2, 3], "steps": [1, 2, -2]}, X[1:3, 0:3:2, 4::-2]),
    ({"kind": "pad_nd", "before": [0, 1, 2], "after": [1, 0, 0], "value": 7}, np.pad(X, [(0, 1), (1, 0), (2, 0)], constant_values=7)),
    ({"kind": "pad_nd", "before": [0, 1, 2], "after": [0, 2, 1], "mode": "reflect"}, np.pad(X, [(0, 0), (1, 2), (2, 1)], mode="reflect")),
    (
        {"kind": "pad_nd", "before": [0, 3, 2], "after": [0, 2, 1], "mode": "symmetric"},
        np.pad(X, [(0, 0), (3, 2), (2, 1)], mode="symmetric"),
    ),
    ({"kind": "transpose", "order": [2, 0, 1]}, X.transpose(2, 0, 1)),
    ({"kind": "reshape", "shape": [12, 5], "order": [1, 2, 0], "shape_order": [1, 0]}, X.transpose(1, 2, 0).reshape(5, 12).T),
    ({"kind": "reshape", "shape": [5, 12]}, X.reshape(5, 12)),
    ({"kind": "gather", "axis": 1, "indices": [2, 0, 2]}, X[:, [2, 0, 2]]),
    ({"kind": "rearrange", "function": "tile", "shape": [8, 3, 10]}, np.tile(X, (2, 1, 2))),
    ({"kind": "rearrange", "function": "reverse", "shape": [4, 3, 5], "axes": [0, 2]}, X[::-1, :, ::-1]),
    ({"kind": "reduce", "function": "sum", "axes": [0, 2]}, X.sum((0, 2))),
    ({"kind": "reduce", "function": "max", "axes": [1], "keep": True}, X.max(1, keepdims=True)),
    ({"kind": "reduce", "function": "arg_max", "axes": [2]}, X.argmax(2)),
    ({"kind": "reduce", "function": "arg_min", "axes": [0]}, X.argmin(0)),
    ({"kind": "unary", "function": "abs"}, abs(X)),
    ({"kind": "unary", "function": "square", "table": True}, X * X),
    ({"kind": "clamp", "low": -2, "high": 6}, X.clip(-2, 6)),
    ({"kind": "resize", "size": [6, 10]}, X.repeat(2, 1).repeat(2, 2)),
    ({"kind": "convert"}, X),
]


@pytest.mark.parametrize(("layer", "expected"), MOVES, ids=[str(layer) for layer, _ in MOVES])
def test_one_operand(layer: dict[str, Any], expected: Any) -> None:
    np.testing.assert_array_equal(output_of(X.shape, layer, X), expected)


def test_depth_to_space_and_back() -> None:
    x = numbers(8, 2, 3)
    spread = output_of(x.shape, {"kind": "rearrange", "function": "depth_to_space", "shape": [2, 4, 6]}, x)
    # As TensorFlow has it, channels last: the channels of a block lie together for each of its places.
    expected = x.transpose(1, 2, 0).reshape(2, 3, 2, 2, 2).transpose(0, 2, 1, 3, 4).reshape(4, 6, 2).transpose(2, 0, 1)
    np.testing.assert_array_equal(spread, expected)
    np.testing.assert_array_equal(
        output_of(spread.shape, {"kind": "rearrange", "function": "space_to_depth", "shape": [8, 2, 3]}, spread), x
    )


def test_a_constant_operand_is_read_as_weights() -> None:
    factors = numbers(4, 1)
    layer = {"kind": "binary", "function": "prelu", "constant": [4]}
    net = network(X.shape, {"name": "layer", **layer})
    counts = count_work(net.steps[0].lowered.work, Dataflow.OUTPUT_STATIONARY)
    assert (counts.input_read_count, counts.weight_read_count, counts.output_write_count, counts.mac_count) == (60, 60, 60, 0)
    assert net.parameter_count == 4
    np.testing.assert_array_equal(output_of(X.shape, layer, X, weight=factors), np.where(X >= 0, X, X * factors[:, :, None]))


def test_a_computed_gather_reads_its_numbers() -> None:
    which = np.array([2, 0])
    np.testing.assert_array_equal(output_of(X.shape, {"kind": "gather", "axis": 1}, X, which), X[:, which])


def test_rows_of_a_table() -> None:
    table, which = numbers(7, 3), np.array([6, 0, 2, 2])
    np.testing.assert_array_equal(output_of((4,), {"kind": "embedding", "rows": 7, "features": 3}, which, weight=table), table[which].T)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_transposed_convolution_is_the_transpose_of_one(data: st.DataObject) -> None:
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel, stride, dilation = data.draw(pair), data.draw(pair), data.draw(pair)
    padding = data.draw(st.tuples(*[st.integers(0, 2)] * 4))
    extra = (0, data.draw(st.integers(0, stride[0] - 1)), 0, data.draw(st.integers(0, stride[1] - 1)))
    layer = {"kind": "transposed_conv2d", "out_channels": 2, "kernel": kernel, "stride": stride, "dilation": dilation}
    layer |= {"padding": padding, "extra": extra}
    x, weight, bias = numbers(3, 2, 4), numbers(2, 3, *kernel, seed=1), numbers(2, seed=2)
    try:
        made = output_of(x.shape, layer, x, weight=weight, bias=bias)
    except ShapeError:
        return
    extents = [(x.shape[at + 1] - 1) * stride[at] + dilation[at] * (kernel[at] - 1) + 1 + extra[2 * at + 1] for at in range(2)]
    whole = np.zeros((2, *extents), int)
    for row, column, kh, kw in np.ndindex(2, 4, *kernel):
        whole[:, row * stride[0] + kh * dilation[0], column * stride[1] + kw * dilation[1]] += weight[:, :, kh, kw] @ x[:, row, column]
    cut = whole[:, padding[0] : extents[0] - padding[1], padding[2] : extents[1] - padding[3]]
    np.testing.assert_array_equal(made, cut + bias[:, None, None])


def test_gates_cost_their_steps() -> None:
    one, five = (
        count_work(network((6, steps, 1), {"name": "l", "kind": "lstm", "units": 4}).steps[0].lowered.work, Dataflow.OUTPUT_STATIONARY)
        for steps in (1, 5)
    )
    assert one.mac_count == 4 * 4 * (6 + 4)
    assert (five.mac_count, five.bias_read_count, five.psum_write_count) == (5 * one.mac_count, 5 * 16, 5 * 16)


def test_the_network_keeps_its_state_and_takes_a_second_input() -> None:
    net = network(
        (2, 3, 1),
        {"name": "other", "kind": "extra_input", "shape": [2, 3, 1]},
        {"name": "held", "kind": "kept_state", "shape": [2, 3, 1]},
        {"name": "sum", "kind": "binary", "function": "add", "inputs": ["input", "other", "held"]},
        {"name": "write", "kind": "assign", "inputs": ["sum", "held"]},
    )
    counts = [count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY) for step in net.steps]
    assert [one.input_read_count for one in counts] == [0, 0, 18, 6]
    assert net.steps[3].lowered.output == (0,)


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ({"kind": "slice", "starts": [0, 0, 3], "sizes": [1, 1, 3]}, "takes elements 3 to 5 of axis 2, which has 5"),
        ({"kind": "slice", "starts": [0], "sizes": [1]}, "1 starts for an input of 4x3x5"),
        ({"kind": "transpose", "order": [0, 1, 1]}, "none of the 3 axes"),
        ({"kind": "reshape", "shape": [61]}, "4x3x5 has not the elements of 61"),
        ({"kind": "gather", "axis": 1, "indices": [3]}, "slice 3 of 4x3x5 along axis 1"),
        ({"kind": "gather", "axis": 1}, "needs indices"),
        ({"kind": "binary", "function": "add"}, "needs two operands"),
        ({"kind": "binary", "function": "add", "constant": [4, 2]}, "add cannot combine 4x3x5 and 4x2"),
        ({"kind": "reduce", "function": "sum", "axes": [3]}, "none of 4x3x5"),
        ({"kind": "rearrange", "function": "depth_to_space", "shape": [1, 6, 6]}, "cannot make"),
        ({"kind": "pad_nd", "before": [0, 3, 0], "after": [0, 0, 0], "mode": "reflect"}, "mirrors more"),
        ({"kind": "lstm", "units": 2}, "features x steps x 1"),
    ],
)
def test_what_does_not_fit_is_told(layer: dict[str, Any], told: str) -> None:
    with pytest.raises(ShapeError, match=told):
        network(X.shape, {"name": "layer", **layer})


@pytest.mark.parametrize(("exclusive", "reverse"), [(False, False), (True, False), (False, True), (True, True)])
def test_running_sums(exclusive: bool, reverse: bool) -> None:
    turned = X[:, ::-1] if reverse else X
    sums = turned.cumsum(1) - (turned if exclusive else 0)
    layer = {"kind": "cumulative_sum", "axis": 1, "exclusive": exclusive, "reverse": reverse}
    np.testing.assert_array_equal(output_of(X.shape, layer, X), sums[:, ::-1] if reverse else sums)


@pytest.mark.parametrize(("points", "samples"), [(4, 4), (8, 5), (64, 64), (64, 33)])
def test_a_transform_gives_the_frequencies_of_numpy(points: int, samples: int) -> None:
    x = np.random.default_rng(points).normal(size=samples)
    found = output_of((samples,), {"kind": "real_fft", "points": points}, x)
    np.testing.assert_allclose(found.reshape(-1, 2) @ [1, 1j], np.fft.rfft(x, points), atol=1e-9)


def test_a_filter_bank_lets_slopes_meet() -> None:
    x, weights = numbers(9), numbers(2, 7, seed=3)
    found = output_of((9,), {"kind": "filter_bank", "starts": [0, 2, 4], "widths": [2, 2, 3]}, x, weight=weights)
    rising = [x[0:2] @ weights[0, 0:2], x[2:4] @ weights[0, 2:4], x[4:7] @ weights[0, 4:7]]
    falling = [x[0:2] @ weights[1, 0:2], x[2:4] @ weights[1, 2:4], x[4:7] @ weights[1, 4:7]]
    np.testing.assert_array_equal(found, [falling[0] + rising[1], falling[1] + rising[2]])


def test_of_boxes_that_cover_one_another_the_best_is_picked() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 5], [6, 6, 8, 8], [0, 9, 1, 10]], float)
    scores = np.array([[1, 7], [9, 2], [3, 4], [0, 2]], float)
    layer = {"kind": "detection", "picks": 3}
    found = output_of((4, 4), layer, boxes.T, scores.T, weight=np.zeros((4, 4)))
    np.testing.assert_array_equal(found[:-1].reshape(3, 6), [[0, 0, 4, 5, 0, 9], [6, 6, 8, 8, 1, 4], [0, 9, 1, 10, 1, 2]])
    assert found[-1] == 3
    assert output_of((4, 4), {"kind": "detection", "picks": 5}, boxes.T, scores.T, weight=np.zeros((4, 4)))[-1] == 3


@pytest.mark.parametrize(
    ("shape", "layer", "message"),
    [
        ((8,), {"kind": "real_fft", "points": 12}, "no power of two"),
        ((9,), {"kind": "real_fft", "points": 8}, "fewer than its input's 9"),
        ((3, 3), {"kind": "real_fft", "points": 16}, "in one row"),
        ((4,), {"kind": "filter_bank", "starts": [0, 3], "widths": [1, 2]}, "reach to element 5"),
        ((4,), {"kind": "filter_bank", "starts": [0, 3], "widths": [1, 1, 1]}, "2 starts and 3 widths"),
        ((3, 3), {"kind": "filter_bank", "starts": [0, 3], "widths": [1, 1]}, "in one row"),
        ((4,), {"kind": "cumulative_sum", "axis": 1}, "beyond its input"),
    ],
)
def test_front_ends_that_do_not_fit_are_refused(shape: tuple[int, ...], layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        network(shape, {"name": "layer", **layer})


@pytest.mark.parametrize(
    ("boxes", "scores", "message"), [((3, 3), (3,), "no 4 numbers each"), ((4, 4), (6,), "6 scores"), ((4, 2, 2), (3, 3), "9 scores")]
)
def test_boxes_without_their_scores_are_refused(boxes: tuple[int, ...], scores: tuple[int, ...], message: str) -> None:
    other = {"kind": "extra_input", "name": "scores", "shape": scores}
    with pytest.raises(ShapeError, match=message):
        network(boxes, other, {"name": "pick", "kind": "detection", "picks": 2, "inputs": ["input", "scores"]})
