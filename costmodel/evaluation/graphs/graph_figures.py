"""What an imported graph holds and computes, in the columns that importer tools and papers state."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.dataflows.imported_counts import nominal_mac_count, stored_counts
from costmodel.memory.imported_lifetimes import peak_activation_bytes
from costmodel.specs.imported_graph import ImportedGraph


class GraphFigures(NamedTuple):
    """What a model file holds and computes."""

    weight_count: int
    """Constants of operators that have weights, each stored buffer once."""
    bias_count: int
    """Biases, each stored buffer once."""
    parameter_count: int
    """Weights and biases as people count them: by tensor, however they are stored."""
    const_bytes: int
    """Bytes of all constants, shapes included."""
    nominal_mac_count: int
    """Multiply-accumulates, padding counted."""
    peak_activation_bytes: int
    """Most bytes of tensors alive at once."""


def graph_figures(graph: ImportedGraph) -> GraphFigures:
    """Return what a graph holds and computes.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    GraphFigures
        Of the whole graph.
    """
    stored = stored_counts(graph)
    return GraphFigures(
        weight_count=stored.weight_count,
        bias_count=stored.bias_count,
        parameter_count=stored.parameter_count,
        const_bytes=graph.const_bytes,
        nominal_mac_count=nominal_mac_count(graph),
        peak_activation_bytes=peak_activation_bytes(graph),
    )
