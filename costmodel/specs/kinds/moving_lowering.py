"""Lowerings and boxes of layers that move elements: one read and one write for each that arrives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.columns import Number, all_true, any_true, is_column
from costmodel.errors import ShapeError
from costmodel.specs.kinds.boxes import Box, Interval, ShapeBox, most_elements
from costmodel.specs.kinds.layer_lowering import Lowered
from costmodel.specs.kinds.moving_layers import PadMode, Rearrangement, ResizeFunction
from costmodel.specs.shapes import Shape, element_count, shape_text
from costmodel.specs.work import Passes, View

if TYPE_CHECKING:
    from costmodel.specs.operations import Operation

_BILINEAR_READS = 4


def _moved(operation: Operation, layer: Any, inputs: Sequence[Shape], output: Shape, extra_reads: Number = 0) -> Lowered:
    count = element_count(output)
    return Lowered(Passes(operation, layer, tuple(inputs), output, count + extra_reads, count), output)


def _refuse(layer: Any, wrong: Any, why: str) -> None:
    if any_true(wrong):
        raise ShapeError(layer.name, why, where=wrong) if is_column(wrong) else ShapeError(layer.name, why)


def _same_rank(layer: Any, shape: Shape, numbers: Sequence[Any], what: str) -> None:
    if len(numbers) != len(shape):
        raise ShapeError(layer.name, f"it has {len(numbers)} {what} for an input of {shape_text(shape)}, which needs {len(shape)}")


def lower_concat(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a concatenation."""
    first, axis = inputs[0], layer.axis
    if axis >= len(first):
        raise ShapeError(layer.name, f"its axis {axis} is beyond its input of {shape_text(first)}")
    total: Number = 0
    for shape in inputs:
        if len(shape) != len(first):
            raise ShapeError(layer.name, f"cannot join {shape_text(first)} and {shape_text(shape)}")
        for place, (a, b) in enumerate(zip(first, shape, strict=True)):
            if place != axis:
                _refuse(layer, a != b, f"cannot join {shape_text(first)} and {shape_text(shape)} along axis {axis}")
        total = total + shape[axis]
    return _moved(operation, layer, inputs, (*first[:axis], total, *first[axis + 1 :]))


def concat_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a concatenation."""
    along = Interval(sum(shape[layer.axis].low for shape in inputs), sum(shape[layer.axis].high for shape in inputs))
    output = (*inputs[0][: layer.axis], along, *inputs[0][layer.axis + 1 :])
    return Box(most_elements(output), output)


def lower_slice(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a slice."""
    (shape,) = inputs
    steps = layer.steps or (1,) * len(shape)
    for numbers, what in ((layer.starts, "starts"), (layer.sizes, "sizes"), (steps, "steps")):
        _same_rank(layer, shape, numbers, what)
    for axis, (extent, start, size, step) in enumerate(zip(shape, layer.starts, layer.sizes, steps, strict=True)):
        last = start + (size - 1) * step
        _refuse(layer, (last >= extent) | (start >= extent), f"it takes elements {start} to {last} of axis {axis}, which has {extent}")
        if last < 0 or step == 0:
            raise ShapeError(layer.name, f"it takes {size} elements of axis {axis} from {start} in steps of {step}")
    return _moved(operation, layer, inputs, tuple(layer.sizes))


def slice_box(layer: Any, _inputs: Sequence[ShapeBox]) -> Box:
    """Bound a slice: what it takes is given."""
    output = tuple(Interval(size, size) for size in layer.sizes)
    reach = [start + size * abs(step) for start, size, step in zip(layer.starts, layer.sizes, layer.steps or layer.sizes, strict=True)]
    return Box(most_elements(output) + sum(reach), output)


