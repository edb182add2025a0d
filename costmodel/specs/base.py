"""The one base of every spec, and the types of its numbers."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from costmodel.printable_text import shortened
from costmodel.provenance import Constant
from costmodel.units import WRITTEN

MAX_KERNEL: Final = 65_535
"""Largest kernel extent and dilation that is computed."""
MAX_EXTENT: Final = 2**40
"""Largest of every other extent: channels, features, rows, columns, strides."""
SMALLEST: Final = 1e-30
"""Smallest quantity above 0, in any unit: a product or quotient of a dozen such stays within what a float holds."""
LARGEST: Final = 1e30
"""Largest quantity, in any unit."""
GIVEN: Final = "given by the user"
"""Source of a number that came without one."""

_WITH_UNIT: Final = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{0,15})?(?:[eE][-+]?[0-9]{1,2})?)\s*([A-Za-zµ]{1,5})\s*")

S = TypeVar("S", bound="Spec")


@dataclass(frozen=True)
class PartNames:
    """Names of the numbers in a field of several, in order; stands in the field's type."""

    names: tuple[str, ...]


class Spec(BaseModel):
    """Frozen, strict about names and types, without NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
    said_of: ClassVar[dict[str, str]] = {}
    """Fields that say something of another field: its name to theirs. They go where it is replaced."""
    left_to: ClassVar[dict[str, str]] = {}
    """Fields that, left out, are another field's: their name to its."""

    def in_a_line(self) -> str:
        """Return what it is in a few words; heirs that have more to say do."""
        return f"<{type(self).__name__}{f' {name}' if (name := getattr(self, 'name', '')) else ''}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Show a line in a notebook; `repr` tells every field."""
        printer.text(self.in_a_line())

    def parts_of(self, field: str) -> tuple[str, ...]:
        """Return the names of the numbers in a field of several; empty for a field of one."""
        return _part_names(type(self), field)

    def taken(self, field: str) -> Any:
        """Return what a field is taken for: its value, or the value of the field that it is left to."""
        value = getattr(self, field)
        return getattr(self, self.left_to[field]) if value is None and field in self.left_to else value


@functools.cache
def _part_names(spec: type[Spec], field: str) -> tuple[str, ...]:
    info = spec.model_fields[field]
    found = [*info.metadata, *(part for member in get_args(info.annotation) for part in getattr(member, "__metadata__", ()))]
    return next((part.names for part in found if isinstance(part, PartNames)), ())


def with_changes(spec: S, changes: Mapping[str, object]) -> S:
    """Return a copy of a spec with some fields replaced, checked as if it had been written so.

    Parameters
    ----------
    spec : Spec
        What to start from.
    changes : mapping
        Field name to new value.

    Returns
    -------
    Spec
        Of the same class.

    Raises
    ------
    pydantic.ValidationError
        If a new value does not fit.
    """
    values = {name: getattr(spec, name) for name in type(spec).model_fields}
    for field, about in type(spec).said_of.items():
        if field in changes:
            values[about] = None
    return type(spec).model_validate({**values, **changes})


