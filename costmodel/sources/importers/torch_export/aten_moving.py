"""Operators of PyTorch that move, rename, repeat or fill, in ONNX's."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Value
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, constant, source_of, tensors_of
from costmodel.sources.importers.torch_export.program import Call

_MOST_FILLED: Final = 1 << 24
"""Elements of a constant that a program fills with one number, at the most."""


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
    """Append a split."""
    append(draft, call, "Split", [source_of(call)], axis=call.integer("dim"))


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
    mode = call.arguments.get("mode") or "constant"
    number = call.real("value", 0.0)
    append(draft, call, "Pad", [source_of(call)], pads=tuple(widths), mode=str(mode), value=number)


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
        order = [axis % rank for axis in call.integers("dims", 0, 0)]
    else:
        a, b = (call.integer(name, default) % max(rank, 1) for name, default in (("dim0", 0), ("dim1", 1)))
        order[a], order[b] = order[b], order[a]
    append(draft, call, "Transpose", [source_of(call)], perm=tuple(order))


def same(draft: GraphDraft, call: Call) -> None:
    """Append what hands on its input, in another element type perhaps."""
    source = source_of(call)
    if (array := draft.constant(source)) is not None:
        draft.values[call.outputs[0]] = Value(array.shape, draft.values[source].element, array)
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
