"""Extents that a TensorFlow Lite file leaves open, given: the shape of every tensor behind them, operator by operator."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, InputError, LimitError, Location, SpecError, UnknownNameError
from costmodel.sources.importers.channels_last.draft import NUMPY_TYPES
from costmodel.sources.importers.channels_last.folding import small_value
from costmodel.sources.importers.tflite_schema import SAME
from costmodel.specs.imported_graph import ImportedGraph, ImportedOperator, ImportedTensor

Extents: TypeAlias = tuple[int, ...]
_MOST_ELEMENTS: Final = 1 << 40
_MOST_KNOWN: Final = 4096
"""Elements of a value that is computed on the way: shapes and places."""


def with_input_shapes(graph: ImportedGraph, given: Mapping[str, Extents]) -> ImportedGraph:
    """Return a graph whose inputs have given shapes.

    Parameters
    ----------
    graph : ImportedGraph
        Of a TensorFlow Lite file.
    given : mapping
        Shapes by input; the others keep theirs.

    Returns
    -------
    ImportedGraph
        With the shape of every tensor that follows.

    Raises
    ------
    InputError
        If an input is none of the file's, a shape differs where the file leaves nothing open, or an operator's output does not follow.
    """
    own = {graph.tensors[place].name: place for place in graph.inputs}
    changed: dict[int, Extents] = {}
    for name, shape in given.items():
        if name not in own:
            raise UnknownNameError("--input-shape", name, own, f"an input of {graph.name}")
        tensor = graph.tensors[own[name]]
        fixed = len(shape) != len(tensor.shape) or any(
            wanted != extent and axis not in tensor.open_axes
            for axis, (wanted, extent) in enumerate(zip(shape, tensor.shape, strict=False))
        )
        if fixed:
            found = "x".join("?" if axis in tensor.open_axes else str(extent) for axis, extent in enumerate(tensor.shape))
            asked = "x".join(map(str, shape))
            raise SpecError(f"--input-shape {name}={asked} does not fit the input {name!r} of {graph.name}, whose extents are {found}")
        if shape != tensor.shape:
            changed[own[name]] = shape
    closed = tuple(
        dataclasses.replace(tensor, open_axes=()) if tensor.name in given and place in own.values() else tensor
        for place, tensor in enumerate(graph.tensors)
    )
    return _Shapes(dataclasses.replace(graph, tensors=closed), changed).followed()


def open_extents_text(tensor: ImportedTensor) -> str | None:
    """Return how the shape of an input is given whose extents, beside the batch, the file leaves open and has no number for; else None."""
    if not any(axis > 0 and tensor.shape[axis] == 1 for axis in tensor.open_axes):
        return None
    return "x".join("<any>" if axis in tensor.open_axes and axis else str(extent) for axis, extent in enumerate(tensor.shape))


class _Shapes:
    def __init__(self, graph: ImportedGraph, changed: dict[int, Extents]) -> None:
        self.graph = graph
        self.shapes = changed
        self.known: dict[int, NDArray[Any]] = {}

    def followed(self) -> ImportedGraph:
        for at, operator in enumerate(self.graph.operators):
            self._follow(at, operator)
        tensors = tuple(
            dataclasses.replace(tensor, shape=self.shapes[place]) if place in self.shapes else tensor
            for place, tensor in enumerate(self.graph.tensors)
        )
        return dataclasses.replace(self.graph, tensors=tensors)

    def _follow(self, at: int, operator: ImportedOperator) -> None:
        moved = [place for place in operator.inputs if place in self.shapes or place in self.known]
        if not moved or not operator.outputs:
            return
        made = self.graph.tensors[operator.outputs[0]]
        if operator.kind == "SHAPE":
            self.known[operator.outputs[0]] = np.array(self.shape(operator, 0), NUMPY_TYPES.get(made.element, "<i4"))
            return
        values = [self.value(place) for place in operator.inputs if place >= 0]
        held = [value for value in values if value is not None]
        try:
            if len(held) == len(values) and made.element_count <= _MOST_KNOWN:
                found = small_value(operator, held, made)
                if found is not None:
                    self.known[operator.outputs[0]] = found
                    return
            if not any(place in self.shapes for place in operator.inputs):
                shapes = self._computed(operator)
            elif (rule := _RULES.get(operator.kind)) is not None:
                shapes = rule(self, operator)
            else:
                raise self.refused(at, operator, "what it makes of a shape that is given is not known")
        except (ValueError, IndexError, ZeroDivisionError, TypeError, OverflowError) as error:
            raise self.refused(at, operator, f"shapes that are given do not fit it ({type(error).__name__})") from None
        for place, shape in zip(operator.outputs, shapes, strict=True):
            if min(shape, default=1) < 1 or math.prod(shape) > _MOST_ELEMENTS:
                fault = LimitError if min(shape, default=1) >= 1 else FormatError
                raise fault(
                    f"operator {at} ({operator.kind}): with the shapes that are given it makes {list(shape)}", Location(self.graph.name)
                )
            if shape != self.graph.tensors[place].shape:
                self.shapes[place] = shape

    def _computed(self, operator: ImportedOperator) -> list[Extents]:
        """Shapes of what reads computed places alone, which its rule may turn on."""
        rule = _RULES.get(operator.kind)
        return [self.graph.tensors[place].shape for place in operator.outputs] if rule is None else rule(self, operator)

    def refused(self, at: int, operator: ImportedOperator, why: str) -> InputError:
        name = self.graph.tensors[operator.outputs[0]].name if operator.outputs else ""
        return FormatError(f"operator {at} ({operator.kind}, {name!r}): {why}", Location(self.graph.name))

    def tensor(self, operator: ImportedOperator, at: int) -> ImportedTensor:
        return self.graph.tensors[operator.inputs[at]]

    def shape(self, operator: ImportedOperator, at: int = 0) -> Extents:
        place = operator.inputs[at]
        return self.shapes.get(place, self.graph.tensors[place].shape)

    def value(self, place: int) -> NDArray[Any] | None:
        if place in self.known:
            return self.known[place]
        tensor = self.graph.tensors[place]
        code = NUMPY_TYPES.get(tensor.element)
        if tensor.constant is None or code is None or tensor.is_sparse or tensor.element_count > _MOST_KNOWN:
            return None
        return np.frombuffer(tensor.constant, code).reshape(tensor.shape)

    def wholes(self, operator: ImportedOperator, at: int) -> list[int]:
        found = self.value(operator.inputs[at])
        if found is None:
            raise ValueError(at)
        return [int(number) for number in found.reshape(-1)]


def _alike(at: int = 0) -> Callable[[_Shapes, ImportedOperator], list[Extents]]:
    return lambda shapes, operator: [shapes.shape(operator, at)]


def _broadcast(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    return [tuple(np.broadcast_shapes(*(shapes.shape(operator, at) for at in range(len(operator.inputs)))))]


def _outputs(operator: ImportedOperator, extents: Sequence[int], kernel: Sequence[int]) -> Extents:
    found = []
    for extent, taps, side in zip(extents, kernel, ("rows", "columns"), strict=True):
        stride, reach = operator.whole(f"stride_{side}"), (taps - 1) * operator.whole(f"dilation_{side}", 1) + 1
        found.append(-(-(extent if operator.whole("padding") == SAME else extent - reach + 1) // stride))
    return tuple(found)


def _convolution(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    batch, rows, columns, _ = shapes.shape(operator)
    filters = shapes.shape(operator, 1)
    made = _outputs(operator, (rows, columns), filters[1:3])
    return [(batch, *made, filters[3] if operator.kind == "DEPTHWISE_CONV_2D" else filters[0])]


def _pooling(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    batch, rows, columns, channels = shapes.shape(operator)
    kernel = (operator.whole("kernel_rows"), operator.whole("kernel_columns"))
    return [(batch, *_outputs(operator, (rows, columns), kernel), channels)]


def _linear(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    source, (outputs, inputs) = shapes.shape(operator), shapes.shape(operator, 1)
    return [(*source[:-1], outputs) if operator.whole("keep_dimensions") else (math.prod(source) // inputs, outputs)]


def _reshaped(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    count = math.prod(shapes.shape(operator))
    target = shapes.wholes(operator, 1) if len(operator.inputs) > 1 else list(operator.wholes("new_shape"))
    if -1 in target:
        target[target.index(-1)] = count // -math.prod(target)
    if math.prod(target) != count:
        raise ValueError(target)
    return [tuple(target)]


def _expanded(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    shape, (axis,) = list(shapes.shape(operator)), shapes.wholes(operator, 1)
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return [tuple(shape)]


def _squeezed(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    shape = shapes.shape(operator)
    gone = {axis % len(shape) for axis in operator.wholes("axes")} or {axis for axis, extent in enumerate(shape) if extent == 1}
    return [tuple(extent for axis, extent in enumerate(shape) if axis not in gone)]


def _turned(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    shape = shapes.shape(operator)
    return [tuple(shape[axis] for axis in shapes.wholes(operator, 1))]


def _reduced(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    shape = shapes.shape(operator)
    gone = {axis % len(shape) for axis in shapes.wholes(operator, 1)}
    if operator.whole("keep_dimensions"):
        return [tuple(1 if axis in gone else extent for axis, extent in enumerate(shape))]
    return [tuple(extent for axis, extent in enumerate(shape) if axis not in gone)]


def _joined(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    parts = [shapes.shape(operator, at) for at in range(len(operator.inputs))]
    axis = operator.whole("axis") % len(parts[0])
    return [(*parts[0][:axis], sum(part[axis] for part in parts), *parts[0][axis + 1 :])]


def _packed(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    shape = list(shapes.shape(operator))
    axis = operator.whole("axis")
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, len(operator.inputs))
    return [tuple(shape)]


def _unpacked(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    shape = list(shapes.shape(operator))
    if shape.pop(operator.whole("axis")) != len(operator.outputs):
        raise ValueError(shape)
    return [tuple(shape)] * len(operator.outputs)


def _split(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    shape, (axis,) = shapes.shape(operator, 1), shapes.wholes(operator, 0)
    axis %= len(shape)
    part = shape[axis] // len(operator.outputs)
    return [(*shape[:axis], part, *shape[axis + 1 :])] * len(operator.outputs)


def _cut(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    starts, sizes = shapes.wholes(operator, 1), shapes.wholes(operator, 2)
    return [
        tuple(extent - start if size == -1 else size for extent, start, size in zip(shapes.shape(operator), starts, sizes, strict=True))
    ]


def _strided(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    if operator.whole("ellipsis_mask") or operator.whole("new_axis_mask"):
        raise ValueError(operator.kind)
    shape = shapes.shape(operator)
    begin, end, steps = (shapes.wholes(operator, at) for at in (1, 2, 3))
    found = []
    for axis, extent in enumerate(shape):
        bit = 1 << axis
        if axis >= len(steps):
            found.append(extent)
        elif not operator.whole("shrink_axis_mask") & bit:
            first = None if operator.whole("begin_mask") & bit else begin[axis]
            found.append(len(range(extent)[slice(first, None if operator.whole("end_mask") & bit else end[axis], steps[axis])]))
    return [tuple(found)]


def _padded(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    widths = shapes.wholes(operator, 1)
    return [tuple(extent + widths[2 * axis] + widths[2 * axis + 1] for axis, extent in enumerate(shapes.shape(operator)))]


def _product(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    left, right = shapes.shape(operator), shapes.shape(operator, 1)
    rows = left[-1] if operator.whole("adjoint_left") else left[-2]
    columns = right[-2] if operator.whole("adjoint_right") else right[-1]
    return [(*np.broadcast_shapes(left[:-2], right[:-2]), rows, columns)]


def _resized(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    batch, _, _, channels = shapes.shape(operator)
    return [(batch, *shapes.wholes(operator, 1), channels)]


def _sequence(shapes: _Shapes, operator: ImportedOperator) -> list[Extents]:
    return [(*shapes.shape(operator)[:-1], shapes.graph.tensors[operator.outputs[0]].shape[-1])]


_ALIKE: Final = (
    "ABS CAST CEIL COS CUMSUM DEQUANTIZE ELU EXP FLOOR GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOG LOGICAL_NOT LOGISTIC LOG_SOFTMAX NEG"
    " QUANTIZE RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 REVERSE_V2 ROUND RSQRT SIGN SIN SOFTMAX SQRT SQUARE TANH"
)
_PAIRED: Final = (
    "ADD ADD_N DIV EQUAL FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR MAXIMUM MINIMUM MUL NOT_EQUAL POW"
    " PRELU SELECT_V2 SQUARED_DIFFERENCE SUB"
)
_REDUCING: Final = "ARG_MAX ARG_MIN MEAN REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD SUM"
_RULES: Final[Mapping[str, Callable[[_Shapes, ImportedOperator], list[Extents]]]] = {
    **dict.fromkeys(_ALIKE.split(), _alike()),
    **dict.fromkeys(_PAIRED.split(), _broadcast),
    **dict.fromkeys(_REDUCING.split(), _reduced),
    "AVERAGE_POOL_2D": _pooling,
    "BATCH_MATMUL": _product,
    "CONCATENATION": _joined,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "EXPAND_DIMS": _expanded,
    "FULLY_CONNECTED": _linear,
    "MAX_POOL_2D": _pooling,
    "MIRROR_PAD": _padded,
    "PACK": _packed,
    "PAD": _padded,
    "PADV2": _padded,
    "RESHAPE": _reshaped,
    "RESIZE_BILINEAR": _resized,
    "RESIZE_NEAREST_NEIGHBOR": _resized,
    "SLICE": _cut,
    "SPLIT": _split,
    "SQUEEZE": _squeezed,
    "STRIDED_SLICE": _strided,
    "TRANSPOSE": _turned,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _sequence,
    "UNPACK": _unpacked,
}
"""The shapes that an operator makes of those it reads."""
