"""Reading a study from a file, a study's folder, or by its packaged name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from costmodel.errors import MissingError, SpecError, UnknownNameError
from costmodel.sources.documents.text_file import FILE_SUFFIXES, read_document
from costmodel.sources.documents.validation_errors import checked_spec
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.sources.shipped.packaged_data import packaged_folder
from costmodel.sweeps.study.study_spec import Study

STUDY_FILE: Final = "study.yaml"
"""The study of a folder."""


_OWN: Final = frozenset({"axes", "objectives", "base"})
"""What a study has and nothing else."""
_OTHERS: Final = {"layers": "network", "network": "scenario"}
"""What tells another kind of file."""


class WrittenStudy(NamedTuple):
    """A study and where it was written."""

    study: Study
    beside: Path
    """Folder that relative paths in it start from."""
    document: YamlDocument
    """Its values with their places."""


def packaged_studies() -> dict[str, Path]:
    """Return the folders of packaged studies that a file describes, by name: with their number and without."""
    folders = sorted(file.parent for file in packaged_folder("studies").glob(f"*/{STUDY_FILE}"))
    return {folder.name: folder for folder in folders} | {folder.name.partition("-")[2]: folder for folder in folders}


def load_study(path: Path) -> WrittenStudy:
    """Read a study.

    Parameters
    ----------
    path : Path
        A YAML or JSON file, a folder with a `study.yaml`, or the name of a packaged study.

    Returns
    -------
    WrittenStudy
        The study, its folder and its text.

    Raises
    ------
    InputError
        With file, line and reason.
    """
    if not path.exists() and path.parent == Path() and path.suffix not in FILE_SUFFIXES:
        packaged = packaged_studies()
        if path.name not in packaged:
            raise UnknownNameError("study", path.name, packaged, "a file, a folder or a packaged study")
        path = packaged[path.name]
    file = path / STUDY_FILE if path.is_dir() else path
    try:
        document = read_document(file)
    except MissingError as error:
        raise MissingError(f"{error.message}; `costmodel init my-net.yaml` writes a study to start from", error.location) from None
    if (
        isinstance(document.data, Mapping)
        and not _OWN & set(document.data)
        and (of := _OTHERS.get(next(iter(_OTHERS.keys() & set(document.data)), "")))
    ):
        raise SpecError(
            f"{file.name} describes a {of} and no study of several; `costmodel init my-net.yaml` writes a study to start from",
            document.location(),
        )
    return WrittenStudy(checked_spec(document, Study, "study"), file.parent, document)
