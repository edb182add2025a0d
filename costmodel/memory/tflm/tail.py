"""What the runtime keeps at the arena's end while a model is loaded: records of tensors, operators and quantisation, kernels' own data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from costmodel.memory.tflm.builds import TflmBuild
from costmodel.memory.tflm.greedy import ALIGNMENT_BYTES
from costmodel.memory.tflm.kernels import Kernel, kernel_of
from costmodel.memory.tflm.nodes import Node, tensor_bytes
from costmodel.specs.imported_graph import GraphBody, ImportedGraph, ImportedTensor


@dataclass
class _Tail:
    build: TflmBuild
    used_bytes: int = 0
    parts: dict[str, int] = field(default_factory=dict)

    def keep(self, part: str, size_bytes: int, alignment: int = ALIGNMENT_BYTES) -> None:
        """Take bytes from the end downwards, beginning at a multiple of an alignment."""
        before = self.used_bytes
        self.used_bytes = -(-(before + size_bytes) // alignment) * alignment
        self.parts[part] = self.parts.get(part, 0) + self.used_bytes - before

    def record(self, part: str, size_bytes: int) -> None:
        """Take bytes for a record that holds pointers."""
        self.keep(part, size_bytes, self.build.pointer_bytes)


def tail_parts(graph: ImportedGraph, build: TflmBuild) -> Mapping[str, int]:
    """Return what the runtime keeps for a model, by what it is for.

    Parameters
    ----------
    graph : ImportedGraph
        A model file of operators that the runtime has.
    build : TflmBuild
        Sizes of its records.

    Returns
    -------
    mapping of str to int
        Bytes, what aligning takes included; they add up to the tail.
    """
    tail = _Tail(build)
    bodies = (graph, *graph.bodies)
    nodes = [
        (Node(body, operator, build), kernel)
        for body in bodies
        for operator in body.operators
        if (kernel := kernel_of(operator.kind, build)) is not None
    ]
    tail.record("runtime", build.allocator_bytes)
    tail.record("runtime", build.planner_bytes)
    tail.record("runtime", build.micro_allocator_bytes)
    variables = len({_variable(node) for node, _ in nodes if node.operator.kind == "VAR_HANDLE"})
    if variables:
        tail.keep("variables", build.variables_bytes)
        tail.keep("variables", variables * build.variable_bytes)
    tail.record("runtime", build.builtin_allocator_bytes)
    tail.record("runtime", build.subgraph_bytes * len(bodies))
    for body in bodies:
        tail.record("tensors", build.eval_tensor_bytes * len(body.tensors))
    for body in bodies:
        tail.record("operators", build.node_bytes * len(body.operators))
    for _, kernel in nodes:
        bytes_and_alignment = (kernel.option_bytes, kernel.option_alignment)
        if build.pointer_bytes == 8 and kernel.options_64 is not None:
            bytes_and_alignment = kernel.options_64
        if bytes_and_alignment[0]:
            tail.keep("options", *bytes_and_alignment)
    for _, kernel in nodes:
        if data := _data_bytes(kernel, build):
            tail.keep("kernels", data)
    _prepared(tail, nodes, bodies)
    for body in bodies:
        for tensor in body.tensors:
            if tensor.is_state:
                tail.keep("variables", tensor_bytes(tensor))
    for places in (graph.inputs, graph.outputs):
        tail.keep("inputs and outputs", build.pointer_bytes * len(places))
        for place in places:
            _network_tensor(tail, graph.tensors[place])
    return tail.parts


def _data_bytes(kernel: Kernel, build: TflmBuild) -> int:
    return kernel.data_64_bytes if build.pointer_bytes == 8 else kernel.data_32_bytes


def _variable(node: Node) -> tuple[str, str]:
    return node.operator.text("container"), node.operator.text("shared_name")


def _prepared(tail: _Tail, nodes: list[tuple[Node, Kernel]], bodies: tuple[GraphBody, ...]) -> None:
    """Keep what kernels ask for, content of variables where it is first assigned, and a handle for each scratch buffer."""
    names: dict[tuple[int, int], tuple[str, str]] = {}
    numbers = {id(body): number for number, body in enumerate(bodies)}
    assigned: set[tuple[str, str]] = set()
    scratch = 0
    for node, kernel in nodes:
        number = numbers[id(node.graph)]
        asked = kernel.asks(node)
        for size in asked.kept:
            tail.keep("kernels", size)
        scratch += len(asked.scratch)
        if node.operator.kind == "VAR_HANDLE":
            names |= {(number, place): _variable(node) for place in node.operator.outputs}
        handle = node.operator.inputs[0] if node.operator.kind == "ASSIGN_VARIABLE" and node.operator.inputs else -1
        name = names.get((number, handle))
        if name is not None and name not in assigned and (content := node.source(1)) is not None:
            assigned.add(name)
            tail.keep("variables", tensor_bytes(content))
    if scratch:
        tail.record("scratch handles", tail.build.pointer_bytes * scratch)


def _network_tensor(tail: _Tail, tensor: ImportedTensor) -> None:
    part = "inputs and outputs"
    tail.record(part, tail.build.tensor_bytes)
    if tensor.scales and tensor.zero_points:
        tail.record(part, tail.build.quantisation_bytes)
        tail.keep(part, 4 * (1 + len(tensor.scales)), 4)
