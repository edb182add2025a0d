"""An imported graph as a model: its network, weights as real numbers, what its integers stand for, and what became of each operator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from costmodel.errors import FormatError, Location
from costmodel.sources.importers.channels_first.layer_draft import LayerDraft
from costmodel.sources.importers.channels_first.to_layers import drafted_layers, network_of_draft
from costmodel.sources.importers.tflite import FORMAT as TFLITE
from costmodel.specs.imported_graph import ImportedGraph, ImportedTensor, OperatorFate
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import LayerParameters, Model
from costmodel.specs.quantisation import Quantisation


class ImportedModel(NamedTuple):
    """A model file, read the whole way."""

    graph: ImportedGraph
    """As read, with what its operators run in their place."""
    model: Model
    fates: tuple[OperatorFate, ...]
    """What became of each operator of the graph, in its order."""


class DraftedLayers(Protocol):
    """What drafts of both layouts tell."""

    graph: ImportedGraph
    layers: list[dict[str, Any]]
    makes: dict[str, int]
    views: dict[int, str]


def model_of(graph: ImportedGraph) -> Model:
    """Return an imported graph as a model; see `imported_model`."""
    return imported_model(graph).model


def imported_model(graph: ImportedGraph) -> ImportedModel:
    """Return an imported graph as a model, and what became of its operators.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    ImportedModel
        Parameters of every layer whose weights the lowering carries.

    Raises
    ------
    InputError
        If an operator cannot be taken over: each is named, with its share of the work.
    """
    if graph.format_name == TFLITE:
        from costmodel.sources.importers.channels_last.to_layers import drafted_layers as drafted_last
        from costmodel.sources.importers.channels_last.to_model import model_of_draft

        last = drafted_last(graph)
        return ImportedModel(last.graph, model_of_draft(last), _fates(last))
    draft = drafted_layers(graph)
    return ImportedModel(graph, _model(draft), _fates(draft))


def _model(draft: LayerDraft) -> Model:
    graph = draft.graph
    network = network_of_draft(draft)
    parameters, weight_quantisations = {}, {}
    for name, lazy in draft.parameters.items():
        try:
            weight = np.ascontiguousarray(lazy.weight(), np.float64)
            bias = None if lazy.bias is None else np.ascontiguousarray(lazy.bias(), np.float64)
        except ValueError:
            raise FormatError(f"the layer {name!r} has parameters of shapes that do not go together", Location(graph.name)) from None
        parameters[name] = LayerParameters(weight, bias)
        found = None if lazy.stored is None or lazy.stored.element != "int8" else _terms(lazy.stored)
        if found is not None and not any(found.zero_points) and len(found.scales) in (1, len(weight)):
            weight_quantisations[name] = found
    tensors: Mapping[str, int] = {NETWORK_INPUT: graph.inputs[0], **draft.makes}
    terms = {name: _terms(graph.tensors[place]) for name, place in tensors.items() if graph.tensors[place].constant is None}
    return Model(
        network=network,
        parameters=parameters,
        source=f"{graph.format_name}: {graph.name}",
        quantisations={name: found for name, found in terms.items() if found is not None},
        weight_quantisations=weight_quantisations,
    )


def _terms(tensor: ImportedTensor) -> Quantisation | None:
    """Return what a tensor's steps stand for; None where it holds real numbers, or its scales are none."""
    zeros = tensor.zero_points or (0,)
    usable = tensor.scales and all(math.isfinite(scale) and scale > 0 for scale in tensor.scales) and len(zeros) == len(tensor.scales)
    return Quantisation(scales=tensor.scales, zero_points=zeros) if usable else None


def _fates(draft: DraftedLayers) -> tuple[OperatorFate, ...]:
    """Return what became of each operator: layers that make its outputs, or why there are none."""
    made: dict[int, list[str]] = {}
    for layer in draft.layers:
        made.setdefault(draft.makes[layer["name"]], []).append(layer["name"])
    return tuple(_fate(made, operator.outputs, draft.views.get(at, "")) for at, operator in enumerate(draft.graph.operators))


def _fate(made: Mapping[int, list[str]], outputs: Sequence[int], why: str) -> OperatorFate:
    layers = tuple(layer for place in outputs for layer in made.get(place, ()))
    return OperatorFate(layers, "" if layers else why or "it is part of the operator beside it")
