"""An imported graph as a network that every command takes: lowered operator by operator, or refused with everything that is missing."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from costmodel.dataflows.imported_counts import bias_places, nominal_mac_count, stored_counts
from costmodel.errors import CollectedError, FormatError, InputError, Location
from costmodel.sources.importers.channels_first.to_layers import drafted_layers, network_of_draft
from costmodel.sources.importers.lowering_table import LOWERINGS, NETWORK_INPUT, Draft, planes
from costmodel.sources.importers.tflite import FORMAT as TFLITE
from costmodel.specs.imported_graph import ImportedGraph
from costmodel.specs.layers import DataType
from costmodel.specs.network import Network

_MOST_TOLD: Final = 20
"""Refusals told at once."""
OPAQUE: Final = "CUSTOM:ethos-u"
"""What a model compiled by Vela is: one operator that only its accelerator can read."""


def network_of(graph: ImportedGraph) -> Network:
    """Return an imported graph as a network.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    Network
        Its layers in the file's order, named by what they are and a number.

    Raises
    ------
    InputError
        If it has no operators or several inputs, or an operator cannot be taken over: each is named, with its share of the work.
    """
    if graph.format_name != TFLITE:
        return network_of_draft(drafted_layers(graph))
    where = Location(graph.name)
    if any(operator.kind == OPAQUE for operator in graph.operators):
        raise FormatError(
            "was compiled by Vela for an Ethos-U accelerator, which alone can read it; give the model it was made from", where
        )
    if not graph.operators:
        raise FormatError("has a graph without operators", where)
    if len(graph.inputs) != 1:
        raise FormatError(f"has {len(graph.inputs)} inputs; networks of one input are supported", where)
    source = graph.tensors[graph.inputs[0]]
    shape = planes(source)
    if shape is None:
        raise FormatError(f"takes an input of shape {list(source.shape)}; a batch of one with at most three extents is supported", where)
    for tensor in graph.tensors:
        if tensor.element not in list(DataType) and tensor.constant is None:
            raise FormatError(f"holds {tensor.element} tensors ({tensor.name!r}); supported are {', '.join(DataType)}", where)
    draft = Draft(graph, made_by={graph.inputs[0]: NETWORK_INPUT})
    refusals = _lowered(draft)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else CollectedError(refusals[:_MOST_TOLD])
    biases = [graph.tensors[place].element for operator in graph.operators for place in bias_places(graph, operator)]
    types = {"input": source.element, "activation": source.element, "bias": biases[0] if biases else source.element}
    stored = stored_counts(graph)
    return Network.model_validate(
        {
            "name": PurePath(graph.name).stem,
            "description": f"{graph.format_name}, {len(graph.operators)} operators; {nominal_mac_count(graph):,} nominal"
            f" multiply-accumulates, {stored.weight_count:,} weights, {stored.bias_count:,} biases",
            "input": shape,
            "types": types,
            "layers": draft.layers,
        }
    )


def _lowered(draft: Draft) -> list[InputError]:
    """Lower every operator whose inputs could be; return what was refused."""
    refusals: list[InputError] = []
    lost: set[int] = set()
    for operator in draft.graph.operators:
        if lost.intersection(operator.inputs):
            lost.update(operator.outputs)
            continue
        try:
            if (lower := LOWERINGS.get(operator.kind)) is None:
                raise draft.refused(operator, "it is not supported")
            lower(draft, operator)
        except InputError as error:
            refusals.append(error)
            lost.update(operator.outputs)
    return refusals
