"""LSTM and GRU of PyTorch, layer by layer, as ONNX has them: gates in its order, directions beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value
from costmodel.sources.importers.torch_export.program import Call, Tensor

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


def _layers(draft: GraphDraft, call: Call, kind: str, gates: Sequence[int], states: Any) -> None:
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
        names = _layer(draft, call, kind, gates, arrays, source, made, batch_first, biased, directions, layer)
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
    attributes = {"hidden_size": units, "layout": int(batch_first), "direction": "bidirectional" if directions == 2 else "forward"}
    if kind == "GRU":
        attributes["linear_before_reset"] = 1
    draft.nodes.append(Node(kind, call.node, [source, *names], [every, *lasts], dict(attributes), 17, "", call.module))
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
