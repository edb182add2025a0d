"""An imported graph as a network that every command takes: lowered operator by operator, or refused with everything that is missing."""

from __future__ import annotations

from costmodel.sources.importers.tflite import FORMAT as TFLITE
from costmodel.specs.imported_graph import ImportedGraph
from costmodel.specs.network import Network


def network_of(graph: ImportedGraph) -> Network:
    """Return an imported graph as a network.

    Parameters
    ----------
    graph : ImportedGraph
        As read from its file.

    Returns
    -------
    Network
        Its layers in the file's order, named by what they are and a number.

    Raises
    ------
    InputError
        If it has no operators or no inputs, or an operator cannot be taken over: each is named, with its share of the work.
    """
    if graph.format_name == TFLITE:
        from costmodel.sources.importers.channels_last import to_layers as last

        return last.network_of_draft(last.drafted_layers(graph))
    from costmodel.sources.importers.channels_first import to_layers as first

    return first.network_of_draft(first.drafted_layers(graph))
