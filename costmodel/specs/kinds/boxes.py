"""Boxes: from the least and the largest value of each number, a bound on whatever a lowering and its counts compute on the way.

Counts are not monotone in kernel, stride, dilation, groups or adaptive size, so an evaluation at the maxima proves nothing. A box bounds
every intermediate instead: each factor at its own largest, each difference by the sum of what it is taken from. All in Python ints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from costmodel.columns import Number, is_column


class Interval(NamedTuple):
    """The least and the largest value of a number, both included."""

    low: int
    high: int


ShapeBox: TypeAlias = tuple[Interval, ...]
"""An interval for each extent of a shape."""


class Box(NamedTuple):
    """What bounds one layer."""

    largest: int
    """No intermediate of its lowering, its counts or its sizes in elements is larger in magnitude."""
    output: ShapeBox
    """Its output's extents."""


class AxisBox(NamedTuple):
    """What bounds one axis."""

    largest: int
    """No intermediate of its closed forms is larger in magnitude."""
    output: Interval
    taps: int
    """No more taps, inputs or rows of either."""


def interval_of(value: Number) -> Interval:
    """Return the interval of a whole number or a column of them."""
    return Interval(int(value.min()), int(value.max())) if is_column(value) else Interval(int(value), int(value))


def shape_box(shape: Sequence[Number]) -> ShapeBox:
    """Return the intervals of a shape's extents."""
    return tuple(interval_of(extent) for extent in shape)


def most_elements(shape: ShapeBox) -> int:
    """Return the most elements a tensor in a box may have."""
    return math.prod(extent.high for extent in shape)


def axis_box(extent: Interval, kernel: Number, stride: Number, before: Number, after: Number, dilation: Number) -> AxisBox:
    """Bound every closed form of a sliding axis.

    Parameters
    ----------
    extent : Interval
        Input extent.
    kernel, stride, before, after, dilation : int or column
        As in `Axis`.

    Returns
    -------
    AxisBox
        Its output extent is at least 1: a kernel that does not fit is refused before anything else is computed.

    Notes
    -----
    The output extent rises with the padded input and falls with kernel, dilation and stride, each on its own, so its corners are exact.
    Sums of floors pass through the square of the outputs times a slope, and through the outputs times an offset that no sum of all
    extents exceeds.
    """
    k, s, p, q, d = (interval_of(number) for number in (kernel, stride, before, after, dilation))
    most = max(1, (extent.high + p.high + q.high - d.low * (k.low - 1) - 1) // s.low + 1)
    least = max(1, (extent.low + p.low + q.low - d.high * (k.high - 1) - 1) // s.high + 1)
    reach = extent.high + p.high + q.high + d.high * k.high + s.high * (d.high + 1)
    slope = max(s.high, d.high)
    largest = (most + 1) ** 2 * slope + (most + 1) * (k.high + reach)
    return AxisBox(largest, Interval(least, most), most * k.high + extent.high)