class QuantityType:
    """Validates a measured or modelled number: a bare number, or a mapping with `value`, `low`, `high` and `source`.

    Parameters
    ----------
    unit : str
        Symbol of the unit the field's suffix stands for.
    minimum, maximum : float
        Physical limits, inclusive.
    positive : bool
        Refuse zero as well.
    """

    def __init__(self, unit: str, minimum: float = 0.0, maximum: float = math.inf, *, positive: bool = False) -> None:
        self.unit = unit
        self.minimum = minimum
        self.maximum = maximum
        self.positive = positive

    def _number(self, found: object, part: str) -> float:
        if isinstance(found, bool) or not isinstance(found, int | float):
            seen = f"{shortened(repr(found), 60)}{self._in_own_unit(found)}"
            raise PydanticCustomError("quantity", f"{part} should be a number in {self._unit_text()}, found {seen}")
        number = float(found) if abs(found) < 1e300 else math.inf
        if not math.isfinite(number):
            raise PydanticCustomError("quantity", f"{part} should be a finite number, found {shortened(str(found), 60)}")
        if number < self.minimum or number > self.maximum or (self.positive and number == 0):
            raise PydanticCustomError("quantity", f"{part} should be {self._range_text()}, found {found}")
        if number and not SMALLEST <= abs(number) <= LARGEST:
            bound = f"at least {SMALLEST:g}" if abs(number) < SMALLEST else f"at most {LARGEST:g}"
            raise PydanticCustomError("quantity", f"{part} should be {bound} in {self._unit_text()}, found {found:g}")
        return number

    def _in_own_unit(self, found: object) -> str:
        """Say what a text such as `45mA` is in the field's own unit; nothing of another text."""
        written = _WITH_UNIT.fullmatch(found) if isinstance(found, str) else None
        scale = None if written is None else WRITTEN.get(self.unit, {}).get(written[2].replace("µ", "u"))
        return "" if written is None or scale is None else f", which is {float(written[1]) * scale:.9g}"

    def _unit_text(self) -> str:
        return self.unit or "no unit"

    def _range_text(self) -> str:
        if self.maximum < math.inf and self.positive:
            return f"greater than 0 and at most {self.maximum:g}"
        if self.maximum < math.inf:
            return f"between {self.minimum:g} and {self.maximum:g}"
        return "greater than 0" if self.positive else f"at least {self.minimum:g}"

    def _validate(self, found: Any) -> Constant:
        if isinstance(found, Constant):
            parts: Mapping[str, Any] = found._asdict()
        elif isinstance(found, Mapping):
            parts = found
        else:
            parts = {"value": found}
        unknown = set(parts) - {"value", "low", "high", "source", "unit"}
        if unknown:
            raise PydanticCustomError(
                "quantity", f"a quantity has value, low, high and source, not {shortened(sorted(map(str, unknown))[0], 60)!r}"
            )
        if "value" not in parts:
            raise PydanticCustomError("quantity", "a quantity needs a value")
        if parts.get("unit", self.unit) != self.unit:
            raise PydanticCustomError("quantity", f"unit should be {self._unit_text()!r}, found {parts['unit']!r}")
        source = parts.get("source", GIVEN)
        if not isinstance(source, str):
            raise PydanticCustomError("quantity", f"source should be text, found {source!r}")
        value = self._number(parts["value"], "value")
        low = None if parts.get("low") is None else self._number(parts["low"], "low")
        high = None if parts.get("high") is None else self._number(parts["high"], "high")
        if (low is not None and low > value) or (high is not None and high < value):
            raise PydanticCustomError("quantity", f"low <= value <= high does not hold: {low}, {value}, {high}")
        return Constant(value, self.unit, low, high, source)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Build the validator, and a serializer back to a mapping."""
        return core_schema.no_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda constant: constant._asdict() if isinstance(constant, Constant) else constant
            ),
        )

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe both written forms to editors."""
        number: dict[str, Any] = {"type": "number", "minimum": self.minimum}
        optional = {"type": ["number", "null"]}
        return {
            "description": f"a number in {self._unit_text()}, or a mapping with its range and source",
            "anyOf": [
                number,
                {
                    "type": "object",
                    "properties": {
                        "value": number,
                        "low": optional,
                        "high": optional,
                        "source": {"type": "string"},
                        "unit": {"const": self.unit},
                    },
                    "required": ["value"],
                    "additionalProperties": False,
                },
            ],
        }


Picojoules = Annotated[Constant, QuantityType("pJ")]
Joules = Annotated[Constant, QuantityType("J")]
Watts = Annotated[Constant, QuantityType("W")]
Volts = Annotated[Constant, QuantityType("V", positive=True)]
Amperes = Annotated[Constant, QuantityType("A")]
AmpereHours = Annotated[Constant, QuantityType("Ah", positive=True)]
Ohms = Annotated[Constant, QuantityType("ohm")]
Seconds = Annotated[Constant, QuantityType("s")]
PositiveSeconds = Annotated[Constant, QuantityType("s", positive=True)]
Hertz = Annotated[Constant, QuantityType("Hz", positive=True)]
Cycles = Annotated[Constant, QuantityType("cycles")]
Kelvins = Annotated[Constant, QuantityType("K", positive=True)]
DegreesCelsius = Annotated[Constant, QuantityType("degC", minimum=-273.15, maximum=1000.0)]
Fraction = Annotated[Constant, QuantityType("", maximum=1.0)]
"""A ratio between 0 and 1."""
PositiveFraction = Annotated[Constant, QuantityType("", maximum=1.0, positive=True)]
"""A ratio above 0, at both ends of its range: something is divided by it."""
Ratio = Annotated[Constant, QuantityType("")]

Extent = Annotated[int, Field(strict=True, ge=1, le=MAX_EXTENT)]
KernelExtent = Annotated[int, Field(strict=True, ge=1, le=MAX_KERNEL)]
PaddingExtent = Annotated[int, Field(strict=True, ge=0, le=MAX_EXTENT)]
ByteCount = Annotated[int, Field(strict=True, ge=0, le=MAX_EXTENT)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-/]*$")]
"""Letters, digits, `_ . - /`; starts with a letter, a digit or `_`."""
