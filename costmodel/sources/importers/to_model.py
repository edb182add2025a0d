"""An imported graph as a model: its network, weights as real numbers, and what its integers stand for."""

from __future__ import annotations

import math

import numpy as np

from costmodel.sources.importers.channels_first.layer_draft import LayerDraft
from costmodel.sources.importers.channels_first.to_layers import drafted_layers, network_of_draft
from costmodel.sources.importers.tflite import FORMAT as TFLITE
from costmodel.specs.imported_graph import ImportedGraph, ImportedTensor
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.quantisation import Quantisation


def model_of(graph: ImportedGraph) -> Model:
    """Return an imported graph as a model.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    Model
        Parameters of every layer whose weights the lowering carries.

    Raises
    ------
    InputError
        As `network_of` raises it.
    """
    if graph.format_name == TFLITE:
        from costmodel.sources.importers.channels_last.to_model import model_of_tflite

        return model_of_tflite(graph)
    return model_of_draft(drafted_layers(graph))


def model_of_draft(draft: LayerDraft) -> Model:
    """Return drafted layers as a model."""
    graph = draft.graph
    network = network_of_draft(draft)
    parameters = {
        name: LayerParameters(
            np.ascontiguousarray(lazy.weight(), np.float64), None if lazy.bias is None else np.ascontiguousarray(lazy.bias(), np.float64)
        )
        for name, lazy in draft.parameters.items()
    }
    quantisations = {}
    for name, place in {NETWORK_INPUT: graph.inputs[0], **draft.made}.items():
        found = _quantisation(graph.tensors[place])
        if found is not None:
            quantisations[name] = found
    return Model(network=network, parameters=parameters, source=f"{graph.format_name}: {graph.name}", quantisations=quantisations)


def _quantisation(tensor: ImportedTensor) -> Quantisation | None:
    """Return what a tensor's steps stand for; None where it holds real numbers, or its scales are none."""
    zeros = tensor.zero_points or (0,)
    usable = tensor.scales and all(math.isfinite(scale) and scale > 0 for scale in tensor.scales) and len(zeros) == len(tensor.scales)
    return Quantisation(scales=tensor.scales, zero_points=zeros) if usable and tensor.constant is None else None
