"""Which operators of other formats are understood, and how each is costed: what the table of lowerings says of itself."""

from __future__ import annotations

from typing import Final, NamedTuple

from costmodel.sources.importers.lowering_table import LOWERINGS
from costmodel.sources.importers.tflite import FORMAT as TFLITE

NOT_SUPPORTED: Final = "not supported"


class UnderstoodOperator(NamedTuple):
    """One operator of a format."""

    format_name: str
    kind: str
    """As the format names it."""
    costed: str
    """How: layers it becomes, a view, or what takes it in."""


def understood_operators() -> tuple[UnderstoodOperator, ...]:
    """Return every operator that has a lowering, by format and name."""
    return tuple(UnderstoodOperator(TFLITE, kind, costed_as(kind)) for kind in sorted(LOWERINGS))


def costed_as(kind: str) -> str:
    """Return how an operator is costed, in one line.

    Parameters
    ----------
    kind : str
        As its format names it.

    Returns
    -------
    str
        `not supported` where it has no lowering.
    """
    lowering = LOWERINGS.get(kind)
    if lowering is None:
        return NOT_SUPPORTED
    return (lowering.__doc__ or "").strip().partition("\n")[0].removesuffix(".")
