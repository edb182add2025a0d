"""Arithmetic on shapes and constants that a file carries, computed once on reading: one function an operator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, Node

MOST_FOLDED: Final = 1 << 26
"""Elements of a folded constant at the most."""
Inputs = Sequence[Array | None]


def folded(node: Node, inputs: Inputs) -> Array | None:
    """Return what a node makes of constants.

    Parameters
    ----------
    node : Node
        With one output.
    inputs : sequence of array or None
        Its inputs; None for one left out.

    Returns
    -------
    array or None
        None where its operator is not computed here, or its constants do not fit it.
    """
    compute = _FOLDS.get(node.kind)
    if compute is None or len(node.outputs) != 1:
        return None
    try:
        with np.errstate(all="ignore"):
            found = compute(node, inputs)
    except (ValueError, IndexError, TypeError, OverflowError, KeyError, AttributeError, ZeroDivisionError, MemoryError):
        # What does not fit is left to shape inference, which says what is wrong with it.
        return None
    return None if found is None or found.size > MOST_FOLDED else found


def split_parts(node: Node, inputs: Inputs) -> list[Array] | None:
    """Return what a split makes of a constant; None where its sizes do not fit it."""
    data, axis, count = inputs[0], node.integer("axis"), len(node.outputs)
    given = inputs[1] if len(inputs) > 1 else None
    sizes = node.integers("split") if given is None else tuple(int(size) for size in given.reshape(-1))
    if data is None or not -data.ndim <= axis < data.ndim:
        return None
    extent = data.shape[axis]
    if sizes is None:
        each = -(-extent // count)
        sizes = (*[each] * (count - 1), extent - each * (count - 1))
    if len(sizes) != count or min(sizes) < 0 or sum(sizes) != extent:
        return None
    return [np.ascontiguousarray(piece) for piece in np.split(data, np.cumsum(sizes)[:-1], axis=axis)]


def _first(inputs: Inputs, at: int = 0) -> Array:
    found = inputs[at]
    if found is None:
        raise ValueError("left out")
    return found


def _axes(node: Node, inputs: Inputs, at: int = 1) -> tuple[int, ...] | None:
    if len(inputs) > at and inputs[at] is not None:
        return tuple(int(axis) for axis in _first(inputs, at).reshape(-1))
    return node.integers("axes")


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Node, Inputs], Array]:
    def compute(_node: Node, inputs: Inputs) -> Array:
        a, b = _first(inputs), _first(inputs, 1)
        if math.prod(np.broadcast_shapes(a.shape, b.shape)) > MOST_FOLDED:
            raise ValueError("too large")
        return np.asarray(function(a, b))

    return compute


def _unary(function: Callable[[Any], Any]) -> Callable[[Node, Inputs], Array]:
    return lambda _node, inputs: np.asarray(function(_first(inputs)))


def _divided(a: Array, b: Array) -> Array:
    if np.issubdtype(a.dtype, np.integer):
        # Whole numbers are divided towards zero.
        return np.asarray(np.trunc(a / b)).astype(a.dtype)
    return np.asarray(a / b)


def _cast(node: Node, inputs: Inputs) -> Array | None:
    names = {1: "f4", 2: "u1", 3: "i1", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8"}
    code = names.get(node.integer("to"))
    return None if code is None else _first(inputs).astype(code)


def _cast_like(_node: Node, inputs: Inputs) -> Array:
    return _first(inputs).astype(_first(inputs, 1).dtype)


def _concat(node: Node, inputs: Inputs) -> Array:
    return np.concatenate([_first(inputs, at) for at in range(len(inputs))], axis=node.integer("axis"))


def _gather(node: Node, inputs: Inputs) -> Array:
    data, indices = _first(inputs), _first(inputs, 1)
    if indices.size * max(data.size, 1) > MOST_FOLDED:
        raise ValueError("too large")
    return np.asarray(np.take(data, indices.astype(np.int64), axis=node.integer("axis")))


def _unsqueeze(node: Node, inputs: Inputs) -> Array:
    return np.expand_dims(_first(inputs), _axes(node, inputs) or ())


def _squeeze(node: Node, inputs: Inputs) -> Array:
    return np.squeeze(_first(inputs), axis=_axes(node, inputs))


def _reshape(node: Node, inputs: Inputs) -> Array:
    data, given = _first(inputs), [int(extent) for extent in _first(inputs, 1).reshape(-1)]
    if not node.integer("allowzero"):
        given = [data.shape[at] if extent == 0 else extent for at, extent in enumerate(given)]
    return data.reshape(given)


def _flatten(node: Node, inputs: Inputs) -> Array:
    data, axis = _first(inputs), node.integer("axis", 1)
    return data.reshape(math.prod(data.shape[:axis]), -1)


def _transpose(node: Node, inputs: Inputs) -> Array:
    return np.ascontiguousarray(np.transpose(_first(inputs), node.integers("perm")))


def _slice(node: Node, inputs: Inputs) -> Array:
    data = _first(inputs)
    if len(inputs) > 1:
        starts, ends = (_first(inputs, at).reshape(-1).tolist() for at in (1, 2))
        axes = _first(inputs, 3).reshape(-1).tolist() if len(inputs) > 3 and inputs[3] is not None else list(range(len(starts)))
        steps = _first(inputs, 4).reshape(-1).tolist() if len(inputs) > 4 and inputs[4] is not None else [1] * len(starts)
    else:
        starts, ends = list(node.integers("starts") or ()), list(node.integers("ends") or ())
        axes, steps = list(node.integers("axes") or range(len(starts))), [1] * len(starts)
    places = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        extent = data.shape[axis]
        # The end of a backward slice that reaches the first element is a large negative number.
        places[axis] = slice(start, None if step < 0 and end < -extent else end, step)
    return np.ascontiguousarray(data[tuple(places)])


def _constant_of_shape(node: Node, inputs: Inputs) -> Array:
    extents = [int(extent) for extent in _first(inputs).reshape(-1)]
    if min(extents, default=0) < 0 or math.prod(extents) > MOST_FOLDED:
        raise ValueError("too large")
    value = node.attributes.get("value", 0.0)
    return np.full(extents, value, dtype=np.int64 if isinstance(value, int) else np.float32)


def _expand(_node: Node, inputs: Inputs) -> Array:
    data = _first(inputs)
    shape = np.broadcast_shapes(data.shape, tuple(int(extent) for extent in _first(inputs, 1).reshape(-1)))
    if math.prod(shape) > MOST_FOLDED:
        raise ValueError("too large")
    return np.ascontiguousarray(np.broadcast_to(data, shape))


def _tile(_node: Node, inputs: Inputs) -> Array:
    data, repeats = _first(inputs), _first(inputs, 1).reshape(-1)
    if data.size * math.prod(int(repeat) for repeat in repeats) > MOST_FOLDED:
        raise ValueError("too large")
    return np.tile(data, repeats)


def _range(_node: Node, inputs: Inputs) -> Array:
    start, stop, step = (_first(inputs, at).reshape(()) for at in range(3))
    if (float(stop) - float(start)) / float(step) > MOST_FOLDED:
        raise ValueError("too large")
    return np.asarray(np.arange(start.item(), stop.item(), step.item()), dtype=start.dtype)


def _where(_node: Node, inputs: Inputs) -> Array:
    return np.where(_first(inputs), _first(inputs, 1), _first(inputs, 2))


def _product(node: Node, inputs: Inputs) -> Array:
    return np.asarray(np.prod(_first(inputs), axis=_axes(node, inputs), keepdims=bool(node.integer("keepdims", 1))))


def _reduced(function: Callable[..., Any]) -> Callable[[Node, Inputs], Array]:
    def compute(node: Node, inputs: Inputs) -> Array:
        return np.asarray(function(_first(inputs), axis=_axes(node, inputs) or None, keepdims=bool(node.integer("keepdims", 1))))

    return compute


def _length(array: Array, axis: Any, keepdims: bool) -> Array:
    return np.asarray(np.sqrt(np.sum(np.square(array), axis=axis, keepdims=keepdims)))


def _matrix_product(_node: Node, inputs: Inputs) -> Array:
    a, b = _first(inputs), _first(inputs, 1)
    if a.size * (b.shape[-1] if b.ndim > 1 else 1) > MOST_FOLDED:
        raise ValueError("too large")
    return np.asarray(a @ b)


def _triangle(node: Node, inputs: Inputs) -> Array:
    diagonal = int(_first(inputs, 1).reshape(-1)[0]) if len(inputs) > 1 and inputs[1] is not None else 0
    return np.asarray((np.triu if node.integer("upper", 1) else np.tril)(_first(inputs), diagonal))


def _running_sum(node: Node, inputs: Inputs) -> Array:
    if node.integer("exclusive") or node.integer("reverse"):
        raise ValueError("not computed")
    return np.cumsum(_first(inputs), axis=int(_first(inputs, 1).reshape(-1)[0]))


def _clip(node: Node, inputs: Inputs) -> Array:
    found = _first(inputs)
    for at, name, bounded in ((1, "min", np.maximum), (2, "max", np.minimum)):
        bound = inputs[at] if len(inputs) > at else node.attributes.get(name)
        if bound is not None:
            found = np.asarray(bounded(found, np.asarray(bound, found.dtype).reshape(())))
    return found


def _identity(_node: Node, inputs: Inputs) -> Array:
    return _first(inputs)


_FOLDS: Final[Mapping[str, Callable[[Node, Inputs], Array | None]]] = {
    "Abs": _unary(np.abs),
    "Add": _binary(np.add),
    "And": _binary(np.logical_and),
    "Cast": _cast,
    "CastLike": _cast_like,
    "Ceil": _unary(np.ceil),
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Cos": _unary(np.cos),
    "CumSum": _running_sum,
    "Div": _binary(_divided),
    "Equal": _binary(np.equal),
    "Exp": _unary(np.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Floor": _unary(np.floor),
    "Gather": _gather,
    "Greater": _binary(np.greater),
    "GreaterOrEqual": _binary(np.greater_equal),
    "Identity": _identity,
    "Less": _binary(np.less),
    "LessOrEqual": _binary(np.less_equal),
    "Log": _unary(np.log),
    "MatMul": _matrix_product,
    "Max": _binary(np.maximum),
    "Min": _binary(np.minimum),
    "Mod": _binary(np.mod),
    "Mul": _binary(np.multiply),
    "Neg": _unary(np.negative),
    "Not": _unary(np.logical_not),
    "Or": _binary(np.logical_or),
    "Pow": _binary(np.power),
    "Range": _range,
    "Reciprocal": _unary(lambda array: 1 / array),
    "ReduceL2": _reduced(_length),
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceProd": _product,
    "ReduceSum": _reduced(np.sum),
    "Reshape": _reshape,
    "Sin": _unary(np.sin),
    "Slice": _slice,
    "Sqrt": _unary(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _binary(np.subtract),
    "Tanh": _unary(np.tanh),
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _triangle,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
    "Xor": _binary(np.logical_xor),
}
"""How each operator is computed on constants."""
