"""Lowerings and boxes of layers that gather axes, multiply activations, look up rows or keep a state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.columns import Number, any_true, is_column
from costmodel.errors import ShapeError
from costmodel.specs.axis import Axis
from costmodel.specs.kinds.boxes import Box, Interval, ShapeBox, axis_box, interval_of, most_elements
from costmodel.specs.kinds.layer_lowering import Lowered
from costmodel.specs.shapes import (
    Shape,
    channels_per_group,
    convolution_weight_count,
    element_count,
    linear_weight_count,
    shape_text,
)
from costmodel.specs.work import LoopNest, Passes, View

if TYPE_CHECKING:
    from costmodel.specs.operations import Operation

LSTM_GATES = 4
GRU_GATES = 3
RNN_GATES = 1


def lower_reduce(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a reduction: each element is read once and taken into its accumulator."""
    (shape,) = inputs
    axes = set(layer.axes)
    if not axes or max(axes) >= len(shape):
        raise ShapeError(layer.name, f"its axes {sorted(axes)} are none of {shape_text(shape)}")
    kept = tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))
    output = kept if layer.keep else tuple(extent for axis, extent in enumerate(shape) if axis not in axes) or (1,)
    count = element_count(shape)
    work = Passes(operation, layer, tuple(inputs), output, count, element_count(output), operations=count, scratch=1)
    return Lowered(work, output)


def reduce_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a reduction."""
    one = Interval(1, 1)
    kept = tuple(one if axis in layer.axes else extent for axis, extent in enumerate(inputs[0]))
    left = tuple(extent for axis, extent in enumerate(inputs[0]) if axis not in layer.axes) or (one,)
    return Box(most_elements(inputs[0]), kept if layer.keep else left)


def lower_einsum(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower sums of products of two tensors: both are read for each product."""
    terms, result = layer.equation.split("->")
    extents: dict[str, Number] = {}
    for letters, shape in zip(terms.split(","), inputs, strict=True):
        if len(letters) != len(shape) or len(set(letters)) != len(letters):
            raise ShapeError(layer.name, f"{layer.equation} does not name the axes of {shape_text(shape)}")
        for letter, extent in zip(letters, shape, strict=True):
            if any_true(differ := extents.setdefault(letter, extent) != extent):
                why = f"{layer.equation} cannot multiply {shape_text(inputs[0])} and {shape_text(inputs[1])}"
                raise ShapeError(layer.name, why, where=differ) if is_column(differ) else ShapeError(layer.name, why)
    if not set(result) <= set(extents) or len(set(result)) != len(result):
        raise ShapeError(layer.name, f"{layer.equation} makes axes that neither tensor has")
    output = tuple(extents[letter] for letter in result)
    macs = element_count(tuple(extents.values()))
    work = Passes(operation, layer, tuple(inputs), output, 2 * macs, element_count(output), macs=macs, scratch=1)
    return Lowered(work, output)


def einsum_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound sums of products of two tensors."""
    terms, result = layer.equation.split("->")
    extents: dict[str, Interval] = {}
    for letters, shape in zip(terms.split(","), inputs, strict=True):
        extents |= dict(zip(letters, shape, strict=True))
    return Box(2 * most_elements(tuple(extents.values())), tuple(extents[letter] for letter in result))


def lower_embedding(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a look-up of rows: each number read, each row copied."""
    output = (layer.features, *(extent for extent in inputs[0] if not (isinstance(extent, int) and extent == 1)))
    count = element_count(output)
    work = Passes(operation, layer, tuple(inputs), output, element_count(inputs[0]), count, weights=count)
    return Lowered(work, output, linear_weight_count(layer.rows, layer.features))


