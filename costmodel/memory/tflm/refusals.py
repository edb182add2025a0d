"""Whether TensorFlow Lite Micro starts a model, and if not, which operator stops it and why.

Source: what `Prepare` of the reference kernels checks (https://github.com/tensorflow/tflite-micro).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from costmodel.memory.tflm.builds import HOST_64
from costmodel.memory.tflm.greedy import PlannedBuffer
from costmodel.memory.tflm.kernel_buffers import outer_rows
from costmodel.memory.tflm.kernels import KERNELS
from costmodel.memory.tflm.lifetimes import called_graphs
from costmodel.memory.tflm.nodes import Node
from costmodel.specs.imported_graph import ELEMENT_BITS, GraphBody, ImportedGraph, ImportedOperator

_BIAS_SLACK_RATIO: Final = 0.02
MOST_OPERATORS: Final = 20_000
MOST_GRAPHS: Final = 100
MOST_CALLS: Final = 100_000
"""Operators that run: a graph that runs others may run them many times over."""
MOST_ROWS: Final = 10_000
MOST_BUFFERS: Final = 5_000
"""Larger models fit no microcontroller, and their placement takes the square of their number."""
OWN_PLAN: Final = "OfflineMemoryAllocation"
"""Under this name a file brings offsets of its own."""
COMPRESSED: Final = "COMPRESSION_METADATA"
_SIZED: Final = frozenset(ELEMENT_BITS) - {"uint16"} | {"resource"}
"""Types whose size the runtime knows."""
_SAME: Final = frozenset({
    "ABS", "ADD_N", "BATCH_TO_SPACE_ND", "BROADCAST_TO", "CONCATENATION", "CONV_2D", "COS", "CUMSUM", "DEPTH_TO_SPACE", "DIV", "ELU",
    "EXP", "FLOOR_DIV", "FLOOR_MOD", "FULLY_CONNECTED", "L2_NORMALIZATION", "LEAKY_RELU", "LOG", "LOGICAL_NOT", "LOGISTIC",
    "LOG_SOFTMAX", "PAD", "PADV2", "RESHAPE", "REVERSE_V2", "RSQRT", "SIN", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SQRT", "SQUARE",
    "TANH", "TRANSPOSE",
})  # fmt: skip
"""Operators whose first input and output are of one type."""
_PAIRED: Final = frozenset({"DIV", "FLOOR_DIV", "FLOOR_MOD", "MUL", "SQUARED_DIFFERENCE", "BATCH_MATMUL"})
"""Operators whose inputs are of one type."""


def why_refused(graph: ImportedGraph) -> str | None:
    """Tell why the runtime does not start a model.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    str or None
        The operator that stops it, with the reason; None where none does.
    """
    bodies = (graph, *graph.bodies)
    if sum(len(body.operators) for body in bodies) > MOST_OPERATORS:
        return f"more than {MOST_OPERATORS:,} operators"
    if len(bodies) > MOST_GRAPHS:
        return f"more than {MOST_GRAPHS} graphs"
    for number, body in enumerate(bodies):
        for at, operator in enumerate(body.operators):
            reason = _operator(body, operator)
            if reason is not None:
                return f"{_place(body, number, at)}: {reason}"
    if (unsized := _unsized(bodies)) is not None:
        return unsized
    if _runs_itself(graph):
        return "a graph runs itself"
    return f"it runs more than {MOST_CALLS:,} operators" if _run_count(graph, 0, {}) > MOST_CALLS else None


def _place(body: GraphBody, number: int, at: int) -> str:
    """Which operator; converters join the names of all that they fused, of which the first tells enough."""
    operator = body.operators[at]
    name = body.tensors[operator.outputs[0]].name.partition(";")[0] if operator.outputs else operator.kind
    return f"operator {at}{f' of graph {number}' if number else ''} ({operator.kind}, {name!r})"


def why_unknown(graph: ImportedGraph, buffers: tuple[PlannedBuffer, ...]) -> str | None:
    """Tell why the arena of a model that starts is not known; None where it is."""
    if OWN_PLAN in graph.metadata:
        return "the file brings a plan of its own (OfflineMemoryAllocation), which is not read"
    if COMPRESSED in graph.metadata:
        return "its tensors are compressed, which is not read"
    if len(buffers) > MOST_BUFFERS:
        return f"{len(buffers):,} buffers; at most {MOST_BUFFERS:,} are placed"
    return None


def _operator(body: GraphBody, operator: ImportedOperator) -> str | None:
    kernel = KERNELS.get(operator.kind)
    if kernel is None:
        return "the runtime has no kernel for it"
    node = Node(body, operator, HOST_64)
    if "custom" in operator.options and not operator.kind.startswith("CUSTOM:"):
        return "it has custom options, which the runtime does not take"
    if (rule := _RULES.get(operator.kind)) is not None and (reason := rule(node)) is not None:
        return reason
    source, target = node.source_type(0), node.target_type()
    if kernel.inputs and source not in kernel.inputs:
        return f"its input is {source or 'left out'}, supported are {', '.join(sorted(kernel.inputs))}"
    if kernel.outputs and target not in kernel.outputs:
        return f"its output is {target}, supported are {', '.join(sorted(kernel.outputs))}"
    if operator.kind in _SAME and source != target:
        return f"its input is {source}, its output {target}; they must be of one type"
    if operator.kind in _PAIRED and source != node.source_type(1):
        return f"its inputs are {source} and {node.source_type(1)}; they must be of one type"
    return None


def _hybrid(node: Node, activations: int, pairs: Mapping[str, tuple[str, ...]]) -> str | None:
    source, weights = node.source_type(activations), node.source_type(1)
    if weights in pairs.get(source, ()):
        return None
    if source not in pairs:
        return f"its activations are {source}, supported are {', '.join(sorted(pairs))}"
    return f"its activations are {source}, its weights {weights}: hybrid models are not supported"


def _convolution(node: Node) -> str | None:
    pairs = {"float32": ("float32",), "int16": ("int8",), "int8": ("int4", "int8")}
    return _hybrid(node, 0, pairs) or _scaled(node, 0, 0)


def _depthwise(node: Node) -> str | None:
    pairs = {"float32": ("float32",), "int16": ("int8", "int16"), "int8": ("int4", "int8")}
    return _hybrid(node, 0, pairs) or _scaled(node, 0, 3)


def _transposed(node: Node) -> str | None:
    return _hybrid(node, 2, {"float32": ("float32",), "int16": ("int8", "int16"), "int8": ("int8",)}) or _scaled(node, 2, 0)


def _fully_connected(node: Node) -> str | None:
    source, weights = node.source_type(0), node.source(1)
    pairs = {"float32": ("float32",), "int8": ("int4", "int8"), "int16": ("int8",)}
    if source in pairs and (reason := _hybrid(node, 0, pairs)) is not None:
        return reason
    if source == "float32" or weights is None:
        return None
    if len(weights.scales) > 1:
        fits = source in ("int8", "int16") and weights.element == "int8"
        return None if fits else f"its weights are {weights.element} with a scale per output, its activations {source}"
    return _bias_fits(node)


def _bias_fits(node: Node) -> str | None:
    """A bias is added to products: its scale is theirs, within 2 % of the output's."""
    source, weights, bias, target = node.source(0), node.source(1), node.source(2), node.target()
    if source is None or weights is None or bias is None or target is None:
        return None
    products = (source.scales or (0.0,))[0] * (weights.scales or (0.0,))[0]
    own, step = (bias.scales or (0.0,))[0], (target.scales or (0.0,))[0]
    if step and abs(products - own) / step <= _BIAS_SLACK_RATIO:
        return None
    return f"its bias has the scale {own:g}, the products it is added to {products:g}"


