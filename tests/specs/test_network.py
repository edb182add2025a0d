"""Networks: graphs are checked as a whole, shapes inferred, and every mistake named."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from costmodel.dataflows.counting import count_work
from costmodel.errors import ShapeError, SpecError, UnknownNameError
from costmodel.memory.lifetimes import lifetimes_of
from costmodel.results.counts import AccessCounts
from costmodel.specs.base import MAX_EXTENT, MAX_KERNEL
from costmodel.specs.counting import Dataflow
from costmodel.specs.layers import Conv2d
from costmodel.specs.lowering import lower, lower_network
from costmodel.specs.network import Network
from costmodel.specs.operations import ADD, BATCH_NORM2D, CONV2D, RELU, SOFTMAX
from costmodel.specs.running.schedule import layer_by_layer
from costmodel.specs.work import Elementwise, LoopNest, View


def network(*layers: dict[str, Any], shape: Any = "3x8x8", **fields: Any) -> Network:
    return Network.model_validate({"name": "net", "input": shape, "layers": layers, **fields})


def conv(name: str = "conv", **fields: Any) -> dict[str, Any]:
    return {"kind": "conv2d", "name": name, "out_channels": 4, "kernel": 3, "padding": 1} | fields


def layer(kind: str, name: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name or kind} | fields


def test_a_chain_infers_its_shapes_and_parameters() -> None:
    net = network(
        conv(out_channels=25),
        layer("relu"),
        layer("max_pool2d", kernel=2),
        layer("adaptive_avg_pool2d", output_size=2),
        layer("flatten"),
        layer("linear", out_features=10),
        shape="3x32x32",
    )
    assert [step.lowered.output for step in net.steps] == [(25, 32, 32), (25, 32, 32), (25, 16, 16), (25, 2, 2), (100,), (10,)]
    assert net.parameter_count == 25 * 27 + 25 + 1000 + 10
    assert [step.merged for step in net.steps] == [False, True, False, False, True, False]
    assert net.sources == ((-1,), (0,), (1,), (2,), (3,), (4,))


def test_layers_run_in_an_order_in_which_each_comes_after_what_it_reads() -> None:
    net = network(
        layer("add", "sum", inputs=["b", "a"]),
        conv("b", inputs=["a"]),
        conv("a", inputs=["input"]),
        layer("relu", "last", inputs=["sum"]),
    )
    assert [step.name for step in net.steps] == ["a", "b", "sum", "last"]
    assert net.sources == ((-1,), (0,), (1, 0), (2,))


def test_a_network_of_many_layers_does_not_run_out_of_stack() -> None:
    layers = [layer("relu", f"r{i}", inputs=[f"r{i + 1}"]) for i in range(5000)] + [layer("relu", "r5000", inputs=["input"])]
    assert network(*layers).steps[0].name == "r5000"


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([conv("a", inputs=["b"]), conv("b", inputs=["a"])], SpecError, "a cycle: a -> b -> a"),
        ([conv("a", inputs=["a"])], SpecError, "a cycle: a -> a"),
        ([conv("a"), conv("a")], SpecError, "'a' is used twice"),
        ([conv("input")], SpecError, "'input' is used twice"),
        ([conv("first"), conv("b", inputs=["frist"])], UnknownNameError, r"b\.inputs: 'frist' is not .* \(did you mean 'first'\?\)"),
        ([], SpecError, "at least one layer"),
        ([conv(kernel=9, padding=0)], ShapeError, r"conv: a kernel that reaches over 9 rows does not fit an input of 3x8x8 with 0 \+ 0"),
        ([conv(kernel=(1, 3), dilation=(1, 5), padding=1)], ShapeError, "conv: .* over 11 columns does not fit an input of 3x8x8"),
        ([conv(groups=2)], ShapeError, "conv: 2 groups do not divide 3 input channels"),
        ([conv(groups=3)], ShapeError, "conv: 3 groups do not divide 4 output channels"),
        ([layer("linear", out_features=3)], ShapeError, "linear: linear needs a flat input, found 3x8x8; put a flatten"),
        ([layer("flatten"), conv()], ShapeError, "conv: conv2d needs channels x rows x columns, found 192"),
        ([layer("flatten"), layer("batch_norm2d")], ShapeError, "batch_norm2d: .* found 192"),
        ([conv("a"), layer("add", inputs=["a", "input"])], ShapeError, "add: cannot add 4x8x8 and 3x8x8"),
        ([conv("a"), layer("add", inputs=["a"])], ShapeError, r"add: add reads 2 tensor\(s\), found 1"),
        ([conv("a"), layer("relu", inputs=["a", "input"])], ShapeError, r"relu: relu reads 1 tensor\(s\), found 2"),
    ],
)
def test_a_graph_that_cannot_run_is_refused_in_one_line(layers: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        network(*layers)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"out_channels": 0},
        {"out_channels": -1},
        {"out_channels": MAX_EXTENT + 1},
        {"out_channels": 2.0},
        {"out_channels": True},
        {"out_channels": float("nan")},
        {"out_channels": float("inf")},
        {"kernel": MAX_KERNEL + 1},
        {"kernel": [3]},
        {"kernel": [3, 3, 3]},
        {"dilation": MAX_KERNEL + 1},
        {"dilation": 0},
        {"stride": 0},
        {"padding": -1},
        {"padding": [1, 1, 1]},
        {"padding": {"top": 1, "up": 1}},
        {"groups": 0},
        {"name": ""},
        {"name": "two words"},
        {"kernell": 3},
        {"output_type": "int4"},
    ],
)
def test_a_field_out_of_its_limits_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        network(conv(**fields))


@pytest.mark.parametrize(
    "shape", ["3x8", "axbxc", "0x8x8", [3] * 9, [], [3, 8, -1], 0, True, "3x8x8x8", f"{MAX_EXTENT + 1}x1x1", 1.5, None]
)
def test_an_input_that_is_no_shape_is_refused(shape: Any) -> None:
    with pytest.raises(ValidationError):
        network(layer("relu"), shape=shape)


@pytest.mark.parametrize("shape", ["3x8x8", "3X8X8", [3, 8, 8], (3, 8, 8)])
def test_an_input_is_written_as_people_write_it(shape: Any) -> None:
    assert network(layer("relu"), shape=shape).input == (3, 8, 8)


def test_an_output_that_is_read_too_stays_to_the_end_and_takes_nothing_in() -> None:
    layers = [conv("a"), layer("relu", "b"), layer("max_pool2d", "c", kernel=2), layer("relu", "d")]
    plain, kept = network(*layers), network({**layers[0], "output": True}, *layers[1:])
    assert [step.merged for step in plain.steps] == [False, True, False, False]
    assert [step.merged for step in kept.steps] == [False, False, False, False]
    lives = [lifetimes_of(net.steps, layer_by_layer(net.steps), net.tensor_bytes, 192, 1).tensors for net in (plain, kept)]
    assert {life.name: life.last for life in lives[0]}["a"] == 1
    assert {life.name: life.last for life in lives[1]}["a"] == 3


@pytest.mark.parametrize("shape", [[3, 8], [2, 3, 4, 5]])
def test_an_input_may_have_any_rank(shape: list[int]) -> None:
    assert network(layer("relu"), shape=shape).steps[0].lowered.output == tuple(shape)


@pytest.mark.parametrize("shape", [7, "7", [7]])
def test_a_flat_input_is_one_number(shape: Any) -> None:
    assert network(layer("relu"), shape=shape).input == (7,)


@pytest.mark.parametrize(
    ("padding", "sides"),
    [
        (2, (2, 2, 2, 2)),
        ([1, 2], (1, 1, 2, 2)),
        ([1, 2, 3, 4], (1, 2, 3, 4)),
        ({"top": 1, "right": 4}, (1, 0, 0, 4)),
        ({}, (0, 0, 0, 0)),
    ],
)
def test_every_written_form_of_padding(padding: Any, sides: tuple[int, ...]) -> None:
    spec = Conv2d.model_validate(conv(padding=padding))
    assert spec.padding == sides
    lowered = lower(spec, [(3, 8, 9)], None)
    top, bottom, left, right = sides
    assert lowered.output == (4, 8 + top + bottom - 2, 9 + left + right - 2)


def test_limits_are_computed_not_only_accepted() -> None:
    net = network(conv(kernel=MAX_KERNEL, padding=0, out_channels=1), shape=f"1x{MAX_EXTENT}x{MAX_EXTENT}")
    side = MAX_EXTENT - MAX_KERNEL + 1
    assert net.steps[0].lowered.output == (1, side, side)
    assert net.parameter_count == MAX_KERNEL**2 + 1


def test_what_is_fused_or_folded_costs_nothing_and_what_is_not_does() -> None:
    net = network(
        layer("relu", "r0"),
        conv("c1"),
        layer("batch_norm2d", "folded"),
        layer("relu", "fused"),
        layer("max_pool2d", "pool", kernel=2),
        layer("batch_norm2d", "alone"),
        layer("relu", "after_norm"),
        layer("add", "sum", inputs=["after_norm", "pool"]),
        layer("relu", "after_add"),
        layer("relu", "again"),
        layer("flatten"),
        layer("softmax"),
    )
    work = {step.name: step.lowered.work for step in net.steps}
    assert {name for name, what in work.items() if isinstance(what, View)} == {"folded", "fused", "after_norm", "after_add", "flatten"}
    assert work["r0"] == Elementwise(RELU, 1, 192)
    assert work["alone"] == Elementwise(BATCH_NORM2D, 1, 64, parameters=8)
    assert work["sum"] == Elementwise(ADD, 2, 64)
    assert work["again"] == Elementwise(RELU, 1, 64)
    assert work["softmax"] == Elementwise(SOFTMAX, 1, 64, passes=3)
    assert [step.merged for step in net.steps] == [isinstance(work[step.name], View) for step in net.steps]
    assert net.parameter_count == 4 * 27 + 4 + 8 + 8


def test_a_relu_behind_a_flatten_is_fused_as_well() -> None:
    net = network(conv(), layer("flatten"), layer("relu"))
    assert isinstance(net.steps[-1].lowered.work, View)


def test_what_cannot_merge_because_something_else_reads_the_layers_own_output_runs_and_is_counted() -> None:
    net = network(
        conv("c1"),
        layer("batch_norm2d", "norm"),
        layer("relu", "act"),
        layer("add", "sum", inputs=["c1", "act"]),
        layer("relu", "after"),
        layer("flatten", "left", inputs=["sum"]),
        layer("linear", "fc", inputs=["left"], out_features=4),
        layer("flatten", "row", inputs=["fc"]),
        layer("relu", "behind", inputs=["row"]),
        layer("add", "end", inputs=["fc", "behind"]),
    )
    work = {step.name: step.lowered.work for step in net.steps}
    assert work["norm"] == Elementwise(BATCH_NORM2D, 1, 256, parameters=8)
    assert isinstance(work["act"], View), "a norm that runs takes the rectifier that is its only reader"
    assert work["after"] == Elementwise(RELU, 1, 256)
    assert work["behind"] == Elementwise(RELU, 1, 4)
    assert {step.name for step in net.steps if step.merged} == {"act", "left", "row"}
    assert count_work(work["norm"], Dataflow.ROW_STATIONARY) == AccessCounts(
        mac_count=256, input_read_count=256, weight_read_count=8, output_write_count=256
    )
    assert count_work(work["after"], Dataflow.ROW_STATIONARY) == AccessCounts(input_read_count=256, output_write_count=256)


def test_two_rectifiers_of_one_convolution_run_both_and_a_view_left_unread_is_a_reader() -> None:
    twice = network(conv("c1"), layer("relu", "one", inputs=["c1"]), layer("relu", "two", inputs=["c1"]))
    assert [step.merged for step in twice.steps] == [False, False, False]
    ends = network(conv("c1"), layer("relu", "one", inputs=["c1"]), layer("flatten", "end", inputs=["c1"]))
    assert [step.merged for step in ends.steps] == [False, False, True]


def test_a_depthwise_convolution_has_one_channel_a_group() -> None:
    nest = lower(Conv2d.model_validate(conv(out_channels=6, groups=3)), [(3, 8, 8)], None).work
    assert isinstance(nest, LoopNest)
    assert (nest.operation, nest.groups, nest.in_channels, nest.out_channels) == (CONV2D, 3, 1, 2)


def test_element_sizes_follow_the_tensors() -> None:
    net = network(
        conv("c1"),
        layer("max_pool2d", kernel=2),
        conv("c2", weight_type="int16", output_type="int16"),
        layer("relu"),
        layer("flatten"),
        layer("linear", out_features=2),
        types={"input": "int8", "activation": "int32", "weight": "int8", "bias": "int32", "pooled": "int8"},
    )
    sizes = [(s.input_bytes, s.weight_bytes, s.bias_bytes, s.output_bytes) for s in net.tensor_bytes]
    assert sizes == [(1, 1, 4, 4), (4, 1, 4, 1), (1, 2, 4, 2), (2, 1, 4, 2), (2, 1, 4, 2), (2, 1, 4, 4)]


def test_what_shares_a_buffer_cannot_have_another_type() -> None:
    with pytest.raises(SpecError, match="relu: output_type int8 differs from int32, the type of the buffer it shares"):
        network(conv(output_type="int32"), layer("relu", output_type="int8"))
    assert network(conv(output_type="int32"), layer("relu", output_type="int32")).tensor_bytes[1].output_bytes == 4


def test_a_network_survives_json() -> None:
    net = network(conv(padding={"top": 1}), layer("max_pool2d", kernel=2, stride=1), layer("flatten"), layer("linear", out_features=2))
    assert Network.model_validate_json(net.model_dump_json()) == net


def test_a_design_of_columns_lowers_like_its_rows() -> None:
    widths = np.array([4, 8, 12], dtype=np.int64)

    def layers(width: Any) -> list[Any]:
        shared = {"kernel": (3, 3), "padding": (1, 1, 1, 1), "dilation": (1, 1)}
        return [
            SimpleNamespace(kind="conv2d", name="c", out_channels=width, stride=(1, 1), groups=1, bias=True, **shared),
            SimpleNamespace(kind="max_pool2d", name="p", stride=(2, 2), **shared),
            SimpleNamespace(kind="flatten", name="f"),
            SimpleNamespace(kind="linear", name="l", out_features=10, bias=True),
        ]

    sources = [(-1,), (0,), (1,), (2,)]
    table = lower_network(layers(widths), sources, (3, 9, 9))
    for row, width in enumerate(widths.tolist()):
        alone = lower_network(layers(width), sources, (3, 9, 9))
        for column, scalar in zip(table, alone, strict=True):
            assert [int(np.broadcast_to(extent, 3)[row]) for extent in column.lowered.output] == list(scalar.lowered.output)
            assert int(np.broadcast_to(column.lowered.weight_count, 3)[row]) == scalar.lowered.weight_count


def test_a_shape_that_misfits_in_one_row_of_a_column_is_refused() -> None:
    kernel = np.array([3, 9], dtype=np.int64)
    record = SimpleNamespace(
        kind="conv2d",
        name="c",
        out_channels=1,
        kernel=(kernel, 3),
        stride=(1, 1),
        padding=(0, 0, 0, 0),
        dilation=(1, 1),
        groups=1,
        bias=True,
    )
    with pytest.raises(ShapeError, match="c: "):
        lower(record, [(1, 8, 8)], None)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**13), 10**13) | st.floats() | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["kind", "name", "kernel", "top", "inputs"]), inner),
        max_leaves=8,
    ),
    st.sampled_from(["input", "layers", "name", "types", "kernel", "stride", "padding", "dilation", "groups", "inputs", "bias", "kind"]),
)
def test_nonsense_anywhere_is_an_error_the_user_can_read(nonsense: Any, field: str) -> None:
    raw: dict[str, Any] = {"name": "net", "input": "3x8x8", "layers": [conv()]}
    if field in raw or field == "types":
        raw[field] = nonsense
    else:
        raw["layers"][0][field] = nonsense
    with contextlib.suppress(ValidationError, SpecError, ShapeError, UnknownNameError):
        Network.model_validate(raw)
