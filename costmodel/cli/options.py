"""Option texts to values, with the option's name in every complaint."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from costmodel.errors import InputError, SpecError, UnknownNameError

if TYPE_CHECKING:
    from costmodel.specs.running.mapping import Mapping

E = TypeVar("E", bound=StrEnum)

ALL = "all"
"""Stands for every choice of an option that may be given several times."""


def chosen(option: str, text: str, choices: type[E]) -> E:
    """Return the choice an option names; hyphens and underscores are one.

    Parameters
    ----------
    option : str
        As the user writes it (`--taps`).
    text : str
        What was given.
    choices : StrEnum
        What may be given.

    Returns
    -------
    member of choices
        The choice.

    Raises
    ------
    UnknownNameError
        Naming the nearest choice.
    """
    by_name = {str(choice.value).replace("_", "-"): choice for choice in choices}
    found = by_name.get(text.strip().lower().replace("_", "-"))
    if found is None:
        raise UnknownNameError(option, text, [str(choice.value) for choice in choices], "one of the choices")
    return found


def all_chosen(option: str, texts: Sequence[str], choices: type[E]) -> tuple[E, ...]:
    """Return the choices named, each once and in the order given; `all`, or none named, stands for every one.

    Parameters
    ----------
    option : str
        As the user writes it.
    texts : sequence of str
        What was given; several may stand in one, separated by commas.
    choices : StrEnum
        What may be given.

    Returns
    -------
    tuple
        At least one choice.
    """
    names = [name for text in texts for name in text.split(",")]
    if not names or ALL in names:
        return tuple(choices)
    return tuple(dict.fromkeys(chosen(option, name, choices) for name in names))


def mappings_chosen(option: str, texts: Sequence[str]) -> tuple[Mapping, ...]:
    """Return the mappings named, each once and in the order given; `all`, or none named, stands for every packaged dataflow.

    Parameters
    ----------
    option : str
        As the user writes it.
    texts : sequence of str
        What was given: `name`, `name(parameter=value, ...)`, either with `[layer=..., ...]` behind it, or a file of `costmodel map`;
        several may stand in one, separated by commas.

    Returns
    -------
    tuple of Mapping
        At least one.

    Raises
    ------
    InputError
        Naming the nearest dataflow or parameter.
    """
    from costmodel.sources.documents.mapping_file import read_mapping
    from costmodel.specs.counting import Dataflow
    from costmodel.specs.running.mapping import divided, mapping_of

    names = [name.strip() for text in texts for name in divided(text)]
    if not names or ALL in names:
        return tuple(mapping_of(dataflow) for dataflow in Dataflow)
    try:
        return tuple(dict.fromkeys(read_mapping(name) for name in names))
    except InputError as error:
        error.message = f"{option}: {error.message.removeprefix('dataflow: ')}"
        raise


def extents(option: str, text: str, allowed: Sequence[int]) -> int | list[int]:
    """Return whole numbers written `3`, `3x3` or `3,3`.

    Parameters
    ----------
    option : str
        As the user writes it.
    text : str
        What was given.
    allowed : sequence of int
        How many numbers there may be.

    Returns
    -------
    int or list of int
        One number by itself, several as a list.

    Raises
    ------
    SpecError
        If they are no whole numbers, or too many or few.
    """
    parts = [part.strip() for part in text.lower().replace("x", ",").split(",")]
    if not all(part.removeprefix("-").isdecimal() and len(part) < 100 for part in parts):
        raise SpecError(f"{option}: expected whole numbers like 3 or 3x3, found {text[:60]!r}")
    if len(parts) not in allowed:
        counts = " or ".join(str(count) for count in allowed)
        raise SpecError(f"{option}: expected {counts} numbers, found {len(parts)} in {text[:60]!r}")
    numbers = [int(part) for part in parts]
    return numbers[0] if len(numbers) == 1 else numbers
