"""Shapes of tensors and of weights, as pure functions over ints or columns."""

from __future__ import annotations

from typing import TypeAlias

from costmodel.columns import Number, floor_div
from costmodel.provenance import formula

Shape: TypeAlias = tuple[Number, ...]
"""(channels, rows, columns), or (features,); layers that only move or combine elements take any other number of extents."""


def _extents(shape: Shape) -> dict[str, Number]:
    """Return the extents of a shape as three, for `explain`: all beyond the second together."""
    channels, rows, columns, *rest = (*shape, 1, 1, 1)
    for extent in rest[: max(len(shape) - 3, 0)]:
        columns = columns * extent
    return {"C": channels, "H": rows, "W": columns}


@formula(
    id="shape.elements",
    equation="n = C*H*W",
    symbols={"n": "elements", "C": "channels, or features", "H": "rows; 1 where there are none", "W": "columns; 1 where there are none"},
    unit="elements",
    source="definition: product of the extents",
    terms=_extents,
)
def element_count(shape: Shape) -> Number:
    """Return the number of elements of a shape."""
    total: Number = 1
    for extent in shape:
        total = total * extent
    return total


@formula(
    id="shape.per_group",
    equation="c = C / G",
    symbols={"c": "channels of one group", "C": "channels", "G": "groups"},
    unit="channels",
    source="definition: grouped convolution",
)
def channels_per_group(channels: Number, groups: Number) -> Number:
    """Return the channels of one group; the groups divide them."""
    return floor_div(channels, groups)


@formula(
    id="shape.convolution_weights",
    equation="n = OC*c*KH*KW",
    symbols={"n": "weights", "OC": "output channels", "c": "input channels of one group", "KH": "kernel rows", "KW": "kernel columns"},
    unit="weights",
    source="definition: grouped convolution",
)
def convolution_weight_count(out_channels: Number, in_channels: Number, rows: Number, columns: Number) -> Number:
    """Return the weights of a convolution."""
    return out_channels * in_channels * (rows * columns)


@formula(
    id="shape.linear_weights",
    equation="n = OC*IC",
    symbols={"n": "weights", "OC": "outputs", "IC": "inputs"},
    unit="weights",
    source="definition: fully connected layer",
)
def linear_weight_count(outputs: Number, inputs: Number) -> Number:
    """Return the weights of a fully connected layer."""
    return outputs * inputs


def shape_text(shape: Shape) -> str:
    """Return a shape as people write it: `3x32x32`."""
    return "x".join(str(extent) for extent in shape)
