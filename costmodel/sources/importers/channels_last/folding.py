"""Operators whose inputs are all constant, or only a shape: computed once on reading, as a converter would have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError
from costmodel.sources.importers.channels_last.draft import NUMPY_TYPES, Draft
from costmodel.specs.imported_graph import ImportedOperator, ImportedTensor

_MOST_COMPUTED: Final = 4096
"""Elements up to which a constant is computed at once: shapes and places. Larger ones are weights, and computed when they are asked for."""
_SAME_NUMBERS: Final = frozenset({"DEQUANTIZE", "DENSIFY", "CAST"})
"""Operators that give a constant another form; what is stored is what they read."""
Values = Sequence[NDArray[Any]]


def folds(draft: Draft, operator: ImportedOperator) -> bool:
    """Compute an operator whose outputs are constant; tell whether it was one."""
    if operator.kind == "SHAPE":
        shape = draft.tensor(operator, 0).shape
        draft.folded[operator.outputs[0]] = np.array(shape, NUMPY_TYPES.get(draft.output(operator).element, "<i4"))
        draft.view(f"the shape is known: {list(shape)}")
        return True
    read = [place for place in operator.inputs if place >= 0]
    if not read or not operator.outputs or not all(draft.is_constant(place) for place in read):
        return False
    if operator.kind not in _COMPUTED and operator.kind not in _SAME_NUMBERS:
        return False
    target = draft.output(operator)
    if operator.kind in _SAME_NUMBERS:
        draft.stored[operator.outputs[0]] = draft.stored.get(read[0], read[0])
    small = target.element_count <= _MOST_COMPUTED and all(draft.graph.tensors[place].element_count <= _MOST_COMPUTED for place in read)
    values = [draft.array(place) for place in read] if small or operator.kind == "DEQUANTIZE" else []
    draft.folded[operator.outputs[0]] = _value(draft, operator, read, values, target)
    draft.view("constant: computed once, on reading")
    return True


def _value(
    draft: Draft, operator: ImportedOperator, read: Sequence[int], values: Sequence[NDArray[Any] | None], target: ImportedTensor
) -> NDArray[Any] | None:
    code = NUMPY_TYPES.get(target.element)
    known = [value for value in values if value is not None]
    if code is None or len(known) != len(read) or operator.kind == "DENSIFY":
        return None
    if operator.kind == "DEQUANTIZE":
        return dequantised(draft.graph.tensors[read[0]], known[0]).astype(code)
    try:
        return small_value(operator, known, target)
    except (ValueError, IndexError, OverflowError, TypeError) as error:
        raise draft.refused(operator, f"its constants do not fit together ({type(error).__name__})") from None


def small_value(operator: ImportedOperator, values: Values, target: ImportedTensor) -> NDArray[Any] | None:
    """Return what an operator makes of constants; None where it is none that is computed on reading.

    Raises
    ------
    ValueError, IndexError, OverflowError, TypeError
        If they do not fit together.
    """
    code = NUMPY_TYPES.get(target.element)
    if code is None:
        return None
    if operator.kind == "CAST":
        return values[0].astype(code)
    if (compute := _COMPUTED.get(operator.kind)) is None:
        return None
    with np.errstate(all="ignore"):
        found = np.asarray(compute(operator, values), code)
    return found.reshape(target.shape) if found.size == math.prod(target.shape) else None


def dequantised(tensor: ImportedTensor, steps: NDArray[Any]) -> NDArray[np.float64]:
    """Return the real numbers that a constant's steps stand for; floats as they are."""
    if not tensor.scales or steps.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return steps.astype(np.float64)
    scales, zeros = np.array(tensor.scales, np.float64), np.array(tensor.zero_points or (0,), np.float64)
    if len(scales) > 1 or len(zeros) > 1:
        # A bias has one axis, whatever its scales say of the filters' axes.
        axis = tensor.channel_axis if 0 <= tensor.channel_axis < steps.ndim else steps.ndim - 1
        if axis < 0 or steps.shape[axis] != len(scales) or len(zeros) not in (1, len(scales)):
            raise FormatError(f"the constant {tensor.name!r} of shape {list(steps.shape)} has {len(scales)} scales")
        shape = [1] * steps.ndim
        shape[axis] = len(scales)
        scales, zeros = scales.reshape(shape), (zeros.reshape(shape) if len(zeros) > 1 else zeros)
    return (steps.astype(np.float64) - zeros) * scales


