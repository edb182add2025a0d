"""Operators that carry their quantisation among their inputs, made plain: the operator on quantised tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import GraphDraft, Node, Value

_MICROSOFT: Final = "com.microsoft:"


class _Plain(NamedTuple):
    """What an operator is without its quantisation, and where that stands among its inputs: value, scale, zero point."""

    kind: str
    operands: Sequence[tuple[int, int, int]]
    result: tuple[int, int] | None
    """Scale and zero point of what it makes; None where it makes sums of 32 bits."""
    bias: int = -1


_ONE: Final = _Plain("", ((0, 1, 2),), (3, 4))
_TWO: Final = _Plain("", ((0, 1, 2), (3, 4, 5)), (6, 7))
_KINDS: Final[Mapping[str, _Plain]] = {
    "QLinearConv": _TWO._replace(kind="Conv", bias=8),
    "QLinearMatMul": _TWO._replace(kind="MatMul"),
    "ConvInteger": _Plain("Conv", ((0, -1, 2), (1, -1, 3)), None),
    "MatMulInteger": _Plain("MatMul", ((0, -1, 2), (1, -1, 3)), None),
    f"{_MICROSOFT}QGemm": _Plain("Gemm", ((0, 1, 2), (3, 4, 5)), (7, 8), bias=6),
    f"{_MICROSOFT}QLinearAdd": _TWO._replace(kind="Add"),
    f"{_MICROSOFT}QLinearMul": _TWO._replace(kind="Mul"),
    f"{_MICROSOFT}QLinearAveragePool": _ONE._replace(kind="AveragePool"),
    f"{_MICROSOFT}QLinearGlobalAveragePool": _ONE._replace(kind="GlobalAveragePool"),
    f"{_MICROSOFT}QLinearLeakyRelu": _ONE._replace(kind="LeakyRelu"),
    f"{_MICROSOFT}QLinearSigmoid": _ONE._replace(kind="Sigmoid"),
    f"{_MICROSOFT}QLinearSoftmax": _ONE._replace(kind="Softmax"),
}
_NOT_PLAIN: Final = ("channels_last", "opset")
"""Attributes that the plain operators do not have."""


def plain(draft: GraphDraft, node: Node) -> bool:
    """Make a node plain where it carries its quantisation; its tensors take it over.

    Parameters
    ----------
    draft : GraphDraft
        The graph, whose values get scales and zero points.
    node : Node
        Changed in place.

    Returns
    -------
    bool
        Whether it was changed.

    Raises
    ------
    FormatError
        If a scale is no constant, or its tensors are channels last.
    """
    if node.kind == f"{_MICROSOFT}QLinearConcat":
        count = (len(node.inputs) - 2) // 3
        row = _Plain("Concat", [(2 + 3 * at, 3 + 3 * at, 4 + 3 * at) for at in range(count)], (0, 1))
    elif (found := _KINDS.get(node.kind)) is not None:
        row = found
    else:
        return False
    if node.integer("channels_last"):
        raise draft.broken("its tensors are channels last; channels first is supported", node)
    inputs = node.inputs
    operands = []
    for value, scale, zero in row.operands:
        if value >= len(inputs) or not inputs[value]:
            raise draft.broken(f"its input {value + 1} is left out", node)
        operands.append(inputs[value])
        if scale >= 0:
            _quantise(draft, node, draft.values[inputs[value]], scale, zero)
    if row.result is None:
        made = Value((), "int32")
    else:
        zero_name = inputs[row.result[1]] if row.result[1] < len(inputs) else ""
        element = draft.values[zero_name].element if zero_name else draft.values[operands[0]].element
        made = Value((), element)
        if row.result[0] < len(inputs) and inputs[row.result[0]]:
            _quantise(draft, node, made, *row.result)
        else:
            made.element = "float32"
    if 0 <= row.bias < len(inputs) and inputs[row.bias]:
        operands.append(inputs[row.bias])
        bias, values = draft.values[inputs[row.bias]], [draft.values[name] for name in operands[:2]]
        scales = np.multiply(values[0].scales[:1] or (1.0,), values[1].scales or (1.0,))
        bias.scales, bias.zero_points = tuple(scales.tolist()), (0,) * scales.size
    draft.values[node.outputs[0]] = made
    node.file_kind, node.kind = node.kind, row.kind
    node.inputs = operands
    node.attributes = {name: value for name, value in node.attributes.items() if name not in _NOT_PLAIN}
    return True


def _quantise(draft: GraphDraft, node: Node, value: Value, scale: int, zero: int) -> None:
    scales = draft.constant(node.inputs[scale])
    zeros = draft.constant(node.inputs[zero]) if zero < len(node.inputs) and node.inputs[zero] else np.zeros(1, np.int64)
    if scales is None or zeros is None:
        raise draft.broken("a scale or zero point of it is computed; constant ones are supported", node)
    if scales.dtype.kind != "f" or zeros.size not in (1, scales.size):
        raise draft.broken(f"its {scales.size} scales and {zeros.size} zero points do not go together", node)
    value.scales = tuple(float(each) for each in scales.reshape(-1))
    value.zero_points = tuple(int(each) for each in np.broadcast_to(zeros.reshape(-1), scales.size))
    # Weights of a convolution, and turned ones of a product, are outputs first; those of any other product outputs last.
    value.channel_axis = 0 if "Conv" in node.kind or node.integer("transB") else max(len(value.shape) - 1, 0)
