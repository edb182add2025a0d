"""When each tensor of an imported graph is alive, one operator after the other."""

from __future__ import annotations

from costmodel.specs.imported_graph import GraphBody


def peak_activation_bytes(graph: GraphBody) -> int:
    """Return the most bytes of an imported graph's tensors that are alive at once.

    Inputs live from the start, outputs to the end, everything else from its maker to its last reader; constants and states do not count.

    Parameters
    ----------
    graph : GraphBody
        As read from its file.

    Returns
    -------
    int
        Bytes.
    """
    last = len(graph.operators) - 1
    made = dict.fromkeys(graph.inputs, 0)
    kept = dict.fromkeys(graph.outputs, last)
    for time, operator in enumerate(graph.operators):
        for place in operator.outputs:
            made.setdefault(place, time)
            kept.setdefault(place, time)
        for place in operator.inputs:
            if place >= 0:
                kept[place] = max(kept.get(place, 0), time)
    change = [0] * (len(graph.operators) + 1)
    for place, begin in made.items():
        tensor = graph.tensors[place]
        if tensor.constant is None and not tensor.is_state:
            change[begin] += tensor.size_bytes
            change[kept.get(place, begin) + 1] -= tensor.size_bytes
    peak = alive = 0
    for step in change:
        alive += step
        peak = max(peak, alive)
    return peak