def _strided(operator: ImportedOperator, values: Values) -> NDArray[Any]:
    source, begin, end, steps = values
    taken: list[Any] = []
    for axis, (first, last, step) in enumerate(zip(begin.tolist(), end.tolist(), steps.tolist(), strict=True)):
        bit = 1 << axis
        if operator.whole("shrink_axis_mask") & bit:
            taken.append(first)
            continue
        taken.append(slice(None if operator.whole("begin_mask") & bit else first, None if operator.whole("end_mask") & bit else last, step))
    return np.asarray(source[tuple(taken)])


def _filled(_operator: ImportedOperator, values: Values) -> NDArray[Any]:
    shape = tuple(values[0].reshape(-1).tolist())
    if not 0 <= math.prod(shape) <= _MOST_COMPUTED or min(shape, default=0) < 0:
        raise ValueError(shape)
    return np.full(shape, values[1].reshape(-1)[0])


def _counted(_operator: ImportedOperator, values: Values) -> NDArray[Any]:
    start, stop, step = (value.reshape(-1)[0].item() for value in values)
    if step == 0 or not math.isfinite(start + stop + step) or abs(stop - start) > _MOST_COMPUTED * abs(step):
        raise ValueError(step)
    return np.arange(start, stop, step)


_COMPUTED: Final[Mapping[str, Callable[[ImportedOperator, Values], NDArray[Any]]]] = {
    "ADD": lambda _, values: values[0] + values[1],
    "CONCATENATION": lambda operator, values: np.concatenate([np.atleast_1d(value) for value in values], operator.whole("axis")),
    "DIV": lambda _, values: values[0] // values[1] if values[0].dtype.kind in "iu" else values[0] / values[1],
    "EQUAL": lambda _, values: values[0] == values[1],
    "EXPAND_DIMS": lambda _, values: values[0],
    "FILL": _filled,
    "FLOOR_DIV": lambda _, values: values[0] // values[1],
    "GATHER": lambda operator, values: np.take(values[0], values[1], axis=operator.whole("axis")),
    "GREATER": lambda _, values: values[0] > values[1],
    "GREATER_EQUAL": lambda _, values: values[0] >= values[1],
    "LESS": lambda _, values: values[0] < values[1],
    "LESS_EQUAL": lambda _, values: values[0] <= values[1],
    "LOGICAL_AND": lambda _, values: np.logical_and(*values),
    "LOGICAL_NOT": lambda _, values: np.logical_not(values[0]),
    "LOGICAL_OR": lambda _, values: np.logical_or(*values),
    "MAXIMUM": lambda _, values: np.maximum(*values),
    "MINIMUM": lambda _, values: np.minimum(*values),
    "MUL": lambda _, values: values[0] * values[1],
    "NOT_EQUAL": lambda _, values: values[0] != values[1],
    "PACK": lambda operator, values: np.stack(values, operator.whole("axis")),
    "RANGE": _counted,
    "REDUCE_PROD": lambda _, values: np.prod(values[0], axis=tuple(values[1].reshape(-1).tolist())),
    "RESHAPE": lambda _, values: values[0],
    "SLICE": lambda _, values: values[0][
        tuple(slice(a, None if b == -1 else a + b) for a, b in zip(values[1].tolist(), values[2].tolist(), strict=True))
    ],
    "SQUEEZE": lambda _, values: values[0],
    "STRIDED_SLICE": _strided,
    "SUB": lambda _, values: values[0] - values[1],
    "TRANSPOSE": lambda _, values: values[0].transpose(values[1].reshape(-1).tolist()),
}
"""How shapes and places are computed."""
