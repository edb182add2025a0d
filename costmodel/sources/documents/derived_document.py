"""A file that derives from another: `base: esp32-module`, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from costmodel.errors import SpecError
from costmodel.sources.documents.yaml_document import YamlDocument

BASE: Final = "base"
"""Field that names what a file derives from."""
_BY_NAME: Final = ("sleeps", "states")
"""Lists whose entries are told by their names: one that is overridden keeps its other fields, a new one is added."""
_NOT_TAKEN: Final = ("bare", "device")
"""What is true of a base and not of what derives from it: a board around a bare module is none, and nobody measured it."""
_MOST_BASES: Final = 8

Opened = tuple[YamlDocument, Callable[[Any], "Opened"]]
"""A base's document, and how it opens a base of its own."""


def derived(document: YamlDocument, noun: str, opened: Callable[[Any], Opened]) -> YamlDocument:
    """Return a document with what it does not say taken from its base.

    Fields of fields are merged one by one, a board's states by their names; every other list or value replaces the base's.

    Parameters
    ----------
    document : YamlDocument
        As written.
    noun : str
        What messages call it.
    opened : callable
        From the value of `base` to the base's document, with how that one opens its own.

    Returns
    -------
    YamlDocument
        Without `base`; the same where it has none.

    Raises
    ------
    InputError
        If there is no such base, a base derives from itself, or no name is given.
    """
    layers = [document]
    while isinstance(layers[-1].data, Mapping) and BASE in layers[-1].data:
        if len(layers) > _MOST_BASES:
            text = f"base: more than {_MOST_BASES} bases, one after the other: does one derive from itself?"
            raise SpecError(text, document.location((BASE,)))
        if not layers[-1].data.get("name"):
            raise SpecError(f"a {noun} with a base needs a name of its own: expected a field 'name'", layers[-1].location())
        base, opened = opened(layers[-1].data[BASE])
        if not isinstance(base.data, Mapping):
            raise SpecError(f"base: a {noun} is a mapping of fields, found something else", base.location())
        layers.append(base)
    if len(layers) == 1:
        return document
    merged: Any = {}
    for layer in reversed(layers):
        left_out = (BASE, "$schema") if layer is document else (BASE, "$schema", *_NOT_TAKEN)
        merged = _merged(merged, {key: value for key, value in layer.data.items() if key not in left_out})
    return YamlDocument(merged, document.file, document.places, document.prefix)


def _merged(base: Any, own: Any, key: str = "") -> Any:
    if isinstance(base, Mapping) and isinstance(own, Mapping):
        return {**base, **{name: _merged(base[name], value, name) if name in base else value for name, value in own.items()}}
    if key in _BY_NAME and isinstance(base, list) and isinstance(own, list) and all(isinstance(entry, Mapping) for entry in own):
        names = {str(entry.get("name")): place for place, entry in enumerate(base) if isinstance(entry, Mapping)}
        kept = list(base)
        for entry in own:
            place = names.get(str(entry.get("name")))
            if place is not None:
                kept[place] = _merged(kept[place], entry)
            else:
                kept.append(entry)
        return kept
    return own
