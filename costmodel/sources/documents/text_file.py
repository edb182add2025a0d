"""Reading a user's file, with a message for every way it can be absent."""

from __future__ import annotations

import difflib
from collections.abc import Container
from pathlib import Path
from typing import Final

from costmodel.errors import FormatError, LimitError, Location, MissingError
from costmodel.sources.documents.yaml_document import MAX_FILE_BYTES, YamlDocument, parse_document

FILE_SUFFIXES: Final = (".yaml", ".yml", ".json")
"""Endings of files that are read."""


def read_document(path: Path) -> YamlDocument:
    """Read a YAML or JSON file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    YamlDocument
        Its values and their places.

    Raises
    ------
    InputError
        If it is missing, a folder, too large or not what it should be.
    """
    place = Location(str(path))
    try:
        if path.is_dir():
            raise FormatError("is a folder, expected a file", place)
        if not path.exists():
            raise MissingError(f"does not exist{nearest_file(path, FILE_SUFFIXES)}", place)
        if not path.is_file():
            raise FormatError("is not a regular file", place)
        # One byte more than is read tells a larger file apart, whatever its size.
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
            size = path.stat().st_size
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", place) from None
    except ValueError:
        raise FormatError("is not a file name", Location(repr(str(path)))) from None
    if len(content) > MAX_FILE_BYTES:
        raise LimitError(f"has {max(size, len(content)):,} bytes; at most {MAX_FILE_BYTES:,} are read", place)
    return parse_document(content, str(path))


def nearest_file(path: Path, suffixes: Container[str]) -> str:
    """Return which file beside a missing one may have been meant, or that its folder is missing too; to append to a message.

    Parameters
    ----------
    path : Path
        What is not there.
    suffixes : container of str
        Endings of files worth offering, dots included.

    Returns
    -------
    str
        Empty where there is nothing to offer.
    """
    folder = path.parent
    if not folder.is_dir():
        return f"; nor does the folder {str(folder)!r}"
    by_stem = {entry.stem: entry.name for entry in folder.iterdir() if entry.suffix.lower() in suffixes and entry.is_file()}
    near = difflib.get_close_matches(path.stem, by_stem, n=1)
    return f" (did you mean {by_stem[near[0]]!r}?)" if near else ""
