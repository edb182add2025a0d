"""Which operators of other formats are understood, and how each is costed: what the tables of lowerings say of themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from costmodel.sources.importers.channels_first.operator_table import FIRST_LOWERINGS
from costmodel.sources.importers.channels_first.written_out.table import WRITTEN_OUT
from costmodel.sources.importers.lowering_table import FOLDED_ONLY, LOWERINGS
from costmodel.sources.importers.tflite import FORMAT as TFLITE

NOT_SUPPORTED: Final = "not supported"
FOLDED: Final = "Nothing: folded where its inputs are constant, as they must be"
_TABLES: Final[Mapping[str, Mapping[str, Callable[..., None]]]] = {TFLITE: LOWERINGS, "ONNX": FIRST_LOWERINGS}
_BESIDE: Final[Mapping[str, Mapping[str, Callable[..., object]]]] = {TFLITE: {}, "ONNX": WRITTEN_OUT}
"""Operators that are costed as their parts."""
_OPENINGS: Final = ("Lower ", "Return the lowering of ")


class UnderstoodOperator(NamedTuple):
    """One operator of a format."""

    format_name: str
    kind: str
    """As the format names it."""
    costed: str
    """How: layers it becomes, a view, or what takes it in."""


def understood_operators() -> tuple[UnderstoodOperator, ...]:
    """Return every operator that has a lowering, by format and name."""
    kinds = {name: sorted({*table, *_BESIDE[name], *(FOLDED_ONLY if name == TFLITE else ())}) for name, table in _TABLES.items()}
    return tuple(UnderstoodOperator(name, kind, costed_as(name, kind)) for name in _TABLES for kind in kinds[name])


def costed_as(format_name: str, kind: str) -> str:
    """Return how an operator is costed, in one line.

    Parameters
    ----------
    format_name : str
        Of the graph it stands in.
    kind : str
        As that format names it.

    Returns
    -------
    str
        `not supported` where it has no lowering.
    """
    if format_name == TFLITE and kind in FOLDED_ONLY:
        return FOLDED
    lowering = _TABLES.get(format_name, FIRST_LOWERINGS).get(kind) or _BESIDE.get(format_name, WRITTEN_OUT).get(kind)
    return NOT_SUPPORTED if lowering is None else _words(lowering)


def _words(lowering: Callable[..., Any]) -> str:
    """What a lowering says of itself, or where it was made by another function, what that says."""
    said = lowering.__doc__ or getattr(sys.modules[lowering.__module__], lowering.__qualname__.partition(".")[0]).__doc__ or ""
    first = said.strip().partition("\n")[0].removesuffix(".")
    for opening in _OPENINGS:
        first = first.removeprefix(opening)
    return first[:1].upper() + first[1:]
