"""Refusals name the nearest thing that would work, with its numbers; what they name counts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.errors import InputError
from costmodel.sources.catalogue import load_network


def network(*layers, extents="3x32x32"):
    return {"name": "n", "input": extents, "layers": list(layers)}


@pytest.mark.parametrize(
    ("layer", "extents", "paddings"),
    [
        ({"kernel": 3, "stride": 2}, "3x32x32", "[0, 1, 0, 1] (top, bottom, left, right) for its input of 32 x 32"),
        ({"kernel": 3}, "3x32x32", "[1, 1, 1, 1]"),
        ({"kernel": [10, 4], "stride": 2}, "1x49x10", "[4, 5, 1, 1]"),
        ({"kernel": 3, "dilation": 2}, "3x7x7", "[2, 2, 2, 2]"),
    ],
)
def test_same_padding_is_told_in_four_numbers_that_count(layer, extents, paddings):
    conv = {"name": "c", "kind": "conv2d", "out_channels": 4, **layer}
    with pytest.raises(InputError) as refused:
        load_network(network({**conv, "padding": "same"}, extents=extents))
    assert paddings in str(refused.value)
    four = [int(side) for side in re.findall(r"\d+", str(refused.value).split("padding: [")[1].split("]")[0])]
    rows, columns = (int(part) for part in extents.split("x")[1:])
    stride = layer.get("stride", 1)
    assert load_network(network({**conv, "padding": four}, extents=extents)).steps[0].lowered.output == (
        4,
        -(-rows // stride),
        -(-columns // stride),
    )


def test_same_padding_of_a_pooling_without_a_stride_steps_by_its_kernel():
    pool = {"name": "p", "kind": "max_pool2d", "kernel": 3}
    with pytest.raises(InputError, match=r"`same` is padding: \[0, 1, 0, 0\]"):
        load_network(network({**pool, "padding": "same"}, extents="3x32x33"))
    assert load_network(network({**pool, "padding": [0, 1, 0, 0]}, extents="3x32x33")).steps[0].lowered.output == (3, 11, 11)


def test_same_padding_of_a_later_layer_is_for_what_it_reads():
    first = {"name": "a", "kind": "conv2d", "out_channels": 4, "kernel": 3, "stride": 2, "padding": 1}
    second = {"name": "b", "kind": "conv2d", "out_channels": 4, "kernel": 5, "stride": 2, "padding": "same"}
    with pytest.raises(InputError, match=r"padding: \[2, 2, 2, 2\] .* for its input of 17 x 17"):
        load_network(network(first, second, extents="3x33x33"))


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("global_avg_pool2d", "adaptive_avg_pool2d with output_size: 1"),
        ("depthwise_conv2d", "conv2d with groups equal to its input channels"),
        ("conv1d", "kernel: [k, 1]"),
        ("relu6", "clamp with low: 0 and high: 6 is the same"),
        ("matmul", "einsum with equation: mk,kn->mn is the same"),
    ],
)
def test_a_kind_of_another_tool_names_what_counts_like_it(kind, way):
    with pytest.raises(InputError) as refused:
        load_network(network({"name": "u", "kind": kind}))
    assert f"'{kind}' is not a kind of layer; " in str(refused.value)
    assert way in str(refused.value)


def test_a_linear_along_a_sequence_is_a_convolution_of_one():
    with pytest.raises(InputError, match="conv2d with kernel: 1 and out_channels: 100"):
        load_network(network({"name": "d", "kind": "linear", "out_features": 100}, extents="2x79x1"))


@given(
    st.sampled_from(["max_pool2d", "avg_pool2d"]),
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(1, 4)),
    st.integers(0, 1),
    st.integers(8, 40),
)
def test_the_padding_of_a_rounding_up_counts_as_many_windows(kind, kernel, stride, padding, extent):
    # More padding than half a window is refused where windows are rounded up.
    padding = min(padding, kernel // 2)
    fields = {"name": "p", "kind": kind, "kernel": kernel, "padding": padding} | ({} if stride is None else {"stride": stride})
    with pytest.raises(InputError) as refused:
        load_network(network({**fields, "ceil_mode": True}, extents=f"3x{extent}x{extent + 5}"))
    told = re.search(r"padding: \[([\d, ]+)\]", str(refused.value))
    assert told is not None
    four = [int(side) for side in told[1].split(", ")]
    step = stride or kernel
    windows = []
    for length in (extent, extent + 5):
        # As PyTorch rounds up: a last window begins in the input or in the padding before it.
        count = -(-(length + 2 * padding - kernel) // step) + 1
        windows.append(count - ((count - 1) * step >= length + padding))
    counted = load_network(network({**fields, "padding": four}, extents=f"3x{extent}x{extent + 5}"))
    assert counted.steps[0].lowered.output == (3, *windows)


def test_rounding_up_an_input_that_is_not_told_offers_no_numbers():
    pool = {"name": "p", "kind": "max_pool2d", "kernel": 3, "stride": 2, "ceil_mode": True, "inputs": ["input"]}
    with pytest.raises(InputError, match=r"'ceil_mode' is not a field here \(known"):
        load_network(network(pool))


@pytest.mark.parametrize(
    ("layers", "extents", "way", "instead"),
    [
        (
            [{"name": "a", "kind": "add", "inputs": ["input", "m"]}],
            "8x20x50",
            "binary with function: add repeats along extents of 1",
            [{"name": "a", "kind": "binary", "function": "add", "inputs": ["input", "m"]}],
        ),
        (
            [{"name": "a", "kind": "add", "inputs": ["m", "m", "m"]}],
            "8x20x50",
            "take two, then their result and the next",
            [{"name": "a", "kind": "add", "inputs": ["m", "m"]}, {"name": "b", "kind": "add", "inputs": ["a", "m"]}],
        ),
        (
            [{"name": "f", "kind": "flatten"}, {"name": "n", "kind": "batch_norm2d"}],
            "8x4x4",
            "reshape with shape: [8, 1, 1] before it",
            [
                {"name": "f", "kind": "flatten"},
                {"name": "r", "kind": "reshape", "shape": [8, 1, 1]},
                {"name": "n", "kind": "batch_norm2d"},
            ],
        ),
    ],
)
def test_a_layer_that_does_not_fit_names_what_does(layers, extents, way, instead):
    pooled = {"name": "m", "kind": "adaptive_avg_pool2d", "output_size": 1}
    with pytest.raises(InputError) as refused:
        load_network(network(pooled, *layers, extents=extents))
    assert way in str(refused.value)
    assert load_network(network(pooled, *instead, extents=extents)).layers


def test_a_sequence_and_a_narrow_type_are_told_as_they_are_written_here():
    with pytest.raises(InputError, match="a sequence is channels x steps x 1, such as 10x40x1"):
        load_network(network({"name": "l", "kind": "lstm", "units": 4}, extents="10x40"))
    assert load_network(network({"name": "l", "kind": "lstm", "units": 4}, extents="10x40x1")).layers
    narrow = {"name": "c", "kind": "conv2d", "out_channels": 4, "kernel": 1, "weight_type": "int4"}
    with pytest.raises(InputError, match="'int4' is not one of the choices; int8 holds the same values, one a byte"):
        load_network(network(narrow))
