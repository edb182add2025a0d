"""Weights read from flash through a cache: lines fetched, and what they cost beside the cache itself."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.columns import ceil_div
from costmodel.energy.serial_memory import line_fill_count
from costmodel.errors import SpecError
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.results.storage.memory_convention import FlashWeightCost
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.hardware import MemoryEnergy
from costmodel.specs.network import TensorBytes
from costmodel.specs.work import LoopNest


def flash_weight_cost(
    layers: Sequence[LayerCost], sizes: Sequence[TensorBytes], dataflow: Dataflow, cache: MemoryEnergy, flash: MemoryEnergy
) -> FlashWeightCost:
    """Return what reading every weight from flash costs, in place of a memory the weights were copied to.

    Parameters
    ----------
    layers : sequence of LayerCost
        With their counts of weight reads; each read of a weight is one access of the cache.
    sizes : sequence of TensorBytes
        Element sizes of each layer.
    dataflow : Dataflow
        Order the layers' weights are read in.
    cache : MemoryEnergy
        One access of the cache; it has a capacity.
    flash : MemoryEnergy
        One line of it.

    Returns
    -------
    FlashWeightCost
        Line fills and reads of the cache. Code and activations that share the cache are not in it: they only add fills.

    Raises
    ------
    SpecError
        If the cache has no capacity.
    """
    if cache.capacity_bytes is None:
        raise SpecError(f"the cache {cache.name!r} states no capacity_bytes")
    # Input stationary turns to every output channel for each input; the others finish with one filter before the next.
    sweeps_all = dataflow is Dataflow.INPUT_STATIONARY
    reads = fills = footprint = 0
    for layer, tensor in zip(layers, sizes, strict=True):
        weight_count, read_count = layer.step.lowered.weight_count, layer.counts.weight_read_count
        if not weight_count:
            continue
        weight_bytes = weight_count * tensor.weight_bytes
        footprint += weight_bytes
        reads += read_count
        passes = ceil_div(read_count, weight_count)
        reuse_bytes = weight_bytes if sweeps_all else ceil_div(weight_bytes, _filter_count(layer))
        fills += line_fill_count(weight_bytes, reuse_bytes, flash.access_bytes, cache.capacity_bytes, passes)
    line = flash.read_pj
    return FlashWeightCost(
        cache=cache.name,
        flash=flash.name,
        weight_bytes=footprint,
        read_count=reads,
        hit_pj=reads * cache.read_pj.value,
        fill_count=fills,
        fill_pj=fills * line.value,
        fill_low_pj=None if line.low is None else fills * line.low,
        fill_high_pj=None if line.high is None else fills * line.high,
    )


def _filter_count(layer: LayerCost) -> int:
    """Filters the layer's weights divide into; those of other layers are read through once."""
    work = layer.step.lowered.work
    return work.groups * work.out_channels if isinstance(work, LoopNest) else 1
