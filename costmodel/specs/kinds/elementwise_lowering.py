"""Lowerings and boxes of layers that compute each output from the elements in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.columns import Number, any_true, is_column, larger
from costmodel.errors import ShapeError
from costmodel.specs.kinds.boxes import Box, Interval, ShapeBox, most_elements
from costmodel.specs.kinds.layer_lowering import Lowered
from costmodel.specs.shapes import Shape, element_count, shape_text
from costmodel.specs.work import Passes

if TYPE_CHECKING:
    from costmodel.specs.operations import Operation


def lower_pass(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower one pass: each element is read, and written clamped or in its other form."""
    count = element_count(inputs[0])
    return Lowered(Passes(operation, layer, tuple(inputs), inputs[0], count, count), inputs[0])


def lower_unary(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a function of each element: a pass, and as many look-ups where it has a table."""
    count = element_count(inputs[0])
    work = Passes(operation, layer, tuple(inputs), inputs[0], count, count, weights=count if layer.table else 0)
    return Lowered(work, inputs[0])


def unary_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a function of each element."""
    return Box(most_elements(inputs[0]), inputs[0])


def lower_binary(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower arithmetic of several operands: each output reads one element of each."""
    shapes = list(inputs) if layer.constant is None else [*inputs, layer.constant]
    if len(shapes) < 2:
        raise ShapeError(layer.name, f"{layer.function} needs two operands: two inputs, or one and a constant")
    output = shapes[0]
    for other in shapes[1:]:
        output = _broadcast(layer, output, other)
    count = element_count(output)
    has_constant = layer.constant is not None
    reads = count * len(inputs)
    work = Passes(operation, layer, tuple(inputs), output, reads, count, weights=count if has_constant else 0)
    return Lowered(work, output, element_count(layer.constant) if has_constant else 0)


def binary_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound arithmetic of several operands: no output has more elements than the largest extents give."""
    shapes: list[ShapeBox] = list(inputs)
    if layer.constant is not None:
        shapes.append(tuple(Interval(extent, extent) for extent in layer.constant))
    output = shapes[0]
    for other in shapes[1:]:
        rank = max(len(output), len(other))
        one = Interval(1, 1)
        a, b = ((*shape, *[one] * (rank - len(shape))) for shape in (output, other))
        output = tuple(Interval(min(x.low, y.low), max(x.high, y.high)) for x, y in zip(a, b, strict=True))
    return Box((len(shapes) + 1) * most_elements(output), output)


def _broadcast(layer: Any, a: Shape, b: Shape) -> Shape:
    """Return the shape of two operands together: first axes meet, missing last extents are 1."""
    rank = max(len(a), len(b))
    extents: list[Number] = []
    for x, y in zip((*a, *[1] * (rank - len(a))), (*b, *[1] * (rank - len(b))), strict=True):
        if any_true(differ := (x != y) & (x != 1) & (y != 1)):
            if is_column(differ):
                raise ShapeError(layer.name, "its operands have different shapes", where=differ)
            raise ShapeError(layer.name, f"{layer.function} cannot combine {shape_text(a)} and {shape_text(b)}")
        extents.append(larger(x, y))
    return tuple(extents)
