"""A graph in the making: values by name and nodes in ONNX's operators, whatever format they came from."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError, LimitError, Location
from costmodel.specs.imported_graph import ELEMENT_BITS, FoldedOperators, ImportedGraph, ImportedOperator, ImportedTensor, OptionValue

MOST_ELEMENTS: Final = 1 << 40
"""A tensor of more is refused: no network computes it."""
FILE_KIND: Final = "file_kind"
"""Attribute of an operator whose kind reading changed: what the file calls it."""
Array: TypeAlias = NDArray[Any]


@dataclass
class Value:
    """One tensor."""

    shape: tuple[int, ...]
    element: str
    constant: Array | None = None
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    channel_axis: int = 0


@dataclass
class Node:
    """One operator; its inputs and outputs are names, an input left out is empty."""

    kind: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, OptionValue] = field(default_factory=dict)
    version: int = 1
    file_kind: str = ""
    """What the file calls it, where that differs."""
    module: str = ""
    """Path of the module it came from, where the file tells."""

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number of its attributes."""
        found = self.attributes.get(name, default)
        return int(found) if isinstance(found, int | float) else default

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return whole numbers of its attributes; None where they are left out."""
        found = self.attributes.get(name)
        return tuple(int(each) for each in found if isinstance(each, int)) if isinstance(found, tuple) else None


@dataclass
class GraphDraft:
    """Values and nodes of one file."""

    name: str
    format_name: str
    values: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    folded: dict[tuple[str, str], int] = field(default_factory=dict)
    """Operators that are gone, by kind and why."""
    open_axes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Axes of inputs that the file leaves open."""

    def broken(self, why: str, node: Node | None = None) -> FormatError:
        """Return the error of a file that cannot be read, naming the node."""
        return FormatError(f"{node_text(node)}: {why}" if node else why, Location(self.name))

    def constant(self, name: str) -> Array | None:
        """Return a value's content where it is constant."""
        found = self.values.get(name)
        return None if found is None else found.constant

    def checked(self, shape: tuple[int, ...], name: str, node: Node | None = None) -> tuple[int, ...]:
        """Return a shape unless it is none that a tensor can have."""
        if any(extent < 0 for extent in shape) or math.prod(shape) > MOST_ELEMENTS:
            error = LimitError if all(extent >= 0 for extent in shape) else FormatError
            text = f"the tensor {name!r} has the shape {list(shape)}"
            raise error(f"{node_text(node)}: {text}" if node else text, Location(self.name))
        return shape

    def readers(self) -> dict[str, list[Node]]:
        """Return who reads each value."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node)
        return found

    def makers(self) -> dict[str, Node]:
        """Return who makes each value."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    def without(self, gone: Collection[int], aliases: Mapping[str, str], why: str) -> None:
        """Take nodes out, by their `id`, and let what they made be read from elsewhere.

        Parameters
        ----------
        gone : collection of int
            Nodes to take out; each is counted in `folded`.
        aliases : mapping
            From names to what is read instead; one may lead to another.
        why : str
            Why they are gone, for people.
        """
        for node in self.nodes:
            if id(node) in gone:
                self.gone(node, why)
        self.nodes = [node for node in self.nodes if id(node) not in gone]
        for node in self.nodes:
            node.inputs = [_followed(name, aliases) for name in node.inputs]
        self.outputs = [_followed(name, aliases) for name in self.outputs]

    def gone(self, node: Node, why: str) -> None:
        """Count an operator that is not in the graph any more."""
        key = (node.file_kind or node.kind, why)
        self.folded[key] = self.folded.get(key, 0) + 1

    def in_order(self) -> list[Node]:
        """Return the nodes so that each comes after what it reads.

        Raises
        ------
        FormatError
            If there is a cycle; names a node of it.
        """
        makers = self.makers()
        waiting = {id(node): {id(makers[name]) for name in node.inputs if name in makers} for node in self.nodes}
        feeds: dict[int, list[Node]] = {}
        for node in self.nodes:
            for maker in waiting[id(node)]:
                feeds.setdefault(maker, []).append(node)
        ready = [node for node in reversed(self.nodes) if not waiting[id(node)]]
        order: list[Node] = []
        while ready:
            node = ready.pop()
            order.append(node)
            for reader in reversed(feeds.get(id(node), [])):
                waiting[id(reader)].discard(id(node))
                if not waiting[id(reader)]:
                    ready.append(reader)
        if len(order) < len(self.nodes):
            done = {id(node) for node in order}
            stuck = next(node for node in self.nodes if id(node) not in done)
            raise self.broken("it is part of a cycle: what it reads comes from what it makes", stuck)
        # The file's own order is kept where it is one.
        places = {id(node): place for place, node in enumerate(self.nodes)}
        given = all(places[maker] < places[id(node)] for node in self.nodes for maker in self._makers_of(node, makers))
        return list(self.nodes) if given else order

    @staticmethod
    def _makers_of(node: Node, makers: Mapping[str, Node]) -> Iterator[int]:
        return (id(makers[name]) for name in node.inputs if name in makers)

    def finished(self) -> ImportedGraph:
        """Return the graph as every importer makes it; values that nothing uses are left out."""
        used = dict.fromkeys(
            [*self.inputs, *(name for node in self.nodes for name in (*node.inputs, *node.outputs) if name), *self.outputs]
        )
        missing = [name for name in used if name not in self.values]
        if missing:
            reader = next((node for node in self.nodes if missing[0] in node.inputs), None)
            raise self.broken(f"the tensor {missing[0]!r} is made by nothing", reader)
        places = {name: place for place, name in enumerate(used)}
        buffers: dict[int, int] = {}
        tensors = []
        for place, name in enumerate(used):
            value = self.values[name]
            # Two names of one array are one stored buffer.
            buffer = place if value.constant is None else buffers.setdefault(id(value.constant), place)
            tensors.append(
                ImportedTensor(
                    name=name,
                    shape=value.shape,
                    element=value.element,
                    buffer=buffer,
                    constant=None if value.constant is None else stored_bytes(value.constant, value.element),
                    scales=value.scales,
                    zero_points=value.zero_points,
                    channel_axis=value.channel_axis,
                    open_axes=self.open_axes.get(name, ()),
                )
            )
        stored = {tensor.buffer: tensor.size_bytes for tensor in tensors if tensor.constant is not None}
        return ImportedGraph(
            name=self.name,
            format_name=self.format_name,
            tensors=tuple(tensors),
            operators=tuple(
                ImportedOperator(
                    kind=node.kind,
                    version=node.version,
                    inputs=tuple(places.get(name, -1) for name in node.inputs),
                    outputs=tuple(places[name] for name in node.outputs if name),
                    name=node.module or node.name,
                    options=node.attributes | ({FILE_KIND: node.file_kind} if node.file_kind else {}),
                )
                for node in self.nodes
            ),
            inputs=tuple(places[name] for name in self.inputs),
            outputs=tuple(places[name] for name in self.outputs),
            const_bytes=sum(stored.values()),
            folded=tuple(FoldedOperators(kind, why, count) for (kind, why), count in self.folded.items()),
        )


def _followed(name: str, aliases: Mapping[str, str]) -> str:
    seen = set()
    while name in aliases and name not in seen:
        seen.add(name)
        name = aliases[name]
    return name


def node_text(node: Node) -> str:
    """Return how messages name a node."""
    kind = node.file_kind or node.kind
    return f"node {node.name!r} ({kind})" if node.name else f"the {kind} node that makes {node.outputs[0] if node.outputs else '?'!r}"


def stored_bytes(array: Array, element: str) -> bytes:
    """Return a constant's bytes as its element type is stored; sub-byte elements one a byte."""
    dtype = {"bool": "u1", "int4": "i1", "bfloat16": "f4"}.get(element, element)
    return np.ascontiguousarray(array).astype(np.dtype(dtype).newbyteorder("<"), copy=False).tobytes()


def element_of(array: Array) -> str:
    """Return the element type of an array by the name that graphs use."""
    name = array.dtype.name
    return name if name in ELEMENT_BITS else "string"
