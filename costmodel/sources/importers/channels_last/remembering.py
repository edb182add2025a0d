"""Lowerings of reductions, recurrent layers, and variables that the network keeps from one run to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.sources.importers.channels_last.arrangement import arranged_shape, usual_axes
from costmodel.sources.importers.channels_last.draft import Draft, Weights
from costmodel.specs.imported_graph import ImportedOperator
from costmodel.specs.kinds.sequence_layers import ReduceFunction

_CELL_GATES = (1, 2, 3, 4)
_STATE_GATES = (5, 6, 7, 8)
_LSTM_EXTRAS = {9: "peepholes", 10: "peepholes", 11: "peepholes", 16: "a projection", 20: "layer normalisation"}


def reduce(function: ReduceFunction) -> Callable[[Draft, ImportedOperator], None]:
    """Return the lowering of a reduction over any axes; the mean over rows and columns is a pooling."""

    def lower(draft: Draft, operator: ImportedOperator) -> None:
        axes = draft.integers(operator, 1)
        shape = draft.tensor(operator, 0).shape
        if axes is None or not shape or any(not -len(shape) <= axis < len(shape) for axis in axes):
            raise draft.refused(operator, "the axes it goes along are not constant")
        found = draft.usual(operator)
        gone = sorted({axis % len(shape) for axis in axes})
        if function is ReduceFunction.MEAN and len(shape) == 4 and len(found.shape) == 3 and gone == [1, 2]:
            layer = draft.append("mean", "adaptive_avg_pool2d", [found.layer], operator.outputs[0], output_size=[1, 1])
            draft.made(operator, layer, (1, 1, 1, shape[3]), (3, 1, 2))
            return
        here = [place for place, axis in enumerate(found.axes) if axis in gone]
        kept = tuple(1 if axis in gone else extent for axis, extent in enumerate(shape))
        layer = found.layer
        if here:
            layer = draft.append(function.value, "reduce", [layer], operator.outputs[0], function=function.value, axes=here, keep=True)
        draft.made(operator, layer, kept, found.axes)

    return lower


def lstm(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a long short-term memory over a sequence of one batch; its states are tensors that stay."""
    for at, what in _LSTM_EXTRAS.items():
        if draft.has(operator, at):
            raise draft.refused(operator, f"{what} are not supported")
    if not all(draft.has(operator, at) for at in (*_CELL_GATES, *_STATE_GATES)):
        raise draft.refused(operator, "input and forget gates in one are not supported")
    shape, filters = draft.tensor(operator, 0).shape, draft.tensor(operator, 2).shape
    if len(shape) != 3 or len(filters) != 2 or 1 not in shape[:2]:
        raise draft.refused(operator, f"it reads {list(shape)} with weights of shape {list(filters)}; one batch is supported")
    steps, batch = (shape[0], shape[1]) if operator.whole("time_major") else (shape[1], shape[0])
    if batch != 1:
        raise draft.refused(operator, f"it reads {batch} batches; one is supported")
    units = filters[0]
    found = draft.arranged(operator, 0, (1, steps, shape[2]), (2, 1, None))
    states = [draft.state(f"tensor {operator.inputs[at]}", operator.inputs[at]) for at in (18, 19)]
    weight = operator.inputs[2]
    biases = [operator.inputs[at] if draft.has(operator, at) else -1 for at in (12, 13, 14, 15)]
    fields = {"units": units, "bias": any(place >= 0 for place in biases), "weight_type": draft.stored_type(weight)}
    layer = draft.append("lstm", "lstm", [found.layer, *states], operator.outputs[0], **fields)
    gates = [(operator.inputs[a], operator.inputs[b]) for a, b in zip(_CELL_GATES, _STATE_GATES, strict=True)]

    def rows(_first: NDArray[Any]) -> NDArray[Any]:
        parts = [[draft.array(place) for place in pair] for pair in gates]
        return np.concatenate([np.concatenate([part for part in pair if part is not None], axis=1) for pair in parts], axis=0)

    draft.weights[layer] = Weights(weight, rows)
    draft.made(operator, layer, (1, steps, units), (2, 1, None))


def svdf(draft: Draft, operator: ImportedOperator) -> None:
    """Lower filters in feature and in time with their memory."""
    filters, times = draft.tensor(operator, 1).shape, draft.tensor(operator, 2).shape
    rank = operator.whole("rank", 1)
    shape = draft.tensor(operator, 0).shape
    if len(filters) != 2 or len(times) != 2 or rank < 1 or filters[0] % rank or shape[:1] != (1,) or not draft.has(operator, 4):
        raise draft.refused(operator, f"filters of shapes {list(filters)} and {list(times)} do not fit it, one batch at a time")
    found = draft.arranged(operator, 0, (filters[1],), (0,))
    held = draft.state(f"tensor {operator.inputs[4]}", operator.inputs[4])
    weight, bias = operator.inputs[1], operator.inputs[3] if draft.has(operator, 3) else None
    fields = {"units": filters[0] // rank, "rank": rank, "memory": times[1], "bias": bias is not None}
    layer = draft.append("svdf", "svdf", [found.layer, held], operator.outputs[0], **fields, weight_type=draft.stored_type(weight))
    time_weights = operator.inputs[2]

    def together(features: NDArray[Any]) -> NDArray[Any]:
        in_time = draft.array(time_weights)
        both = features if in_time is None else np.concatenate([features, in_time], axis=1)
        return both.reshape(filters[0] // rank, -1)

    draft.weights[layer] = Weights(weight, together, bias)
    draft.made(operator, draft.activated(operator, layer), (filters[0] // rank,), (0,))


def handle(draft: Draft, operator: ImportedOperator) -> None:
    """Take a variable's handle: a name, which no bytes of activations stand for."""
    draft.variables[operator.outputs[0]] = operator.text("shared_name") or f"variable {operator.outputs[0]}"
    draft.view("a variable's handle: its bytes are those of the state it names")


def read_variable(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a read of a variable: its bytes are copied out, since it may be written before the copy is read."""
    place = operator.outputs[0]
    held = draft.state(_named(draft, operator), place)
    layer = draft.append("read", "convert", [held], place)
    draft.made_usual(operator, layer)


def assign_variable(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a write of a variable."""
    found = draft.usual(operator, 1)
    held = draft.state(_named(draft, operator), operator.inputs[1])
    tensor = draft.tensor(operator, 1)
    kept = next(layer for layer in draft.layers if layer["name"] == held)
    if tuple(kept["shape"]) != arranged_shape(tensor.shape, usual_axes(tensor.shape)):
        raise draft.refused(operator, f"it writes {list(tensor.shape)} into a variable of another shape")
    draft.append("assign", "assign", [found.layer, held], operator.inputs[1])


def _named(draft: Draft, operator: ImportedOperator) -> str:
    name = draft.variables.get(operator.inputs[0])
    if name is None:
        raise draft.refused(operator, "which variable it means is computed")
    return name


def call_once(draft: Draft, _operator: ImportedOperator) -> None:
    """Pass over what runs once, before the first inference."""
    draft.view("runs once, when the network starts: it gives variables their first values")


def branch(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a condition: the branch with more work stands in its place, as if taken on every run; one that is constant decides now."""
    raise draft.refused(operator, "a graph that it runs is missing, runs itself, or reads and makes other tensors than it gives and takes")


def loop(draft: Draft, operator: ImportedOperator) -> None:
    """Lower a loop: its body stands in its place as often as its counter says."""
    raise draft.refused(
        operator, "how often its body runs is not known before it runs; a counter from a constant to a constant is supported"
    )
