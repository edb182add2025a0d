"""What became of each operator of a model file, with its share of the network's work, bytes and accesses."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.evaluation.layers.counted_layers import counted_layers
from costmodel.results.counted_layer import CountedLayer
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, TENSOR_READS, TENSOR_WRITES
from costmodel.results.graphs.imported_operator import Became, FoldedOperator, ImportedOperatorCost
from costmodel.specs.counting import CountingConvention, Dataflow, Granularity, Taps
from costmodel.specs.imported_graph import ImportedGraph, OperatorFate
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.operations import Merge
from costmodel.specs.shapes import element_count

FILE_KIND = "file_kind"
"""Attribute of an operator whose kind reading changed: what the file calls it."""


def imported_operator_costs(graph: ImportedGraph, network: Network, fates: Sequence[OperatorFate]) -> tuple[ImportedOperatorCost, ...]:
    """Return each operator of a graph with what it became and costs.

    Parameters
    ----------
    graph : ImportedGraph
        As read.
    network : Network
        What it became.
    fates : sequence of OperatorFate
        One an operator.

    Returns
    -------
    tuple of ImportedOperatorCost
        In the graph's order; layers that nothing but the network's input needs are nobody's.
    """
    nominal = CountingConvention(taps=Taps.NOMINAL, granularity=Granularity.ELEMENT)
    counted = {layer.step.name: layer for layer in counted_layers(network, Dataflow.OUTPUT_STATIONARY, nominal)}
    sizes = dict(zip(counted, network.tensor_bytes, strict=True))
    macs = sum(int(layer.counts.mac_count) for layer in counted.values())
    accesses = sum(_accesses(layer) for layer in counted.values())
    found = []
    for operator, fate in zip(graph.operators, fates, strict=True):
        own = [counted[name] for name in fate.layers]
        mac_count, access_count = sum(int(layer.counts.mac_count) for layer in own), sum(_accesses(layer) for layer in own)
        became = _became(own)
        found.append(
            ImportedOperatorCost(
                kind=operator.text(FILE_KIND, operator.kind),
                name=operator.name or graph.tensors[operator.outputs[0]].name if operator.outputs else operator.name,
                became=became,
                why=fate.why,
                layers=fate.layers,
                mac_count=mac_count,
                mac_ratio=mac_count / macs if macs else 0.0,
                parameter_bytes=sum(_parameter_bytes(layer, sizes[layer.step.name]) for layer in own),
                output_bytes=sum(_output_bytes(layer, sizes[layer.step.name]) for layer in own),
                access_count=access_count,
                access_ratio=access_count / accesses if accesses else 0.0,
            )
        )
    return tuple(found)


def folded_operators(graph: ImportedGraph) -> tuple[FoldedOperator, ...]:
    """Return the operators that reading took out of a graph, by kind and reason."""
    return tuple(FoldedOperator(kind=each.kind, why=each.why, operator_count=each.operator_count) for each in graph.folded)


def _became(layers: Sequence[CountedLayer]) -> Became:
    if any(not layer.step.merged for layer in layers):
        return Became.LAYER
    merging = [layer.step.operation.merging for layer in layers if layer.step.operation.merging is not None]
    if merging:
        return Became.FOLDED if all(each.how is Merge.FOLDED for each in merging) else Became.FUSED
    return Became.VIEW


def _accesses(layer: CountedLayer) -> int:
    """Every read and write of a layer, of tensors and of scratch."""
    return sum(int(getattr(layer.counts, field)) for field in (*TENSOR_READS, *TENSOR_WRITES, *SCRATCH_READS, *SCRATCH_WRITES))


def _parameter_bytes(layer: CountedLayer, sizes: TensorBytes) -> int:
    lowered = layer.step.lowered
    return int(lowered.weight_count * sizes.weight_bytes + lowered.bias_count * sizes.bias_bytes)


def _output_bytes(layer: CountedLayer, sizes: TensorBytes) -> int:
    return 0 if layer.step.merged else int(element_count(layer.step.lowered.output) * sizes.output_bytes)
