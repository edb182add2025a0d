"""QuantizeLinear and DequantizeLinear around operators, folded into the tensors between them: the operator runs on integers."""

from __future__ import annotations

from typing import Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node, Value

FUSED: Final = frozenset({"Relu", "Clip", "LeakyRelu", "PRelu", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "BatchNormalization"})
"""Operators that are applied on the way out of the one before: their input is never stored as real numbers."""


def with_quantised_tensors(draft: GraphDraft) -> None:
    """Fold pairs of QuantizeLinear and DequantizeLinear, and DequantizeLinear of constants; those at a border of real numbers stay.

    Parameters
    ----------
    draft : GraphDraft
        Changed in place.

    Raises
    ------
    FormatError
        If a scale is no constant.
    """
    gone: set[int] = set()
    aliases: dict[str, str] = {}
    readers = draft.readers()
    makers = draft.makers()
    outputs = set(draft.outputs)
    for node in draft.nodes:
        if node.kind not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        source, made = node.inputs[0], node.outputs[0]
        while source in aliases:
            source = aliases[source]
        value = draft.values[source]
        scales, zeros = _terms(draft, node)
        if node.kind == "DequantizeLinear":
            if made in outputs and value.constant is None:
                draft.values[source] = _quantised(value, value.element, scales, zeros, node)
                continue
            draft.values[source] = _quantised(value, value.element, scales, zeros, node)
            gone.add(id(node))
            aliases[made] = source
            continue
        element = draft.values[node.inputs[2]].element if len(node.inputs) > 2 and node.inputs[2] else "uint8"
        if value.constant is not None:
            draft.values[made] = _quantised(_stepped(value, element, scales, zeros, node), element, scales, zeros, node)
            gone.add(id(node))
        elif source in makers and len(readers.get(source, ())) == 1 and source not in outputs:
            draft.values[source] = _quantised(value, element, scales, zeros, node)
            _before_fused(draft, source, makers, readers)
            gone.add(id(node))
            aliases[made] = source
        else:
            draft.values[made] = _quantised(Value(value.shape, element), element, scales, zeros, node)
    draft.without(gone, aliases, "is the type of the tensor it stands at")


def _before_fused(draft: GraphDraft, name: str, makers: dict[str, Node], readers: dict[str, list[Node]]) -> None:
    """Give what an activation reads the type of what it makes: they are one buffer."""
    element = draft.values[name].element
    while (maker := makers.get(name)) is not None and maker.kind in FUSED:
        name = maker.inputs[0]
        if name not in makers or len(readers.get(name, ())) != 1:
            return
        draft.values[name].element = element


def _terms(draft: GraphDraft, node: Node) -> tuple[tuple[float, ...], tuple[int, ...]]:
    scales = draft.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    zeros = draft.constant(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else np.zeros(1, np.int64)
    if scales is None or zeros is None or zeros.size not in (1, scales.size):
        raise draft.broken("its scale or zero point is no constant that fits it", node)
    return tuple(float(each) for each in scales.reshape(-1)), tuple(int(each) for each in np.broadcast_to(zeros.reshape(-1), scales.size))


def _quantised(value: Value, element: str, scales: tuple[float, ...], zeros: tuple[int, ...], node: Node) -> Value:
    axis = node.integer("axis", 1) % max(len(value.shape), 1)
    return Value(value.shape, element, value.constant, scales, zeros, axis if len(scales) > 1 else 0)


def _stepped(value: Value, element: str, scales: tuple[float, ...], zeros: tuple[int, ...], node: Node) -> Value:
    """Quantise a constant of real numbers."""
    array = value.constant
    if array is None or element not in ("int8", "uint8", "int16", "int32"):
        return Value(value.shape, element)
    axis = node.integer("axis", 1) % max(array.ndim, 1)
    shape = [-1 if at == axis and len(scales) > 1 else 1 for at in range(array.ndim)]
    limits = np.iinfo(element)
    with np.errstate(all="ignore"):
        steps = np.rint(array / np.reshape(scales, shape)) + np.reshape(zeros, shape)
    return Value(value.shape, element, np.clip(np.nan_to_num(steps), limits.min, limits.max).astype(element))
