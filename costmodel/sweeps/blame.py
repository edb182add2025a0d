"""Where in a study's file a mistake stands that shows only when its names are looked up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from costmodel.errors import CollectedError, InputError
from costmodel.sources.yaml_document import Document


@contextmanager
def blamed(document: Document | None, *place: str | int) -> Iterator[None]:
    """Give an error that comes out of the block its place in the study, if it has none.

    Parameters
    ----------
    document : Document or None
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
    except CollectedError:
        raise
    except InputError as error:
        if document is not None and error.location is None:
            error.location = document.location(place)
        raise
