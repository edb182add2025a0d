"""One operator with its tensors, as a kernel of TensorFlow Lite Micro sees it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from costmodel.memory.tflm.builds import TflmBuild
from costmodel.specs.imported_graph import GraphBody, ImportedOperator, ImportedTensor

WHOLE_BYTES = {"int4": 1, "resource": 4}
"""Types whose elements take more in this runtime than in a file, or take something at all."""


def tensor_bytes(tensor: ImportedTensor) -> int:
    """Return the bytes that this runtime gives a tensor: half-byte elements take a whole one, a handle four."""
    each = WHOLE_BYTES.get(tensor.element)
    return tensor.size_bytes if each is None else each * tensor.element_count


@dataclass(frozen=True)
class Node:
    """An operator of a graph, for one build."""

    graph: GraphBody
    operator: ImportedOperator
    build: TflmBuild

    def source(self, at: int) -> ImportedTensor | None:
        """Return an input; None where it is left out."""
        place = self.operator.inputs[at] if at < len(self.operator.inputs) else -1
        return self.graph.tensors[place] if place >= 0 else None

    def target(self, at: int = 0) -> ImportedTensor | None:
        """Return an output; None where there is none."""
        return self.graph.tensors[self.operator.outputs[at]] if at < len(self.operator.outputs) else None

    def source_type(self, at: int) -> str:
        """Return the element type of an input; empty where it is left out."""
        tensor = self.source(at)
        return "" if tensor is None else tensor.element

    def target_type(self) -> str:
        """Return the element type of the first output; empty where there is none."""
        tensor = self.target()
        return "" if tensor is None else tensor.element

    def extent(self, at: int, axis: int) -> int:
        """Return an extent of an input; 0 where it has none."""
        tensor = self.source(at)
        return tensor.shape[axis] if tensor is not None and -len(tensor.shape) <= axis < len(tensor.shape) else 0

    def rank(self, at: int) -> int:
        """Return how many extents an input has."""
        tensor = self.source(at)
        return 0 if tensor is None else len(tensor.shape)

    def element_count(self, at: int) -> int:
        """Return the elements of an input."""
        tensor = self.source(at)
        return 0 if tensor is None else math.prod(tensor.shape)

    def option(self, name: str) -> int:
        """Return a whole number among the options of an operator of its author's own; 0 where it is missing or negative."""
        options = self.operator.options.get("custom")
        found = options.get(name, 0) if isinstance(options, Mapping) else 0
        return max(found, 0) if isinstance(found, int) else 0
