"""Proof that a block of designs cannot overflow 64-bit integers, from the maxima of its columns in Python ints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from costmodel.columns import is_column
from costmodel.dataflows.closed_forms.terms import ACCUMULATOR_BYTES
from costmodel.errors import LimitError
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.design import Design

INT64_MAX: Final = 2**63 - 1
_MARGIN: Final = 64
"""Covers sums of several counters, element sizes up to 8 bytes and rounding up to a block."""


def upper_bound(design: Design) -> int:
    """Return a number no intermediate result of a design's cost exceeds.

    Every column is taken at its own maximum, and every extent at the largest it could be: an output is no longer than its padded input, a
    window reaches no further than kernel times dilation. Strides only shorten. So the bound is loose, never low.

    Parameters
    ----------
    design : Design
        Columns or numbers.

    Returns
    -------
    int
        A Python int of any size.
    """
    shapes: list[tuple[int, int, int]] = []
    first = tuple(_largest(extent) for extent in design.input_shape)
    network_input = first if len(first) == 3 else (first[0], 1, 1)
    bound = 1
    for layer, reads in zip(design.layers, design.sources, strict=True):
        channels, rows, columns = network_input if reads[0] < 0 else shapes[reads[0]]
        elements = channels * rows * columns
        work, shape = elements, (channels, rows, columns)
        if layer.kind in ("conv2d", "max_pool2d", "avg_pool2d"):
            reach = [_largest(kernel) * _largest(dilation) for kernel, dilation in zip(layer.kernel, layer.dilation, strict=True)]
            top, bottom, left, right = (_largest(side) for side in layer.padding)
            stride = [1 if part is None else _largest(part) for part in (layer.stride or layer.kernel)]
            height, width = rows + top + bottom, columns + left + right
            outputs = _largest(layer.out_channels) if layer.kind == "conv2d" else channels
            # A padded row meets every tap; sums of floors pass through the square of an extent times a stride.
            one_axis = [extent * part + extent * extent * step for extent, part, step in zip((height, width), reach, stride, strict=True)]
            work = outputs * channels * (height * reach[0]) * (width * reach[1]) * (columns + left + right + 1)
            bound = max(bound, *one_axis)
            shape = (outputs, height, width)
        elif layer.kind == "linear":
            work, shape = elements * _largest(layer.out_features), (_largest(layer.out_features), 1, 1)
        elif layer.kind == "adaptive_avg_pool2d":
            tall, wide = (_largest(part) for part in layer.output_size)
            work, shape = channels * (rows + tall) * (columns + wide), (channels, tall, wide)
        elif layer.kind == "flatten":
            shape = (elements, 1, 1)
        shapes.append(shape)
        bound = max(bound, work)
    bytes_an_element = max(ACCUMULATOR_BYTES, *(_largest(size) for sizes in design.sizes for size in sizes))
    return bound * bytes_an_element * _MARGIN * len(design.layers) + _largest(design.memory.access_bytes)


def exact_design(design: Design) -> Design:
    """Return a design whose whole columns hold Python ints of any size: slow, and without limit."""
    exact: Design = _mapped(design, lambda column: column.astype(object) if column.dtype.kind in "iu" else column)
    return exact


def beyond_limit(answer: Cost) -> Sequence[np.ndarray]:
    """Return, for each whole column of an exact cost that leaves 64 bits, where it does."""
    masks: list[np.ndarray] = []

    def look(value: Any) -> None:
        if isinstance(value, tuple):
            for part in value:
                look(part)
        elif is_column(value) and value.dtype == object:
            mask = np.asarray(_BEYOND(value), dtype=bool)
            if mask.any():
                masks.append(mask)

    look(answer)
    return masks


def settled(value: Any) -> Any:
    """Return a figure of an exact cost as an ordinary column.

    Parameters
    ----------
    value : number or column
        A figure; a column may hold Python numbers.

    Returns
    -------
    number or column
        The same, of a type that files and screens of designs take.

    Raises
    ------
    LimitError
        If 64-bit integers do not hold it.
    """
    if not is_column(value) or value.dtype != object:
        return value
    ordinary = np.array(value.tolist())
    if ordinary.dtype.kind not in "ifb":
        raise LimitError(f"a figure exceeds the limit of 64-bit integers, {INT64_MAX:,}, for some designs; narrow the axes")
    return ordinary


_BEYOND: Final = np.frompyfunc(lambda number: isinstance(number, int) and abs(number) > INT64_MAX, 1, 1)


def _mapped(value: Any, change: Any) -> Any:
    if is_column(value):
        return change(value)
    if isinstance(value, tuple):
        parts = (_mapped(part, change) for part in value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if type(value).__name__ == "LayerRecord":
        return type(value)({name: _mapped(part, change) for name, part in vars(value).items()})
    return value


def _largest(value: Any) -> int:
    if is_column(value):
        return int(value.max())
    return 0 if value is None else int(value)
