"""Dotted paths into specs: each part is a field, the name of a spec among several in a field, or of a number in a field of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from costmodel.specs.base import S, Spec, with_changes


class PathEnd(NamedTuple):
    """Where a path ends: a field of a spec, or one of its numbers."""

    holder: Spec
    field: str
    part: str
    """Empty where it is the whole field."""

    def written(self, number: object) -> Any:
        """Return the field's value with a number in its place: the number, or a tuple with one part replaced."""
        return _written(self.holder, self.field, self.holder.taken(self.field), {self.part: number}) if self.part else number


class _Step(NamedTuple):
    """One part of a path: the field that is entered, and which of its members."""

    field: str
    member: int | None
    rest: str
    """What is left of the path."""


def end_of(spec: Spec, path: str) -> PathEnd | None:
    """Find where a path ends.

    Parameters
    ----------
    spec : Spec
        Where the path starts.
    path : str
        `battery.capacity_ah`, `states.deep.current_a` (of the state called deep), `network.layers.conv1.kernel.rows`, `period_s`.

    Returns
    -------
    PathEnd or None
        None where the path leads nowhere.
    """
    step = _step(spec, path)
    if step is None:
        return None
    if not step.rest:
        return None if step.member is not None else PathEnd(spec, step.field, "")
    inner = _entered(spec, step)
    if isinstance(inner, Spec):
        return end_of(inner, step.rest)
    return PathEnd(spec, step.field, step.rest) if step.member is None and step.rest in spec.parts_of(step.field) else None


def with_values_at(spec: S, values: Mapping[str, object]) -> S:
    """Return a spec with other values where paths lead, checked once and as a whole as if it had been written so.

    Parameters
    ----------
    spec : Spec
        Where the paths start.
    values : mapping
        Path that `end_of` finds, to what the field takes.

    Returns
    -------
    Spec
        Of the same class.
    """
    changes: dict[str, Any] = {}
    below: dict[tuple[str, int | None], dict[str, object]] = {}
    for path, value in values.items():
        step = _step(spec, path)
        if step is None or not step.rest:
            changes[path if step is None else step.field] = value
        else:
            below.setdefault((step.field, step.member), {})[step.rest] = value
    order = {field: place for place, field in enumerate(type(spec).model_fields)}
    # A field that another is left to comes before it, so that what is left of the other follows it.
    for (field, member), inner in sorted(below.items(), key=lambda entry: order[entry[0][0]]):
        held = changes.get(field, getattr(spec, field))
        if member is not None:
            changes[field] = (*held[:member], with_values_at(held[member], inner), *held[member + 1 :])
        elif isinstance(held, Spec):
            changes[field] = with_values_at(held, inner)
        else:
            source = spec.left_to.get(field, field) if held is None else field
            changes[field] = _written(spec, field, changes.get(source, getattr(spec, source)), inner)
    return with_changes(spec, changes)


def _written(spec: Spec, field: str, held: Sequence[object], numbers: Mapping[str, object]) -> tuple[object, ...]:
    """Return the value of a field of several numbers with some of them replaced, by name."""
    names = spec.parts_of(field)
    return tuple(numbers.get(name, value) for name, value in zip(names, held, strict=False)) + tuple(held[len(names) :])


def _step(spec: Spec, path: str) -> _Step | None:
    head, _, rest = path.partition(".")
    if head not in type(spec).model_fields:
        return _member_step(type(spec).model_fields, spec, path)
    named = _member_step([head], spec, rest) if rest else None
    return _Step(head, None, rest) if named is None else named


def _member_step(fields: Any, spec: Spec, path: str) -> _Step | None:
    # A name may have dots itself, and be how another begins.
    found = [
        (len(member.name), _Step(field, place, path[len(member.name) + 1 :]))
        for field in fields
        for place, member in _members(getattr(spec, field))
        if path == member.name or path.startswith(f"{member.name}.")
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def _members(held: Any) -> Iterator[tuple[int, Any]]:
    if isinstance(held, Sequence) and not isinstance(held, str):
        yield from ((place, member) for place, member in enumerate(held) if isinstance(member, Spec) and hasattr(member, "name"))


def _entered(spec: Spec, step: _Step) -> Any:
    held = getattr(spec, step.field)
    return held if step.member is None else held[step.member]
