"""Folders that stand at the top of the project and travel inside the wheel."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from costmodel.errors import MissingError, UnknownNameError

PACKAGED_FOLDERS: Final = ("cacti_configs", "firmware", "studies")
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
    package = Path(str(resources.files("costmodel")))
    for folder in (package / "packaged" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise MissingError(f"the folder {name!r} is neither in the installed package nor beside it; reinstall costmodel")
