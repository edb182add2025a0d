"""The trained models that come with the package."""

from __future__ import annotations

import functools
import json
from importlib import resources
from pathlib import Path

from costmodel.errors import UnknownNameError
from costmodel.sources.stored_models.model_folder import MANIFEST_FILE, is_model_folder, read_model
from costmodel.specs.model import Model


def _folder() -> Path:
    return Path(str(resources.files("costmodel.sources"))) / "data" / "models"


@functools.cache
def packaged_model_names() -> tuple[str, ...]:
    """Return the names of the packaged models, sorted."""
    folder = _folder()
    return tuple(sorted(each.name for each in folder.iterdir() if (each / MANIFEST_FILE).is_file())) if folder.is_dir() else ()


@functools.cache
def trained_from(network: str) -> tuple[str, ...]:
    """Return the names of the packaged models that were trained from a network of the zoo, sorted."""
    # A whole manifest is checked where it is used: this is asked of every network.
    stated = {name: json.loads((_folder() / name / MANIFEST_FILE).read_bytes()) for name in packaged_model_names()}
    return tuple(name for name, each in stated.items() if each["origin"]["settings"]["network"] == network)


def packaged_model_folder(name: str) -> Path:
    """Return where a packaged model lies; raises UnknownNameError where there is none of that name."""
    known = packaged_model_names()
    if name not in known:
        raise UnknownNameError("model", name, known, "packaged")
    return _folder() / name


def model_folder_of(reference: str | Path) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    reference : str or Path
        Name of a packaged model, or a model folder.

    Returns
    -------
    Path
        Its folder.

    Raises
    ------
    UnknownNameError
        If it is neither.
    """
    return Path(reference) if is_model_folder(reference) else packaged_model_folder(str(reference))


def load_stored_model(reference: str | Path) -> Model:
    """Load a packaged model by name, or a model folder; see `read_model`."""
    return read_model(model_folder_of(reference))
