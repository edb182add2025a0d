"""Operators of PyTorch that move, rename, repeat or fill, in ONNX's."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Value, element_of
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, constant, part, refused, source_of, tensors_of
from costmodel.sources.importers.torch_export.program import Call

_MOST_FILLED: Final = 1 << 24
"""Elements of a constant that a program fills with one number, at the most."""


_PAD_MODES: Final = {"replicate": "edge", "circular": "wrap"}
"""ONNX's words for PyTorch's."""


def join(draft: GraphDraft, call: Call) -> None:
    """Append tensors one after the other."""
    append(draft, call, "Concat", tensors_of(call), axis=call.integer("dim"))


def stack(draft: GraphDraft, call: Call) -> None:
    """Append tensors one after the other along an axis of their own."""
    axis, made = call.integer("dim"), draft.values[call.outputs[0]].shape
    axis %= max(len(made), 1)
    parts = []
    for at, name in enumerate(tensors_of(call)):
        part = f"{call.node}.part{at}"
        shape = draft.values[name].shape
        draft.values[part] = Value((*shape[:axis], 1, *shape[axis:]), draft.values[name].element)
        append(draft, call, "Reshape", [name], [part])
        parts.append(part)
    append(draft, call, "Concat", parts, axis=axis)


def split(draft: GraphDraft, call: Call) -> None:
    """Append a split; a constant is split at once."""
    source, axis = source_of(call), call.integer("dim")
    array = draft.constant(source)
    if array is None:
        append(draft, call, "Split", [source], axis=axis)
        return
    ends = np.cumsum([draft.values[name].shape[axis] for name in call.outputs])
    for name, piece in zip(call.outputs, np.split(array, ends[:-1], axis=axis), strict=True):
        draft.values[name].constant = np.ascontiguousarray(piece)


def slice_of(draft: GraphDraft, call: Call) -> None:
    """Append a part along one axis."""
    axis, step = call.integer("dim"), call.integer("step", 1)
    starts = constant(draft, call, "start", np.asarray([call.integer("start")], np.int64))
    end = min(call.integer("end", 2**62), 2**62)
    names = [constant(draft, call, what, np.asarray([number], np.int64)) for what, number in (("end", end), ("axis", axis), ("step", step))]
    append(draft, call, "Slice", [source_of(call), starts, *names])


def select(draft: GraphDraft, call: Call) -> None:
    """Append one slice along an axis, which disappears."""
    index = constant(draft, call, "index", np.asarray(call.integer("index"), np.int64))
    append(draft, call, "Gather", [source_of(call), index], axis=call.integer("dim"))


def pad(draft: GraphDraft, call: Call) -> None:
    """Append a padding."""
    rank = len(draft.values[source_of(call)].shape)
    sides = call.integers("pad", 0, 0)
    widths = [0] * (2 * rank)
    for at in range(len(sides) // 2):
        # Sides are given from the last axis forward.
        widths[rank - 1 - at], widths[2 * rank - 1 - at] = sides[2 * at], sides[2 * at + 1]
    mode = str(call.arguments.get("mode") or "constant")
    number = call.real("value", 0.0)
    append(draft, call, "Pad", [source_of(call)], pads=tuple(widths), mode=_PAD_MODES.get(mode, mode), value=number)


def renamed(draft: GraphDraft, call: Call) -> None:
    """Append another shape of the same elements."""
    source = source_of(call)
    array, made = draft.constant(source), draft.values[call.outputs[0]]
    if array is not None and array.size == math.prod(made.shape):
        draft.values[call.outputs[0]] = Value(made.shape, made.element, array.reshape(made.shape))
        return
    append(draft, call, "Reshape", [source])


def swapped(draft: GraphDraft, call: Call) -> None:
    """Append another order of the axes."""
    rank = len(draft.values[source_of(call)].shape)
    order = list(range(rank))
    if call.name == "permute":
        order = [axis % rank for axis in call.integers("dims", 1, 0)]
    elif call.name in ("movedim", "moveaxis"):
        sources, targets = ([axis % rank for axis in call.integers(name, 1, 0)] for name in ("source", "destination"))
        order = [axis for axis in range(rank) if axis not in sources]
        for target, source in sorted(zip(targets, sources, strict=True)):
            order.insert(target, source)
    elif call.name in ("mT", "adjoint"):
        order[-2:] = order[:-3:-1]
    elif call.name in ("numpy_T", "t"):
        order.reverse()
    else:
        a, b = (call.integer(one, call.integer(other)) % max(rank, 1) for one, other in (("dim0", "axis0"), ("dim1", "axis1")))
        order[a], order[b] = order[b], order[a]
    append(draft, call, "Transpose", [source_of(call)], perm=tuple(order))


def same(draft: GraphDraft, call: Call) -> None:
    """Append what hands on its input, in another element type perhaps."""
    source = source_of(call)
    if (array := draft.constant(source)) is not None:
        element = draft.values[call.outputs[0]].element
        changed = array if element in ("bfloat16", "string") else array.astype(element, copy=False)
        draft.values[call.outputs[0]] = Value(array.shape, element_of(changed), changed)
    else:
        kind = "Identity" if draft.values[source].element == draft.values[call.outputs[0]].element else "Cast"
        append(draft, call, kind, [source], call.outputs[:1])


def repeated(kind: str) -> Translation:
    """Return the translation of a repeated tensor."""

    def translate(draft: GraphDraft, call: Call) -> None:
        source = source_of(call)
        same = draft.values[source].shape == draft.values[call.outputs[0]].shape
        array = draft.constant(source)
        if array is not None and kind == "Expand" and math.prod(draft.values[call.outputs[0]].shape) <= _MOST_FILLED:
            made = draft.values[call.outputs[0]]
            draft.values[call.outputs[0]] = Value(made.shape, made.element, np.ascontiguousarray(np.broadcast_to(array, made.shape)))
        else:
            append(draft, call, "Identity" if same else kind, [source])

    return translate


def broadcast(draft: GraphDraft, call: Call) -> None:
    """Append tensors repeated to one shape, each for itself."""
    for source, made in zip(tensors_of(call), call.outputs, strict=True):
        same = draft.values[source].shape == draft.values[made].shape
        append(draft, call, "Identity" if same else "Expand", [source], [made])


def filled(number: float | str) -> Translation:
    """Return the translation of a constant of one number, or of the argument that says it."""

    def translate(draft: GraphDraft, call: Call) -> None:
        made = draft.values[call.outputs[0]]
        if math.prod(made.shape) > _MOST_FILLED or made.element == "string":
            append(draft, call, f"aten:{call.name}", [])
            return
        value = call.real(number, 0.0) if isinstance(number, str) else number
        element = "float32" if made.element == "bfloat16" else made.element
        draft.values[call.outputs[0]] = Value(made.shape, element, np.full(made.shape, value, element))

    return translate


def resize(mode: str) -> Translation:
    """Return the translation of another number of rows and columns."""

    def translate(draft: GraphDraft, call: Call) -> None:
        corners = call.arguments.get("align_corners") is True
        places = "asymmetric" if mode == "nearest" else "align_corners" if corners else "half_pixel"
        append(draft, call, "Resize", [source_of(call)], mode=mode, coordinate_transformation_mode=places)

    return translate


def embedding(draft: GraphDraft, call: Call) -> None:
    """Append a look-up of rows."""
    append(draft, call, "Gather", [call.tensor("weight"), call.tensor("indices")], axis=0)


def unbound(draft: GraphDraft, call: Call) -> None:
    """Append each slice along an axis, which disappears."""
    for at, made in enumerate(call.outputs):
        index = constant(draft, call, f"index{at}", np.asarray(at, np.int64))
        append(draft, call, "Gather", [source_of(call), index], [made], axis=call.integer("dim"))


def narrowed(draft: GraphDraft, call: Call) -> None:
    """Append a part along one axis, told by its first place and how many there are."""
    start = call.integer("start")
    numbers = (start, start + call.integer("length"), call.integer("dim"), 1)
    names = [
        constant(draft, call, what, np.asarray([each], np.int64))
        for what, each in zip(("start", "end", "axis", "step"), numbers, strict=True)
    ]
    append(draft, call, "Slice", [source_of(call), *names])


def picked(draft: GraphDraft, call: Call) -> None:
    """Append slices picked along an axis by constant numbers; other ways to pick are refused."""
    axis, numbers = call.integer("dim"), call.arguments.get("index")
    if call.name == "index":
        given = call.arguments.get("indices")
        at = [place for place, each in enumerate(given) if each is not None] if isinstance(given, list) else []
        numbers, axis = (given[at[0]], at[0]) if isinstance(given, list) and len(at) == 1 else (None, 0)
    array = None if numbers is None else draft.constant(str(numbers))
    if array is None or array.dtype.kind not in "iu":
        refused(draft, call)
    else:
        append(draft, call, "Gather", [source_of(call), constant(draft, call, "numbers", array.astype(np.int64))], axis=axis)


def flipped(draft: GraphDraft, call: Call) -> None:
    """Append a slice that goes backwards."""
    axes = call.integers("dims", 1, 0)
    names = [
        constant(draft, call, what, np.asarray([number] * len(axes) if number is not None else axes, np.int64))
        for what, number in (("start", -1), ("end", -(2**62)), ("axes", None), ("step", -1))
    ]
    append(draft, call, "Slice", [source_of(call), *names])


def rolled(draft: GraphDraft, call: Call) -> None:
    """Append, for each axis, its end before its beginning."""
    shifts, axes, source = call.integers("shifts", 1, 0), call.integers("dims", 1, 0), source_of(call)
    shape = draft.values[source].shape
    if len(shifts) != len(axes) or call.arguments.get("dims") in (None, []):
        refused(draft, call)
        return
    for at, (shift, axis) in enumerate(zip(shifts, axes, strict=True)):
        axis %= len(shape)
        extent = shape[axis]
        begins = extent - shift % extent
        pieces = []
        for start, end in ((begins, extent), (0, begins)):
            if end > start:
                limits = [
                    constant(draft, call, f"{what}{at}.{start}", np.asarray([each], np.int64))
                    for what, each in (("start", start), ("end", end), ("axis", axis))
                ]
                pieces.append(part(draft, call, "Slice", [source, *limits], (*shape[:axis], end - start, *shape[axis + 1 :])))
        if at == len(axes) - 1:
            append(draft, call, "Concat", pieces, axis=axis)
        else:
            source = part(draft, call, "Concat", pieces, shape, axis=axis)


def interleaved(draft: GraphDraft, call: Call) -> None:
    """Append each slice along an axis several times: an axis of its own behind it, repeated, and both one."""
    source, repeats, axis = source_of(call), call.arguments.get("repeats"), call.arguments.get("dim")
    shape = draft.values[source].shape
    if not isinstance(repeats, int) or not isinstance(axis, int):
        refused(draft, call)
        return
    axis %= max(len(shape), 1)
    behind = part(draft, call, "Reshape", [source], (*shape[: axis + 1], 1, *shape[axis + 1 :]))
    append(draft, call, "Reshape", [part(draft, call, "Expand", [behind], (*shape[: axis + 1], repeats, *shape[axis + 1 :]))])


def shuffled(draft: GraphDraft, call: Call) -> None:
    """Append channels of several groups one after the other: an axis of groups and one of channels change places."""
    source, groups = source_of(call), call.integer("groups", 1)
    shape = draft.values[source].shape
    apart = (shape[0], groups, shape[1] // groups, *shape[2:])
    turned = (apart[0], apart[2], apart[1], *apart[3:])
    grouped = part(draft, call, "Reshape", [source], apart)
    order = (0, 2, 1, *range(3, len(apart)))
    append(draft, call, "Reshape", [part(draft, call, "Transpose", [grouped], turned, perm=order)])


def counted(draft: GraphDraft, call: Call) -> None:
    """Keep the numbers from a first one in steps."""
    made = draft.values[call.outputs[0]]
    if math.prod(made.shape) > _MOST_FILLED or len(made.shape) != 1:
        refused(draft, call)
        return
    step = call.arguments.get("step", 1)
    element = made.element if made.element in ("int64", "int32", "float32") else "float32"
    numbers = call.real("start", 0.0) + np.arange(made.shape[0]) * (step if isinstance(step, int | float) else 1)
    draft.values[call.outputs[0]] = Value(made.shape, element, numbers.astype(element))


def triangle(*, upper: bool) -> Translation:
    """Return the translation of a triangle of a matrix; of one that is computed it is refused."""

    def translate(draft: GraphDraft, call: Call) -> None:
        array = draft.constant(source_of(call))
        if array is None:
            refused(draft, call)
        else:
            draft.values[call.outputs[0]].constant = (np.triu if upper else np.tril)(array, call.integer("diagonal"))

    return translate


def one_hot(draft: GraphDraft, call: Call) -> None:
    """Append a one where a number is that of the place."""
    depth = constant(draft, call, "depth", np.asarray(draft.values[call.outputs[0]].shape[-1], np.int64))
    values = constant(draft, call, "values", np.asarray([0, 1], np.int64))
    append(draft, call, "OneHot", [source_of(call), depth, values], axis=-1)
