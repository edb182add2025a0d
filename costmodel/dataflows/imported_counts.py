"""What an imported graph stores and computes, operator by operator: weights, biases, multiply-accumulates.

Columns as importer tools and papers state them: nominal taps (padding counted), each stored buffer once, recurrent steps multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from costmodel.specs.imported_graph import GraphBody, ImportedOperator, ImportedTensor

BIASED: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Operators whose third input is a bias; names of TensorFlow Lite, then of ONNX."""
WEIGHTED: Final = BIASED | {
    "TRANSPOSE_CONV", "SVDF", "LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "BATCH_MATMUL", "EMBEDDING_LOOKUP",
    "PRELU", "GATHER", "ADD", "MUL", "SUB", "DIV", "MAXIMUM", "MINIMUM",
    "GRU", "RNN", "BatchNormalization", "LayerNormalization", "PRelu", "Gather", "Add", "Mul", "Sub", "Div", "Max", "Min",
}  # fmt: skip
"""Operators whose constants are weights."""


class StoredCounts(NamedTuple):
    """Weights and biases of a graph."""

    weight_count: int
    """Constants of operators that have weights, each stored buffer once."""
    bias_count: int
    """Biases, each stored buffer once."""
    parameter_count: int
    """Weights and biases as people count them: by tensor, however they are stored."""


def stored_counts(graph: GraphBody) -> StoredCounts:
    """Return the weights and biases of a graph.

    Parameters
    ----------
    graph : GraphBody
        As read from its file.

    Returns
    -------
    StoredCounts
        By stored buffer and by tensor.
    """
    weights: dict[int, int] = {}
    biases: dict[int, int] = {}
    by_tensor: dict[int, int] = {}
    for operator in graph.operators:
        for place in weight_places(graph, operator):
            weights[graph.tensors[place].buffer] = by_tensor[place] = graph.tensors[place].element_count
        for place in bias_places(graph, operator):
            biases[graph.tensors[place].buffer] = by_tensor[place] = graph.tensors[place].element_count
    return StoredCounts(sum(weights.values()), sum(biases.values()), sum(by_tensor.values()))


def nominal_mac_count(graph: GraphBody) -> int:
    """Return the multiply-accumulates of a graph, padding counted."""
    return sum(nominal_macs(graph, operator) for operator in graph.operators)


def bias_places(graph: GraphBody, operator: ImportedOperator) -> list[int]:
    """Return the tensors that are an operator's bias: none or one."""
    if operator.kind not in BIASED or len(operator.inputs) < 3:
        return []
    return [place for place in operator.inputs[2:3] if place >= 0 and graph.tensors[place].constant is not None]


def weight_places(graph: GraphBody, operator: ImportedOperator) -> list[int]:
    """Return the tensors that are an operator's weights."""
    if operator.kind not in WEIGHTED:
        return []
    biases = bias_places(graph, operator)
    shapes = {0} if operator.kind == "TRANSPOSE_CONV" else {1, 2} if operator.kind in ("GATHER", "Gather") else set()
    return [
        place
        for at, place in enumerate(operator.inputs)
        if place >= 0 and at not in shapes and place not in biases and graph.tensors[place].constant is not None
    ]


def nominal_macs(graph: GraphBody, operator: ImportedOperator) -> int:
    """Return the multiply-accumulates of an operator, padding counted; 0 for what only moves, compares or pools."""
    if operator.kind == "Einsum":
        return _equation_macs(graph, operator)
    count = _MACS.get(operator.kind)
    tensors = [graph.tensors[place] if place >= 0 else None for place in operator.inputs]
    return 0 if count is None else count(tensors, graph.tensors[operator.outputs[0]])


def _equation_macs(graph: GraphBody, operator: ImportedOperator) -> int:
    """One product for each choice of places along all axes that an equation names."""
    terms = operator.text("equation", "").replace(" ", "").partition("->")[0].split(",")
    extents: dict[str, int] = {}
    for term, place in zip(terms, operator.inputs, strict=False):
        for letter, extent in zip(term, graph.tensors[place].shape if place >= 0 else (), strict=False):
            extents[letter] = max(extent, extents.get(letter, 1))
    return math.prod(extents.values())


Inputs = Sequence[ImportedTensor | None]


def _shape(inputs: Inputs, at: int) -> tuple[int, ...]:
    tensor = inputs[at] if at < len(inputs) else None
    return () if tensor is None else tensor.shape


def _convolution(inputs: Inputs, output: ImportedTensor) -> int:
    return output.element_count * math.prod(_shape(inputs, 1)[1:])


def _depthwise(inputs: Inputs, output: ImportedTensor) -> int:
    return output.element_count * math.prod(_shape(inputs, 1)[1:3])


def _fully_connected(inputs: Inputs, output: ImportedTensor) -> int:
    return output.element_count * math.prod(_shape(inputs, 1)[1:])


def _transposed(inputs: Inputs, _output: ImportedTensor) -> int:
    filters = _shape(inputs, 1)
    return math.prod(_shape(inputs, 2)) * math.prod(filters[:3])


def _matrices(inputs: Inputs, output: ImportedTensor) -> int:
    return output.element_count * (_shape(inputs, 0)[-1:] or (0,))[0]


def _filtered(inputs: Inputs, output: ImportedTensor) -> int:
    batch = (output.shape or (1,))[0]
    return batch * (math.prod(_shape(inputs, 1)) + math.prod(_shape(inputs, 2)))


def _recurrent(inputs: Inputs, _output: ImportedTensor) -> int:
    shape = _shape(inputs, 0)
    matrices = sum(math.prod(tensor.shape) for tensor in inputs[1:9] if tensor is not None and len(tensor.shape) == 2)
    return math.prod(shape[:-1]) * matrices


def _spread(inputs: Inputs, _output: ImportedTensor) -> int:
    return math.prod(_shape(inputs, 0)) * math.prod(_shape(inputs, 1)[1:])


def _stepped(inputs: Inputs, _output: ImportedTensor) -> int:
    # Steps x batch, times the matrices of every direction; matrices without directions are those of a single step.
    return math.prod(_shape(inputs, 0)[:-1]) * sum(math.prod(_shape(inputs, at)) for at in (1, 2) if len(_shape(inputs, at)) == 3)


_MACS: Final[Mapping[str, Callable[[Inputs, ImportedTensor], int]]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transposed,
    "BATCH_MATMUL": _matrices,
    "SVDF": _filtered,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrent,
    "Conv": _convolution,
    "ConvTranspose": _spread,
    "Gemm": _matrices,
    "MatMul": _matrices,
    "LSTM": _stepped,
    "GRU": _stepped,
    "RNN": _stepped,
}
