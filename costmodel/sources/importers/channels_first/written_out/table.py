"""Which operators are written out, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node
from costmodel.sources.importers.channels_first.written_out import gathering, placing, pointwise
from costmodel.sources.importers.channels_first.written_out.parts import Parts

_ELEMENTWISE: Final = frozenset({
    "Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "And", "Or",
    "Xor", "Where", "Mod", "Sum",
})  # fmt: skip
"""Operators that repeat extents of 1 of their operands themselves."""

WRITTEN_OUT: Final[Mapping[str, Callable[[Parts], bool]]] = {
    "AveragePool": gathering.mean_pool,
    "Div": pointwise.quotient,
    "Gather": placing.picked,
    "GatherND": placing.picked,
    "GroupNormalization": gathering.group_norm,
    "HardSigmoid": pointwise.hard_sigmoid,
    "LRN": gathering.local_response,
    "MatMul": placing.vectors,
    "Max": pointwise.bounded("min"),
    "MaxPool": gathering.largest_pool,
    "Min": pointwise.bounded("max"),
    "Mish": pointwise.mish,
    "OneHot": placing.one_hot,
    "Pad": placing.around,
    "Pow": pointwise.power,
    "ReduceL1": gathering.sum_of_sizes,
    "ReduceL2": gathering.length,
    "ReduceLogSum": gathering.log_of_sum,
    "ReduceLogSumExp": gathering.log_of_powers,
    "Shrink": pointwise.shrink,
    "Softsign": pointwise.softsign,
    "ThresholdedRelu": pointwise.threshold,
}
"""How each operator is written out; False where it stays as it is."""


def with_parts(draft: GraphDraft) -> None:
    """Write out each operator that has no lowering and whose parts do; what a reader repeats itself is not repeated before it.

    Parameters
    ----------
    draft : GraphDraft
        Changed in place.
    """
    _without_repeats(draft)
    found: list[Node] = []
    for node in draft.nodes:
        parts = Parts(draft, node)
        found += parts.nodes if _is_written(parts) else [node]
    draft.nodes = found


def _is_written(parts: Parts) -> bool:
    write = WRITTEN_OUT.get(parts.node.kind)
    if write is None or not parts.source or not parts.node.outputs:
        return False
    try:
        return write(parts)
    except (IndexError, KeyError, ValueError, TypeError, OverflowError, ZeroDivisionError):
        # An operator with fewer inputs, or other attributes, than it must have: lowering refuses it by its name.
        return False


def _without_repeats(draft: GraphDraft) -> None:
    """Let arithmetic read what an Expand repeats, where another operand has the whole shape already."""
    readers = draft.readers()
    gone, aliases = set(), {}
    for node in draft.nodes:
        if node.kind != "Expand" or node.outputs[0] in draft.outputs or draft.constant(node.inputs[0]) is not None:
            continue
        taking = readers.get(node.outputs[0], [])
        if taking and all(reader.kind in _ELEMENTWISE and _has_whole(draft, reader, node) for reader in taking):
            gone.add(id(node))
            aliases[node.outputs[0]] = node.inputs[0]
    draft.without(gone, aliases, "is repeated by what reads it")


def _has_whole(draft: GraphDraft, reader: Node, node: Node) -> bool:
    shape = draft.values[reader.outputs[0]].shape
    return any(name and name != node.outputs[0] and draft.values[name].shape == shape for name in reader.inputs)
