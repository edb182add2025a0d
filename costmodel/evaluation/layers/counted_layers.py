"""Counts of every layer of a network under one convention, whatever its granularity."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.dataflows.counting import count_work
from costmodel.errors import MissingError
from costmodel.evaluation.layers.layer_cost import packed_counts
from costmodel.evaluation.layers.tracing import MAX_LAYER_OPERATIONS, MAX_NETWORK_OPERATIONS, check_length, trace_step
from costmodel.evaluation.network_numbers import sizes_of, steps_of
from costmodel.evaluation.storage.flash_weights import accessed_sizes
from costmodel.provenance import is_recording, leaf
from costmodel.results.counted_layer import CountedLayer
from costmodel.results.counts import AccessCounts
from costmodel.results.totals import difference_of, total_of
from costmodel.specs.counting import CountingConvention, Dataflow, Granularity, Taps
from costmodel.specs.lowering import Step
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.running.mapping import ChosenDataflow, Mapping, check_layers, mapping_of


def counted_layers(
    network: Network, dataflow: Mapping | Dataflow, convention: CountingConvention, only: str | None = None
) -> tuple[CountedLayer, ...]:
    """Count every layer of a network, or one.

    Parameters
    ----------
    network : Network
        In any order; the answer is in running order.
    dataflow : Mapping or Dataflow
        Applies to convolutions; everything else runs output stationary.
    convention : CountingConvention
        Taps, bias and granularity; blocks need a size.
    only : str, optional
        Name of the one layer to count.

    Returns
    -------
    tuple of CountedLayer
        Exact integers. Reads and writes are of elements or of blocks, as the convention says; the other counters never change.

    Raises
    ------
    MissingError
        If accesses are blocks and their size is not given.
    UnknownNameError
        If a layer that a dataflow is chosen for is no convolution of the network.
    LimitError
        If a block trace would have to follow too many accesses.
    """
    mapping = mapping_of(dataflow)
    check_layers([mapping], network.convolutions, network.name, network.linear_layers)
    if convention.granularity is Granularity.BLOCK_TRACED and only is None:
        check_length(network.steps, mapping, convention, MAX_NETWORK_OPERATIONS)
    return tuple(
        _counted(step, sizes, mapping.of(step.name), convention)
        for step, sizes in zip(steps_of(network), sizes_of(network), strict=True)
        if only in (None, step.name)
    )


def _counted(step: Step, sizes: TensorBytes, dataflow: ChosenDataflow, convention: CountingConvention) -> CountedLayer:
    counts = _counts(step, sizes, dataflow, convention)
    taps = count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY, convention.taps).mac_count
    return CountedLayer(step, counts, difference_of(counts.mac_count, taps))


def counted_dataflows(
    network: Network, dataflows: Sequence[Mapping | Dataflow], convention: CountingConvention, only: str | None = None
) -> dict[Mapping, tuple[CountedLayer, ...]]:
    """Count every layer of a network, or one, under several dataflows.

    Parameters
    ----------
    network : Network
        In any order; the answer is in running order.
    dataflows : sequence of Mapping or Dataflow
        Side by side.
    convention : CountingConvention
        Taps, bias and granularity; blocks need a size.
    only : str, optional
        Name of the one layer to count.

    Returns
    -------
    dict of Mapping to tuple of CountedLayer
        As `counted_layers` counts each.
    """
    return {mapping_of(dataflow): counted_layers(network, dataflow, convention, only) for dataflow in dataflows}


def counted_totals(counted: dict[Mapping, tuple[CountedLayer, ...]]) -> dict[Mapping, dict[str, int]]:
    """Return the counters of all layers together.

    Parameters
    ----------
    counted : dict of Mapping to tuple of CountedLayer
        As `counted_dataflows` gives them.

    Returns
    -------
    dict of Mapping to dict
        By counter. Scratch is each layer's own and is used again by the next: a sum of it would mean nothing, and there is none.
    """
    names = [name for name in AccessCounts._fields if not name.startswith("scratch")]

    def total(layers: tuple[CountedLayer, ...]) -> dict[str, int]:
        return {name: total_of([getattr(layer.counts, name) for layer in layers]) for name in names}

    return {mapping: total(layers) for mapping, layers in counted.items()}


def network_macs(network: Network) -> dict[Taps, int]:
    """Return the multiply-accumulates of a network under each convention of taps; no dataflow changes them."""
    return {taps: sum(count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY, taps).mac_count for step in network.steps) for taps in Taps}


def _counts(step: Step, sizes: TensorBytes, dataflow: ChosenDataflow, convention: CountingConvention) -> AccessCounts:
    work = step.lowered.work
    counts = count_work(
        work, dataflow, convention.taps, bias=convention.bias, input_bytes=sizes.input_bytes, weight_bytes=sizes.weight_bytes
    )
    if convention.granularity is Granularity.ELEMENT:
        return counts
    if convention.block_bytes is None:
        raise MissingError(f"accesses are blocks at granularity {convention.granularity.value!r}: give the size of one, block_bytes")
    if convention.granularity is Granularity.BLOCK_PACKED:
        element, block = convention.element_bytes, convention.block_bytes
        if is_recording():
            block = leaf(block, "counting.block_bytes", "given")
            element = element if element is None else leaf(element, "counting.element_bytes", "given")
        return packed_counts(counts, accessed_sizes(step, sizes, dataflow), element, block)
    check_length([step], Mapping(dataflow), convention, MAX_LAYER_OPERATIONS)
    return trace_step(step, sizes, dataflow, convention, convention.block_bytes)
