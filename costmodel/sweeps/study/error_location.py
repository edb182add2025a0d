"""Locates errors that appear only when a study's names are resolved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from costmodel.errors import CollectedError, InputError
from costmodel.sources.documents.yaml_document import YamlDocument


@contextmanager
def blamed(document: YamlDocument | None, *place: str | int) -> Iterator[None]:
    """Give an error that comes out of the block its place in the study, if it has none.

    Parameters
    ----------
    document : YamlDocument or None
        The study as written; None where it came from Python.
    *place : str or int
        Keys and list positions, as far down as is known.

    Yields
    ------
    None
        For the block.
    """
    try:
        yield
    except InputError as error:
        location = None if document is None else document.location(place)
        if not isinstance(error, CollectedError):
            error.location = error.location or location
            raise
        for part in error.errors:
            part.location = part.location or location
        raise CollectedError(error.errors) from None
