"""Comparisons such as `conv1 + conv2 <= 2 * fc1`, read without evaluating anything as Python."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from costmodel.columns import Number, is_column
from costmodel.errors import SpecError, UnknownNameError

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_](?:[A-Za-z0-9_.\-/]*[A-Za-z0-9_])?)|(?P<sign><=|>=|==|!=|<|>|[-+*]))"
)
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


class Term(NamedTuple):
    """A number times names."""

    factor: int | float
    names: tuple[str, ...]

    def value(self, numbers: Mapping[str, Any]) -> Any:
        """Return the term's value, given the values of its names."""
        found = [numbers[name] for name in self.names]
        if len(found) > 1:
            # A product of two columns of whole numbers may leave 64 bits.
            found = [value.astype(float) if is_column(value) else value for value in found]
        if not found:
            return self.factor
        whole = math.prod(found[1:], start=found[0])
        return whole if self.factor == 1 else self.factor * whole


class Side(NamedTuple):
    """One side of a comparison: a sum of terms, or a choice's text."""

    terms: tuple[Term, ...]
    text: str = ""
    """What a choice is compared with; empty for numbers."""

    @property
    def name(self) -> str:
        """The side's name where it is a lone name; empty otherwise."""
        lone = len(self.terms) == 1 and self.terms[0].factor == 1 and len(self.terms[0].names) == 1
        return self.terms[0].names[0] if lone else ""

    def value(self, numbers: Mapping[str, Any]) -> Any:
        """Return the side's value, given the values of its names."""
        if self.text:
            return self.text
        total = self.terms[0].value(numbers)
        for term in self.terms[1:]:
            total = total + term.value(numbers)
        return total


class Inequality(NamedTuple):
    """Two sides and how they should compare."""

    text: str
    left: Side
    sign: str
    right: Side

    @property
    def names(self) -> tuple[str, ...]:
        """Names on either side."""
        return tuple(dict.fromkeys(name for side in (self.left, self.right) for term in side.terms for name in term.names))

    def holds(self, numbers: Mapping[str, Any]) -> Number:
        """Tell where the comparison holds: a bool, or a column of them."""
        return _OPERATORS[self.sign](self.left.value(numbers), self.right.value(numbers))


def parse_inequality(text: str, field: str, choices: Mapping[str, Sequence[str]]) -> Inequality:
    """Read a comparison.

    Parameters
    ----------
    text : str
        `name <= 3`, `a + 2 * b < 0.5 * c`, `dataflow == row-stationary`; names may have dots and hyphens, so a minus stands between spaces;
        the signs are <= >= == != < >. Or `fits device`.
    field : str
        Where it was written, for messages.
    choices : mapping
        Axis to its values, for those whose values are names.

    Returns
    -------
    Inequality
        Parsed; its names are not looked up yet.

    Raises
    ------
    SpecError
        If it is none.
    UnknownNameError
        If it fits what nothing can fit, or compares an axis with what is none of its values; offers the nearest.
    """
    if (fits := _FITS.fullmatch(text)) is not None:
        if fits[1] not in FITS_WHAT:
            raise UnknownNameError(field, fits[1], FITS_WHAT, "something that a design fits")
        return Inequality(text.strip(), Side((Term(1, (FITS_WHAT[fits[1]],)),)), "==", Side((Term(1, ()),)))
    tokens = _tokens(text)
    signs = [place for place, (kind, found) in enumerate(tokens) if kind == "sign" and found in _OPERATORS]
    left = _side(tokens[: signs[0]]) if len(signs) == 1 else None
    right = _side(tokens[signs[0] + 1 :]) if len(signs) == 1 else None
    if left is None or right is None:
        also = ", or 'fits device'" if field == CONSTRAINTS else ""
        raise SpecError(f"{field}: expected a comparison like 'conv1 <= 2 * conv2'{also}, found {text!r}")
    return _with_choices(Inequality(text, left, tokens[signs[0]][1], right), field, choices)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            return []
        found.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    return found


def _side(tokens: Sequence[tuple[str, str]]) -> Side | None:
    """Read numbers and names with +, - and * between them; None where they are not."""
    if tokens and tokens[0] == ("sign", "-"):
        tokens = [("number", "0"), *tokens]
    if len(tokens) % 2 == 0 or any((kind == "sign") == (place % 2 == 0) for place, (kind, _) in enumerate(tokens)):
        return None
    terms: list[Term] = []
    for place in range(0, len(tokens), 2):
        kind, found = tokens[place]
        sign = tokens[place - 1][1] if place else "+"
        factor: int | float = (int(found) if found.isdecimal() else float(found)) if kind == "number" else 1
        names = (found,) if kind == "name" else ()
        if sign == "*":
            terms[-1] = Term(terms[-1].factor * factor, (*terms[-1].names, *names))
        else:
            terms.append(Term(-factor if sign == "-" else factor, names))
    return Side(tuple(terms))


def _with_choices(comparison: Inequality, field: str, choices: Mapping[str, Sequence[str]]) -> Inequality:
    """Take a name beside an axis of names for one of its values."""
    for axis in comparison.names:
        if axis not in choices:
            continue
        sides = (comparison.left, comparison.right)
        if comparison.sign not in ("==", "!=") or axis not in (sides[0].name, sides[1].name):
            raise SpecError(f"{field}: the values of {axis!r} are names; compare them by == or !=, found {comparison.text!r}")
        place = 1 if sides[0].name == axis else 0
        value = sides[place].name
        if value in choices:
            continue
        if value not in choices[axis]:
            raise UnknownNameError(field, value or comparison.text, choices[axis], f"a value of {axis!r}")
        told = Side((), value)
        return comparison._replace(right=told) if place else comparison._replace(left=told)
    return comparison
