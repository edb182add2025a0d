"""A TensorFlow Lite graph as a network: lowered operator by operator, or refused with everything that is missing."""

from __future__ import annotations

from typing import Any, Final

from costmodel.dataflows.imported_counts import bias_places, nominal_mac_count, stored_counts
from costmodel.errors import CollectedError, FormatError, InputError, Location, MissingError, did_you_mean
from costmodel.sources.documents.validation_errors import checked_spec
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.sources.importers.channels_last.arrangement import Arrangement, arranged_shape, usual_axes
from costmodel.sources.importers.channels_last.draft import Draft
from costmodel.sources.importers.channels_last.folding import folds
from costmodel.sources.importers.channels_last.given_shapes import open_extents_text
from costmodel.sources.importers.channels_last.inlining import inlined
from costmodel.sources.importers.lowering_table import FOLDED_ONLY, LOWERINGS, MAKE_NOTHING
from costmodel.sources.importers.plain_layers import network_name, plain_layers, usual_types
from costmodel.specs.imported_graph import ImportedGraph
from costmodel.specs.layers import DataType
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.network import Network

_MOST_TOLD: Final = 20
"""Refusals told at once."""
OPAQUE: Final = "CUSTOM:ethos-u"
"""What a model compiled by Vela is: one operator that only its accelerator can read."""


def drafted_layers(graph: ImportedGraph) -> Draft:
    """Return a graph's layers in the making.

    Parameters
    ----------
    graph : ImportedGraph
        Of a TensorFlow Lite file.

    Returns
    -------
    Draft
        Layers, where their parameters stand, and why operators became none.

    Raises
    ------
    InputError
        If it computes nothing, or an operator cannot be taken over: each is named, with its share of the work.
    """
    where = Location(graph.name)
    if any(operator.kind == OPAQUE for operator in graph.operators):
        raise FormatError(
            "was compiled by Vela for an Ethos-U accelerator, which alone can read it; give the model it was made from", where
        )
    if not graph.operators:
        raise FormatError("has a graph without operators", where)
    if not graph.inputs:
        raise FormatError("has a graph without inputs", where)
    graph = inlined(graph)
    draft = Draft(graph)
    for number, place in enumerate(graph.inputs):
        tensor = graph.tensors[place]
        axes = usual_axes(tensor.shape)
        shape = arranged_shape(tensor.shape, axes)
        if tensor.element not in list(DataType):
            raise FormatError(f"takes {tensor.element} ({tensor.name!r}); supported are {', '.join(DataType)}", where)
        if (text := open_extents_text(tensor)) is not None:
            raise MissingError(f"its input {tensor.name!r} leaves extents open; give them, as in --input-shape {tensor.name}={text}", where)
        layer = NETWORK_INPUT if number == 0 else draft.append("input", "extra_input", [], place, shape=list(shape))
        draft.held[place] = Arrangement(layer, tensor.shape, axes, shape)
    refusals = _lowered(draft)
    read = {place for operator in graph.operators for place in operator.inputs}
    layers = {layer["name"]: layer for layer in draft.layers}
    for place in read.intersection(graph.outputs):
        if place in draft.held and (kept := layers.get(draft.held[place].layer)) is not None:
            kept["output"] = True
    if refusals:
        raise refusals[0] if len(refusals) == 1 else CollectedError(refusals[:_MOST_TOLD])
    if not draft.layers:
        raise FormatError("has a graph that computes nothing", where)
    return draft


def _lowered(draft: Draft) -> list[InputError]:
    """Lower every operator whose inputs could be; return what was refused."""
    refusals: list[InputError] = []
    lost: set[int] = set()
    for at, operator in enumerate(draft.graph.operators):
        draft.at = at
        if lost.intersection(operator.inputs):
            lost.update(operator.outputs)
            continue
        count = len(draft.layers)
        try:
            if folds(draft, operator):
                continue
            if (lower := LOWERINGS.get(operator.kind)) is None:
                if operator.kind in FOLDED_ONLY:
                    raise draft.refused(operator, "its inputs are computed; constant ones are supported")
                raise draft.refused(operator, f"it is not supported{_nearest(operator.kind)}")
            if not operator.outputs and operator.kind not in MAKE_NOTHING:
                raise draft.refused(operator, "it makes nothing")
            lower(draft, operator)
        except InputError as error:
            refusals.append(error)
        except (IndexError, KeyError, ValueError, TypeError, OverflowError, ZeroDivisionError):
            # An operator with fewer inputs, of other ranks or with other attributes than it must have.
            refusals.append(draft.refused(operator, f"its inputs or attributes are not those of a {operator.kind}"))
        else:
            continue
        del draft.layers[count:]
        lost.update(operator.outputs)
    return refusals


def _nearest(kind: str) -> str:
    """Name the operator that is spelt most alike; an operator of somebody's own has none."""
    return "" if kind.startswith("CUSTOM:") else did_you_mean(kind, list(LOWERINGS)).partition(" (known")[0]


def network_of_draft(draft: Draft) -> Network:
    """Return the network of drafted layers; a type that most of its tensors have is the network's, and told with no layer."""
    graph = draft.graph
    source = graph.tensors[graph.inputs[0]].element
    usual, weight = usual_types(draft.layers, source)
    biases = [graph.tensors[place].element for operator in graph.operators for place in bias_places(graph, operator)]
    stored = stored_counts(graph)
    bias = biases[0] if biases else usual
    fields: dict[str, Any] = {
        "name": network_name(graph.name),
        "description": f"{graph.format_name}, {len(graph.operators)} operators; {nominal_mac_count(graph):,} nominal"
        f" multiply-accumulates, {stored.weight_count:,} weights, {stored.bias_count:,} biases",
        "input": draft.held[graph.inputs[0]].shape,
        "types": {
            "input": source,
            "activation": usual,
            "weight": weight,
            "bias": bias if bias in list(DataType) else usual,
        },
        "layers": plain_layers(draft.layers, usual, weight),
        **({"decided": graph.notes} if graph.notes else {}),
    }
    return checked_spec(YamlDocument(fields), Network, "network")
