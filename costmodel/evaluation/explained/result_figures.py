"""Every number of a result under a dotted name: what an answer prints beside the figures of its cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from costmodel.evaluation.figures import Figure
from costmodel.provenance import origin_of
from costmodel.results.counts import GROUPS, AccessCounts, grouped_count
from costmodel.units import unit_of

_LABELS: Final = ("name", "layer", "dataflow", "accounting", "rest", "part", "input", "strategy", "id")
"""Fields that tell the members of a list apart, the first a member has."""


def result_figures(result: BaseModel | Mapping[str, Any], taken: Mapping[str, Figure] | None = None) -> dict[str, Figure]:
    """Return the numbers of a recorded result that remember where they came from.

    Parameters
    ----------
    result : BaseModel
        Made inside a recording.
    taken : mapping, optional
        Figures that have a name already: their names are left out.

    Returns
    -------
    dict of str to Figure
        Named as in the result's JSON, members of lists by what tells them apart: `memory.ram_bytes`,
        `dataflows.output-stationary.energy_bounds.tensor_low_pj`. What a figure of the same owner is already, by one formula of the same
        numbers, is that figure under another name: `battery.usable_j` is `battery.usable_energy`.
    """
    known = {} if taken is None else taken
    homes: dict[tuple[Any, ...] | None, Figure] = {}
    for name, figure in known.items():
        homes.setdefault(_quantity(name, figure.value), figure)
    found: dict[str, Figure] = {name: figure for name, figure in _stated(result) if name not in known and figure.value is not None}
    for name, unit, value in every_number(result):
        if name not in known and name not in found and origin_of(value) is not None:
            quantity = _quantity(name, value)
            home = None if quantity is None else homes.get(quantity)
            found[name] = Figure(value, unit, f"{name.rpartition('.')[2]} of the answer") if home is None else home
    return found


def _stated(value: Any, path: str = "") -> Iterator[tuple[str, Figure]]:
    """Yield what goes by a figure's name already, whatever its number remembers: a 0 may remember nothing."""
    if isinstance(value, Figure):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _stated(part, f"{path}.{key}" if path else str(key))


def distinct(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return the figures that are no other figure under another name: for a list, the first name of each."""
    found: dict[str, Figure] = {}
    seen: set[tuple[int, str | None]] = set()
    for name, figure in figures.items():
        identity = _identity(figure.value)
        if identity is None or identity not in seen:
            found[name] = figure
        if identity is not None:
            seen.add(identity)
    return found


def _quantity(name: str, value: Any) -> tuple[Any, ...] | None:
    """What makes two numbers of one owner one quantity, although each was computed for itself: formula, part, and the numbers put in."""
    origin = origin_of(value)
    if origin is None or origin.record is None:
        return None
    numbers = tuple(repr(number) for number in origin.record.symbols.values())
    return name.partition(".")[0], origin.record.formula.id, origin.part, float(value), numbers


def _identity(value: Any) -> tuple[int, str | None] | None:
    """What makes two numbers one: the call they came from, and the part of its value."""
    origin = origin_of(value)
    return None if origin is None or origin.record is None else (id(origin.record), origin.part)


def every_number(value: Any, path: str = "", stated: str = "") -> Iterator[tuple[str, str, Any]]:
    """Walk the numbers of a value: full name, unit, number; `stated` is the unit that stands beside it, where its name has none."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, Figure):
        if isinstance(value.value, int | float) and not isinstance(value.value, bool):
            yield path, value.unit, value.value
        return
    if isinstance(value, int | float):
        unit = unit_of(path.rpartition(".")[2])
        yield path, stated if unit is None else unit.symbol, value
        return
    if isinstance(value, AccessCounts):
        # As the figures of a layer are: what a counter counts is its own unit.
        yield from ((f"{path}.{label}", "", part) for label, part in _members(value))
        return
    beside = getattr(value, "unit", "")
    for label, part in _members(value):
        yield from every_number(part, f"{path}.{label}" if path else label, beside if isinstance(beside, str) else "")


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        yield from ((field, getattr(value, field)) for field in (*type(value).model_fields, *getattr(type(value), "derived", ())))
    elif isinstance(value, AccessCounts):
        yield from ((name, grouped_count(value, name)) for name in (*AccessCounts._fields, *GROUPS))
    elif isinstance(value, Mapping):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, list | tuple):
        yield from ((_label(part) or str(place), part) for place, part in enumerate(value))


def _label(member: Any) -> str:
    for field in _LABELS:
        found = getattr(member, field, None)
        if isinstance(found, str):
            return str(found.value) if isinstance(found, Enum) else found
    return ""
