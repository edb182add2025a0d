"""From layers to work: shape inference and lowering, as pure functions over ints or columns.

A lowering reads a layer by attribute only, so a `Layer` and a plain record with the same names (a design whose widths are columns) pass
through the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from typing import Any, Final, NamedTuple, TypeAlias

from costmodel.columns import Number, any_true, floor_div, is_column
from costmodel.errors import ShapeError
from costmodel.provenance import formula
from costmodel.specs.axis import POINT, AdaptiveAxis, Axis
from costmodel.specs.work import Elementwise, LoopNest, NestKind, View, Work

Shape: TypeAlias = tuple[Number, ...]
"""(channels, rows, columns), or (features,)."""

NETWORK_INPUT: Final = "input"
"""The name the network's input goes by among the layers."""
FUSES_RELU: Final = frozenset({"conv2d", "linear", "add", "batch_norm2d"})
"""Kinds that apply a following ReLU on the way out."""


class Lowered(NamedTuple):
    """What a layer becomes."""

    work: Work
    output: Shape
    weight_count: Number = 0
    """Weights (batch norm: scale and shift)."""
    bias_count: Number = 0


class Step(NamedTuple):
    """One layer of a network, in an order that runs."""

    name: str
    kind: str
    sources: tuple[int, ...]
    """Steps it reads; -1 is the network's input."""
    inputs: tuple[Shape, ...]
    lowered: Lowered
    merged: bool
    """Whether it lives in its producer's buffer: a view, or fused or folded into the layer before, whose own output nothing else reads."""


def _extents(shape: Shape) -> dict[str, Number]:
    """Return the extents of a shape of up to three axes, for `explain`."""
    channels, rows, columns, *_ = (*shape, 1, 1, 1)
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


def lower(layer: Any, inputs: Sequence[Shape], producer_kind: str | None) -> Lowered:
    """Lower one layer.

    Parameters
    ----------
    layer : Layer or record
        Read by attribute: `kind`, `name` and the fields of that kind.
    inputs : sequence of shape
        Shapes of its inputs.
    producer_kind : str or None
        Kind of the layer it may merge into: the one that makes its first input, views looked through; None for the network's input, and
        where something else reads what that layer makes.

    Returns
    -------
    Lowered
        Its work, output shape and parameters.

    Raises
    ------
    ShapeError
        If the layer does not fit its input; names both.
    """
    expected = 2 if layer.kind == "add" else 1
    if len(inputs) != expected:
        raise ShapeError(layer.name, f"{layer.kind} reads {expected} tensor(s), found {len(inputs)}")
    return _LOWERINGS[layer.kind](layer, inputs, producer_kind)


def lower_network(layers: Sequence[Any], sources: Sequence[tuple[int, ...]], network_input: Shape) -> tuple[Step, ...]:
    """Lower every layer of a network.

    Parameters
    ----------
    layers : sequence of Layer or record
        In an order in which each comes after what it reads.
    sources : sequence of tuple of int
        For each layer, the positions of the layers it reads; -1 is the network's input.
    network_input : shape
        (channels, rows, columns) or (features,).

    Returns
    -------
    tuple of Step
        One a layer, in the same order.

    Raises
    ------
    ShapeError
        If a layer does not fit; names the layer and both shapes.
    """
    readers = readers_of(sources)
    steps: list[Step] = []
    for layer, reads in zip(layers, sources, strict=True):
        inputs = tuple(network_input if source < 0 else steps[source].lowered.output for source in reads)
        producer = _absorbing_kind(steps, readers, reads[0]) if reads else None
        lowered = lower(layer, inputs, producer)
        merged = isinstance(lowered.work, View)
        steps.append(Step(layer.name, layer.kind, tuple(reads), inputs, lowered, merged))
    return tuple(steps)


