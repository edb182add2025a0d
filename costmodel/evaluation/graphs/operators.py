"""The operators of an imported graph with their shares of its work and its constants."""

from __future__ import annotations

from costmodel.dataflows.imported_counts import nominal_mac_count, nominal_macs
from costmodel.memory.tflm.kernels import KERNELS
from costmodel.results.graphs.operator_use import OperatorUse
from costmodel.specs.imported_graph import ImportedGraph


def operator_uses(graph: ImportedGraph) -> tuple[OperatorUse, ...]:
    """Return the kinds of operators in a model file, the most work first.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file; its other graphs' operators are counted too, without their work, which runs once or not at all.

    Returns
    -------
    tuple of OperatorUse
        One a kind.
    """
    total = nominal_mac_count(graph)
    uses: dict[str, int] = {}
    macs: dict[str, int] = {}
    buffers: dict[str, dict[int, int]] = {}
    for body in (graph, *graph.bodies):
        for operator in body.operators:
            uses[operator.kind] = uses.get(operator.kind, 0) + 1
            macs.setdefault(operator.kind, 0)
            read = buffers.setdefault(operator.kind, {})
            for place in operator.inputs:
                if place >= 0 and (constant := body.tensors[place].constant) is not None:
                    read[body.tensors[place].buffer] = len(constant)
    for operator in graph.operators:
        macs[operator.kind] += nominal_macs(graph, operator)
    found = (
        OperatorUse(
            kind=kind,
            use_count=count,
            mac_count=macs[kind],
            mac_ratio=macs[kind] / total if total else 0.0,
            constant_bytes=sum(buffers[kind].values()),
            registration=None if (kernel := KERNELS.get(kind)) is None else kernel.registration,
        )
        for kind, count in uses.items()
    )
    return tuple(sorted(found, key=lambda use: (-use.mac_count, -use.use_count, use.kind)))


def registration_of(kind: str) -> str | None:
    """Return the method of `MicroMutableOpResolver` that registers an operator; None where TensorFlow Lite Micro has no kernel for it."""
    kernel = KERNELS.get(kind)
    return None if kernel is None else kernel.registration
