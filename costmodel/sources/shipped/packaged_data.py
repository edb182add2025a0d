"""Folders and files that stand at the top of the project and travel inside the wheel, and the YAML files that come with the package."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import Final

from costmodel.errors import MissingError, UnknownNameError
from costmodel.sources.documents.yaml_document import YamlDocument, parse_document

PACKAGED_FOLDERS: Final = ("cacti_configs", "docs", "firmware", "studies")
"""Top-level folders the wheel carries as `costmodel/packaged/<name>`."""


def packaged_folder(name: str) -> Path:
    """Find a top-level folder, installed from a wheel or in a checkout.

    Parameters
    ----------
    name : str
        One of `PACKAGED_FOLDERS`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UnknownNameError
        If there is no such folder by design.
    MissingError
        If it is in neither place.
    """
    if name not in PACKAGED_FOLDERS:
        raise UnknownNameError("folder", name, PACKAGED_FOLDERS, "packaged")
    return _packaged(name)


def bibliography_file() -> Path:
    """Find the bibliography, installed from a wheel or in a checkout; raise MissingError if it is in neither place."""
    return _packaged("references.bib")


@functools.cache
def packaged_document_names(folder: str) -> tuple[str, ...]:
    """Return the names of a kind's packaged files, sorted; `folder` is the kind's (`devices`)."""
    entries = resources.files("costmodel.sources").joinpath("data", folder).iterdir()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in entries if entry.name.endswith(".yaml")))


def packaged_document(folder: str, name: str) -> YamlDocument:
    """Return a packaged file as plain values that remember their places; `name` is one of its folder's."""
    file = resources.files("costmodel.sources").joinpath("data", folder, f"{name}.yaml")
    return parse_document(file.read_bytes(), f"{folder}/{name}.yaml")


def _packaged(name: str) -> Path:
    package = Path(str(resources.files("costmodel")))
    for found in (package / "packaged" / name, package.parent / name):
        if found.exists():
            return found
    raise MissingError(f"{name!r} is neither in the installed package nor beside it; reinstall costmodel")
