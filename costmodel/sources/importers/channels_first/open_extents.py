"""Shapes of a file's inputs: a batch is 1, any other extent that the file leaves open is asked for by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from costmodel.errors import InputError, Location, MissingError, SpecError, UnknownNameError
from costmodel.sources.importers.channels_first.graph_draft import GraphDraft

_SEQUENCE: Final = re.compile(r"seq|time|length|frame|step|^[lt]$", re.IGNORECASE)
_BATCH: Final = re.compile(r"batch|^n$|^b$|^bs$", re.IGNORECASE)


def input_shapes(
    draft: GraphDraft, declared: Mapping[str, Sequence[int | str]], given: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Return the shape of each input.

    Parameters
    ----------
    draft : GraphDraft
        For messages.
    declared : mapping
        Extents of each input as the file has them: a number, or the name of one left open (empty where it has none).
    given : mapping
        Shapes that the user gave, by input.

    Returns
    -------
    dict
        Input to shape.

    Raises
    ------
    InputError
        If an extent other than the batch is open and not given; names every such input.
    """
    for name in given:
        if name not in declared:
            raise UnknownNameError("--input-shape", name, declared, f"an input of {draft.name}")
    known = _given_symbols(draft, declared, given)
    for name, extents in declared.items():
        first = extents[0] if extents else 1
        if name not in given and isinstance(first, str) and _is_batch(first, extents):
            known.setdefault(first or f"{name}.0", 1)
    found, open_inputs = {}, []
    for name, extents in declared.items():
        shape: list[int | str] = [
            known.get(extent or f"{name}.{at}", extent or "?") if isinstance(extent, str) else extent for at, extent in enumerate(extents)
        ]
        if name in given:
            shape = list(given[name])
        numbers = tuple(extent for extent in shape if isinstance(extent, int))
        if len(numbers) < len(shape):
            open_inputs.append((name, shape))
        found[name] = draft.checked(numbers, name)
    if open_inputs:
        name, shape = open_inputs[0]
        example = "x".join(str(extent) if isinstance(extent, int) else f"<{extent}>" for extent in shape)
        others = f" (and {len(open_inputs) - 1} more inputs)" if len(open_inputs) > 1 else ""
        raise MissingError(
            f"its input {name!r} leaves extents open: {list(shape)}{others}; give them, as in --input-shape {name}={example}",
            Location(draft.name),
        )
    return found


def _is_batch(symbol: str, extents: Sequence[int | str]) -> bool:
    """Tell whether an open first extent is the batch: not where it is named like time, or another is named like a batch."""
    others = [extent for extent in extents[1:] if isinstance(extent, str) and _BATCH.search(extent)]
    return bool(_BATCH.search(symbol)) or not (_SEQUENCE.search(symbol) or others)


def _given_symbols(draft: GraphDraft, declared: Mapping[str, Sequence[int | str]], given: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """Return what the shapes a user gave say of named extents, and of inner extents named like a batch."""
    known: dict[str, int] = {}
    for name, extents in declared.items():
        for extent in extents[1:]:
            if isinstance(extent, str) and _BATCH.search(extent) and not (isinstance(extents[0], str) and _BATCH.search(extents[0])):
                known[extent] = 1
        shape = given.get(name)
        if shape is None:
            continue
        if len(shape) != len(extents) and extents:
            raise _unfit(draft, name, shape, extents)
        for extent, number in zip(extents, shape, strict=False):
            if isinstance(extent, int) and extent != number:
                raise _unfit(draft, name, shape, extents)
            if isinstance(extent, str) and extent:
                known[extent] = number
    return known


def _unfit(draft: GraphDraft, name: str, shape: Any, extents: Any) -> InputError:
    text = "x".join(str(extent) for extent in shape)
    return SpecError(f"--input-shape {name}={text} does not fit the input {name!r} of {draft.name}, whose extents are {list(extents)}")
