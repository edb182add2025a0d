"""The closed forms against the execution, with no tolerance, and the execution's output against NumPy."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from costmodel.dataflows import executed
from costmodel.dataflows.counting import CLOSED_FORMS, count_work
from costmodel.dataflows.executed.execution import EXECUTIONS, LayerTensors, execute_work
from costmodel.errors import ShapeError
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.layers import Conv2d
from costmodel.specs.lowering import lower
from costmodel.specs.network import TensorBytes
from costmodel.specs.operations import CONV2D
from costmodel.specs.running.mapping import BLOCKED, DATAFLOWS, ChosenDataflow, blocked
from costmodel.specs.work import LoopNest

MUST_REACH = {
    "stride > kernel",
    "kernel > input",
    "dilation > 1",
    "groups > 1",
    "asymmetric padding",
    "1x1",
    "width 1",
    "depthwise",
    "taps only on padding",
    "no bias",
}


def convolution(input_shape: tuple[int, int, int], **fields: Any) -> tuple[Conv2d, tuple[int, int, int]]:
    return Conv2d(name="c", **fields), input_shape


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Conv2d, tuple[int, int, int]]:
    """Small convolutions; a flavour makes each corner of the geometry common instead of rare."""
    flavour = draw(st.sampled_from([*sorted(MUST_REACH), "plain", "plain"]))
    small = st.integers(1, 3)
    groups = draw(st.integers(2, 3)) if flavour == "groups > 1" else draw(st.sampled_from([1, 1, 2]))
    per_group_in = 1 if flavour == "depthwise" else draw(st.integers(1, 2))
    per_group_out = 1 if flavour == "depthwise" else draw(st.integers(1, 2))
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    kernel = [draw(small), draw(small)]
    stride = [draw(small), draw(small)]
    dilation = [1, 1]
    padding = [draw(st.integers(0, 2)) for _ in range(4)]
    if flavour == "stride > kernel":
        stride = [kernel[0] + 1, kernel[1] + draw(small)]
    if flavour == "dilation > 1":
        dilation = [draw(st.integers(1, 3)), 2]
    if flavour == "1x1":
        kernel = [1, 1]
    if flavour == "width 1":
        width = 1
    if flavour == "kernel > input":
        height, width = draw(st.integers(1, 2)), draw(st.integers(1, 3))
        kernel = [3, 4]
        padding = [draw(st.integers(1, 3)) for _ in range(4)]
    if flavour == "taps only on padding":
        padding = [draw(st.integers(3, 5)) for _ in range(4)]
    if flavour == "asymmetric padding":
        padding = [0, 2, 1, 3]
    layer = Conv2d(
        name="c",
        out_channels=groups * per_group_out,
        kernel=tuple(kernel),
        stride=tuple(stride),
        padding=tuple(padding),
        dilation=tuple(dilation),
        groups=groups,
        bias=flavour != "no bias",
    )
    shape = (groups * per_group_in, height, width)
    try:
        lower(layer, [shape], None)
    except ShapeError:
        assume(False)
    return layer, shape


def features_of(layer: Conv2d, shape: tuple[int, int, int]) -> set[str]:
    """Which corners of the geometry a case reaches, told from the layer alone."""
    (kh, kw), (sh, sw), (dh, dw) = layer.kernel, layer.stride, layer.dilation
    top, bottom, left, right = layer.padding
    found = {
        "stride > kernel": sh > kh or sw > kw,
        "kernel > input": kh > shape[1] or kw > shape[2],
        "dilation > 1": (dh > 1 and kh > 1) or (dw > 1 and kw > 1),
        "groups > 1": layer.groups > 1,
        "asymmetric padding": top != bottom or left != right,
        "1x1": (kh, kw) == (1, 1),
        "width 1": shape[2] == 1,
        "depthwise": layer.groups == shape[0] == layer.out_channels and layer.groups > 1,
        "taps only on padding": top > dh * (kh - 1) or left > dw * (kw - 1),
        "no bias": not layer.bias,
    }
    return {name for name, there in found.items() if there}


def tensors_of(layer: Conv2d, shape: tuple[int, int, int], seed: int) -> LayerTensors:
    generator = np.random.default_rng(seed)
    per_group = shape[0] // layer.groups
    weight = generator.integers(-128, 128, (layer.out_channels, per_group, *layer.kernel), dtype=np.int64).astype(np.int8)
    bias = generator.integers(-1000, 1000, layer.out_channels, dtype=np.int64) if layer.bias else None
    return LayerTensors((generator.integers(-128, 128, shape, dtype=np.int64).astype(np.int8),), weight, bias)


def convolution_by_numpy(layer: Conv2d, tensors: LayerTensors) -> np.ndarray:
    """Shifted, strided slices of the padded input, one kernel position at a time."""
    top, bottom, left, right = layer.padding
    padded = np.pad(tensors.inputs[0].astype(np.int64), ((0, 0), (top, bottom), (left, right)))
    assert tensors.weight is not None
    total: Any = 0
    (kh, kw), (sh, sw), (dh, dw) = layer.kernel, layer.stride, layer.dilation
    for i in range(kh):
        for j in range(kw):
            patch = padded[:, i * dh : padded.shape[1] - (kh - 1 - i) * dh : sh, j * dw : padded.shape[2] - (kw - 1 - j) * dw : sw]
            by_group = patch.reshape(layer.groups, -1, *patch.shape[1:])
            weights = tensors.weight[:, :, i, j].astype(np.int64).reshape(layer.groups, -1, by_group.shape[1])
            total = total + np.einsum("goi,gihw->gohw", weights, by_group)
    output = total.reshape(layer.out_channels, *total.shape[2:])
    return output if tensors.bias is None else output + tensors.bias[:, None, None]


CHOICES = [
    *(ChosenDataflow(dataflow.value) for dataflow in Dataflow),
    *(blocked(*tile) for tile in ((1, 1), (2, 3), (4, 2), (64, 64))),
    *(blocked(*tile) for tile in ((1, 2, 1), (2, 4, 5), (3, 3, 2))),
]
"""Every dataflow, those with parameters at some of their values."""


def test_every_dataflow_has_a_closed_form_and_an_execution() -> None:
    assert set(CLOSED_FORMS) == set(EXECUTIONS) == set(DATAFLOWS) == {chosen.name for chosen in CHOICES}


@pytest.mark.parametrize("dataflow", CHOICES, ids=lambda chosen: chosen.text)
def test_counts_equal_the_execution_and_the_output_equals_numpy(dataflow: ChosenDataflow) -> None:
    reached: set[str] = set()

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    @given(case=convolutions(), seed=st.integers(0, 2**32 - 1))
    @example(case=convolution((1, 6, 6), out_channels=1, kernel=2, stride=4), seed=0)
    @example(case=convolution((1, 2, 3), out_channels=1, kernel=(3, 5), padding=2), seed=0)
    @example(case=convolution((2, 6, 5), out_channels=2, kernel=2, dilation=(2, 3), padding=1), seed=0)
    @example(case=convolution((4, 4, 4), out_channels=6, kernel=3, groups=2, padding=1), seed=0)
    @example(case=convolution((1, 5, 4), out_channels=2, kernel=3, padding=(0, 2, 3, 1), bias=False), seed=0)
    @example(case=convolution((3, 3, 3), out_channels=2, kernel=1), seed=0)
    @example(case=convolution((2, 5, 1), out_channels=2, kernel=(3, 1), padding=(1, 1, 0, 0)), seed=0)
    @example(case=convolution((1, 1, 1), out_channels=1, kernel=1), seed=0)
    @example(case=convolution((3, 4, 4), out_channels=3, kernel=3, groups=3, padding=1), seed=0)
    @example(case=convolution((1, 2, 2), out_channels=1, kernel=2, padding=4, stride=3), seed=0)
    def check(case: tuple[Conv2d, tuple[int, int, int]], seed: int) -> None:
        layer, shape = case
        for name in sorted(features_of(layer, shape)):
            event(name)
            reached.add(name)
        lowered = lower(layer, [shape], None)
        tensors = tensors_of(layer, shape, seed)
        expected = convolution_by_numpy(layer, tensors)
        assert lowered.output == expected.shape
        for taps in Taps:
            for bias in (True, False):
                ran = execute_work(lowered.work, tensors, dataflow, taps, bias=bias, sizes=TensorBytes(2, 3, 4, 5))
                counted = count_work(lowered.work, dataflow, taps, bias=bias, input_bytes=2, weight_bytes=3)
                assert counted == ran.counts, f"{taps}, bias {bias}"
                assert ran.output.dtype == np.int64
                np.testing.assert_array_equal(ran.output, expected)

    check()
    assert reached >= MUST_REACH


def counts_of_row(counts: AccessCounts, row: int, rows: int) -> tuple[int, ...]:
    return tuple(int(np.broadcast_to(np.asarray(column), rows)[row]) for column in counts)


@pytest.mark.parametrize("dataflow", CHOICES, ids=lambda chosen: chosen.text)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases=st.lists(convolutions(), min_size=1, max_size=12))
def test_the_column_path_equals_the_scalar_path(dataflow: ChosenDataflow, cases: list[tuple[Conv2d, tuple[int, int, int]]]) -> None:
    nests = [lower(layer, [shape], None).work for layer, shape in cases]
    assert all(isinstance(nest, LoopNest) for nest in nests)

    def column(values: list[int]) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    def axis(name: str) -> Axis:
        return Axis(*(column([getattr(nest, name)[place] for nest in nests]) for place in range(6)))

    table = LoopNest(
        CONV2D,
        column([nest.groups for nest in nests]),
        column([nest.out_channels for nest in nests]),
        column([nest.in_channels for nest in nests]),
        axis("h"),
        axis("w"),
        True,
    )
    for taps in Taps:
        for bias in (True, False):
            counted = count_work(table, dataflow, taps, bias=bias, input_bytes=1, weight_bytes=4)
            for row, nest in enumerate(nests):
                one = count_work(nest._replace(bias=True), dataflow, taps, bias=bias, input_bytes=1, weight_bytes=4)
                assert counts_of_row(counted, row, len(nests)) == tuple(one)


@pytest.mark.parametrize("dataflow", CHOICES, ids=lambda chosen: chosen.text)
def test_counts_stay_exact_at_a_trillion(dataflow: ChosenDataflow) -> None:
    side = 10**12
    nest = LoopNest(CONV2D, 1, 2, 3, Axis(side, 3, 1, 1, 1), Axis(side, 3, 1, 1, 1), True)
    counted = count_work(nest, dataflow, Taps.VALID)
    executed_columns = 3 * side if dataflow.name == BLOCKED else 3 * side - 2
    assert counted.mac_count == 6 * (3 * side - 2) * executed_columns
    assert count_work(nest, dataflow, Taps.NOMINAL).mac_count == 54 * side**2


class SealedAxis(Axis):
    """An axis whose every closed form is out of reach."""

    def _sealed(self) -> int:
        raise AssertionError("the executor used a closed form")

    output = valid = nominal = interior = touched = touched_nominal = property(_sealed)


@pytest.mark.parametrize("dataflow", CHOICES, ids=lambda chosen: chosen.text)
def test_the_executor_uses_no_closed_form_of_an_axis(dataflow: ChosenDataflow) -> None:
    layer, shape = convolution((4, 5, 6), out_channels=2, kernel=(3, 2), stride=(1, 2), padding=(0, 1, 2, 0), groups=2)
    tensors = tensors_of(layer, shape, 0)
    nest = lower(layer, [shape], None).work
    assert isinstance(nest, LoopNest)
    sealed = nest._replace(h=SealedAxis(*nest.h), w=SealedAxis(*nest.w))
    with pytest.raises(AssertionError, match="closed form"):
        count_work(sealed, dataflow)
    ran = execute_work(sealed, tensors, dataflow)
    assert ran.counts == count_work(nest, dataflow)
    np.testing.assert_array_equal(ran.output, convolution_by_numpy(layer, tensors))


def test_the_executor_imports_no_closed_form() -> None:
    folder = Path(executed.__file__).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    assert len(sources) > 10
    for name, source in sources.items():
        imported = [node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
        assert not [module for module in imported if "closed_forms" in module or module.endswith("dataflows.counting")], name


def test_single_precision_is_summed_in_single_precision_in_loop_order() -> None:
    layer = Conv2d(name="c", out_channels=1, kernel=(1, 3))
    values = np.array([[[1e8, 1.0, -1e8]]], dtype=np.float32)
    tensors = LayerTensors((values,), np.ones((1, 1, 1, 3), np.float32), np.zeros(1, np.float32))
    ran = execute_work(lower(layer, [(1, 1, 3)], None).work, tensors, Dataflow.OUTPUT_STATIONARY)
    assert ran.output.dtype == np.float32
    assert ran.output.item() == 0.0  # in double precision it would be 1


def test_a_tensor_of_another_shape_is_refused_naming_both_shapes() -> None:
    layer, shape = convolution((2, 5, 5), out_channels=3, kernel=3)
    tensors = tensors_of(layer, shape, 0)
    work = lower(layer, [shape], None).work
    with pytest.raises(ShapeError, match=r"input: expected a tensor of 2x5x5, found 2x5x4"):
        execute_work(work, tensors._replace(inputs=(tensors.inputs[0][:, :, :4],)), Dataflow.OUTPUT_STATIONARY)
    with pytest.raises(ShapeError, match=r"weight: expected a tensor of 3x2x3x3, found 3x2x3x2"):
        execute_work(work, tensors._replace(weight=np.ones((3, 2, 3, 2), np.int8)), Dataflow.OUTPUT_STATIONARY)


@pytest.mark.parametrize("dataflow", CHOICES, ids=lambda chosen: chosen.text)
def test_progress_ends_at_its_total(dataflow: ChosenDataflow) -> None:
    layer, shape = convolution((2, 5, 5), out_channels=3, kernel=3)
    calls: list[tuple[int, int]] = []
    work = lower(layer, [shape], None).work
    execute_work(work, tensors_of(layer, shape, 0), dataflow, progress=lambda done, total: calls.append((done, total)))
    assert [done for done, _ in calls] == list(range(1, calls[-1][1] + 1))
    assert {total for _, total in calls} == {calls[-1][0]}
