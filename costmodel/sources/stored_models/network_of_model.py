"""The network of a model: one that comes with the package, a folder, or a file of somebody else's format."""

from __future__ import annotations

from pathlib import Path

from costmodel.sources.importers.model_files import is_model_file, load_model_network
from costmodel.sources.stored_models.model_folder import is_model_folder, read_model_network
from costmodel.sources.stored_models.packaged_models import packaged_model_folder, packaged_model_names
from costmodel.specs.network import Network


def names_a_model(reference: str | Path) -> bool:
    """Tell whether a name or path is that of a packaged model, a model folder or a model file."""
    return is_model_file(reference) or is_model_folder(reference) or str(reference) in packaged_model_names()


def network_of_model(reference: str | Path) -> Network | None:
    """Return the network of a model; None where a name or path is that of none.

    Parameters
    ----------
    reference : str or Path
        Name of a packaged model, a model folder, or a file that ends as those of a known format do.

    Returns
    -------
    Network or None
        Without its parameters.

    Raises
    ------
    InputError
        If the model is there and wrong.
    """
    if is_model_file(reference):
        return load_model_network(Path(reference))
    if is_model_folder(reference):
        return read_model_network(Path(reference))
    name = str(reference)
    return read_model_network(packaged_model_folder(name)) if name in packaged_model_names() else None
