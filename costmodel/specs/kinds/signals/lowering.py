"""Lowerings and boxes of running sums, transforms, filter banks and the choice among boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.columns import Number, any_true, floor_div, is_column
from costmodel.errors import ShapeError
from costmodel.specs.kinds.boxes import Box, Interval, ShapeBox, most_elements
from costmodel.specs.kinds.layer_lowering import Lowered
from costmodel.specs.shapes import Shape, element_count, shape_text
from costmodel.specs.work import Passes

if TYPE_CHECKING:
    from costmodel.specs.operations import Operation

COORDINATES = 4
"""Numbers that say where a box is."""
_PICKED = COORDINATES + 2
"""Numbers of a picked box: where it is, its class and its score."""


def _refuse(layer: Any, wrong: Any, why: str) -> None:
    if any_true(wrong):
        raise ShapeError(layer.name, why, where=wrong) if is_column(wrong) else ShapeError(layer.name, why)


def lower_cumulative(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower running sums: each element is read once, added, and the sum so far written."""
    (shape,) = inputs
    if layer.axis >= len(shape):
        raise ShapeError(layer.name, f"its axis {layer.axis} is beyond its input of {shape_text(shape)}")
    count = element_count(shape)
    return Lowered(Passes(operation, layer, tuple(inputs), shape, count, count, operations=count, scratch=1), shape)


def cumulative_box(_layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound running sums."""
    return Box(most_elements(inputs[0]), inputs[0])


def lower_fft(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a transform of N real samples as one of N/2 complex ones, by two at a time, and their separation.

    Each of log2(N/2) stages reads and writes N numbers of scratch and has N/4 butterflies of a twiddle factor (2 reads), a complex product
    (4 multiply-accumulates) and two complex sums (4 additions). The separation takes places from both ends in pairs: a product and 8
    additions a pair.
    """
    (shape,) = inputs
    points = layer.points
    if points & (points - 1):
        raise ShapeError(layer.name, f"its {points} points are no power of two")
    if len(shape) != 1:
        raise ShapeError(layer.name, f"it needs samples in one row, found {shape_text(shape)}")
    _refuse(layer, shape[0] > points, f"it has {points} points, fewer than its input's {shape[0]} samples")
    stages, pairs = (points // 2).bit_length() - 1, points // 4 - 1
    output = (points + 2,)
    work = Passes(
        operation,
        layer,
        tuple(inputs),
        output,
        shape[0],
        points + 2,
        weights=stages * points // 2 + 2 * pairs,
        macs=stages * points + 4 * pairs,
        operations=stages * points + 8 * pairs + 2,
        psums=points * (stages + 1),
        scratch=points,
    )
    return Lowered(work, output)


def fft_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a transform."""
    output = Interval(layer.points + 2, layer.points + 2)
    return Box(max(inputs[0][0].high, 2 * layer.points * layer.points.bit_length() + 8 * layer.points), (output,))


def lower_bank(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a bank of filters: each element of a slope is read once and weighted twice; two slopes meet in an output."""
    (shape,) = inputs
    if len(layer.starts) != len(layer.widths):
        raise ShapeError(layer.name, f"it has {len(layer.starts)} starts and {len(layer.widths)} widths")
    if len(shape) != 1:
        raise ShapeError(layer.name, f"it needs frequencies in one row, found {shape_text(shape)}")
    end = max(start + width for start, width in zip(layer.starts, layer.widths, strict=True))
    _refuse(layer, end > shape[0], f"its slopes reach to element {end} of an input of {shape[0]}")
    taps, slopes = sum(layer.widths), len(layer.widths)
    work = Passes(
        operation, layer, tuple(inputs), (slopes - 1,), taps, slopes - 1, weights=2 * taps, macs=2 * taps, operations=slopes - 1, scratch=2
    )
    return Lowered(work, (slopes - 1,), 2 * taps)


def bank_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a bank of filters."""
    outputs = Interval(len(layer.widths) - 1, len(layer.widths) - 1)
    return Box(max(2 * sum(layer.widths), outputs.high, inputs[0][0].high), (outputs,))


def boxes_of(shape: Shape) -> Number:
    """Return how many boxes a tensor of their coordinates holds."""
    return floor_div(element_count(shape), COORDINATES)


def lower_detection(operation: Operation, layer: Any, inputs: Sequence[Shape]) -> Lowered:
    """Lower a choice among boxes, as if each round found one: how much less is done depends on what the boxes hold.

    Every score is read and compared once, every box put in place by its anchor (4 multiply-accumulates); boxes, best scores and classes go
    through scratch; each round compares every box with the one picked last.
    """
    if len(inputs) != 2:
        raise ShapeError(layer.name, f"it reads boxes and their scores, found {len(inputs)} tensor(s)")
    boxes, scores = (element_count(shape) for shape in inputs)
    _refuse(layer, inputs[0][0] != COORDINATES, f"its boxes of {shape_text(inputs[0])} have no {COORDINATES} numbers each, in front")
    count = boxes_of(inputs[0])
    _refuse(layer, scores % count != 0, f"{scores} scores of {shape_text(inputs[1])} do not go with {count} boxes")
    output = (_PICKED * layer.picks + 1,)
    work = Passes(
        operation,
        layer,
        tuple(inputs),
        output,
        boxes + scores,
        output[0],
        weights=boxes,
        macs=boxes,
        operations=scores + layer.picks * count,
        psums=_PICKED * count,
        scratch=_PICKED * count,
    )
    return Lowered(work, output, boxes)


def detection_box(layer: Any, inputs: Sequence[ShapeBox]) -> Box:
    """Bound a choice among boxes."""
    boxes, scores = (most_elements(shape) for shape in inputs)
    written = Interval(_PICKED * layer.picks + 1, _PICKED * layer.picks + 1)
    return Box(max(2 * boxes + scores + layer.picks * boxes, written.high), (written,))
