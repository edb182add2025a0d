"""Dotted paths into specs: a part is a field, or, where a field holds several named specs, the name of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from costmodel.specs.base import S, Spec, with_changes


class _Step(NamedTuple):
    """One part of a path: the field that is entered, and which of its members."""

    field: str
    member: int | None
    rest: str
    """What is left of the path."""


def holder_at(spec: Spec, path: str) -> tuple[Spec, str] | None:
    """Return the spec that holds the field a path ends in, and that field.

    Parameters
    ----------
    spec : Spec
        Where the path starts.
    path : str
        `battery.capacity_ah`, `states.deep.current_a` (of the state called deep), `period_s`.

    Returns
    -------
    tuple of Spec and str, or None
        None where the path leads nowhere.
    """
    step = _step(spec, path)
    if step is None:
        return None
    if not step.rest:
        return None if step.member is not None else (spec, step.field)
    inner = _entered(spec, step)
    return holder_at(inner, step.rest) if isinstance(inner, Spec) else None


def with_value_at(spec: S, path: str, value: object) -> S:
    """Return a spec with another value where a path leads, checked as if it had been written so.

    Parameters
    ----------
    spec : Spec
        Where the path starts.
    path : str
        One `holder_at` finds.
    value : object
        What the field takes.

    Returns
    -------
    Spec
        Of the same class.
    """
    step = _step(spec, path)
    if step is None or not step.rest:
        return with_changes(spec, {path if step is None else step.field: value})
    inner = with_value_at(_entered(spec, step), step.rest, value)
    if step.member is None:
        return with_changes(spec, {step.field: inner})
    members = list(getattr(spec, step.field))
    members[step.member] = inner
    return with_changes(spec, {step.field: tuple(members)})


def _step(spec: Spec, path: str) -> _Step | None:
    head, _, rest = path.partition(".")
    if head in type(spec).model_fields:
        return _Step(head, None, rest)
    for field, place, member in _members(spec):
        # A name may have dots itself.
        if path == member.name or path.startswith(f"{member.name}."):
            return _Step(field, place, path[len(member.name) + 1 :])
    return None


def _members(spec: Spec) -> Iterator[tuple[str, int, Any]]:
    for field in type(spec).model_fields:
        held = getattr(spec, field)
        if isinstance(held, Sequence) and not isinstance(held, str):
            yield from ((field, place, member) for place, member in enumerate(held) if isinstance(member, Spec) and hasattr(member, "name"))


def _entered(spec: Spec, step: _Step) -> Any:
    held = getattr(spec, step.field)
    return held if step.member is None else held[step.member]