def _scaled(node: Node, activations: int, axis: int) -> str | None:
    """Quantised weights have one scale, or one per output channel."""
    weights = node.source(1)
    if node.source_type(activations) not in ("int8", "int16") or weights is None:
        return None
    if len(weights.scales) not in (1, node.extent(1, axis)):
        return f"its weights have {len(weights.scales)} scales for {node.extent(1, axis)} channels"
    return None if weights.zero_points else "its weights have no zero points"


def _recurrent(node: Node) -> str | None:
    if len(node.operator.inputs) != 24:
        return f"it has {len(node.operator.inputs)} inputs, expected 24"
    cell, source, weights = node.source_type(19), node.source_type(0), node.source_type(2)
    if cell not in ("float32", "int16"):
        return f"its cell state is {cell}, supported are float32, int16"
    return None if (cell == "float32") == (source == "float32") == (weights == "float32") else f"{source} with weights of {weights}"


def _filtered(node: Node) -> str | None:
    expected = {"int8": ("int8",), "float32": ("float32",)}.get(node.source_type(0), ())
    if node.source_type(1) not in expected:
        return f"its activations are {node.source_type(0)}, its weights {node.source_type(1)}: hybrid models are not supported"
    return None


def _softmax(node: Node) -> str | None:
    source, target = node.source_type(0), node.target_type()
    fits = target in ("int8", "int16") if source == "int8" else source == target
    return _fixed_output(node) if fits else f"its input is {source}, its output {target}"