def embedding_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a look-up of rows."""
    rows, features = interval_of(layer.rows), interval_of(layer.features)
    output = (features, *(extent for extent in inputs[0] if extent.high != 1))
    return Box(max(most_elements(output), rows.high * features.high), output)


def _recurrent(operation: Operation, layer: Any, inputs: Sequence[Shape], gates: int, columns: int, states: int) -> Lowered:
    """Lower gates over steps.

    Every gate is a linear layer over input and state, `columns` more weights a row for biases on the state's side; its results go through
    scratch. The states are read and written once a step where they are elements of tensors, and lie in scratch where they are not.
    """
    shape = inputs[0]
    if len(shape) not in (1, 3) or (len(shape) == 3 and any_true(shape[2] != 1)):
        raise ShapeError(layer.name, f"it needs features, or features x steps x 1, found {shape_text(shape)}")
    if len(inputs) not in (1, 1 + states):
        raise ShapeError(layer.name, f"it reads its input alone or with {states} state(s), found {len(inputs)} tensors")
    steps = shape[1] if len(shape) == 3 else 1
    rows = gates * layer.units
    weights = linear_weight_count(rows, shape[0] + layer.units + columns)
    macs = rows * (shape[0] + layer.units) * steps
    held = layer.units * states * steps
    sequence = layer.sequence and len(shape) == 3
    output = (layer.units, steps, 1) if sequence else (layer.units,)
    work = Passes(
        operation,
        layer,
        tuple(inputs),
        output,
        macs + held,
        element_count(output) + held,
        weights=weights * steps,
        biases=rows * steps if layer.bias else 0,
        macs=macs,
        psums=rows * steps,
        scratch=rows + (layer.units * states if len(inputs) == 1 else 0),
    )
    return Lowered(work, output, weights, rows if layer.bias else 0)


def lower_lstm(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a long short-term memory: its states are the last output and the cell."""
    return _recurrent(operation, layer, inputs, LSTM_GATES, 0, 2)


