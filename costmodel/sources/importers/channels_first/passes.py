"""What is taken out of a graph before it is lowered: views in name only, quantisation around operators, what folds into its neighbour."""

from __future__ import annotations

from typing import Final

from costmodel.sources.importers.channels_first.composites import with_composites
from costmodel.sources.importers.channels_first.folding_passes import with_biases, with_folded_norms, with_folded_pads
from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node
from costmodel.sources.importers.channels_first.quantisation_pass import with_quantised_tensors
from costmodel.sources.importers.channels_first.written_out.table import with_parts


def simplified(draft: GraphDraft) -> GraphDraft:
    """Return a graph without what costs nothing or belongs to a neighbour; every operator that is gone is counted in `folded`."""
    _without_unread(draft)
    _without_identities(draft)
    with_quantised_tensors(draft)
    with_composites(draft)
    with_parts(draft)
    with_biases(draft)
    with_folded_norms(draft)
    with_folded_pads(draft)
    _without_unread(draft)
    return draft


def _without_unread(draft: GraphDraft) -> None:
    """Take out what makes nothing that is read."""
    read, gone = set(draft.outputs), set()
    for node in reversed(draft.nodes):
        if read.isdisjoint(node.outputs):
            gone.add(id(node))
        else:
            read.update(node.inputs)
    draft.without(gone, {}, "nothing reads what it makes")


def _without_identities(draft: GraphDraft) -> None:
    """Take out what hands on an input: identities, dropout at inference, casts to the type that is there, sums with 0, products with 1."""
    gone, aliases = set(), {}
    for node in draft.nodes:
        kept = _unchanged(draft, node)
        if kept:
            gone.add(id(node))
            aliases[node.outputs[0]] = kept
            continue
        if node.kind not in ("Identity", "Dropout", "Cast", "CastLike") or not node.inputs or not node.outputs:
            continue
        source, made = draft.values[node.inputs[0]], draft.values[node.outputs[0]]
        if source.element == made.element and not any(node.outputs[1:]):
            gone.add(id(node))
            aliases[node.outputs[0]] = node.inputs[0]
    draft.without(gone, aliases, "hands on its input")


_NEUTRAL: Final = {"Add": 0, "Sub": 0, "Mul": 1, "Div": 1}
"""The number with which arithmetic changes nothing; it is the second operand of a difference or a quotient."""


def _unchanged(draft: GraphDraft, node: Node) -> str:
    """Return the operand that arithmetic hands on as it is; empty where it changes something."""
    neutral = _NEUTRAL.get(node.kind)
    if neutral is None or len(node.inputs) != 2:
        return ""
    for at in (1, 0) if node.kind in ("Add", "Mul") else (1,):
        array, other = draft.constant(node.inputs[at]), node.inputs[1 - at]
        source, made = draft.values[other], draft.values[node.outputs[0]]
        if array is None or array.size != 1 or array.reshape(-1)[0] != neutral or source.constant is not None:
            continue
        if source.shape == made.shape and source.element == made.element and not source.scales:
            return other
    return ""
