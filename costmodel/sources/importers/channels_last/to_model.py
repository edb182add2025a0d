"""A TensorFlow Lite graph as a model: its network, weights as real numbers in the network's order, and what its integers stand for."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, Location
from costmodel.sources.importers.channels_last.draft import Draft, Weights
from costmodel.sources.importers.channels_last.folding import dequantised
from costmodel.sources.importers.channels_last.to_layers import drafted_layers, network_of_draft
from costmodel.specs.imported_graph import ImportedGraph, ImportedTensor
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.quantisation import Quantisation


def model_of_tflite(graph: ImportedGraph) -> Model:
    """Return a TensorFlow Lite graph as a model.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    Model
        Integers keep their values: the real numbers are steps times scales, and the scales are told beside them.

    Raises
    ------
    InputError
        As `drafted_layers` raises it, and where weights are stored in a form that is not read.
    """
    return model_of_draft(drafted_layers(graph))


def model_of_draft(draft: Draft) -> Model:
    """Return drafted layers as a model; see `model_of_tflite`."""
    graph = draft.graph
    parameters, scales = {}, {}
    for name, weights in draft.weights.items():
        parameters[name] = LayerParameters(_real(draft, weights.weight, weights, name), _biases(draft, weights, name))
        if (known := _weight_scales(draft.graph.tensors[weights.weight])) is not None:
            scales[name] = known
    quantisations = {}
    for name, place in {NETWORK_INPUT: graph.inputs[0], **draft.makes}.items():
        if (found := _activation_scale(graph.tensors[place])) is not None:
            quantisations[name] = found
    return Model(
        network=network_of_draft(draft),
        parameters=parameters,
        source=f"{graph.format_name}: {graph.name}",
        quantisations=quantisations,
        weight_quantisations=scales,
    )


def _real(draft: Draft, place: int, weights: Weights, name: str) -> NDArray[np.float64]:
    found = _dequantised(draft, place, name)
    try:
        return np.ascontiguousarray(weights.arrange(found), np.float64)
    except (ValueError, IndexError):
        tensor = draft.graph.tensors[place]
        raise FormatError(
            f"{name}: its weights {tensor.name!r} of shape {list(tensor.shape)} do not fit it", Location(draft.graph.name)
        ) from None


def _dequantised(draft: Draft, place: int, name: str) -> NDArray[np.float64]:
    tensor = draft.graph.tensors[place]
    found = draft.array(place)
    if found is None:
        form = "as a list of what is not zero" if tensor.is_sparse or place in draft.folded else f"as {tensor.element}"
        raise FormatError(
            f"{name}: its weights {tensor.name!r} are stored {form}, which is not read; costs need none", Location(draft.graph.name)
        )
    return dequantised(tensor, found)


def _biases(draft: Draft, weights: Weights, name: str) -> NDArray[np.float64] | None:
    if weights.bias is None:
        return None
    tensor, steps = draft.graph.tensors[weights.bias], draft.array(weights.bias)
    source = draft.graph.tensors[weights.source] if weights.source >= 0 else None
    filters = draft.graph.tensors[weights.weight]
    per_output = steps is not None and len(filters.scales) in (1, steps.size)
    if steps is not None and steps.dtype.kind == "i" and source is not None and len(source.scales) == 1 and per_output:
        # A bias counts in steps of input times weight: their product in double precision gives its integers back, its own scale does not.
        return steps.astype(np.float64) * (source.scales[0] * np.array(filters.scales, np.float64))
    return dequantised(tensor, steps).reshape(-1) if steps is not None else _dequantised(draft, weights.bias, name).reshape(-1)


def _weight_scales(tensor: ImportedTensor) -> Quantisation | None:
    """Return the scales of weights in int8 steps; None where they are none, or their zero is not step 0."""
    usable = tensor.element == "int8" and tensor.scales and all(math.isfinite(scale) and scale > 0 for scale in tensor.scales)
    return Quantisation(scales=tensor.scales, zero_points=(0,) * len(tensor.scales)) if usable and not any(tensor.zero_points) else None


def _activation_scale(tensor: ImportedTensor) -> Quantisation | None:
    """Return what an activation's steps stand for; None where it holds real numbers, or its scale is none."""
    usable = len(tensor.scales) == 1 and math.isfinite(tensor.scales[0]) and tensor.scales[0] > 0 and len(tensor.zero_points) <= 1
    return Quantisation(scales=tensor.scales, zero_points=tensor.zero_points or (0,)) if usable and tensor.constant is None else None
