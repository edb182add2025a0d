"""The published figures of a deck as packaged data, and the comparison of one with what was computed."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.results.runs.ledger import RowKind, Status
from costmodel.specs.base import Spec

EXACT_TOLERANCE_RATIO = 1e-12
"""Two floats this close differ by the order of their operations only."""

PrintedFigure = Annotated[str, Field(pattern=r"^[0-9][0-9,]*(\.[0-9]+)?$")]
"""A number as printed, thousands separators included."""

_SAID: Final = {
    RowKind.NEEDS_DATA: Status.NEEDS_DATA,
    RowKind.CANNOT_BE_DERIVED: Status.UNDERIVED,
    RowKind.DOES_NOT_FOLLOW: Status.EXPLAINED,
    RowKind.CONTRADICTS: Status.CONTRADICTS,
}
"""Kinds of row whose status no computed value changes."""


class PublishedFigure(Spec):
    """One figure as it is printed, or one that follows from printed ones."""

    id: str
    """Dotted name; the computation of the same name stands in `deck_figures`."""
    slide: str
    figure: str
    """What it is, in words."""
    published: PrintedFigure | None = None
    """As printed; left out where the figure is derived here."""
    expected: PrintedFigure | None = None
    """What a figure derived here must come out as."""
    unit: str
    computed_unit: str | None = None
    """Unit of the computed value, where it is not the published one."""
    kind: RowKind
    why: str = ""
    """Why it does not follow, or what it would need."""

    @model_validator(mode="after")
    def _one_of_both(self) -> PublishedFigure:
        if (self.expected is None) is (self.kind is RowKind.DERIVED_HERE) or (self.published is None) is (self.expected is None):
            raise PydanticCustomError("figure", "a figure derived here has `expected`, any other has `published`")
        return self

    @property
    def printed(self) -> str:
        """The figure a computed value is held against."""
        return self.published or self.expected or ""


class PublishedFigures(Spec):
    """Every figure of one publication."""

    name: str
    source: str
    rows: tuple[PublishedFigure, ...]


def printed_number(text: str) -> Decimal:
    """Return a printed figure as an exact decimal."""
    return Decimal(text.replace(",", ""))


def as_printed(value: float, like: Decimal) -> str:
    """Round a value once, to as many decimals as another was printed with."""
    exponent = like.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{value:.{places}f}"


def judge(
    kind: RowKind, published: str, computed: Any, from_rounded_parts: float | None, between: tuple[float, float] | None = None
) -> Status:
    """Say how a computed value stands to a published one.

    Parameters
    ----------
    kind : RowKind
        What is said of the figure beforehand; only a figure that does not follow may be explained.
    published : str
        As printed, or as expected of a figure that is derived here.
    computed : int, float or None
        In the published unit.
    from_rounded_parts : float or None
        The same from parts rounded as printed.
    between : tuple of float, optional
        What seeds span, in the published unit, of a figure that is trained here.

    Returns
    -------
    Status
        The strictest that holds.
    """
    if kind in _SAID:
        return _SAID[kind]
    if kind is RowKind.TRAINED:
        alike = between is not None and between[0] <= float(printed_number(published)) <= between[1]
        return Status.TRAINED_ALIKE if alike else Status.TRAINED_OTHERWISE
    agrees = _agreement(published, computed, from_rounded_parts)
    return Status.DERIVED_HERE if kind is RowKind.DERIVED_HERE and agrees is not Status.DIFFERS else agrees


def _agreement(published: str, computed: Any, from_rounded_parts: float | None) -> Status:
    number = printed_number(published)
    if computed is None:
        return Status.DIFFERS
    if math.isclose(computed, float(number), rel_tol=EXACT_TOLERANCE_RATIO):
        return Status.EXACT
    if as_printed(computed, number) == str(number):
        return Status.ROUNDS
    if from_rounded_parts is not None and as_printed(from_rounded_parts, number) == str(number):
        return Status.ROUNDED_PARTS
    return Status.DIFFERS
