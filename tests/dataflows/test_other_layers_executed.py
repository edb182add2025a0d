"""Every layer that is not a convolution: closed form against execution, output against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from costmodel.dataflows.counting import count_work
from costmodel.dataflows.executed.execution import Execution, LayerTensors, execute_work
from costmodel.errors import MissingError, ShapeError
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import POINT, AdaptiveAxis, Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.layers import AdaptiveAvgPool2d, Add, AvgPool2d, BatchNorm2d, Flatten, Linear, MaxPool2d, ReLU, Softmax
from costmodel.specs.lowering import lower
from costmodel.specs.operations import LINEAR, MAX_POOL2D, SOFTMAX
from costmodel.specs.work import Elementwise, LoopNest

modest = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def ran_as_counted(layer: Any, tensors: LayerTensors, producer_kind: str | None = None, bias: bool = True) -> Execution:
    """Execute under both tap conventions and every dataflow's name, check the counts, return the execution."""
    shapes = [tensor.shape for tensor in tensors.inputs]
    work = lower(layer, shapes, producer_kind).work
    runs = [execute_work(work, tensors, dataflow, taps, bias=bias) for taps in Taps for dataflow in list(Dataflow)[:2]]
    for run in runs:
        assert run.counts == count_work(work, Dataflow.ROW_STATIONARY, Taps.VALID, bias=bias)
        np.testing.assert_array_equal(run.output, runs[0].output)
    assert runs[0].output.shape == lower(layer, shapes, producer_kind).output
    return runs[0]


def numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, shape)


@modest
@given(st.integers(1, 9), st.integers(1, 9), st.booleans(), st.booleans(), st.integers(0, 99))
def test_linear(features: int, out_features: int, has_bias: bool, count_bias: bool, seed: int) -> None:
    x, weight = numbers(seed, features), numbers(seed + 1, out_features, features)
    bias = numbers(seed + 2, out_features) if has_bias else None
    layer = Linear(name="fc", out_features=out_features, bias=has_bias)
    run = ran_as_counted(layer, LayerTensors((x,), weight, bias), bias=count_bias)
    np.testing.assert_array_equal(run.output, weight @ x + (bias if bias is not None else 0))
    assert run.counts.mac_count == run.counts.input_read_count == run.counts.weight_read_count == features * out_features
    assert run.counts.bias_read_count == (out_features if has_bias and count_bias else 0)


@st.composite
def sliding_poolings(draw: st.DrawFn) -> tuple[dict[str, Any], tuple[int, int, int]]:
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    fields = {
        "kernel": draw(pair),
        "stride": draw(st.none() | pair),
        "padding": draw(st.tuples(*[st.integers(0, 2)] * 4)),
        "dilation": draw(pair),
    }
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 7)), draw(st.integers(1, 7)))
    try:
        lower(MaxPool2d(name="p", **fields), [shape], None)
    except ShapeError:
        assume(False)
    return fields, shape


def windows_by_numpy(x: np.ndarray, layer: MaxPool2d | AvgPool2d) -> np.ma.MaskedArray:
    """(channels, rows, columns, taps), padding masked."""
    top, bottom, left, right = layer.padding
    edges = ((0, 0), (top, bottom), (left, right))
    padded = np.ma.MaskedArray(np.pad(x, edges), np.pad(np.zeros(x.shape, bool), edges, constant_values=True))
    (kh, kw), (dh, dw), (sh, sw) = layer.kernel, layer.dilation, layer.stride or layer.kernel
    patches = [
        padded[:, i * dh : padded.shape[1] - (kh - 1 - i) * dh : sh, j * dw : padded.shape[2] - (kw - 1 - j) * dw : sw]
        for i in range(kh)
        for j in range(kw)
    ]
    return np.ma.stack(patches, axis=-1)


@modest
@given(sliding_poolings(), st.integers(0, 99))
def test_sliding_poolings_with_padding(case: tuple[dict[str, Any], tuple[int, int, int]], seed: int) -> None:
    fields, shape = case
    x = numbers(seed, *shape)
    largest = MaxPool2d(name="p", **fields)
    windows = windows_by_numpy(x, largest)
    run = ran_as_counted(largest, LayerTensors((x,)))
    np.testing.assert_array_equal(run.output, windows.max(axis=-1).filled(0))
    assert run.counts.operation_count == run.counts.input_read_count == windows.count()
    assert run.counts.mac_count == 0
    average = AvgPool2d(name="p", **fields)
    run = ran_as_counted(average, LayerTensors((x.astype(np.float64),)))
    np.testing.assert_allclose(run.output, windows.mean(axis=-1).filled(0), rtol=1e-12, atol=1e-12)
    assert run.counts.operation_count == windows.count()


@modest
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_adaptive_pooling(height: int, width: int, rows: int, columns: int, seed: int) -> None:
    x = numbers(seed, 2, height, width).astype(np.float64)
    run = ran_as_counted(AdaptiveAvgPool2d(name="p", output_size=(rows, columns)), LayerTensors((x,)))
    for i in range(rows):
        for j in range(columns):
            window = x[:, int(np.floor(i * height / rows)) : int(np.ceil((i + 1) * height / rows)), :]
            window = window[:, :, int(np.floor(j * width / columns)) : int(np.ceil((j + 1) * width / columns))]
            np.testing.assert_allclose(run.output[:, i, j], window.mean(axis=(1, 2)), rtol=1e-12, atol=1e-12)


