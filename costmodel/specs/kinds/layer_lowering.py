"""From a layer to its work and its output's shape, one function a kind, and beside each the box that bounds it.

A lowering reads a layer by attribute only, so a `Layer` and a plain record with the same names (a design whose widths are columns) pass
through the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from costmodel.columns import Number, any_true, is_column
from costmodel.errors import ShapeError
from costmodel.specs.axis import POINT, AdaptiveAxis, Axis
from costmodel.specs.kinds.boxes import AxisBox, Box, Interval, ShapeBox, axis_box, interval_of, most_elements
from costmodel.specs.shapes import Shape, channels_per_group, convolution_weight_count, element_count, linear_weight_count, shape_text
from costmodel.specs.work import Elementwise, LoopNest, View, Work

if TYPE_CHECKING:
    from costmodel.specs.operations import Operation


class Lowered(NamedTuple):
    """What a layer becomes."""

    work: Work
    output: Shape
    weight_count: Number = 0
    """Weights (batch norm: scale and shift)."""
    bias_count: Number = 0


Lowering: TypeAlias = "Callable[[Operation, Any, Sequence[Shape]], Lowered]"
"""What a layer becomes where it runs on its own."""
LayerBox: TypeAlias = Callable[[Any, Sequence[ShapeBox]], Box]
"""What bounds a layer's lowering and its counts."""


