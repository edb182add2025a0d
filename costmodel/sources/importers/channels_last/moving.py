"""Lowerings of operators that move elements and compute nothing, or next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from costmodel.sources.importers.channels_last.arrangement import Arrangement, arranged_shape, every_axis, usual_axes
from costmodel.sources.importers.channels_last.draft import Draft, Weights
from costmodel.sources.importers.tflite_schema import SAME
from costmodel.specs.imported_graph import ImportedOperator
from costmodel.specs.kinds.moving_layers import PadMode, Rearrangement, ResizeFunction


def reshape(draft: Draft, operator: ImportedOperator) -> None:
    """Lower another shape of the same elements: a view where they stay in order, as they do in one row until something needs another."""
    found, target = draft.source(operator), draft.output(operator)
    place = operator.outputs[0]
    axes = usual_axes(target.shape)
    if len(axes) == 1 and len(found.shape) != 1:
        layer = draft.append("flatten", "flatten", [found.layer], place)
        draft.held[place] = Arrangement(layer, found.extents, found.axes, (target.element_count,))
        draft.view("the same bytes in one row; weights that read them are put in their order")
        return
    count = len(draft.layers)
    draft.held[place] = draft.relaid(operator, found, place, target.shape, axes)
    if all("order" not in layer for layer in draft.layers[count:]):
        draft.view("the same bytes in the same order")


def concat(draft: Draft, operator: ImportedOperator) -> None:
    """Lower tensors one after the other."""
    output = draft.output(operator).shape
    axis, axes = operator.whole("axis") % max(len(output), 1), usual_axes(output)
    if axis not in axes:
        axes = every_axis(output)
    layers = [draft.arranged(operator, at, draft.graph.tensors[place].shape, axes).layer for at, place in enumerate(operator.inputs)]
    layer = draft.append("concat", "concat", layers, operator.outputs[0], axis=axes.index(axis))
    draft.made(operator, draft.activated(operator, layer), output, axes)


def pack(draft: Draft, operator: ImportedOperator) -> None:
    """Lower tensors one after the other along a new axis."""
    output = draft.output(operator).shape
    axis = operator.whole("axis") % max(len(output), 1)
    axes = usual_axes(output) if axis in usual_axes(output) else every_axis(output)
    one = tuple(1 if at == axis else extent for at, extent in enumerate(output))
    layers = [draft.arranged(operator, at, one, axes).layer for at in range(len(operator.inputs))]
    layer = draft.append("pack", "concat", layers, operator.outputs[0], axis=axes.index(axis))
    draft.made(operator, layer, output, axes)


def _sliced(
    draft: Draft, operator: ImportedOperator, at: int, starts: Sequence[int], sizes: Sequence[int], steps: Sequence[int], number: int = 0
) -> None:
    """Append a slice of an operator's input, by the file's axes, that makes one of its outputs."""
    shape = draft.tensor(operator, at).shape
    axes = usual_axes(shape)
    if any(axis not in axes and (start, size) != (0, 1) for axis, (start, size) in enumerate(zip(starts, sizes, strict=True))):
        axes = every_axis(shape)
    found = draft.arranged(operator, at, shape, axes)
    fields: dict[str, Any] = {
        "starts": [0 if axis is None else starts[axis] for axis in axes],
        "sizes": [1 if axis is None else sizes[axis] for axis in axes],
    }
    if any(step != 1 for step in steps):
        fields["steps"] = [1 if axis is None else steps[axis] for axis in axes]
    if min(fields["sizes"]) < 1:
        raise draft.refused(operator, f"it takes nothing of a tensor of shape {list(shape)}")
    layer = draft.append("slice", "slice", [found.layer], operator.outputs[number], **fields)
    draft.made(operator, layer, sizes, axes, number)


def slice_(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a slice by its first element and its size."""
    shape, starts, sizes = draft.tensor(operator, 0).shape, draft.integers(operator, 1), draft.integers(operator, 2)
    if starts is None or sizes is None or not len(starts) == len(sizes) == len(shape):
        raise draft.refused(operator, "where it begins and how much it takes is not constant")
    taken = [extent - start if size == -1 else size for extent, start, size in zip(shape, starts, sizes, strict=True)]
    _sliced(draft, operator, 0, starts, taken, [1] * len(shape))


