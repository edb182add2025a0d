"""From a network to its steps: shapes inferred, every layer lowered, and merged where nothing else reads what it merges into."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any, Final, NamedTuple

from costmodel.errors import ShapeError
from costmodel.specs.kinds.layer_lowering import Lowered
from costmodel.specs.operations import Operation, operation_of
from costmodel.specs.shapes import Shape
from costmodel.specs.work import View

NETWORK_INPUT: Final = "input"
"""The name the network's input goes by among the layers."""


class Step(NamedTuple):
    """One layer of a network, in an order that runs."""

    name: str
    kind: str
    sources: tuple[int, ...]
    """Steps it reads; -1 is the network's input."""
    inputs: tuple[Shape, ...]
    lowered: Lowered
    merged: bool
    """Whether it lives in its producer's buffer: a view, or fused or folded into the layer before, whose own output nothing else reads.

    What is given reads nothing and has a buffer of its own.
    """
    is_output: bool = False
    """Whether its output is one of the network's though another layer reads it."""

    @property
    def operation(self) -> Operation:
        """What kind of layer it is."""
        return self.lowered.work.operation


def lower(layer: Any, inputs: Sequence[Shape], producer_kind: str | None) -> Lowered:
    """Lower one layer.

    Parameters
    ----------
    layer : Layer or record
        Read by attribute: `kind`, `name` and the fields of that kind.
    inputs : sequence of shape
        Shapes of its inputs.
    producer_kind : str or None
        Kind of the layer it may merge into: the one that makes its first input, views looked through; None for the network's input, and
        where something else reads what that layer makes.

    Returns
    -------
    Lowered
        Its work, output shape and parameters.

    Raises
    ------
    ShapeError
        If the layer does not fit its input; names both.
    UnknownNameError
        If there is no such kind of layer.
    """
    operation = operation_of(layer.kind)
    if operation.arity is not None and len(inputs) != operation.arity:
        way = "; take two, then their result and the next" if len(inputs) > operation.arity == 2 else ""
        raise ShapeError(layer.name, f"{layer.kind} reads {operation.arity} tensor(s), found {len(inputs)}{way}")
    lowered = operation.lowering(operation, layer, inputs)
    if operation.merging is not None and producer_kind in operation.merging.into:
        return lowered._replace(work=View(operation, layer))
    return lowered


def lower_network(layers: Sequence[Any], sources: Sequence[tuple[int, ...]], network_input: Shape) -> tuple[Step, ...]:
    """Lower every layer of a network.

    Parameters
    ----------
    layers : sequence of Layer or record
        In an order in which each comes after what it reads.
    sources : sequence of tuple of int
        For each layer, the positions of the layers it reads; -1 is the network's input.
    network_input : shape
        (channels, rows, columns) or (features,).

    Returns
    -------
    tuple of Step
        One a layer, in the same order.

    Raises
    ------
    ShapeError
        If a layer does not fit; names the layer and both shapes.
    """
    readers = readers_of(sources)
    steps: list[Step] = []
    for layer, reads in zip(layers, sources, strict=True):
        inputs = tuple(network_input if source < 0 else steps[source].lowered.output for source in reads)
        producer = _absorbing_kind(steps, readers, reads[0]) if reads else None
        lowered = lower(layer, inputs, producer)
        merged = isinstance(lowered.work, View) and bool(reads)
        steps.append(Step(layer.name, layer.kind, tuple(reads), inputs, lowered, merged, getattr(layer, "output", False)))
    return tuple(steps)


def readers_of(sources: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Return, for each layer, the layers that read it, in running order; whom the network's input feeds is not told."""
    readers: list[list[int]] = [[] for _ in sources]
    for position, reads in enumerate(sources):
        for source in set(reads):
            if source >= 0:
                readers[source].append(position)
    return tuple(tuple(found) for found in readers)


def _absorbing_kind(steps: Sequence[Step], readers: Sequence[Sized], source: int) -> str | None:
    """Return the kind of the layer a reader may merge into; None where something else needs that layer's own output."""
    while source >= 0 and len(readers[source]) == 1 and not steps[source].is_output:
        if not steps[source].operation.renames:
            return steps[source].kind
        source = steps[source].sources[0]
    return None
