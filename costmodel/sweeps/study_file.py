"""Reading a study from a file or a study's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from costmodel.errors import InputError, SpecError
from costmodel.sources.text_file import read_document
from costmodel.sweeps.study import Study

STUDY_FILE: Final = "study.yaml"
"""The study of a folder."""


def load_study(path: Path) -> tuple[Study, Path]:
    """Read a study.

    Parameters
    ----------
    path : Path
        A YAML or JSON file, or a folder with a `study.yaml`.

    Returns
    -------
    tuple of Study and Path
        The study, and the folder that relative paths in it start from.

    Raises
    ------
    InputError
        With file, line and reason.
    """
    file = path / STUDY_FILE if path.is_dir() else path
    document = read_document(file)
    if not isinstance(document.data, dict):
        raise SpecError("a study is a mapping with name, axes and objectives", document.location())
    try:
        return Study.model_validate(dict(document.data)), file.parent
    except ValidationError as error:
        first = error.errors()[0]
        place = tuple(part for part in first["loc"] if isinstance(part, int | str))
        text = ".".join(str(part) for part in place)
        raise SpecError(f"{text or 'study'}: {first['msg']}", document.location(place)) from None
    except InputError as error:
        error.location = error.location or document.location()
        raise
