"""Operators that pad, pick or multiply along axes, written out."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.sources.importers.channels_first.written_out.parts import Parts

_END: Final = 2**62
_MOST_PLACES: Final = 1 << 20
"""Numbers that one is compared with, at the most."""


def around(parts: Parts) -> bool:
    """A padding with what lies at the other end: along each axis, parts of the tensor one after the other."""
    node, rank = parts.node, len(parts.shape())
    given = parts.draft.constant(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] else None
    widths = node.integers("pads") or () if given is None else tuple(int(width) for width in given.reshape(-1))
    if (
        node.attributes.get("mode") != "wrap"
        or len(widths) != 2 * rank
        or min(widths) < 0
        or len([name for name in node.inputs if name]) > 3
    ):
        return False
    source = parts.source
    grown = [axis for axis in range(rank) if widths[axis] or widths[rank + axis]]
    for axis in grown:
        shape, before, after = parts.shape(source), widths[axis], widths[rank + axis]
        if max(before, after) > shape[axis]:
            return False
        pieces = [source]
        for width, start, end, at in ((before, shape[axis] - before, _END, 0), (after, 0, after, 2)):
            if width:
                cut = [parts.places(start), parts.places(end), parts.places(axis)]
                pieces.insert(at, parts.add("Slice", [source, *cut], (*shape[:axis], width, *shape[axis + 1 :])))
        joined = (*shape[:axis], shape[axis] + before + after, *shape[axis + 1 :])
        if axis == grown[-1]:
            return parts.last("Concat", pieces, axis=axis)
        source = parts.add("Concat", pieces, joined, axis=axis)
    return False


def picked(parts: Parts) -> bool:
    """Numbers that lie in a table pick as if they were one after the other."""
    node, shape = parts.node, parts.shape()
    indices = parts.draft.constant(node.inputs[1])
    if indices is None or parts.draft.constant(parts.source) is not None or not shape:
        return False
    axis = node.integer("axis")
    if node.kind == "GatherND":
        axis = node.integer("batch_dims")
        if axis != 0 or indices.ndim < 2 or indices.shape[-1] != 1:
            return False
        indices = indices.reshape(indices.shape[:-1])
    axis %= len(shape)
    if indices.ndim == 1:
        return node.kind == "GatherND" and parts.last("Gather", [parts.source, parts.places(*indices.tolist())], axis=axis)
    if indices.ndim == 0:
        return False
    flat = parts.places(*(int(each) for each in indices.reshape(-1)))
    return parts.last("Reshape", [parts.add("Gather", [parts.source, flat], (*shape[:axis], indices.size, *shape[axis + 1 :]), axis=axis)])


def vectors(parts: Parts) -> bool:
    """A vector in a product of matrices is a matrix of one column, or of one row, whose axis goes again."""
    first, second = parts.node.inputs[:2]
    a, b, made = parts.shape(first), parts.shape(second), parts.made.shape
    if len(a) != 1 and len(b) != 1:
        return False
    operands = []
    for name, shape in ((first, (1, *a) if len(a) == 1 else a), (second, (*b, 1) if len(b) == 1 else b)):
        array = parts.draft.constant(name)
        if array is not None:
            operands.append(parts.number(array.reshape(shape)))
        else:
            operands.append(name if shape == parts.shape(name) else parts.add("Reshape", [name], shape))
    wide = (*(made if len(a) != 1 else (*made[:-1], 1, *made[-1:]) if len(b) != 1 else (1,)), *((1,) if len(b) == 1 else ()))
    return parts.last("Reshape", [parts.add("MatMul", operands, wide)])


def one_hot(parts: Parts) -> bool:
    """A one where a number is that of the place: compared with every number."""
    node, shape, made = parts.node, parts.shape(), parts.made
    depth = parts.draft.constant(node.inputs[1]) if len(node.inputs) > 2 else None
    values = parts.draft.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    if depth is None or values is None or values.reshape(-1).tolist() != [0, 1]:
        return False
    axis = node.integer("axis", -1) % (len(shape) + 1)
    count = made.shape[axis]
    if count > _MOST_PLACES:
        return False
    column = parts.add("Reshape", [parts.source], (*shape[:axis], 1, *shape[axis:]))
    numbers = np.arange(count).reshape([-1 if at == axis else 1 for at in range(len(made.shape))])
    same = parts.add("Equal", [column, parts.number(numbers)], made.shape, "bool")
    return parts.last("Cast", [same])