def strided_slice(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a slice with steps, masks and axes that disappear."""
    shape = draft.tensor(operator, 0).shape
    begin, end, steps = (draft.integers(operator, at) for at in (1, 2, 3))
    if begin is None or end is None or steps is None or not len(begin) == len(end) == len(steps) or 0 in steps:
        raise draft.refused(operator, "where it begins, ends and by which steps is not constant")
    starts, sizes, strides = [0] * len(shape), list(shape), [1] * len(shape)
    ellipsis, new = operator.whole("ellipsis_mask"), operator.whole("new_axis_mask")
    given = [place for place in range(len(steps)) if not (ellipsis | new) >> place & 1]
    if len(given) > len(shape) or ellipsis & (ellipsis - 1):
        raise draft.refused(operator, f"it names more axes than a tensor of shape {list(shape)} has")
    # An ellipsis stands for the axes that are not named: those named behind it are the last.
    behind = [place for place in given if ellipsis and place > ellipsis.bit_length() - 1]
    before = [place for place in given if place not in behind]
    for axis, place in [*enumerate(before), *enumerate(behind, len(shape) - len(behind))]:
        bit, extent = 1 << place, shape[axis]
        first, last, step = begin[place], end[place], steps[place]
        if operator.whole("shrink_axis_mask") & bit:
            starts[axis], sizes[axis] = (first + extent if first < 0 else first), 1
            continue
        taken = range(extent)[
            slice(None if operator.whole("begin_mask") & bit else first, None if operator.whole("end_mask") & bit else last, step)
        ]
        starts[axis], sizes[axis], strides[axis] = (taken.start if len(taken) else 0), len(taken), step
    _sliced(draft, operator, 0, starts, sizes, strides)


def split(draft: Draft, operator: ImportedOperator) -> None:
    """Lower equal parts: a slice for each."""
    axis = draft.integers(operator, 0)
    _split(draft, operator, 1, axis, [draft.graph.tensors[place].shape for place in operator.outputs])


def split_v(draft: Draft, operator: ImportedOperator) -> None:
    """Lower parts of given sizes: a slice for each."""
    axis = draft.integers(operator, 2)
    _split(draft, operator, 0, axis, [draft.graph.tensors[place].shape for place in operator.outputs])


def _split(draft: Draft, operator: ImportedOperator, at: int, axis: tuple[int, ...] | None, parts: Sequence[tuple[int, ...]]) -> None:
    shape = draft.tensor(operator, at).shape
    if axis is None or len(axis) != 1 or any(len(part) != len(shape) for part in parts) or not shape:
        raise draft.refused(operator, "along which axis it splits is not constant")
    along, start = axis[0] % len(shape), 0
    for number, part in enumerate(parts):
        starts = [0] * len(shape)
        starts[along] = start
        _sliced(draft, operator, at, starts, part, [1] * len(shape), number)
        start += part[along]


def unpack(draft: Draft, operator: ImportedOperator) -> None:
    """Lower the slices along an axis, which disappears."""
    shape = draft.tensor(operator, 0).shape
    if not shape:
        raise draft.refused(operator, "it takes a number apart")
    axis = operator.whole("axis") % len(shape)
    sizes = [1 if at == axis else extent for at, extent in enumerate(shape)]
    for number in range(len(operator.outputs)):
        _sliced(draft, operator, 0, [number if at == axis else 0 for at in range(len(shape))], sizes, [1] * len(shape), number)


def pad(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a padding: taken in by convolutions where they alone read it, else a layer of its own."""
    source, widths = draft.tensor(operator, 0), draft.integers(operator, 1)
    shape = source.shape
    if widths is None or len(widths) != 2 * len(shape) or min(widths, default=0) < 0:
        raise draft.refused(operator, "how much it pads is not constant")
    value = 0.0
    if draft.has(operator, 2):
        given = draft.array(operator.inputs[2]) if draft.is_constant(operator.inputs[2]) else None
        if given is None:
            raise draft.refused(operator, "what it pads with is not constant")
        value = float(given.reshape(-1)[0])
        if source.scales:
            value = (value - source.zero_points[0]) * source.scales[0]
    readers = [reader for reader in draft.graph.operators if operator.outputs[0] in reader.inputs]
    convolutions = readers and all(
        reader.kind in ("CONV_2D", "DEPTHWISE_CONV_2D") and reader.whole("padding") != SAME for reader in readers
    )
    around = len(shape) == 4 and not any(widths[0:2]) and not any(widths[6:8])
    if value == 0 and convolutions and around and operator.outputs[0] not in draft.graph.outputs:
        found = draft.usual(operator)
        draft.padded[operator.outputs[0]] = (widths[2], widths[3], widths[4], widths[5])
        # The convolution sees its input without the padding, in the file's shape of before.
        draft.held[operator.outputs[0]] = found
        draft.view("taken in by the convolution that reads it")
        return
    _padded(draft, operator, widths, PadMode.CONSTANT, value)


def mirror_pad(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a padding that mirrors."""
    widths = draft.integers(operator, 1)
    if widths is None or len(widths) != 2 * len(draft.tensor(operator, 0).shape):
        raise draft.refused(operator, "how much it pads is not constant")
    _padded(draft, operator, widths, PadMode.SYMMETRIC if operator.whole("mode") else PadMode.REFLECT, 0.0)


def _padded(draft: Draft, operator: ImportedOperator, widths: Sequence[int], mode: PadMode, value: float) -> None:
    shape = draft.tensor(operator, 0).shape
    axes = usual_axes(shape)
    if any(axis not in axes and any(widths[2 * axis : 2 * axis + 2]) for axis in range(len(shape))):
        axes = every_axis(shape)
    found = draft.arranged(operator, 0, shape, axes)
    before, after = ([0 if axis is None else widths[2 * axis + side] for axis in axes] for side in range(2))
    fields = {"before": before, "after": after, "mode": mode.value, "value": value}
    layer = draft.append("pad", "pad_nd", [found.layer], operator.outputs[0], **fields)
    draft.made(operator, layer, draft.output(operator).shape, axes)


def reverse_sequence(draft: Draft, operator: ImportedOperator) -> None:
    """Lower sequences whose first elements are turned around, as many of each: slices picked in another order."""
    lengths = draft.integers(operator, 1)
    shape = draft.tensor(operator, 0).shape
    along = operator.whole("sequence_axis")
    if lengths is None or len(set(lengths)) != 1 or not 0 <= along < len(shape) or not 0 <= lengths[0] <= shape[along]:
        raise draft.refused(operator, "how much of each sequence it turns around is not constant, or not the same")
    _picked(draft, operator, along, [*range(lengths[0] - 1, -1, -1), *range(lengths[0], shape[along])])


def transpose(draft: Draft, operator: ImportedOperator) -> None:
    """Lower axes in another order; bytes move in the file's order, so it is never free."""
    order = draft.integers(operator, 1)
    shape = draft.tensor(operator, 0).shape
    output = draft.output(operator).shape
    if order is None or sorted(order) != list(range(len(shape))) or not shape:
        raise draft.refused(operator, "the order of its axes is not constant")
    axes = every_axis(shape)
    found = draft.arranged(operator, 0, shape, axes)
    goal = every_axis(output)
    wanted = [axes.index(order[axis]) for axis in goal if axis is not None]
    layer = draft.append("transpose", "transpose", [found.layer], operator.outputs[0], order=wanted)
    draft.made(operator, layer, output, goal)


def gather(draft: Draft, operator: ImportedOperator) -> None:
    """Lower slices picked by numbers: constant ones, or, of a table of weights, computed ones."""
    source = draft.tensor(operator, 0)
    axis = operator.whole("axis") % max(len(source.shape), 1)
    if operator.whole("batch_dimensions"):
        raise draft.refused(operator, "dimensions of batches are not supported")
    if draft.is_constant(operator.inputs[0]):
        _embedded(draft, operator, 1, 0, axis)
        return
    picked = draft.integers(operator, 1)
    if picked is None:
        raise draft.refused(operator, "which slices it picks is computed")
    extent = source.shape[axis] if source.shape else 1
    picked = tuple(number + extent if number < 0 else number for number in picked)
    # Numbers of another rank than one are one row of slices, in the same order.
    _picked(draft, operator, axis, picked)


def _picked(draft: Draft, operator: ImportedOperator, axis: int, picked: Sequence[int]) -> None:
    """Append slices picked along an axis of the file's."""
    shape = draft.tensor(operator, 0).shape
    axes = usual_axes(shape)
    if axis not in axes:
        axes = every_axis(shape)
    found = draft.arranged(operator, 0, shape, axes)
    layer = draft.append("gather", "gather", [found.layer], operator.outputs[0], axis=axes.index(axis), indices=list(picked))
    draft.made(operator, layer, [len(picked) if at == axis else extent for at, extent in enumerate(shape)], axes)


def embedding(draft: Draft, operator: ImportedOperator) -> None:
    """Lower rows of a table."""
    _embedded(draft, operator, 0, 1, 0)


def _embedded(draft: Draft, operator: ImportedOperator, numbers_at: int, table_at: int, axis: int) -> None:
    table = draft.tensor(operator, table_at)
    if len(table.shape) != 2 or axis:
        raise draft.refused(operator, f"a table of shape {list(table.shape)} is not supported; one of rows and columns is")
    count = draft.tensor(operator, numbers_at).element_count
    flat = draft.arranged(operator, numbers_at, (count,), (0,))
    place = operator.inputs[table_at]
    fields = {"rows": table.shape[0], "features": table.shape[1], "weight_type": draft.stored_type(place)}
    layer = draft.append("embedding", "embedding", [flat.layer], operator.outputs[0], **fields)
    draft.weights[layer] = Weights(place, lambda rows: rows)
    draft.made(operator, layer, (count, table.shape[1]), (1, 0) if count > 1 else (1,))


def resize(function: ResizeFunction) -> Callable[[Draft, ImportedOperator], None]:
    """Return the lowering of a resize."""

    def lower(draft: Draft, operator: ImportedOperator) -> None:
        found, output = draft.usual(operator), draft.output(operator).shape
        if len(found.shape) != 3 or len(output) != 4:
            raise draft.refused(operator, f"it reads a tensor of shape {list(found.extents)}, no batch of one, rows, columns and channels")
        corners = {name: bool(operator.whole(name)) for name in ("align_corners", "half_pixel_centers")}
        fields = {"size": list(output[1:3]), "function": function.value, **corners}
        draft.made_usual(operator, draft.append("resize", "resize", [found.layer], operator.outputs[0], **fields))

    return lower


def rearranged(function: Rearrangement) -> Callable[[Draft, ImportedOperator], None]:
    """Return the lowering of what puts elements in other places of the same axes."""

    def lower(draft: Draft, operator: ImportedOperator) -> None:
        shape, output = draft.tensor(operator, 0).shape, draft.output(operator).shape
        extents = (*(1,) * (len(output) - len(shape)), *shape)
        if len(extents) != len(output):
            raise draft.refused(operator, f"it makes {list(output)} of {list(shape)}")
        axes = usual_axes(output)
        fields: dict[str, Any] = {"function": function.value, "shape": list(arranged_shape(output, axes))}
        if function is Rearrangement.REVERSE:
            turned = draft.integers(operator, 1)
            if turned is None:
                raise draft.refused(operator, "the axes it turns around are not constant")
            fields["axes"] = [axes.index(axis % len(shape)) for axis in turned if axis % len(shape) in axes]
        found = draft.arranged(operator, 0, extents, axes)
        draft.made(operator, draft.append(function.value, "rearrange", [found.layer], operator.outputs[0], **fields), output, axes)

    return lower
