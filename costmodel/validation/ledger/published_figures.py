"""The published figures of a deck as packaged data, and the comparison of one with what was computed."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from pydantic import Field

from costmodel.results.ledger import RowKind, Status
from costmodel.specs.base import Spec

EXACT_TOLERANCE_RATIO = 1e-12
"""Two floats this close differ by the order of their operations only."""


class PublishedFigure(Spec):
    """One figure as it is printed."""

    id: str
    """Dotted name; the computation of the same name stands in `deck_figures`."""
    slide: str
    figure: str
    """What it is, in words."""
    published: str = Field(pattern=r"^[0-9][0-9,]*(\.[0-9]+)?$")
    """As printed, thousands separators included."""
    unit: str
    computed_unit: str | None = None
    """Unit of the computed value, where it is not the published one."""
    kind: RowKind
    why: str = ""
    """Why it does not follow, or what it would need."""


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


def judge(kind: RowKind, published: str, computed: Any, from_rounded_parts: float | None) -> Status:
    """Say how a computed value stands to a published one.

    Parameters
    ----------
    kind : RowKind
        What is said of the figure beforehand; only a figure that does not follow may be explained.
    published : str
        As printed.
    computed : int, float or None
        In the published unit.
    from_rounded_parts : float or None
        The same from parts rounded as printed.

    Returns
    -------
    Status
        The strictest that holds.
    """
    if kind is RowKind.NEEDS_DATA:
        return Status.NEEDS_DATA
    if kind is RowKind.CANNOT_BE_DERIVED:
        return Status.UNDERIVED
    if kind is RowKind.DOES_NOT_FOLLOW:
        return Status.EXPLAINED
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
