"""Refusals name the nearest thing that would work, with its numbers; what they name counts."""

import re

import pytest

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