def lower_pad(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a padding: a constant is written without a read, a mirrored element is read again."""
    (shape,) = inputs
    for numbers, what in ((layer.before, "paddings before"), (layer.after, "paddings after")):
        _same_rank(layer, shape, numbers, what)
    output = tuple(before + extent + after for before, extent, after in zip(layer.before, shape, layer.after, strict=True))
    if layer.mode == PadMode.EDGE:
        return _moved(operation, layer, inputs, output)
    if layer.mode != PadMode.CONSTANT:
        least = 1 if layer.mode == PadMode.REFLECT else 0
        for extent, before, after in zip(shape, layer.before, layer.after, strict=True):
            _refuse(layer, extent - least < max(before, after), "it mirrors more elements than there are")
        return _moved(operation, layer, inputs, output)
    count = element_count(output)
    return Lowered(Passes(operation, layer, tuple(inputs), output, element_count(shape), count), output)


def pad_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a padding."""
    sides = [before + after for before, after in zip(layer.before, layer.after, strict=True)]
    output = tuple(Interval(extent.low + more, extent.high + more) for extent, more in zip(inputs[0], sides, strict=True))
    return Box(most_elements(output), output)


def lower_transpose(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a transposition."""
    (shape,) = inputs
    if sorted(layer.order) != list(range(len(shape))):
        raise ShapeError(layer.name, f"the order {list(layer.order)} is none of the {len(shape)} axes of {shape_text(shape)}")
    return _moved(operation, layer, inputs, tuple(shape[axis] for axis in layer.order))


def transpose_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a transposition."""
    return Box(most_elements(inputs[0]), tuple(inputs[0][axis] for axis in layer.order))


def lower_reshape(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a reshape: a view, or a copy where elements change places."""
    (shape,) = inputs
    output = tuple(layer.shape)
    wrong = element_count(shape) != element_count(output)
    _refuse(layer, wrong, f"{shape_text(shape)} has not the elements of {shape_text(output)}")
    for order, extents in ((layer.order, shape), (layer.shape_order, output)):
        if order is not None and sorted(order) != list(range(len(extents))):
            raise ShapeError(layer.name, f"the order {list(order)} is none of the {len(extents)} axes of {shape_text(extents)}")
    if layer.order is None and layer.shape_order is None:
        return Lowered(View(operation, layer), output)
    return _moved(operation, layer, inputs, output)


def reshape_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a reshape."""
    most = math.prod(layer.shape)
    return Box(max(most, most_elements(inputs[0])), tuple(Interval(extent, extent) for extent in layer.shape))


def lower_gather(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a gather: its slices, and the numbers of those where they are computed."""
    shape, axis = inputs[0], layer.axis
    if axis >= len(shape):
        raise ShapeError(layer.name, f"its axis {axis} is beyond its input of {shape_text(shape)}")
    if (layer.indices is None) == (len(inputs) == 1):
        raise ShapeError(layer.name, "it needs indices: a field, or a second input")
    if layer.indices is None:
        return _moved(operation, layer, inputs, (*shape[:axis], *inputs[1], *shape[axis + 1 :]), element_count(inputs[1]))
    most = max(layer.indices, default=0)
    _refuse(layer, shape[axis] <= most, f"it picks slice {most} of {shape_text(shape)} along axis {axis}")
    return _moved(operation, layer, inputs, (*shape[:axis], len(layer.indices), *shape[axis + 1 :]))


def gather_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a gather."""
    picked = inputs[1] if layer.indices is None else (Interval(len(layer.indices), len(layer.indices)),)
    output = (*inputs[0][: layer.axis], *picked, *inputs[0][layer.axis + 1 :])
    return Box(2 * most_elements(output) + most_elements(inputs[-1]), output)


def lower_resize(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a resize: one neighbour of each output, or four and as many operations."""
    (shape,) = inputs
    if len(shape) != 3:
        raise ShapeError(layer.name, f"it needs channels x rows x columns, found {shape_text(shape)}")
    output = (shape[0], *layer.size)
    count = element_count(output)
    if layer.function == ResizeFunction.NEAREST:
        return _moved(operation, layer, inputs, output)
    reads = _BILINEAR_READS * count
    return Lowered(Passes(operation, layer, tuple(inputs), output, reads, count, operations=reads), output)


def resize_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a resize."""
    rows, columns = (Interval(_least(size), _most(size)) for size in layer.size)
    output = (inputs[0][0], rows, columns)
    return Box(_BILINEAR_READS * most_elements(output), output)


def _least(value: Number) -> int:
    return int(value.min()) if is_column(value) else int(value)


def _most(value: Number) -> int:
    return int(value.max()) if is_column(value) else int(value)


_SPREADING = (Rearrangement.DEPTH_TO_SPACE, Rearrangement.PIXEL_SHUFFLE)
_BLOCKS = (*_SPREADING, Rearrangement.SPACE_TO_DEPTH, Rearrangement.PIXEL_UNSHUFFLE)


def lower_rearrange(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower what puts elements in other places."""
    (shape,), output = inputs, tuple(layer.shape)
    if len(shape) != len(output):
        raise ShapeError(layer.name, f"{layer.function} cannot make {shape_text(output)} of {shape_text(shape)}")
    if layer.function in _BLOCKS:
        large, small = (output, shape) if layer.function in _SPREADING else (shape, output)
        fits = len(shape) == 3 and all_true(large[1] % small[1] == 0) and all_true(large[1] * small[2] == large[2] * small[1])
        fits = fits and all_true(element_count(shape) == element_count(output))
    elif layer.function == Rearrangement.REVERSE:
        fits = all(all_true(a == b) for a, b in zip(shape, output, strict=True)) and all(axis < len(shape) for axis in layer.axes)
    else:
        fits = all(all_true(b % a == 0) for a, b in zip(shape, output, strict=True))
        if layer.function == Rearrangement.EXPAND:
            fits = fits and all(all_true((a == 1) | (a == b)) for a, b in zip(shape, output, strict=True))
    if not fits:
        raise ShapeError(layer.name, f"{layer.function} cannot make {shape_text(output)} of {shape_text(shape)}")
    return _moved(operation, layer, inputs, output)


def rearrange_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound what puts elements in other places."""
    output = tuple(Interval(extent, extent) for extent in layer.shape)
    reach = max([1, *(extent.high for extent in inputs[0])]) * max([1, *layer.shape])
    return Box(max(reach, most_elements(inputs[0]), most_elements(output)), output)
