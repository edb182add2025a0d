"""The trained weights that belong to a network: a model's own, or those of a packaged model that was trained from it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from costmodel.sources.catalogue import load_network, names
from costmodel.sources.network_references import reference_of_network
from costmodel.sources.stored_models.model_folder import is_model_folder, read_counted_manifest, read_model_network
from costmodel.sources.stored_models.packaged_models import packaged_model_folder, packaged_model_names, trained_from
from costmodel.specs.layers import DataType
from costmodel.specs.network import Network
from costmodel.specs.trained.model_manifest import ModelManifest


class TrainedWeights(NamedTuple):
    """A model that has weights for a network."""

    manifest: ModelManifest
    own: bool
    """Whether the network is the model's own, not one that it was trained from."""


def trained_weights_of(reference: str | None, network: Network) -> TrainedWeights | None:
    """Return the model that has trained weights for a network.

    Parameters
    ----------
    reference : str or None
        What was named: a network, a model, or a scenario that holds the network.
    network : Network
        That is asked about.

    Returns
    -------
    TrainedWeights or None
        The model whose network it is; for a network as it comes with the package, the packaged model that was trained from it, with int8
        weights where the network has them. None where there is none.

    Raises
    ------
    InputError
        If a model's files are not what its manifest says.
    """
    named = None if reference is None else reference_of_network(reference)
    folders = [Path(named)] if named is not None and is_model_folder(named) else []
    folders += [packaged_model_folder(network.name)] if network.name in packaged_model_names() else []
    for folder in folders:
        if read_model_network(folder) == network:
            return TrainedWeights(read_counted_manifest(folder), own=True)
    if network.name not in names("networks") or load_network(network.name) != network:
        return None
    for name in trained_from(network.name):
        manifest = read_counted_manifest(packaged_model_folder(name))
        if bool(manifest.weight_quantisations) == (network.types.weight is DataType.INT8):
            return TrainedWeights(manifest, own=False)
    return None
