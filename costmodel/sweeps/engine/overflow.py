"""Proof that a block of designs cannot overflow 64-bit integers, from the boxes of its operations, in Python ints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from costmodel.columns import is_column
from costmodel.dataflows.closed_forms.terms import ACCUMULATOR_BYTES
from costmodel.errors import LimitError
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.design import Design
from costmodel.specs.kinds.boxes import ShapeBox, interval_of, most_elements, shape_box
from costmodel.specs.operations import operation_of
from costmodel.specs.running.mapping import DATAFLOWS

INT64_MAX: Final = 2**63 - 1
_MARGIN: Final = 64
"""Covers sums of several counters, element sizes up to 8 bytes and rounding up to a block."""


def upper_bound(design: Design) -> int | None:
    """Return a number no intermediate result of a design's cost exceeds.

    Parameters
    ----------
    design : Design
        Columns or numbers.

    Returns
    -------
    int or None
        A Python int of any size, from the boxes of the design's operations; None where an operation, or a dataflow, has none.
    """
    network_input = shape_box(design.input_shape)
    shapes: list[ShapeBox] = []
    bound = most_elements(network_input)
    for layer, reads, dataflow in zip(design.layers, design.sources, design.dataflows, strict=True):
        operation = operation_of(layer.kind)
        bounded_by = operation.box
        if bounded_by is None or (operation.takes_dataflow and not DATAFLOWS[dataflow.name].in_box):
            return None
        largest, output = bounded_by(layer, [network_input if source < 0 else shapes[source] for source in reads])
        shapes.append(output)
        bound = max(bound, largest, most_elements(output))
    sizes = (size for sizes in design.sizes for size in sizes)
    bytes_an_element = max(ACCUMULATOR_BYTES, *(interval_of(size).high for size in sizes))
    return bound * bytes_an_element * _MARGIN * len(design.layers) + interval_of(design.memory.access_bytes).high


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