def _fixed_output(node: Node) -> str | None:
    """Kernels that can give one scale and zero point alone."""
    target = node.target()
    fixed = _FIXED.get((node.operator.kind, node.source_type(0), node.target_type()))
    if fixed is None or target is None:
        return None
    scale, zero_point = fixed
    found = (target.scales or (0.0,))[0], (target.zero_points or (0,))[0]
    if abs(found[0] - scale) <= _SCALE_SLACK_RATIO * scale and found[1] == zero_point:
        return None
    return f"its output has the scale {found[0]:g} and the zero point {found[1]}, the kernel gives {scale:g} and {zero_point}"


def _pooled(node: Node) -> str | None:
    source, target = node.source_type(0), node.target_type()
    return None if source == target else f"its input is {source}, its output {target}; they must be of one type"


def _concatenated(node: Node) -> str | None:
    if node.operator.whole("activation"):
        return "it has a fused activation, which the kernel does not run"
    types = {node.source_type(at) for at in range(len(node.operator.inputs))}
    return None if len(types) == 1 else f"its inputs are of several types: {', '.join(sorted(types))}"


def _looked_up(node: Node) -> str | None:
    return None if node.source_type(1) in ("float32", "int8") else f"its table is {node.source_type(1)}, supported are float32, int8"


def _sloped(node: Node) -> str | None:
    fits = node.target_type() != "int16" or node.source_type(1) == "int8"
    return None if fits else f"its slopes are {node.source_type(1)}, supported is int8"


def _axes(node: Node) -> str | None:
    return None if node.source_type(1) == "int32" else f"its axes are {node.source_type(1) or 'left out'}, supported is int32"


def _rescaled(node: Node) -> str | None:
    target = node.target()
    return None if target is not None and target.scales and target.zero_points else "its output has no scale"


def _rows(node: Node) -> str | None:
    rows = max(outer_rows(node), outer_rows(node, 2))
    return f"it keeps a state for each of {rows:,} rows; at most {MOST_ROWS:,} are planned" if rows > MOST_ROWS else None


_SCALE_SLACK_RATIO: Final = 0.001
_FIXED: Final[Mapping[tuple[str, str, str], tuple[float, int]]] = {
    ("LOGISTIC", "int8", "int8"): (1 / 256, -128),
    ("LOGISTIC", "int16", "int16"): (1 / 32768, 0),
    ("LOG_SOFTMAX", "int8", "int8"): (1 / 16, 127),
    ("SOFTMAX", "int8", "int8"): (1 / 256, -128),
    ("SOFTMAX", "int8", "int16"): (1 / 65536, -32768),
    ("SOFTMAX", "int16", "int16"): (1 / 32768, 0),
    ("TANH", "int16", "int16"): (1 / 32768, 0),
}
"""By operator, input and output: scale and zero point of the output."""
_RULES: Final[Mapping[str, Callable[[Node], str | None]]] = {
    "AVERAGE_POOL_2D": _pooled,
    "CUSTOM:SignalDelay": _rows,
    "CUSTOM:SignalFramer": _rows,
    "CUSTOM:SignalOverlapAdd": _rows,
    "CONCATENATION": _concatenated,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "EMBEDDING_LOOKUP": _looked_up,
    "FULLY_CONNECTED": _fully_connected,
    "LOGISTIC": _fixed_output,
    "LOG_SOFTMAX": _fixed_output,
    "MAX_POOL_2D": _pooled,
    "MEAN": _axes,
    "PRELU": _sloped,
    "QUANTIZE": _rescaled,
    "SOFTMAX": _softmax,
    "SUM": _axes,
    "SVDF": _filtered,
    "TANH": _fixed_output,
    "TRANSPOSE_CONV": _transposed,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrent,
}


def _unsized(bodies: tuple[GraphBody, ...]) -> str | None:
    for body in bodies:
        for tensor in body.tensors:
            if tensor.element not in _SIZED:
                return f"tensor {tensor.name!r} is {tensor.element}, a type the runtime does not have"
    return None


def _run_count(graph: ImportedGraph, number: int, known: dict[int, int]) -> int:
    """How many operators run where a graph does, those of graphs that it runs included."""
    body = graph.graph(number)
    if body is None:
        return 0
    if number not in known:
        known[number] = sum(1 + sum(_run_count(graph, called, known) for called in called_graphs(one)) for one in body.operators)
    return known[number]


def _runs_itself(graph: ImportedGraph) -> bool:
    """Whether following the graphs that operators run leads back."""
    state: dict[int, bool] = {}

    def leads_back(number: int) -> bool:
        body = graph.graph(number)
        if body is None or state.get(number) is False:
            return False
        if state.get(number):
            return True
        state[number] = True
        found = any(leads_back(called) for operator in body.operators for called in called_graphs(operator))
        state[number] = False
        return found

    return leads_back(0)
