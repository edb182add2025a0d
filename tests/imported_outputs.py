"""What an imported network computes, in the shapes of the file it came from: each layer executed on real numbers."""

from __future__ import annotations

from typing import Any

import float_forward
import numpy as np
from numpy.typing import NDArray

from costmodel.dataflows.executed.execution import execute_work
from costmodel.dataflows.executed.layer_run import LayerTensors
from costmodel.sources.importers.channels_first.layer_draft import real_of
from costmodel.sources.importers.channels_first.layouts import PADDING, Laid
from costmodel.sources.importers.channels_first.to_layers import drafted_layers
from costmodel.sources.importers.to_model import model_of
from costmodel.specs.counting import Dataflow
from costmodel.specs.imported_graph import ImportedGraph
from costmodel.specs.model import LayerParameters

Array = NDArray[Any]
_BY_DEFINITION = ("conv2d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d")
"""Kinds computed from their definition, which takes less time than an execution access by access."""


def outputs_of(graph: ImportedGraph, *examples: Array) -> list[Array]:
    """Return what a graph makes of its inputs."""
    draft, model = drafted_layers(graph), model_of(graph)
    network = model.network
    given = {draft.laid[place].layer: laid(array, draft.laid[place]) for place, array in zip(graph.inputs, examples, strict=True)}
    held: dict[int, Array] = {-1: given["input"]}
    names = {"input": -1}
    for index, (layer, step, sources) in enumerate(zip(network.ordered, network.steps, network.sources, strict=True)):
        names[layer.name] = index
        inputs = [held[source] for source in sources]
        if layer.name in given:
            held[index] = given[layer.name]
            continue
        own = model.parameters.get(layer.name)
        held[index] = _computed(layer, step, inputs, own)
    found = []
    for place in graph.outputs:
        tensor, where = graph.tensors[place], draft.laid.get(place)
        found.append(real_of(tensor) if where is None else unlaid(held[names[where.layer]], where, tensor.shape))
    return found


def _computed(layer: Any, step: Any, inputs: list[Array], own: LayerParameters | None) -> Array:
    weight, bias = (None, None) if own is None else (own.weight, own.bias)
    if layer.kind in _BY_DEFINITION:
        return float_forward.computed(layer, inputs, weight, bias)
    if layer.kind == "linear":
        assert weight is not None
        return weight @ inputs[0] + (0 if bias is None else bias)
    if layer.kind == "einsum":
        return np.einsum(layer.equation, *inputs)
    if layer.kind == "batch_norm2d":
        assert weight is not None
        assert bias is not None
        return inputs[0] * weight[:, None, None] + bias[:, None, None]
    if layer.kind in ("softmax", "log_softmax"):
        powers = np.exp(inputs[0] - inputs[0].max(axis=0))
        if layer.kind == "log_softmax":
            return inputs[0] - inputs[0].max(axis=0) - np.log(powers.sum(axis=0))
        return powers / powers.sum(axis=0)
    shape = step.operation.shape_of_weights(layer, [each.shape for each in inputs])
    if weight is not None and shape is not None:
        weight = weight.reshape(shape)
    tensors = LayerTensors(tuple(each.astype(np.float64) for each in inputs), weight, bias)
    return execute_work(step.lowered.work, tensors, Dataflow.OUTPUT_STATIONARY).output.reshape(step.lowered.output)


def laid(array: Array, where: Laid) -> Array:
    """Return a file's tensor as the network holds it."""
    order = [axis for axis in where.axes if axis != PADDING]
    rest = [axis for axis in range(array.ndim) if axis not in order]
    return array.transpose([*order, *rest]).reshape(where.shape(array.shape)).astype(np.float64)


def unlaid(array: Array, where: Laid, shape: tuple[int, ...]) -> Array:
    """Return a tensor of the network as the file has it."""
    order = [axis for axis in where.axes if axis != PADDING and axis < len(shape)]
    rest = [axis for axis in range(len(shape)) if axis not in order]
    moved = array.reshape([shape[axis] for axis in [*order, *rest]])
    return moved.transpose(np.argsort([*order, *rest]))
