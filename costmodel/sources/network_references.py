"""Whether what a user named, which may be a scenario, is a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from costmodel.sources.catalogue import is_path, names
from costmodel.sources.documents.text_file import peeked_document
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