def lower_conv2d(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a convolution."""
    channels, _, _ = _planes(layer, inputs[0])
    for extent, name in ((channels, "input"), (layer.out_channels, "output")):
        if not (type(layer.groups) is int and layer.groups == 1) and any_true(left := extent % layer.groups != 0):
            if is_column(left):
                raise ShapeError(layer.name, f"its groups do not divide its {name} channels", where=left)
            raise ShapeError(layer.name, f"{layer.groups} groups do not divide {extent} {name} channels")
    h, w, plane = _window(layer, inputs[0], layer.stride)
    outputs, inputs_read = channels_per_group(layer.out_channels, layer.groups), channels_per_group(channels, layer.groups)
    nest = LoopNest(operation, layer.groups, outputs, inputs_read, h, w, layer.bias)
    weights = convolution_weight_count(layer.out_channels, inputs_read, *layer.kernel)
    return Lowered(nest, (layer.out_channels, *plane), weights, layer.out_channels if layer.bias else 0)


def conv2d_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a convolution: every counter of every dataflow is a product of channels and of two axes' taps, or two such products; a line
    buffer is at most a group's padded input.
    """
    channels, outputs, groups = inputs[0][0], interval_of(layer.out_channels), interval_of(layer.groups)
    h, w = _window_box(layer, inputs[0], layer.stride)
    pairs = outputs.high * (channels.high // groups.low)
    largest = 2 * (pairs + channels.high + outputs.high + groups.high) * h.taps * w.taps
    top, bottom, left, right = (interval_of(padding).high for padding in layer.padding)
    lines = channels.high * (inputs[0][1].high + top + bottom) * (inputs[0][2].high + left + right)
    return Box(max(largest + lines, h.largest, w.largest), (outputs, h.output, w.output))


def lower_linear(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a fully connected layer."""
    (shape,) = inputs
    if len(shape) != 1:
        raise ShapeError(
            layer.name,
            f"linear needs a flat input, found {shape_text(shape)}; put a flatten before it, or, "
            f"along a sequence, a conv2d with kernel: 1 and out_channels: {layer.out_features}",
        )
    nest = LoopNest(operation, 1, layer.out_features, shape[0], POINT, POINT, layer.bias)
    bias = layer.out_features if layer.bias else 0
    return Lowered(nest, (layer.out_features,), linear_weight_count(layer.out_features, shape[0]), bias)


def linear_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a fully connected layer."""
    outputs = interval_of(layer.out_features)
    return Box(outputs.high * most_elements(inputs[0]), (outputs,))


def lower_pool(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a sliding pooling."""
    channels, _, _ = _planes(layer, inputs[0])
    h, w, plane = _window(layer, inputs[0], _pool_stride(layer))
    return Lowered(LoopNest(operation, channels, 1, 1, h, w), (channels, *plane))


def pool_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a sliding pooling."""
    channels = inputs[0][0]
    h, w = _window_box(layer, inputs[0], _pool_stride(layer))
    return Box(max(channels.high * h.taps * w.taps, h.largest, w.largest), (channels, h.output, w.output))


def lower_adaptive(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower an adaptive pooling."""
    channels, height, width = _planes(layer, inputs[0])
    rows, columns = layer.output_size
    h, w = AdaptiveAxis(height, rows), AdaptiveAxis(width, columns)
    return Lowered(LoopNest(operation, channels, 1, 1, h, w), (channels, rows, columns))


def adaptive_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound an adaptive pooling: an axis has fewer taps than inputs and outputs together."""
    channels, height, width = inputs[0]
    rows, columns = (interval_of(size) for size in layer.output_size)
    return Box(channels.high * (height.high + rows.high) * (width.high + columns.high), (channels, rows, columns))


def lower_elementwise(operation: Operation, _layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower one pass over one tensor."""
    return Lowered(Elementwise(operation, 1, element_count(inputs[0])), inputs[0])


def elementwise_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound one pass over one tensor."""
    return Box(most_elements(inputs[0]), inputs[0])


def lower_batch_norm(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a batch normalisation: a scale and a shift a channel."""
    channels, _, _ = _planes(layer, inputs[0])
    work = Elementwise(operation, 1, element_count(inputs[0]), parameters=2 * channels)
    return Lowered(work, inputs[0], 2 * channels)


def batch_norm_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a batch normalisation."""
    return Box(2 * most_elements(inputs[0]), inputs[0])


def lower_flatten(operation: Operation, _layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a flatten: the same elements in one row."""
    return Lowered(View(operation), (element_count(inputs[0]),))


def flatten_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a flatten."""
    least = 1
    for extent in inputs[0]:
        least *= extent.low
    most = most_elements(inputs[0])
    return Box(most, (Interval(least, most),))


def lower_add(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower an addition of two tensors of one shape."""
    a, b = inputs
    if len(a) != len(b) or any(any_true(differ := x != y) for x, y in zip(a, b, strict=True)):
        if len(a) == len(b) and is_column(differ):
            raise ShapeError(layer.name, "it adds tensors of different shapes", where=differ)
        way = ""
        if len(a) == len(b) and all(x == y or 1 in (x, y) for x, y in zip(a, b, strict=True)):
            way = "; binary with function: add repeats along extents of 1"
        raise ShapeError(layer.name, f"cannot add {shape_text(a)} and {shape_text(b)}{way}")
    return Lowered(Elementwise(operation, 2, element_count(a)), a)


def add_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound an addition."""
    return Box(2 * most_elements(inputs[0]), inputs[0])


def lower_softmax(operation: Operation, _layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a softmax: three passes, for the largest, the sum and the quotients."""
    return Lowered(Elementwise(operation, 1, element_count(inputs[0]), passes=3), inputs[0])


def softmax_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a softmax."""
    return Box(3 * most_elements(inputs[0]), inputs[0])


def _planes(layer: Any, shape: Shape) -> tuple[Number, Number, Number]:
    if len(shape) != 3:
        flat = f"; reshape with shape: [{shape[0]}, 1, 1] before it makes them channels" if len(shape) == 1 else ""
        raise ShapeError(layer.name, f"{layer.kind} needs channels x rows x columns, found {shape_text(shape)}{flat}")
    return shape


def _pool_stride(layer: Any) -> tuple[Number, Number]:
    stride: tuple[Number, Number] = layer.kernel if layer.stride is None else layer.stride
    return stride


def _window(layer: Any, shape: Shape, stride: tuple[Number, Number]) -> tuple[Axis, Axis, tuple[Number, Number]]:
    """Return both axes of a sliding window, and the extents of its output."""
    _, height, width = _planes(layer, shape)
    top, bottom, left, right = layer.padding
    h = Axis(height, layer.kernel[0], stride[0], top, bottom, layer.dilation[0])
    w = Axis(width, layer.kernel[1], stride[1], left, right, layer.dilation[1])
    plane = (h.output, w.output)
    for axis, extent, name in ((h, plane[0], "rows"), (w, plane[1], "columns")):
        if any_true(short := extent < 1):
            if is_column(short):
                raise ShapeError(layer.name, f"its kernel reaches over more {name} than its input has", where=short)
            reach = axis.d * (axis.K - 1) + 1
            raise ShapeError(
                layer.name,
                f"a kernel that reaches over {reach} {name} does not fit an input of {shape_text(shape)} with"
                f" {axis.p} + {axis.q} of padding",
            )
    return h, w, plane


def _window_box(layer: Any, shape: ShapeBox, stride: tuple[Number, Number]) -> tuple[AxisBox, AxisBox]:
    top, bottom, left, right = layer.padding
    h = axis_box(shape[1], layer.kernel[0], stride[0], top, bottom, layer.dilation[0])
    w = axis_box(shape[2], layer.kernel[1], stride[1], left, right, layer.dilation[1])
    return h, w