def readers_of(sources: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Return, for each layer, the layers that read it, in running order; whom the network's input feeds is not told."""
    readers: list[list[int]] = [[] for _ in sources]
    for position, reads in enumerate(sources):
        for source in set(reads):
            if source >= 0:
                readers[source].append(position)
    return tuple(tuple(found) for found in readers)


def shape_text(shape: Shape) -> str:
    """Return a shape as people write it: `3x32x32`."""
    return "x".join(str(extent) for extent in shape)


def _absorbing_kind(steps: Sequence[Step], readers: Sequence[Sized], source: int) -> str | None:
    """Return the kind of the layer a reader may merge into; None where something else needs that layer's own output."""
    while source >= 0 and len(readers[source]) == 1:
        if steps[source].kind != "flatten":
            return steps[source].kind
        source = steps[source].sources[0]
    return None


def _planes(layer: Any, shape: Shape) -> tuple[Number, Number, Number]:
    if len(shape) != 3:
        raise ShapeError(layer.name, f"{layer.kind} needs channels x rows x columns, found {shape_text(shape)}")
    return shape


def _window(layer: Any, shape: Shape, stride: tuple[Number, Number]) -> tuple[Axis, Axis]:
    _, height, width = _planes(layer, shape)
    top, bottom, left, right = layer.padding
    h = Axis(height, layer.kernel[0], stride[0], top, bottom, layer.dilation[0])
    w = Axis(width, layer.kernel[1], stride[1], left, right, layer.dilation[1])
    for axis, name in ((h, "rows"), (w, "columns")):
        if any_true(short := axis.output < 1):
            if is_column(short):
                raise ShapeError(layer.name, f"its kernel reaches over more {name} than its input has", where=short)
            reach = axis.d * (axis.K - 1) + 1
            raise ShapeError(
                layer.name,
                f"a kernel that reaches over {reach} {name} does not fit an input of {shape_text(shape)} with"
                f" {axis.p} + {axis.q} of padding",
            )
    return h, w


def _conv2d(layer: Any, inputs: Sequence[Shape], _producer: str | None) -> Lowered:
    channels, _, _ = _planes(layer, inputs[0])
    for extent, name in ((channels, "input"), (layer.out_channels, "output")):
        if not (type(layer.groups) is int and layer.groups == 1) and any_true(left := extent % layer.groups != 0):
            if is_column(left):
                raise ShapeError(layer.name, f"its groups do not divide its {name} channels", where=left)
            raise ShapeError(layer.name, f"{layer.groups} groups do not divide {extent} {name} channels")
    h, w = _window(layer, inputs[0], layer.stride)
    outputs, inputs_read = channels_per_group(layer.out_channels, layer.groups), channels_per_group(channels, layer.groups)
    nest = LoopNest(NestKind.CONVOLUTION, layer.groups, outputs, inputs_read, h, w, layer.bias)
    weights = convolution_weight_count(layer.out_channels, inputs_read, *layer.kernel)
    return Lowered(nest, (layer.out_channels, h.output, w.output), weights, layer.out_channels if layer.bias else 0)


def _linear(layer: Any, inputs: Sequence[Shape], _producer: str | None) -> Lowered:
    (shape,) = inputs
    if len(shape) != 1:
        raise ShapeError(
            layer.name,
            f"linear needs a flat input, found {shape_text(shape)}; put a flatten before it, or, "
            f"along a sequence, a conv2d with kernel: 1 and out_channels: {layer.out_features}",
        )
    nest = LoopNest(NestKind.LINEAR, 1, layer.out_features, shape[0], POINT, POINT, layer.bias)
    bias = layer.out_features if layer.bias else 0
    return Lowered(nest, (layer.out_features,), linear_weight_count(layer.out_features, shape[0]), bias)


def _pool(layer: Any, inputs: Sequence[Shape], _producer: str | None) -> Lowered:
    channels, _, _ = _planes(layer, inputs[0])
    h, w = _window(layer, inputs[0], layer.kernel if layer.stride is None else layer.stride)
    return Lowered(LoopNest(NestKind.POOLING, channels, 1, 1, h, w), (channels, h.output, w.output))


def _adaptive(layer: Any, inputs: Sequence[Shape], _producer: str | None) -> Lowered:
    channels, height, width = _planes(layer, inputs[0])
    rows, columns = layer.output_size
    h, w = AdaptiveAxis(height, rows), AdaptiveAxis(width, columns)
    return Lowered(LoopNest(NestKind.POOLING, channels, 1, 1, h, w), (channels, rows, columns))


def _relu(_layer: Any, inputs: Sequence[Shape], producer_kind: str | None) -> Lowered:
    if producer_kind in FUSES_RELU:
        return Lowered(View(), inputs[0])
    return Lowered(Elementwise(1, element_count(inputs[0])), inputs[0])


def _batch_norm(layer: Any, inputs: Sequence[Shape], producer_kind: str | None) -> Lowered:
    channels, _, _ = _planes(layer, inputs[0])
    if producer_kind == "conv2d":
        return Lowered(View(), inputs[0], 2 * channels)
    work = Elementwise(1, element_count(inputs[0]), parameters=2 * channels)
    return Lowered(work, inputs[0], 2 * channels)


def _flatten(_layer: Any, inputs: Sequence[Shape], _producer: str | None) -> Lowered:
    return Lowered(View(), (element_count(inputs[0]),))


def _add(layer: Any, inputs: Sequence[Shape], _producer: str | None) -> Lowered:
    a, b = inputs
    if len(a) != len(b) or any(any_true(differ := x != y) for x, y in zip(a, b, strict=True)):
        if len(a) == len(b) and is_column(differ):
            raise ShapeError(layer.name, "it adds tensors of different shapes", where=differ)
        raise ShapeError(layer.name, f"cannot add {shape_text(a)} and {shape_text(b)}")
    return Lowered(Elementwise(2, element_count(a)), a)


def _softmax(_layer: Any, inputs: Sequence[Shape], _producer: str | None) -> Lowered:
    return Lowered(Elementwise(1, element_count(inputs[0]), passes=3), inputs[0])


_LOWERINGS: Final[dict[str, Callable[[Any, Sequence[Shape], str | None], Lowered]]] = {
    "conv2d": _conv2d,
    "linear": _linear,
    "max_pool2d": _pool,
    "avg_pool2d": _pool,
    "adaptive_avg_pool2d": _adaptive,
    "relu": _relu,
    "batch_norm2d": _batch_norm,
    "flatten": _flatten,
    "add": _add,
    "softmax": _softmax,
}
