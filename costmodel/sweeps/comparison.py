"""Comparisons such as `conv1 <= 2 * conv2`, read without evaluating anything as Python."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from costmodel.columns import Number
from costmodel.errors import SpecError, UnknownNameError

_NUMBER: Final = r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.\-/]*"
_SIDE: Final = rf"\s*(?:({_NUMBER})\s*\*\s*)?({_NAME}|{_NUMBER})\s*"
_COMPARISON: Final = re.compile(rf"{_SIDE}(<=|>=|==|!=|<|>){_SIDE}")
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


CONSTRAINTS: Final = "constraints"
"""The field of a study whose comparisons may be of figures."""
_FITS: Final = re.compile(r"\s*fits\s+(\S+)\s*")
FITS_WHAT: Final[Mapping[str, str]] = {"device": "device.fits", "heap": "device.fits_heap", "flash": "device.fits_flash"}
"""What a design can fit, and the figure that says so."""


class Side(NamedTuple):
    """One side of a comparison: a factor times a name, or a number alone."""

    factor: int | float
    name: str
    """Empty for a number alone."""

    def value(self, numbers: Mapping[str, Any]) -> Any:
        """Return the side's value, given the value of its name."""
        if not self.name:
            return self.factor
        found = numbers[self.name]
        return found if self.factor == 1 else self.factor * found


class Comparison(NamedTuple):
    """Two sides and how they should compare."""

    text: str
    left: Side
    sign: str
    right: Side

    @property
    def names(self) -> tuple[str, ...]:
        """Names on either side."""
        return tuple(side.name for side in (self.left, self.right) if side.name)

    def holds(self, numbers: Mapping[str, Any]) -> Number:
        """Tell where the comparison holds: a bool, or a column of them."""
        return _OPERATORS[self.sign](self.left.value(numbers), self.right.value(numbers))


def parse_comparison(text: str, field: str) -> Comparison:
    """Read a comparison.

    Parameters
    ----------
    text : str
        `name <= 3`, `a < 0.5 * b`; names may have dots and hyphens, the signs are <= >= == != < >. Or `fits device`.
    field : str
        Where it was written, for messages.

    Returns
    -------
    Comparison
        Parsed; its names are not looked up yet.

    Raises
    ------
    SpecError
        If it is none.
    UnknownNameError
        If it fits what nothing can fit; offers the nearest.
    """
    if (fits := _FITS.fullmatch(text)) is not None:
        if fits[1] not in FITS_WHAT:
            raise UnknownNameError(field, fits[1], FITS_WHAT, "something that a design fits")
        return Comparison(text.strip(), Side(1, FITS_WHAT[fits[1]]), "==", Side(1, ""))
    match = _COMPARISON.fullmatch(text)
    if match is None:
        also = ", or 'fits device'" if field == CONSTRAINTS else ""
        raise SpecError(f"{field}: expected a comparison like 'conv1 <= 2 * conv2'{also}, found {text!r}")
    left_factor, left, sign, right_factor, right = match.groups()
    return Comparison(text, _side(left_factor, left), sign, _side(right_factor, right))


def _side(factor: str | None, term: str) -> Side:
    scale = _number(factor) if factor else 1
    return Side(scale * _number(term), "") if term[0].isdigit() else Side(scale, term)


def _number(text: str) -> int | float:
    return int(text) if text.isdecimal() else float(text)
