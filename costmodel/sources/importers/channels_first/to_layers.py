"""A channels-first graph as a network, and as a model with its weights: lowered operator by operator, or refused."""

from __future__ import annotations

from typing import Any, Final

from costmodel.dataflows.imported_counts import bias_places, nominal_mac_count, stored_counts
from costmodel.errors import CollectedError, FormatError, InputError, Location, SpecError
from costmodel.sources.documents.validation_errors import checked_spec
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.sources.importers.channels_first.layer_draft import LayerDraft
from costmodel.sources.importers.channels_first.layouts import Laid
from costmodel.sources.importers.channels_first.moving import input_axes
from costmodel.sources.importers.channels_first.operator_table import FIRST_LOWERINGS
from costmodel.sources.importers.channels_first.written_out.table import WRITTEN_OUT
from costmodel.sources.importers.plain_layers import network_name, plain_layers, usual_types
from costmodel.specs.imported_graph import ImportedGraph
from costmodel.specs.layers import DataType
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.network import Network

_MOST_TOLD: Final = 20
"""Refusals told at once."""


def drafted_layers(graph: ImportedGraph) -> LayerDraft:
    """Return a graph's layers in the making.

    Parameters
    ----------
    graph : ImportedGraph
        In ONNX's operators.

    Returns
    -------
    LayerDraft
        Layers, parameters, and why operators became none.

    Raises
    ------
    InputError
        If an operator cannot be taken over: each is named, with its share of the work.
    """
    where = Location(graph.name)
    if not graph.operators:
        raise FormatError("has a graph without operators", where)
    if not graph.inputs:
        raise FormatError("has a graph without inputs", where)
    draft = LayerDraft(graph)
    first, *others = graph.inputs
    draft.laid[first] = Laid(NETWORK_INPUT, input_axes(draft, first))
    for place in others:
        tensor, axes = graph.tensors[place], input_axes(draft, place)
        shape = Laid("", axes).shape(tensor.shape)
        name = draft.append(graph.operators[0], "extra_input", [], place, stem=tensor.name, shape=list(shape))
        draft.laid[place] = Laid(name, axes)
    refusals = _lowered(draft)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else CollectedError(refusals[:_MOST_TOLD])
    if not draft.layers:
        raise FormatError("has a graph that computes nothing", where)
    return draft


def _lowered(draft: LayerDraft) -> list[InputError]:
    refusals: list[InputError] = []
    lost: set[int] = set()
    known = [*FIRST_LOWERINGS, *WRITTEN_OUT]
    for at, operator in enumerate(draft.graph.operators):
        draft.begin(at)
        if lost.intersection(operator.inputs):
            lost.update(operator.outputs)
            continue
        count = len(draft.layers)
        try:
            made = draft.output(operator) if operator.outputs else None
            if (lower := FIRST_LOWERINGS.get(operator.kind)) is None or made is None:
                raise draft.unknown(operator, known)
            if made.element not in list(DataType) and made.element not in ("bool", "int64"):
                raise draft.refused(operator, f"it makes {made.element} tensors; supported are {', '.join(DataType)}")
            lower(draft, operator)
        except InputError as error:
            refusals.append(error)
        except (IndexError, KeyError, ValueError, TypeError, OverflowError, ZeroDivisionError):
            # An operator with fewer inputs, or other attributes, than it must have.
            refusals.append(draft.refused(operator, f"its inputs or attributes are not those of a {operator.kind}"))
        else:
            continue
        del draft.layers[count:]
        lost.update(operator.outputs)
    return refusals


def network_of_draft(draft: LayerDraft) -> Network:
    """Return the network of drafted layers."""
    graph = draft.graph
    source = graph.tensors[graph.inputs[0]]
    biases = [graph.tensors[place].element for operator in graph.operators for place in bias_places(graph, operator)]
    activation, weight = usual_types(draft.layers, source.element)
    types = {"input": source.element, "activation": activation, "weight": weight, "bias": biases[0] if biases else activation}
    stored = stored_counts(graph)
    values: dict[str, Any] = {
        "name": network_name(graph.name),
        "description": f"{graph.format_name}, {len(graph.operators)} operators; {nominal_mac_count(graph):,} nominal"
        f" multiply-accumulates, {stored.weight_count:,} weights, {stored.bias_count:,} biases",
        "input": draft.laid[graph.inputs[0]].shape(source.shape),
        "types": types,
        "layers": plain_layers(draft.layers, activation, weight),
    }
    if source.element not in list(DataType):
        raise SpecError(f"its input {source.name!r} holds {source.element}; supported are {', '.join(DataType)}", Location(graph.name))
    return checked_spec(YamlDocument(values), Network, "network")
