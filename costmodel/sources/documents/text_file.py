"""Reading a user's YAML or JSON, with a message for every way it can be absent."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from costmodel.sources.documents.input_file import read_input
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
    return parse_document(read_input(path, MAX_FILE_BYTES, suffixes=FILE_SUFFIXES), str(path))


def peeked_document(path: Path) -> YamlDocument:
    """Read a file whose values are only looked at, never changed: the same content is parsed once.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    YamlDocument
        Shared by whoever peeks.

    Raises
    ------
    InputError
        As `read_document`.
    """
    return _parsed(read_input(path, MAX_FILE_BYTES, suffixes=FILE_SUFFIXES), str(path))


_parsed = functools.lru_cache(maxsize=2)(parse_document)