def lower_gru(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a gated recurrent unit: its state is the last output."""
    return _recurrent(operation, layer, inputs, GRU_GATES, 1 if layer.reset_after and layer.bias else 0, 1)


def lower_rnn(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a recurrent unit without gates: its state is the last output."""
    return _recurrent(operation, layer, inputs, RNN_GATES, 0, 1)


def recurrent_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound gates over steps."""
    units = interval_of(layer.units)
    steps = inputs[0][1] if len(inputs[0]) == 3 else Interval(1, 1)
    row = LSTM_GATES * units.high
    largest = 2 * row * (inputs[0][0].high + units.high + 3) * steps.high
    sequence = layer.sequence and len(inputs[0]) == 3
    return Box(largest, (units, steps, Interval(1, 1)) if sequence else (units,))


def lower_svdf(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower filters in feature and in time: the memory moves on by one, then each filter weighs what it remembers."""
    if len(inputs) != 2:
        raise ShapeError(layer.name, f"it reads its input and its memory, found {len(inputs)} tensor(s)")
    (shape, memory), filters = inputs, layer.units * layer.rank
    if len(shape) != 1 or any_true(element_count(memory) != filters * layer.memory):
        raise ShapeError(
            layer.name,
            f"it needs features and a memory of {filters} x {layer.memory}, found {shape_text(shape)} and {shape_text(memory)}",
        )
    features, times = filters * shape[0], filters * layer.memory
    macs = features + times
    work = Passes(
        operation,
        layer,
        tuple(inputs),
        (layer.units,),
        macs + times - filters,
        times + layer.units,
        weights=macs,
        biases=layer.units if layer.bias else 0,
        macs=macs,
        psums=filters,
        scratch=filters,
    )
    return Lowered(work, (layer.units,), macs, layer.units if layer.bias else 0)


def svdf_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound filters in feature and in time."""
    units, rank, memory = (interval_of(value) for value in (layer.units, layer.rank, layer.memory))
    filters = units.high * rank.high
    return Box(2 * filters * (inputs[0][0].high + 2 * memory.high + 2), (units,))


def lower_given(operation: Operation, layer: Any, _inputs: Sequence[Shape]) -> Lowered:
    """Lower what is there before anything runs."""
    return Lowered(View(operation), tuple(layer.shape))


def given_box(layer: Any, _inputs: Sequence[ShapeBox]) -> Box:
    """Bound what is there before anything runs."""
    output = tuple(interval_of(extent) for extent in layer.shape)
    return Box(most_elements(output), output)


def lower_constant(operation: Operation, layer: Any, _inputs: Sequence[Shape]) -> Lowered:
    """Lower numbers of the network that are written out: each is read where weights are and written."""
    output = tuple(layer.shape)
    count = element_count(output)
    return Lowered(Passes(operation, layer, (), output, 0, count, weights=count), output, count)


def lower_assign(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a write into a state: each element read and written; no tensor comes of it."""
    value, state = inputs
    count = element_count(value)
    if any_true(differ := count != element_count(state)):
        why = f"cannot write {shape_text(value)} into {shape_text(state)}"
        raise ShapeError(layer.name, why, where=differ) if is_column(differ) else ShapeError(layer.name, why)
    return Lowered(Passes(operation, layer, tuple(inputs), (0,), count, count), (0,))


def assign_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a write into a state."""
    return Box(max(most_elements(shape) for shape in inputs), (Interval(0, 0),))


def lower_transposed(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a transposed convolution: along each axis, the taps of the convolution that leads from its output to its input."""
    (shape,) = inputs
    if len(shape) != 3:
        raise ShapeError(layer.name, f"it needs channels x rows x columns, found {shape_text(shape)}")
    for extent, name in ((shape[0], "input"), (layer.out_channels, "output")):
        if any_true(left := extent % layer.groups != 0):
            why = f"{layer.groups} groups do not divide {extent} {name} channels"
            raise ShapeError(layer.name, why, where=left) if is_column(left) else ShapeError(layer.name, why)
    axes = []
    for at in range(2):
        kernel, stride, dilation = layer.kernel[at], layer.stride[at], layer.dilation[at]
        before, after, extra = layer.padding[2 * at], layer.padding[2 * at + 1], layer.extra[2 * at + 1]
        extent = (shape[at + 1] - 1) * stride + dilation * (kernel - 1) + 1 + extra - before - after
        wrong = (extent < 1) | (extra >= stride)
        if any_true(wrong):
            why = f"its padding leaves {extent} outputs of {shape_text(shape)}, or it adds a whole stride"
            raise ShapeError(layer.name, why, where=wrong) if is_column(wrong) else ShapeError(layer.name, why)
        axes.append(Axis(extent, kernel, stride, before, after, dilation))
    h, w = axes
    outputs, read = channels_per_group(layer.out_channels, layer.groups), channels_per_group(shape[0], layer.groups)
    nest = LoopNest(operation, layer.groups, outputs, read, h, w, layer.bias)
    weights = convolution_weight_count(layer.out_channels, read, *layer.kernel)
    return Lowered(nest, (layer.out_channels, h.H, w.H), weights, layer.out_channels if layer.bias else 0)


def transposed_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a transposed convolution by the convolution that leads from its output to its input."""
    channels, outputs, groups = inputs[0][0], interval_of(layer.out_channels), interval_of(layer.groups)
    largest, extents, taps = 1, [], 1
    for at in range(2):
        kernel, stride, dilation = (interval_of(value[at]) for value in (layer.kernel, layer.stride, layer.dilation))
        before, after = (interval_of(layer.padding[2 * at + side]) for side in range(2))
        extra = interval_of(layer.extra[2 * at + 1])
        read = inputs[0][at + 1]
        most = (read.high - 1) * stride.high + dilation.high * (kernel.high - 1) + 1 + extra.high
        least = (read.low - 1) * stride.low + dilation.low * (kernel.low - 1) + 1 + extra.low - before.high - after.high
        extent = Interval(max(1, least), max(1, most - before.low - after.low))
        box = axis_box(extent, layer.kernel[at], layer.stride[at], layer.padding[2 * at], layer.padding[2 * at + 1], layer.dilation[at])
        largest, taps = max(largest, box.largest, most + before.high + after.high), taps * (box.taps + extent.high + read.high)
        extents.append(extent)
    pairs = outputs.high * (channels.high // groups.low)
    return Box(max(largest, 4 * (pairs + channels.high + outputs.high + groups.high) * taps), (outputs, extents[0], extents[1]))
