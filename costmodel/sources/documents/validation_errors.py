"""From Pydantic's complaints to one line each, in the user's words, with the place in the file."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from costmodel.errors import CollectedError, InputError, Location, ShapeError, SpecError, UnknownNameError, did_you_mean
from costmodel.sources.documents.nearest_way import ceil_padding, nearest_kind, nearest_type, same_padding
from costmodel.sources.documents.yaml_document import YamlDocument, YamlPath
from costmodel.units import EXTENTS

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

S = TypeVar("S", bound="BaseModel")

MAX_TOLD: Final = 20
"""Most mistakes told at once."""


Resolver: TypeAlias = Callable[[YamlDocument, dict[str, Any]], Mapping[str, InputError | None]]
"""Puts specs in place of names in a mapping, and defaults where nothing was given; returns one error
per field (None where it is already reported)."""


def checked_spec(document: YamlDocument, model: type[S], noun: str, resolve: Resolver | None = None) -> S:
    """Make a spec of a document.

    Parameters
    ----------
    document : YamlDocument
        What the user wrote.
    model : type of Pydantic model
        What it should be.
    noun : str
        What messages call the whole (`network`).
    resolve : callable, optional
        Called on a copy of the mapping before it is checked.

    Returns
    -------
    Spec
        Checked.

    Raises
    ------
    InputError
        With one line for each mistake.
    """
    from pydantic import ValidationError

    if not isinstance(document.data, dict):
        raise SpecError(f"a {noun} is a mapping of fields like 'name: ...', found {found_text(document.data)}", document.location())
    values = dict(document.data)
    if not document.prefix:
        values.pop("$schema", None)
    failed = resolve(document, values) if resolve is not None else {}
    told = [error for error in failed.values() if error is not None]
    try:
        spec = model.model_validate(values)
    except ValidationError as error:
        others = [complaint for field, complaint in complaints(error, document, model, noun) if field not in failed]
        raise one_or_many([*told, *others]) from None
    except InputError as error:
        raise _placed(error, document) from None
    if told:
        raise one_or_many(told)
    return spec


def one_or_many(errors: Sequence[InputError]) -> InputError:
    """Return one error that tells all of them, a line each, in the order of the file; lines that say the same are told once."""
    flat = [part for error in errors for part in (error.errors if isinstance(error, CollectedError) else (error,))]
    told = {str(error): error for error in flat}
    ordered = sorted(told.values(), key=lambda error: tuple(error.location or ("", 0, 0)))
    if len(ordered) == 1:
        return ordered[0]
    if len(ordered) > MAX_TOLD:
        first = ordered[0].location
        rest = InputError(f"and {len(ordered) - MAX_TOLD} more mistakes", Location(first.file) if first else None)
        ordered = [*ordered[:MAX_TOLD], rest]
    return CollectedError(ordered)


def complaints(error: ValidationError, document: YamlDocument, model: type[BaseModel], noun: str) -> list[tuple[str | int, InputError]]:
    """Translate every mistake Pydantic found.

    Parameters
    ----------
    error : ValidationError
        What it found.
    document : YamlDocument
        What it looked at.
    model : type of Pydantic model
        What it expected.
    noun : str
        What messages call the whole.

    Returns
    -------
    list of (field, InputError)
        One a mistake, with the top field it lies under; empty where it concerns the whole.
    """
    return [
        (details["loc"][0] if details["loc"] else "", _complaint(details, document, model, noun))
        for details in error.errors(include_url=False)
        if not _follows(details)
    ]


def value_complaint(error: ValidationError, label: str) -> InputError:
    """Translate the first mistake Pydantic found in a lone value.

    Parameters
    ----------
    error : ValidationError
        What it found.
    label : str
        What messages call the value.

    Returns
    -------
    InputError
        One line.
    """
    details = error.errors(include_url=False)[0]
    kind, found, context = details["type"], details["input"], details.get("ctx", {})
    if kind in ("enum", "literal_error") and isinstance(found, str):
        return UnknownNameError(label, found, _quoted(context["expected"]), "one of the choices")
    return SpecError(f"{label}: {_words(kind, details, context, ())}")


def found_text(value: object) -> str:
    """Return a value as a message names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:57]}...")
    if isinstance(value, int | float):
        text = str(value)
        return text if len(text) <= 40 else f"{text[:10]}... ({len(text)} digits)"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def _follows(details: ErrorDetails) -> bool:
    """Whether a complaint only follows from another: a list counted without its wrong members."""
    found = details["input"]
    return details["type"] == "too_short" and isinstance(found, list | tuple) and len(found) >= details["ctx"]["min_length"]


