"""Reading a study from a file, a study's folder, or by its packaged name."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from costmodel.sources.complaints import checked_spec
from costmodel.sources.text_file import read_document
from costmodel.sources.yaml_document import Document
from costmodel.sweeps.study import Study

STUDY_FILE: Final = "study.yaml"
"""The study of a folder."""


class WrittenStudy(NamedTuple):
    """A study and where it was written."""

    study: Study
    beside: Path
    """Folder that relative paths in it start from."""
    document: Document
    """Its values with their places."""


def load_study(path: Path) -> WrittenStudy:
    """Read a study.

    Parameters
    ----------
    path : Path
        A YAML or JSON file, or a folder with a `study.yaml`.

    Returns
    -------
    WrittenStudy
        The study, its folder and its text.

    Raises
    ------
    InputError
        With file, line and reason.
    """
    file = path / STUDY_FILE if path.is_dir() else path
    document = read_document(file)
    return WrittenStudy(checked_spec(document, Study, "study"), file.parent, document)
