"""A network's numbers as a design takes them: layers, input and dataflows, each number read in one place by the path a study names it by.

A reader decides what a number becomes, as beside the network: its value, a column of a sweep, a number that remembers its source. So what
a sweep may vary, what fills a design and what `explain` ends in are one list.
"""

from __future__ import annotations

from typing import Any, Final

from costmodel.evaluation.battery.inputs import plain, remembering
from costmodel.evaluation.battery.uncertainty import Read
from costmodel.provenance import Constant, is_recording, leaf
from costmodel.specs.lowering import Step, lower_network
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.operations import operation_of
from costmodel.specs.running.mapping import DATAFLOWS, ChosenDataflow, Mapping, check_layers
from costmodel.specs.shapes import Shape

_DESCRIPTIVE: Final = frozenset({"name", "kind", "inputs", "output", "output_type", "weight_type", "bias"})
_CHOICES: Final = {"groups": 1}
"""Values that make a field a choice: whether there are groups at all decides whether a time is calibrated, how many does not."""


class LayerRecord:
    """A layer as plain attributes, so that any of its numbers may be a column or remember its origin."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)


def read_layers(network: Network, read: Read) -> tuple[Any, ...]:
    """Read every layer of a network, in running order; see `read_layer`."""
    return network.ordered if read is plain else tuple(read_layer(layer, network, read) for layer in network.ordered)


def read_layer(layer: Any, network: Network, read: Read) -> Any:
    """Read a layer's numbers.

    Parameters
    ----------
    layer : Layer
        As the network has it.
    network : Network
        Whose it is.
    read : callable
        What each number becomes; it has a path where the operation's row says that a sweep may vary it.

    Returns
    -------
    Layer or LayerRecord
        The layer itself where every number was read as its own value.
    """
    changed: dict[str, Any] = {}
    for field in type(layer).model_fields:
        if field in _DESCRIPTIVE or field in layer.structure:
            continue
        value = layer.taken(field)
        if value is None:
            continue
        # What is left to another field is read as that field was, and stays left to it unless a number of its own was read.
        held = changed.get(layer.left_to[field], value) if getattr(layer, field) is None else value
        parts = _read_field(layer, field, held, network, read)
        if any(part is not one for part, one in zip(parts, held if isinstance(held, tuple) else (held,), strict=True)):
            changed[field] = parts if isinstance(value, tuple) else parts[0]
    if not changed:
        return layer
    return LayerRecord({name: getattr(layer, name) for name in type(layer).model_fields} | changed)


def _read_field(layer: Any, field: str, value: Any, network: Network, read: Read) -> tuple[Any, ...]:
    path = f"layers.{layer.name}.{field}"
    varied = field in operation_of(layer.kind).sweepable and not (field in _CHOICES and value == _CHOICES[field])
    if not isinstance(value, tuple):
        return (_read_number(value, path if varied else "", path, network, read),)
    names = layer.parts_of(field) or range(len(value))
    paths = [f"{path}.{name}" for name in names]
    return tuple(_read_number(part, own if varied else "", own, network, read) for part, own in zip(value, paths, strict=True))


def read_input(network: Network, read: Read) -> Shape:
    """Read the extents of a network's input."""
    if read is plain:
        return network.input
    names = network.parts_of("input")
    return tuple(
        _read_number(extent, f"input.{names[axis]}" if axis < len(names) else "", f"input.{axis}", network, read)
        for axis, extent in enumerate(network.input)
    )


def read_dataflows(network: Network, mapping: Mapping, read: Read) -> tuple[ChosenDataflow, ...]:
    """Read the parameters of the dataflow of each layer, in running order; the network's own go by no layer's name."""
    check_layers([mapping], network.convolutions, network.name, network.linear_layers)
    return tuple(_read_dataflow(layer.name, mapping, network, read) for layer in network.ordered)


def _read_dataflow(layer: str, mapping: Mapping, network: Network, read: Read) -> ChosenDataflow:
    chosen = mapping.of(layer)
    if not chosen.values:
        return chosen
    prefix = f"dataflow.{layer}." if layer in mapping.layers else "dataflow."
    paths = [prefix + parameter.name for parameter in DATAFLOWS[chosen.name].parameters]
    return chosen._replace(
        values=tuple(_read_number(value, path, path, network, read) for value, path in zip(chosen.values, paths, strict=True))
    )


def _read_number(value: Any, path: str, words: str, network: Network, read: Read) -> Any:
    return read(Constant(value, "", None, None, f"network {network.name}"), path, words)


def sizes_of(network: Network) -> tuple[TensorBytes, ...]:
    """Return the element sizes of a network's layers; while formulas are being recorded, they remember the network's."""
    if not is_recording():
        return network.tensor_bytes
    return tuple(
        TensorBytes(*(leaf(size, f"{layer.name}.{name}", f"network {network.name}") for name, size in sizes._asdict().items()))
        for layer, sizes in zip(network.ordered, network.tensor_bytes, strict=True)
    )


def steps_of(network: Network) -> tuple[Step, ...]:
    """Return a network's lowered layers; while formulas are being recorded, their numbers remember the network's."""
    if not is_recording():
        return network.steps
    return lower_network(read_layers(network, remembering), network.sources, read_input(network, remembering))
