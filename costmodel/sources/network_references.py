"""What a user named, which may be a network or a scenario: whether it is a network, and what model file stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from costmodel.sources.catalogue import is_path, names
from costmodel.sources.documents.text_file import peeked_document
from costmodel.sources.importers.model_files import is_tflite_file
from costmodel.sources.name_matching import matching_names
from costmodel.sources.stored_models.network_of_model import names_a_model


def names_a_network(reference: str) -> bool:
    """Tell whether a name or path that may stand for a scenario stands for a network.

    Parameters
    ----------
    reference : str
        What a user gave.

    Returns
    -------
    bool
        True for a model file or folder, a packaged model, a network of the zoo whose name no scenario has, and a file of layers without
        a network in it.
    """
    if names_a_model(reference):
        return True
    if not is_path(reference):
        return bool(matching_names(reference, names("networks"))) and not matching_names(reference, names("scenarios"))
    data = peeked_document(Path(reference)).data if Path(reference).is_file() else None
    return isinstance(data, Mapping) and "layers" in data and "network" not in data


def tflite_of(reference: str | None) -> Path | None:
    """Return the TensorFlow Lite file that a network, or a scenario's network, is read from.

    Parameters
    ----------
    reference : str or None
        What a user gave for either.

    Returns
    -------
    Path or None
        None where it is read from something else. The file itself is not looked at.

    Raises
    ------
    InputError
        If the scenario's file cannot be read.
    """
    if reference is None:
        return None
    path = Path(reference)
    if is_tflite_file(path):
        return path
    if not is_path(reference) or names_a_model(reference) or not path.is_file():
        return None
    data = peeked_document(path).data
    named = data.get("network") if isinstance(data, Mapping) else None
    return path.parent / named if isinstance(named, str) and is_tflite_file(named) else None
