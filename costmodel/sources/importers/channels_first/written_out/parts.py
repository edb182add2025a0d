"""The parts of one operator in the making: nodes, and the values between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value, element_of
from costmodel.specs.imported_graph import OptionValue


class Parts:
    """The parts of one operator in the making.

    Parameters
    ----------
    draft : GraphDraft
        Gets their values.
    node : Node
        The operator.
    """

    def __init__(self, draft: GraphDraft, node: Node) -> None:
        self.draft = draft
        self.node = node
        self.nodes: list[Node] = []
        self.source = node.inputs[0] if node.inputs else ""
        self._count = 0

    @property
    def made(self) -> Value:
        """The operator's first output."""
        return self.draft.values[self.node.outputs[0]]

    def shape(self, name: str = "") -> tuple[int, ...]:
        """Return the shape of a value; left out, of the operator's first input."""
        return self.draft.values[name or self.source].shape

    def number(self, found: float | Array, element: str = "") -> str:
        """Keep a constant of the operator's element type; return its name."""
        element = element or self.draft.values[self.source].element
        real = element if element in ("float32", "float16", "int64", "int32", "bool") else "float32"
        return self._keep(np.asarray(found, real))

    def places(self, *numbers: int) -> str:
        """Keep axes, starts or ends; return their name."""
        return self._keep(np.asarray(numbers, np.int64))

    def _keep(self, array: Array) -> str:
        name = self._name()
        self.draft.values[name] = Value(array.shape, element_of(array), array)
        return name

    def add(
        self,
        kind: str,
        inputs: Sequence[str],
        shape: Sequence[int] | None = None,
        element: str = "",
        given: Mapping[str, OptionValue] | None = None,
        **attributes: OptionValue,
    ) -> str:
        """Append a part that makes a value of a shape, left out its first input's; return its name."""
        name = self._name()
        first = self.draft.values[inputs[0]]
        self.draft.values[name] = Value(first.shape if shape is None else tuple(shape), element or first.element)
        self._append(kind, inputs, name, {**(given or {}), **attributes})
        return name

    def last(self, kind: str, inputs: Sequence[str], **attributes: OptionValue) -> bool:
        """Append the part that makes what the operator makes."""
        self._append(kind, inputs, self.node.outputs[0], attributes)
        return True

    def _append(self, kind: str, inputs: Sequence[str], name: str, attributes: Mapping[str, OptionValue]) -> None:
        node = self.node
        told = node.file_kind or node.kind
        self.nodes.append(Node(kind, node.name, list(inputs), [name], dict(attributes), 18, told if told != kind else "", node.module))

    def _name(self) -> str:
        self._count += 1
        return f"{self.node.outputs[0]}.part{self._count}"

    def real(self, name: str, default: float) -> float:
        """Return a number of the operator's attributes."""
        found = self.node.attributes.get(name, default)
        return float(found) if isinstance(found, int | float) else default
