"""What every layer's spec is made of: element types, the short forms of its fields, and the base of all layers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from costmodel.specs.base import Extent, KernelExtent, Name, PaddingExtent, PartNames, Spec


class DataType(StrEnum):
    """Type of one tensor's elements."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    FLOAT32 = "float32"
    BOOL = "bool"
    UINT16 = "uint16"
    FLOAT16 = "float16"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"


ELEMENT_BYTES: Final[dict[DataType, int]] = {
    DataType.INT8: 1,
    DataType.UINT8: 1,
    DataType.INT16: 2,
    DataType.INT32: 4,
    DataType.FLOAT32: 4,
    DataType.BOOL: 1,
    DataType.UINT16: 2,
    DataType.FLOAT16: 2,
    DataType.UINT32: 4,
    DataType.INT64: 8,
    DataType.UINT64: 8,
}
"""Bytes of one element."""
ARITHMETIC_TYPE: Final[dict[DataType, DataType]] = {
    DataType.INT8: DataType.INT8,
    DataType.UINT8: DataType.INT8,
    DataType.INT16: DataType.INT16,
    DataType.INT32: DataType.INT32,
    DataType.FLOAT32: DataType.FLOAT32,
    DataType.BOOL: DataType.INT8,
    DataType.UINT16: DataType.INT16,
    DataType.FLOAT16: DataType.FLOAT32,
    DataType.UINT32: DataType.INT32,
    DataType.INT64: DataType.INT32,
    DataType.UINT64: DataType.INT32,
}
"""Type whose multiply-accumulate a type's is: a sign changes nothing of its width, and half precision is computed in single."""


_AXES: Final = PartNames(("rows", "columns"))
_SIDES: Final = PartNames(("top", "bottom", "left", "right"))


def _both_axes(found: Any) -> Any:
    """Let one number stand for both axes."""
    return (found, found) if isinstance(found, int) and not isinstance(found, bool) else found


def _all_sides(found: Any) -> Any:
    """Let one number stand for four sides, and two for (rows, columns)."""
    if isinstance(found, int) and not isinstance(found, bool):
        return (found,) * 4
    if isinstance(found, dict):
        unknown = sorted(map(str, set(found) - set(_SIDES.names)))
        if unknown:
            raise PydanticCustomError("padding", f"padding has top, bottom, left and right, not {unknown[0]!r}")
        return tuple(found.get(side, 0) for side in _SIDES.names)
    if isinstance(found, list | tuple) and len(found) == 2:
        rows, columns = found
        return (rows, rows, columns, columns)
    return found


_SHORT_PAIR = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}]}
_SHORT_SIDES = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 4},
        {
            "type": "object",
            "properties": {side: {"type": "integer", "minimum": 0} for side in _SIDES.names},
            "additionalProperties": False,
        },
    ]
}

KernelPair = Annotated[tuple[KernelExtent, KernelExtent], BeforeValidator(_both_axes), WithJsonSchema(_SHORT_PAIR), _AXES]
ExtentPair = Annotated[tuple[Extent, Extent], BeforeValidator(_both_axes), WithJsonSchema(_SHORT_PAIR), _AXES]
Sides = Annotated[
    tuple[PaddingExtent, PaddingExtent, PaddingExtent, PaddingExtent],
    BeforeValidator(_all_sides),
    WithJsonSchema(_SHORT_SIDES),
    _SIDES,
]
"""Padding as (top, bottom, left, right); one number stands for all four, two for (rows, columns)."""


class LayerBase(Spec):
    """What every layer has."""

    name: Name
    """Unique in its network."""
    inputs: tuple[Name, ...] = ()
    """Layers it reads (`input` is the network's input); left out, the layer before it."""
    output_type: DataType | None = None
    """Element type of its output; left out, the network's activation type."""
    output: bool = False
    """Whether its output is one of the network's though another layer reads it; what nothing reads always is."""

    structure: ClassVar[frozenset[str]] = frozenset()
    """Fields that say which extents and elements, not how many: the same for every design of a sweep, and no number of a formula."""