def _complaint(details: ErrorDetails, document: YamlDocument, model: type[BaseModel], noun: str) -> InputError:
    loc, kind, found = details["loc"], details["type"], details["input"]
    context = details.get("ctx", {})
    path = _written(loc, document.data)
    label = _label(path, document) or noun
    if kind == "extra_forbidden":
        key = str(loc[-1])
        way = ceil_padding(path, document) if key == "ceil_mode" else ""
        message = f"{key!r} is not a field here{f'; {way}' if way else did_you_mean(key, _fields(model, loc[:-1]))}"
        return SpecError(f"{_label(path[:-1], document) or noun}: {message}", document.location(path, key=True))
    if kind == "missing":
        message = f"{loc[-1]!r} is missing" if isinstance(loc[-1], str) else f"expected more than {len(found)} value(s)"
        return SpecError(f"{label}: {message}", document.location(path))
    if kind == "union_tag_invalid" and (way := nearest_kind(str(found["kind"]))):
        return SpecError(f"{label}.kind: {found['kind']!r} is not a kind of layer; {way}", document.location((*path, "kind")))
    if kind == "union_tag_invalid":
        return UnknownNameError(
            f"{label}.kind", str(found["kind"]), _quoted(context["expected_tags"]), "a kind of layer", document.location((*path, "kind"))
        )
    if kind in ("enum", "literal_error") and isinstance(found, str) and (way := nearest_type(found)):
        return SpecError(f"{label}: {found!r} is not one of the choices; {way}", document.location(path))
    if kind in ("enum", "literal_error") and isinstance(found, str):
        return UnknownNameError(label, found, _quoted(context["expected"]), "one of the choices", document.location(path))
    if isinstance(found, dict) and kind in found:
        # A spec's own check of several fields names the one to look at.
        path = (*path, kind)
    return SpecError(f"{label}: {_words(kind, details, context, path, document)}", document.location(path))


def _quoted(text: object) -> list[str]:
    return re.findall(r"'([^']*)'", str(text))


def _words(kind: str, details: ErrorDetails, context: dict[str, Any], path: YamlPath, document: YamlDocument | None = None) -> str:
    seen = found_text(details["input"])
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"should be {words} {context[key]:,}, found {seen}"
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length", context.get("max_length"))
        return f"expected at {'least' if kind == 'too_short' else 'most'} {bound} value(s), found {context.get('actual_length')}"
    if kind == "string_pattern_mismatch":
        return f"{seen} is not a name: letters, digits and _ . - / only, a letter or digit first"
    if kind in ("enum", "literal_error"):
        expected = str(context["expected"])
        return f"expected one of {', '.join(_quoted(expected)) or expected}; found {seen}"
    if kind == "union_tag_not_found":
        return "'kind' is missing (conv2d, linear, max_pool2d, ...)"
    if kind == "tuple_type" and path and path[-1] in EXTENTS:
        way = same_padding(path, document) if document is not None and details["input"] in ("same", "SAME") else ""
        return f"expected a whole number or a list of them, found {seen}" + (f"; {way}" if way else "")
    wanted = next((words for pattern, words in _EXPECTED if re.match(pattern, kind)), None)
    if wanted is not None:
        return f"expected {wanted}, found {seen}"
    # Messages of this project's own validators are in the user's words already.
    return " ".join(details["msg"].removeprefix("Value error, ").split())


_BOUNDS: Final = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
"""What a type of complaint asks for, and where Pydantic puts the limit."""
_EXPECTED: Final = (
    (r"int_", "a whole number"),
    (r"float_|decimal_", "a number"),
    (r"finite_number", "a finite number"),
    (r"bool_", "true or false"),
    (r"string_too_long", "a shorter text"),
    (r"string_too_short", "some text"),
    (r"string_", "text"),
    (r"tuple_|list_|set_|frozen_set", "a list"),
    (r"model_|dict_|mapping_", "a mapping of fields"),
)
"""What a type of complaint asks for."""


def _written(loc: Sequence[str | int], data: Any) -> YamlPath:
    """Return the part of a Pydantic location that the user wrote; names of union members and short forms fall away."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(data, dict):
            if part not in data:
                continue
        elif not (isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)):
            break
        data = data[part]
        path.append(part)
    return tuple(path)


def _label(path: YamlPath, document: YamlDocument) -> str:
    """Return a path as people say it: things that have a name go by it (`conv1.kernel`)."""
    parts = [str(part) for part in document.prefix]
    data = document.data
    for part in path:
        data = data[part]
        if isinstance(part, str):
            parts.append(part)
            continue
        name = data.get("name") if isinstance(data, dict) else None
        if isinstance(name, str):
            parts[-1:] = [name]
        elif parts:
            parts[-1] = f"{parts[-1]}[{part}]"
        else:
            parts.append(f"[{part}]")
    return ".".join(parts)


def _fields(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Return the field names of the spec a Pydantic location ends at."""
    models: list[Any] = [model]
    for part in loc:
        following: list[Any] = []
        for candidate in models:
            if isinstance(part, str) and part in candidate.model_fields:
                following += _models_in(candidate.model_fields[part].annotation)
            elif isinstance(part, int) or part in (candidate.__name__, _kind(candidate)):
                following.append(candidate)
        models = following or models
    return sorted({name for candidate in models for name in candidate.model_fields})


def _kind(model: Any) -> object:
    declared = model.model_fields.get("kind")
    return declared.default if declared is not None else None


def _models_in(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models_in(inner)


def _placed(error: InputError, document: YamlDocument) -> InputError:
    """Give an error that a spec raised by itself its place in the file."""
    if error.location is None and document.file:
        error.location = document.location(_blamed(error, document.data))
    return error


def _blamed(error: InputError, data: dict[str, Any]) -> YamlPath:
    layers = data.get("layers")
    if not isinstance(layers, list | tuple):
        return ()
    if isinstance(error, ShapeError | SpecError) and error.layer:
        same = [index for index, layer in enumerate(layers) if isinstance(layer, dict) and layer.get("name") == error.layer]
        return ("layers", same[-1]) if same else ("layers",)
    if isinstance(error, UnknownNameError):
        for index, layer in enumerate(layers):
            reads = layer.get("inputs") if isinstance(layer, dict) else None
            if isinstance(reads, list) and error.name in reads:
                return ("layers", index, "inputs", reads.index(error.name))
    return ("layers",)
