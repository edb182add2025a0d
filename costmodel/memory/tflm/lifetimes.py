"""What the runtime plans: every tensor and scratch buffer that is no constant, and the operators it is needed from and to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from costmodel.memory.tflm.builds import TflmBuild
from costmodel.memory.tflm.greedy import PlannedBuffer
from costmodel.memory.tflm.kernels import kernel_of
from costmodel.memory.tflm.nodes import Node, tensor_bytes
from costmodel.specs.imported_graph import GraphBody, ImportedGraph, ImportedOperator

_CALLS: Final = {"IF": ("then_graph", "else_graph"), "CALL_ONCE": ("graph",), "WHILE": ("condition_graph", "body_graph")}
"""Options by which an operator names the graphs it runs, in the order in which they are planned."""


def called_graphs(operator: ImportedOperator) -> tuple[int, ...]:
    """Return the numbers of the graphs that an operator runs."""
    return tuple(operator.whole(option) for option in _CALLS.get(operator.kind, ()))


@dataclass
class _Walk:
    graph: ImportedGraph
    build: TflmBuild
    now: int = 0
    begun: dict[tuple[int, int], int] = field(default_factory=dict)
    """For each tensor, by graph and place, when it is first needed."""
    ended: dict[tuple[int, int], int] = field(default_factory=dict)
    scratch: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """For each operator, by graph and number, when its scratch is needed."""

    def tensor(self, number: int, place: int, *, begins: bool = True) -> None:
        if begins:
            self.begun.setdefault((number, place), self.now)
        self.ended[number, place] = self.now

    def run(self, number: int, body: GraphBody) -> None:
        for place in body.inputs:
            self.tensor(number, place)
        for at, operator in enumerate(body.operators):
            self.now += 1
            for place in operator.outputs:
                self.begun.setdefault((number, place), self.now)
            start = self.now
            for called in called_graphs(operator):
                if (inner := self.graph.graph(called)) is not None:
                    self.now += 1
                    self.run(called, inner)
            for place in operator.inputs:
                if place >= 0:
                    self.tensor(number, place, begins=False)
            for place in operator.outputs:
                self.tensor(number, place, begins=False)
            self.scratch[number, at] = (self.scratch.get((number, at), (start, start))[0], self.now)
        for place in body.outputs:
            self.tensor(number, place)


def planned_buffers(graph: ImportedGraph, build: TflmBuild) -> tuple[PlannedBuffer, ...]:
    """Return what the runtime plans for a model: its tensors graph by graph, then scratch in the order in which kernels ask for it.

    Inputs are needed from the first operator, outputs to the last; a graph that an operator runs, in its own operator's time.

    Parameters
    ----------
    graph : ImportedGraph
        One that `why_refused` has no reason against: its graphs do not run themselves, nor one another too often.
    build : TflmBuild
        Whose pointers some scratch holds.

    Returns
    -------
    tuple of PlannedBuffer
        Those of any size; constants, variables and handles of variables are kept elsewhere.
    """
    walk = _Walk(graph, build)
    walk.run(0, graph)
    buffers: list[PlannedBuffer] = []
    bodies = (graph, *graph.bodies)
    for number, body in enumerate(bodies):
        handles = {place for operator in body.operators if operator.kind == "VAR_HANDLE" for place in operator.outputs}
        for place, tensor in enumerate(body.tensors):
            size = tensor_bytes(tensor)
            if tensor.constant is not None or tensor.is_state or place in handles or not size:
                continue
            first = walk.begun.get((number, place), -1)
            buffers.append(PlannedBuffer(tensor.name, size, first, walk.ended.get((number, place), -1)))
    for number, body in enumerate(bodies):
        for at, operator in enumerate(body.operators):
            first, last = walk.scratch.get((number, at), (-1, -1))
            kernel = kernel_of(operator.kind, build)
            sizes = () if kernel is None else kernel.asks(Node(body, operator, build)).scratch
            buffers += [PlannedBuffer(f"scratch of {operator.kind} {at}", size, first, last) for size in sizes]
    return tuple(buffers)