def test_whole_numbers_average_to_the_nearest_halves_away_from_zero() -> None:
    x = np.array([[[1, 2], [-1, -2], [1, 3]]])
    run = ran_as_counted(AvgPool2d(name="p", kernel=(1, 2)), LayerTensors((x,)))
    assert run.output.ravel().tolist() == [2, -2, 2]
    assert run.output.dtype == np.int64


def test_add_reads_both_operands_once() -> None:
    a, b = numbers(0, 2, 3, 4), numbers(1, 2, 3, 4)
    run = ran_as_counted(Add(name="a", inputs=("x", "y")), LayerTensors((a, b)))
    np.testing.assert_array_equal(run.output, a + b)
    assert run.counts == AccessCounts(input_read_count=48, output_write_count=24)


def test_relu_is_free_after_a_convolution_and_a_pass_of_its_own_elsewhere() -> None:
    x = numbers(2, 2, 3, 4)
    alone = ran_as_counted(ReLU(name="r"), LayerTensors((x,)), "max_pool2d")
    fused = ran_as_counted(ReLU(name="r"), LayerTensors((x,)), "conv2d")
    np.testing.assert_array_equal(alone.output, np.maximum(x, 0))
    np.testing.assert_array_equal(fused.output, np.maximum(x, 0))
    assert alone.counts == AccessCounts(input_read_count=24, output_write_count=24)
    assert fused.counts == AccessCounts()


def test_batch_norm_reads_two_parameters_a_channel_unless_folded() -> None:
    x, parameters = numbers(3, 3, 2, 2), numbers(4, 2, 3)
    expected = x * parameters[0][:, None, None] + parameters[1][:, None, None]
    alone = ran_as_counted(BatchNorm2d(name="b"), LayerTensors((x,), parameters), "add")
    folded = ran_as_counted(BatchNorm2d(name="b"), LayerTensors((x,), parameters), "conv2d")
    np.testing.assert_array_equal(alone.output, expected)
    np.testing.assert_array_equal(folded.output, expected)
    assert alone.counts == AccessCounts(mac_count=12, input_read_count=12, weight_read_count=6, output_write_count=12)
    assert folded.counts == AccessCounts()


def test_softmax_passes_three_times() -> None:
    x = numbers(5, 10)
    run = ran_as_counted(Softmax(name="s"), LayerTensors((x,)))
    np.testing.assert_allclose(run.output, np.exp(x - x.max()) / np.exp(x - x.max()).sum(), rtol=1e-12)
    assert run.counts == AccessCounts(input_read_count=30, output_write_count=10)


def test_flatten_moves_nothing() -> None:
    x = numbers(6, 2, 3, 4)
    run = ran_as_counted(Flatten(name="f"), LayerTensors((x,)))
    np.testing.assert_array_equal(run.output, x.ravel())
    assert run.counts == AccessCounts()


@pytest.mark.parametrize(
    ("layer", "tensors", "missing"),
    [
        (Linear(name="fc", out_features=2), LayerTensors((numbers(0, 3),)), "weight"),
        (Linear(name="fc", out_features=2), LayerTensors((numbers(0, 3),), numbers(0, 2, 3)), "bias"),
        (BatchNorm2d(name="b"), LayerTensors((numbers(0, 1, 2, 2),)), "weight"),
    ],
)
def test_a_missing_tensor_is_named(layer: Any, tensors: LayerTensors, missing: str) -> None:
    work = lower(layer, [tensors.inputs[0].shape], None).work
    with pytest.raises(MissingError, match=missing):
        execute_work(work, tensors, Dataflow.OUTPUT_STATIONARY)


def test_an_operand_of_an_addition_that_is_not_there_is_named() -> None:
    work = lower(Add(name="a", inputs=("x", "y")), [(4,), (4,)], None).work
    with pytest.raises(MissingError, match="input 2"):
        execute_work(work, LayerTensors((numbers(0, 4),)), Dataflow.OUTPUT_STATIONARY)


def test_columns_of_the_other_layers_equal_their_rows() -> None:
    def column(*values: int) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    linear = LoopNest(LINEAR, 1, column(3, 7), column(5, 2), POINT, POINT, True)
    h, w = Axis(column(5, 9), column(2, 3), column(2, 1), column(0, 1), 0, 1), Axis(column(4, 8), 2, 2)
    sliding = LoopNest(MAX_POOL2D, column(2, 6), 1, 1, h, w)
    adaptive = LoopNest(MAX_POOL2D, column(2, 6), 1, 1, AdaptiveAxis(column(7, 9), 2), AdaptiveAxis(8, column(3, 2)))
    elementwise = Elementwise(SOFTMAX, 1, column(12, 30), 3, column(4, 6))

    def row_of(value: Any, row: int) -> Any:
        if isinstance(value, np.ndarray):
            return int(value[row])
        return type(value)(*(row_of(part, row) for part in value)) if isinstance(value, tuple) else value

    for work in (linear, sliding, adaptive, elementwise):
        counted = count_work(work, Dataflow.OUTPUT_STATIONARY)
        for row in range(2):
            assert row_of(counted, row) == count_work(row_of(work, row), Dataflow.OUTPUT_STATIONARY)
