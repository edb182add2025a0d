"""LSTM and GRU of PyTorch, layer by layer, as ONNX has them: gates in its order, directions beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value
from costmodel.sources.importers.torch_export.aten_nodes import Translation, append, part, source_of
from costmodel.sources.importers.torch_export.program import Call, Tensor
from costmodel.specs.imported_graph import OptionValue

_LSTM_GATES: Final = (0, 3, 1, 2)
"""Input, output, forget, cell; PyTorch has input, forget, cell, output."""
_GRU_GATES: Final = (1, 0, 2)
"""Update, reset, new; PyTorch has reset, update, new."""


def lstm(draft: GraphDraft, call: Call) -> None:
    """Append the layers of an LSTM."""
    _layers(draft, call, "LSTM", _LSTM_GATES, call.arguments.get("hx"))


def gru(draft: GraphDraft, call: Call) -> None:
    """Append the layers of a GRU."""
    _layers(draft, call, "GRU", _GRU_GATES, [call.arguments.get("hx")])


def rnn_tanh(draft: GraphDraft, call: Call) -> None:
    """Append the layers of a recurrent unit without gates."""
    _layers(draft, call, "RNN", (0,), [call.arguments.get("hx")])


def rnn_relu(draft: GraphDraft, call: Call) -> None:
    """Append the layers of a recurrent unit without gates whose sums are rectified."""
    _layers(draft, call, "RNN", (0,), [call.arguments.get("hx")], "Relu")


def lstm_cell(draft: GraphDraft, call: Call) -> None:
    """Write one step of an LSTM as its parts: sums of input and state, gates, the cell, what it shows."""
    states = call.arguments.get("hx")
    hidden, cell = (str(each) for each in states) if isinstance(states, list) and len(states) == 2 else ("", "")
    units = draft.values[cell].shape
    sums = _split(draft, call, _sums(draft, call, hidden), units, 4)
    gates = [part(draft, call, kind, [each]) for kind, each in zip(("Sigmoid", "Sigmoid", "Tanh", "Sigmoid"), sums, strict=True)]
    kept = part(draft, call, "Mul", [gates[1], cell])
    append(draft, call, "Add", [kept, part(draft, call, "Mul", [gates[0], gates[2]])], [call.outputs[1]])
    append(draft, call, "Mul", [gates[3], part(draft, call, "Tanh", [call.outputs[1]])], [call.outputs[0]])


def gru_cell(draft: GraphDraft, call: Call) -> None:
    """Write one step of a GRU as its parts: sums of input and of state, gates, the candidate, a mean of both."""
    hidden = call.tensor("hx")
    units = draft.values[hidden].shape
    inside = _split(draft, call, _sum(draft, call, source_of(call), "w_ih", "b_ih"), units, 3)
    before = _split(draft, call, _sum(draft, call, hidden, "w_hh", "b_hh"), units, 3)
    reset, update = (part(draft, call, "Sigmoid", [part(draft, call, "Add", [inside[at], before[at]])]) for at in (0, 1))
    weighed = part(draft, call, "Mul", [reset, before[2]])
    candidate = part(draft, call, "Tanh", [part(draft, call, "Add", [inside[2], weighed])])
    apart = part(draft, call, "Sub", [hidden, candidate])
    append(draft, call, "Add", [part(draft, call, "Mul", [apart, update]), candidate])


def _cell_of(kind: str) -> Translation:
    def translate(draft: GraphDraft, call: Call) -> None:
        append(draft, call, kind, [_sums(draft, call, call.tensor("hx"))])

    return translate


rnn_tanh_cell: Final = _cell_of("Tanh")
rnn_relu_cell: Final = _cell_of("Relu")


def _sum(draft: GraphDraft, call: Call, source: str, weight: str, bias: str) -> str:
    """Append one linear layer of a step."""
    rows = draft.values[call.tensor(weight)].shape[0]
    biases = [call.tensor(bias)] if call.tensor(bias) else []
    shape = (*draft.values[source].shape[:-1], rows)
    return part(draft, call, "Gemm", [source, call.tensor(weight), *biases], shape, transB=1)


def _sums(draft: GraphDraft, call: Call, hidden: str) -> str:
    """Append both linear layers of a step, added up."""
    return part(draft, call, "Add", [_sum(draft, call, source_of(call), "w_ih", "b_ih"), _sum(draft, call, hidden, "w_hh", "b_hh")])


def _split(draft: GraphDraft, call: Call, source: str, units: Sequence[int], count: int) -> list[str]:
    names = [f"{source}.gate{at}" for at in range(count)]
    for name in names:
        draft.values[name] = Value(tuple(units), draft.values[source].element)
    append(draft, call, "Split", [source], names, axis=len(units) - 1)
    return names


def _layers(draft: GraphDraft, call: Call, kind: str, gates: Sequence[int], states: Any, function: str = "") -> None:
    name = Node(kind, call.module or call.node, [], call.outputs)
    params = call.arguments.get("params")
    layers, both = call.integer("num_layers", 1), call.arguments.get("bidirectional") is True
    biased, batch_first = call.arguments.get("has_biases") is not False, call.arguments.get("batch_first") is True
    directions, each = 2 if both else 1, 4 if biased else 2
    if not isinstance(params, list) or len(params) != layers * directions * each or not call.tensor("input"):
        found = len(params) if isinstance(params, list) else 0
        raise draft.broken(f"it has {found} weights, {layers * directions * each} were expected", name)
    weights = [draft.constant(str(param)) for param in params]
    source = call.tensor("input")
    if len(draft.values[source].shape) != 3:
        raise draft.broken("its input has no batch; one of steps x batch x features is supported", name)
    first = [state for state in (states if isinstance(states, list) else []) if isinstance(state, Tensor)]
    if any((array := draft.constant(str(state))) is None or array.any() for state in first):
        raise draft.broken("its first state is given; states of zero are supported", name)
    lasts: list[list[str]] = [[], []]
    for layer in range(layers):
        chosen = weights[layer * directions * each : (layer + 1) * directions * each]
        if any(each_array is None for each_array in chosen):
            raise draft.broken("its weights are computed; constant ones are supported", name)
        arrays = [np.asarray(array) for array in chosen]
        is_last = layer == layers - 1
        made = call.outputs[0] if is_last else f"{call.node}.layer{layer}"
        names = _layer(draft, call, kind, gates, arrays, source, made, batch_first, biased, directions, layer, function)
        for kept, place in zip(lasts, names, strict=False):
            kept.append(place)
        source = made
    for output, kept in zip(call.outputs[1:], lasts, strict=False):
        draft.nodes.append(Node("Concat" if layers > 1 else "Reshape", call.node, kept, [output], {"axis": 0}, 17, "", call.module))


def _layer(
    draft: GraphDraft,
    call: Call,
    kind: str,
    gates: Sequence[int],
    arrays: list[Array],
    source: str,
    made: str,
    batch_first: bool,
    biased: bool,
    directions: int,
    layer: int,
    function: str,
) -> list[str]:
    """Append one layer; return the names of its last states."""
    each = 4 if biased else 2
    shape, element = draft.values[source].shape, draft.values[source].element
    units = arrays[1].shape[1]
    stem = f"{call.node}.{layer}"

    def stacked(at: int) -> Array:
        return np.stack([_ordered(arrays[direction * each + at], gates) for direction in range(directions)])

    names = []
    parts = {"W": stacked(0), "R": stacked(1)}
    if biased:
        parts["B"] = np.concatenate([stacked(2), stacked(3)], axis=1)
    for what, array in parts.items():
        names.append(f"{stem}.{what}")
        draft.values[names[-1]] = Value(array.shape, "float32", array)
    steps, batch = (shape[1], shape[0]) if batch_first else (shape[0], shape[1])
    every, lasts = f"{stem}.Y", [f"{stem}.Y_h", *([f"{stem}.Y_c"] if kind == "LSTM" else [])]
    extents = (batch, steps, directions, units) if batch_first else (steps, directions, batch, units)
    draft.values[every] = Value(extents, element)
    for last in lasts:
        draft.values[last] = Value((batch, directions, units) if batch_first else (directions, batch, units), element)
    attributes: dict[str, OptionValue] = {
        "hidden_size": units,
        "layout": int(batch_first),
        "direction": "bidirectional" if directions == 2 else "forward",
    }
    if function:
        attributes["activations"] = (function,) * directions
    if kind == "GRU":
        attributes["linear_before_reset"] = 1
    draft.nodes.append(Node(kind, call.node, [source, *names], [every, *lasts], attributes, 17, "", call.module))
    draft.values.setdefault(made, Value((*shape[:2], directions * units), element))
    if not batch_first and directions == 2:
        turned = f"{stem}.turned"
        draft.values[turned] = Value((steps, batch, directions, units), element)
        draft.nodes.append(Node("Transpose", call.node, [every], [turned], {"perm": (0, 2, 1, 3)}, 17, "", call.module))
        every = turned
    draft.nodes.append(Node("Reshape", call.node, [every], [made], {}, 17, "", call.module))
    return lasts


def _ordered(array: Array, gates: Sequence[int]) -> Array:
    """Return rows of gates in another order."""
    parts = np.split(array, len(gates), axis=0)
    return np.concatenate([parts[gate] for gate in gates], axis=0)
