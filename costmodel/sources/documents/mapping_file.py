"""Mappings as options name them: a text, or a file that `costmodel map` wrote."""

from __future__ import annotations

from pathlib import Path

from costmodel.errors import MissingError
from costmodel.sources.documents.text_file import FILE_SUFFIXES, read_document
from costmodel.specs.running.mapping import Mapping, mapping_of


def read_mapping(text: str) -> Mapping:
    """Return the mapping that a text is, or that the file it names holds.

    Parameters
    ----------
    text : str
        As `mapping_of` takes it, or the path of a YAML or JSON file.

    Returns
    -------
    Mapping
        With every parameter's value.

    Raises
    ------
    InputError
        If there is no such file, or it holds no mapping; names the nearest dataflow or parameter.
    """
    if not text.strip().lower().endswith(FILE_SUFFIXES):
        return mapping_of(text)
    path = Path(text.strip())
    if not path.is_file():
        raise MissingError(f"{path} is not there; `costmodel map NETWORK --output {path}` writes one")
    return mapping_of(read_document(path).data)
