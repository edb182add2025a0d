"""Lowerings of what moves or renames elements: reshapes, transposes, joins, cuts, paddings, look-ups, and of reductions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from costmodel.sources.importers.channels_first.layer_draft import LayerDraft, LazyParameters, real_of
from costmodel.sources.importers.channels_first.layouts import (
    PADDING,
    Laid,
    features_first,
    groups_of,
    moving,
    padded,
    plain_axes,
)
from costmodel.specs.imported_graph import ImportedOperator

_LINEAR = ("Gemm", "MatMul")


def reshape(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower another shape of the same elements: a view where their order allows, a copy where it does not."""
    source, made = draft.tensor(operator, 0).shape, draft.output(operator).shape
    groups = groups_of(source, made)
    if groups is None:
        order = tuple(axis for axis, extent in enumerate(source) if extent != 1)
        targets = tuple(axis for axis, extent in enumerate(made) if extent != 1)
        groups = [(order, targets)]
    found = draft.source(operator)
    there = moving(found.axes, source)
    if all(len(a) == len(b) == 1 for a, b in groups):
        target = dict.fromkeys(found.axes, PADDING) | {a[0]: b[0] for a, b in groups}
        draft.laid[operator.outputs[0]] = Laid(found.layer, tuple(target[axis] for axis in found.axes))
        draft.view("only extents of 1 come or go")
        return
    starts = [there.index(a[0]) if a and all(axis in there for axis in a) else -1 for a, _ in groups]
    in_place = all(start >= 0 and there[start : start + len(a)] == a for start, (a, _) in zip(starts, groups, strict=True))
    if not in_place and len(groups) == 1 and _read_by_linear(draft, operator):
        # Flattened as the elements lie; the weights of the layer that reads them follow.
        extents = tuple(source[axis] for axis in sorted(there))
        draft.flat[operator.outputs[0]] = (extents, tuple(sorted(there).index(axis) for axis in there))
        name = draft.append(operator, "flatten", [found.layer], operator.outputs[0])
        draft.laid[operator.outputs[0]] = Laid(name, (len(made) - 1,))
        return
    if in_place:
        ordered = [group for _, group in sorted(zip(starts, groups, strict=True), key=lambda pair: pair[0])]
        layer = found.layer
    else:
        layer = draft.as_laid(operator, 0, padded(tuple(sorted(there)))).layer
        ordered = groups
    axes = padded(tuple(axis for _, targets in ordered for axis in targets) or (len(made) - 1,))
    shape = Laid("", axes).shape(made)
    name = draft.append(operator, "flatten", [layer], operator.outputs[0]) if len(shape) == 1 else draft.append(
        operator, "reshape", [layer], operator.outputs[0], shape=list(shape)
    )  # fmt: skip
    draft.laid[operator.outputs[0]] = Laid(name, axes)


def _read_by_linear(draft: LayerDraft, operator: ImportedOperator) -> bool:
    readers = [reader for reader in draft.graph.operators if operator.outputs[0] in reader.inputs]
    return (
        bool(readers)
        and operator.outputs[0] not in draft.graph.outputs
        and all(
            reader.kind in _LINEAR
            and reader.inputs[0] == operator.outputs[0]
            and draft.graph.tensors[reader.inputs[1]].constant is not None
            for reader in readers
        )
    )


