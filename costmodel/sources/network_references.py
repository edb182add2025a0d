"""What a user named, which may be a network or a scenario: whether it is a network, and what model file stands behind it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from costmodel.sources.catalogue import is_path, names
from costmodel.sources.documents.text_file import FILE_SUFFIXES, peeked_document
from costmodel.sources.importers.model_files import is_tflite_file
from costmodel.sources.name_matching import matching_names
from costmodel.sources.shipped.packaged_data import packaged_document
from costmodel.sources.stored_models.model_folder import is_model_folder
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
    data = _peeked(reference)
    return "layers" in data and "network" not in data


def reference_of_network(reference: str) -> str | None:
    """Return what a network is named by, where a user may have named a scenario that holds it.

    Parameters
    ----------
    reference : str
        What a user gave.

    Returns
    -------
    str or None
        The same for a network; of a scenario, the packaged name or the path, from the current folder, that its file names; None where the
        network is written out in it.
    """
    return reference if names_a_network(reference) else reference_in_scenario(reference, "network")


def reference_in_scenario(reference: str, field: str) -> str | None:
    """Return what a scenario names one of its parts by.

    Parameters
    ----------
    reference : str
        Packaged name, or path of the scenario's file.
    field : str
        `network`, `device`, ...

    Returns
    -------
    str or None
        A packaged name, or a path from the current folder; None where the part is absent or written out in the scenario, and where there
        is no such scenario.
    """
    named = _peeked(reference).get(field)
    if not isinstance(named, str):
        return None
    beside = Path(reference).parent / named
    return str(beside) if is_path(reference) and (is_path(named) or is_model_folder(beside)) else named


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
    named = None if reference is None else reference_of_network(reference)
    return Path(named) if named is not None and is_tflite_file(named) else None


def _peeked(reference: str) -> Mapping[str, Any]:
    """Return the fields of a file or of a packaged scenario; none where there is no such thing."""
    if not is_path(reference):
        known = matching_names(reference, names("scenarios"))
        data = _packaged_scenario(known[0]) if len(known) == 1 else None
    else:
        path = Path(reference)
        data = peeked_document(path).data if path.suffix in FILE_SUFFIXES and path.is_file() else None
    return data if isinstance(data, Mapping) else {}


@functools.cache
def _packaged_scenario(name: str) -> Any:
    """Its file is asked for each of its parts, and parsed once."""
    return packaged_document("scenarios", name).data