def transpose(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower another order of the axes: the next layer reads them in the order it needs, and moves them if it must."""
    rank = len(draft.tensor(operator, 0).shape)
    order = operator.wholes("perm", tuple(reversed(range(rank))))
    if sorted(order) != list(range(rank)):
        raise draft.refused(operator, f"the order {list(order)} is none of {rank} axes")
    found = draft.source(operator)
    target = {source: axis for axis, source in enumerate(order)} | {PADDING: PADDING}
    draft.laid[operator.outputs[0]] = Laid(found.layer, tuple(target[axis] for axis in found.axes))
    draft.view("the layers around it read the axes where they lie")


def join(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower tensors one after the other along an axis."""
    made = draft.output(operator).shape
    axis = operator.whole("axis", 1) % max(len(made), 1)
    axes = draft.source(operator).axes
    if axis not in axes:
        # Along an axis of 1 that the layout leaves out.
        rest = tuple(each for each in axes if each != PADDING and made[each] != 1)
        axes = padded((axis, *rest)) if rest else (axis,)
    layers = [draft.as_laid(operator, at, axes).layer for at in range(len(operator.inputs))]
    draft.add(operator, "concat", layers, axes, axis=axes.index(axis))


def cut(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a part of a tensor."""
    source = draft.tensor(operator, 0).shape
    if len(operator.inputs) > 1:
        given = [draft.constant(operator, at) for at in range(1, len(operator.inputs))]
        if any(array is None and operator.inputs[at + 1] >= 0 for at, array in enumerate(given)):
            raise draft.refused(operator, "where it cuts is computed; constant places are supported")
        lists = [None if array is None else [int(each) for each in array.reshape(-1)] for array in given]
    else:
        lists = [list(operator.wholes(name)) or None for name in ("starts", "ends", "axes")]
    starts, ends = lists[0] or [], lists[1] or []
    places = (lists[2] if len(lists) > 2 else None) or list(range(len(starts)))
    steps = (lists[3] if len(lists) > 3 else None) or [1] * len(starts)
    if (
        not len(starts) == len(ends) == len(places) == len(steps)
        or any(not -len(source) <= axis < len(source) for axis in places)
        or 0 in steps
    ):
        raise draft.refused(operator, "its starts, ends, axes and steps do not go together")
    taken = {}
    for start, end, axis, step in zip(starts, ends, places, steps, strict=True):
        extent = source[axis % len(source)]
        stop = None if step < 0 and end < -extent else end
        taken[axis % len(source)] = range(extent)[start:stop:step]
    sliced(draft, operator, 0, operator.outputs[0], taken)


def sliced(
    draft: LayerDraft, operator: ImportedOperator, at: int, makes: int, taken: dict[int, range], dropped: Sequence[int] = ()
) -> None:
    """Append a slice of an input: for some axes, the places that are taken; axes that are dropped are left out of what it makes."""
    source = draft.tensor(operator, at).shape
    found = draft.source(operator, at)
    if any(not len(places) for places in taken.values()):
        raise draft.refused(operator, "nothing is left of it")
    renamed = {axis: axis - sum(1 for each in dropped if each < axis) for axis in range(len(source))}
    axes = tuple(PADDING if axis == PADDING or axis in dropped else renamed[axis] for axis in found.axes)
    whole = all(len(places) == source[axis] and places.step == 1 for axis, places in taken.items())
    if whole:
        draft.laid[makes] = Laid(found.layer, axes)
        draft.view("it takes everything")
        return
    ranges = [taken.get(axis, range(source[axis])) if axis != PADDING else range(1) for axis in found.axes]
    steps = [places.step for places in ranges]
    fields: dict[str, Any] = {"steps": steps} if any(step != 1 for step in steps) else {}
    name = draft.append(
        operator, "slice", [found.layer], makes, starts=[places[0] for places in ranges], sizes=[len(places) for places in ranges], **fields
    )
    draft.laid[makes] = Laid(name, axes)


def split(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a split: a slice for each part that is read."""
    source = draft.tensor(operator, 0).shape
    axis = operator.whole("axis") % max(len(source), 1)
    readers = {place for other in draft.graph.operators for place in other.inputs} | set(draft.graph.outputs)
    start = 0
    for makes in operator.outputs:
        extent = draft.graph.tensors[makes].shape[axis]
        if makes in readers:
            sliced(draft, operator, 0, makes, {axis: range(start, start + extent)})
        start += extent
    if start > source[axis]:
        raise draft.refused(operator, f"its parts take {start} of {source[axis]}")


def gather(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower slices picked along an axis, or rows of a table."""
    table, indices = draft.tensor(operator, 0), draft.constant(operator, 1)
    axis = operator.whole("axis") % max(len(table.shape), 1)
    if table.constant is not None:
        if len(table.shape) != 2 or axis != 0:
            raise draft.refused(operator, "of a constant that is no table of rows it is not supported")
        found = draft.source(operator, 1)
        made = draft.output(operator).shape
        steps = [place for place, extent in enumerate(made[:-1]) if extent != 1]
        fields: dict[str, Any] = {"rows": table.shape[0], "features": table.shape[1], "weight_type": table.element}
        name = draft.append(operator, "embedding", [found.layer], operator.outputs[0], **fields)
        draft.parameters[name] = LazyParameters(lambda: real_of(table))
        draft.laid[operator.outputs[0]] = draft.with_columns(operator, operator.outputs[0], name, (len(made) - 1, *steps))
        return
    if indices is None:
        raise draft.refused(operator, "which slices it picks is computed; constant numbers are supported")
    extent = table.shape[axis]
    numbers = [int(each) % extent if -extent <= int(each) < extent else -1 for each in indices.reshape(-1)]
    if not numbers or min(numbers) < 0:
        raise draft.refused(operator, f"it picks slices that the {extent} of axis {axis} do not have")
    if indices.ndim == 0:
        sliced(draft, operator, 0, operator.outputs[0], {axis: range(numbers[0], numbers[0] + 1)}, dropped=(axis,))
        return
    found = draft.source(operator)
    if indices.ndim == 1 and numbers == list(range(extent)):
        draft.laid[operator.outputs[0]] = found
        draft.view("it picks everything")
        return
    if indices.ndim != 1 or axis not in found.axes:
        raise draft.refused(operator, "along this axis, or with a table of numbers, it is not supported")
    draft.add(operator, "gather", [found.layer], found.axes, axis=found.axes.index(axis), indices=numbers)


def pad(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower a padding that no convolution takes in."""
    source, mode = draft.tensor(operator, 0).shape, operator.text("mode", "constant")
    found, given = draft.source(operator), draft.constant(operator, 1)
    widths = operator.wholes("pads") if given is None else tuple(int(each) for each in given.reshape(-1))
    rank = len(source)
    if len(operator.inputs) > 3 and operator.inputs[3] >= 0 and (axes := draft.constant(operator, 3)) is not None:
        places = [int(axis) % rank for axis in axes.reshape(-1)]
        full = {axis: (widths[at], widths[len(places) + at]) for at, axis in enumerate(places)}
        widths = tuple(full.get(axis, (0, 0))[side] for side in range(2) for axis in range(rank))
    value = draft.constant(operator, 2)
    filling = float(value.reshape(-1)[0]) if value is not None and value.size else operator.real("value")
    if len(widths) != 2 * rank or mode not in ("constant", "reflect", "edge"):
        raise draft.refused(operator, f"mode {mode!r} with {len(widths)} widths is not supported; constant, reflect, edge and wrap are")
    if not any(widths):
        draft.laid[operator.outputs[0]] = found
        draft.view("it adds nothing")
        return
    left_out = [axis for axis in range(rank) if axis not in found.axes and (widths[axis] or widths[rank + axis])]
    if left_out:
        raise draft.refused(operator, f"around axis {left_out[0]} it is not supported")
    if min(widths) < 0:
        taken = {axis: range(max(-widths[axis], 0), source[axis] - max(-widths[rank + axis], 0)) for axis in range(rank)}
        if max(widths) > 0:
            raise draft.refused(operator, "it adds at one side and cuts at another, which is not supported together")
        sliced(draft, operator, 0, operator.outputs[0], taken)
        return
    before, after = ([0 if axis == PADDING else widths[side + axis] for axis in found.axes] for side in (0, rank))
    draft.add(operator, "pad_nd", [found.layer], found.axes, before=before, after=after, mode=mode, value=filling)


def blocks(function: str, by_channel: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of blocks of channels that become rows and columns, or the other way round."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        source, made = draft.tensor(operator, 0).shape, draft.output(operator).shape
        if len(made) != len(source) or len(source) != 4:
            raise draft.refused(operator, f"from {list(source)} to {list(made)} it is not supported")
        axes = (1, 2, 3)
        laid = draft.as_laid(operator, 0, axes)
        chosen = by_channel if operator.text("mode", "DCR") == "CRD" else function
        draft.add(operator, "rearrange", [laid.layer], axes, function=chosen, shape=list(made[1:]))

    return lower


def repeat(function: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of a tensor repeated along its axes."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        source, made = draft.tensor(operator, 0).shape, draft.output(operator).shape
        behind = len(made) - len(source)
        if behind < 0:
            raise draft.refused(operator, f"from {list(source)} to {list(made)} it is not supported")
        kept = [axis + behind for axis in moving(draft.source(operator).axes, source)]
        # Axes that were 1 and become more have a place of their own among the others.
        grown = [axis for axis, extent in enumerate(made) if extent != 1 and axis not in kept]
        order = sorted([*kept, *grown]) if kept == sorted(kept) else [*kept, *grown]
        axes = padded(order) if order else plain_axes(made)
        laid = draft.as_laid(operator, 0, tuple(axis - behind if axis >= behind else PADDING for axis in axes))
        draft.add(operator, "rearrange", [laid.layer], axes, function=function, shape=list(Laid("", axes).shape(made)))

    return lower


def running_sum(draft: LayerDraft, operator: ImportedOperator) -> None:
    """Lower sums of each element and all before it along an axis."""
    shape, given = draft.tensor(operator, 0).shape, draft.constant(operator, 1)
    if given is None or given.size != 1 or not -len(shape) <= int(given.reshape(-1)[0]) < len(shape):
        raise draft.refused(operator, "the axis it goes along is not constant")
    along, found = int(given.reshape(-1)[0]) % len(shape), draft.source(operator)
    if along not in found.axes:
        draft.laid[operator.outputs[0]] = found
        draft.view("it adds up extents of 1 only")
        return
    fields: dict[str, Any] = {name: bool(operator.whole(name)) for name in ("exclusive", "reverse")}
    draft.add(operator, "cumulative_sum", [found.layer], found.axes, axis=found.axes.index(along), **fields)


def reduction(function: str) -> Callable[[LayerDraft, ImportedOperator], None]:
    """Return the lowering of one element for all along some axes; a mean over all rows and columns is a pooling."""

    def lower(draft: LayerDraft, operator: ImportedOperator) -> None:
        source = draft.tensor(operator, 0).shape
        rank, given = len(source), draft.constant(operator, 1)
        axes = operator.wholes("axes") if given is None else tuple(int(axis) for axis in given.reshape(-1))
        if function.startswith("arg_"):
            axes = (operator.whole("axis"),)
        over = sorted({axis % rank for axis in axes} or range(rank))
        keep = bool(operator.whole("keepdims", 1))
        if not axes and operator.whole("noop_with_empty_axes"):
            raise draft.refused(operator, "without axes it does nothing, which is not supported")
        kept = [axis for axis in range(rank) if axis not in over]
        renamed = {axis: axis if keep else kept.index(axis) for axis in kept}
        found = draft.source(operator)
        wanted: tuple[int, ...] = (1, 2, 3) if rank == 4 else (1, 2, PADDING)
        pooled = function == "mean" and rank in (3, 4) and source[0] == 1 and over == list(range(2, rank))
        # Where the channels do not lie first they would have to be moved there.
        if pooled and moving(found.axes, source) == moving(wanted, source):
            layer = draft.append(
                operator, "adaptive_avg_pool2d", [draft.as_laid(operator, 0, wanted).layer], operator.outputs[0], output_size=[1, 1]
            )
            draft.laid[operator.outputs[0]] = Laid(layer, (renamed[1], PADDING, PADDING))
            return
        places = [at for at, axis in enumerate(found.axes) if axis in over]
        if not places:
            draft.laid[operator.outputs[0]] = Laid(found.layer, tuple(renamed.get(axis, PADDING) for axis in found.axes))
            draft.view("it reduces extents of 1 only")
            return
        layer = draft.append(operator, "reduce", [found.layer], operator.outputs[0], function=function, axes=places, keep=True)
        draft.laid[operator.outputs[0]] = Laid(layer, tuple(renamed.get(axis, PADDING) for axis in found.axes))

    return lower


def input_axes(draft: LayerDraft, place: int) -> tuple[int, ...]:
    """Return how an input of the network is laid out: as the first operator that needs an order reads it.

    Parameters
    ----------
    draft : LayerDraft
        With the graph.
    place : int
        The input's tensor.
    """
    shape = draft.graph.tensors[place].shape
    if len(shape) not in (3, 4):
        return plain_axes(shape)
    orders: dict[int, tuple[int, ...]] = {place: tuple(range(len(shape)))}
    for operator in draft.graph.operators:
        source = next((each for each in operator.inputs if each in orders), None)
        if source is None:
            continue
        order = orders[source]
        if operator.kind in ("MatMul", "Gemm", "LSTM", "GRU", "RNN", "LayerNormalization"):
            features = order[-1]
            rest = [axis for axis in range(len(shape)) if axis != features and shape[axis] != 1]
            return padded((features, *rest)) if rest else (features,)
        if operator.kind in ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "BatchNormalization"):
            return padded(tuple(order[1:])) if shape[order[0]] == 1 else plain_axes(shape)
        if operator.kind == "Transpose":
            order = tuple(order[axis] for axis in operator.wholes("perm", tuple(reversed(range(len(order))))) if axis < len(order))
        if math.prod(draft.output(operator).shape) == math.prod(shape) and len(draft.output(operator).shape) == len(order):
            orders.setdefault(operator.outputs[0], order)
    return features_first(shape) if len(shape) == 3 and shape[0] == 1 else plain_axes(shape)
