"""Weights read from flash through a cache: lines fetched, and what they cost beside the cache itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.columns import ceil_div
from costmodel.energy.grouping import packed_accesses
from costmodel.energy.serial_memory import line_fill_count, through_flash_pj
from costmodel.errors import SpecError
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.energy_range import energy_range
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.provenance import is_recording, leaf
from costmodel.results.storage.memory_convention import FlashWeightCost
from costmodel.specs.counting import Dataflow, Granularity
from costmodel.specs.devices.hardware import MemoryEnergy
from costmodel.specs.mapping import Mapping, mapping_of
from costmodel.specs.network import TensorBytes
from costmodel.specs.scenario import Scenario, Storage
from costmodel.specs.work import LoopNest


def flash_weight_cost(
    layers: Sequence[LayerCost], sizes: Sequence[TensorBytes], dataflow: Mapping | Dataflow, cache: MemoryEnergy, flash: MemoryEnergy
) -> FlashWeightCost:
    """Return what reading every weight from flash costs, in place of a memory the weights were copied to.

    Parameters
    ----------
    layers : sequence of LayerCost
        With their counts of weight reads; each read of a weight is one access of the cache.
    sizes : sequence of TensorBytes
        Element sizes of each layer.
    dataflow : Mapping or Dataflow
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
    mapping = mapping_of(dataflow)
    reads = fills = footprint = 0
    for layer, tensor in zip(layers, sizes, strict=True):
        weight_count, read_count = layer.step.lowered.weight_count, layer.counts.weight_read_count
        if not weight_count:
            continue
        weight_bytes = weight_count * tensor.weight_bytes
        footprint += weight_bytes
        reads += read_count
        passes = ceil_div(read_count, weight_count)
        # Input stationary turns to every output channel for each input; the others finish with one filter before the next.
        sweeps_all = mapping.of(layer.step.name).name == Dataflow.INPUT_STATIONARY
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


class FlashPath(NamedTuple):
    """The fields of a `FlashPathEnergy`, whose numbers may remember their origin."""

    replaced_count: int
    hit_count: int
    fill_count: int
    memory_pj: float
    memory_low_pj: float | None
    memory_high_pj: float | None
    hit_pj: float
    fill_pj: float


def flash_path_energy(scenario: Scenario, dataflow: Mapping | Dataflow, answer: Cost) -> FlashPath | None:
    """Return the memory's dynamic energy with flash and its cache in it.

    Parameters
    ----------
    scenario : Scenario
        Where weights live, and the energies of memory, cache and flash.
    dataflow : Mapping or Dataflow
        The one of the cost.
    answer : Cost
        Of the scenario, weights charged to the memory.

    Returns
    -------
    FlashPath or None
        None where weights live in RAM, or no energies of flash are known.
    """
    flash, cache, memory = scenario.flash_energy, scenario.cache_energy, scenario.memory_energy
    if scenario.weights_in is not Storage.FLASH or flash is None or cache is None:
        return None
    sizes = scenario.network.tensor_bytes
    replaced, hits = (_weight_reads(scenario, answer, width) for width in (memory.access_bytes, cache.access_bytes))
    fills = flash_weight_cost(answer.layers, sizes, dataflow, cache, flash).fill_count
    bounds = energy_range(answer.layers, memory)
    low, high = (
        _bound(tensor_pj, scratch_pj, (replaced, hits, fills), tuple(getattr(known.read_pj, end) for known in (memory, cache, flash)))
        for end, tensor_pj, scratch_pj in (
            ("low", bounds.tensor_low_pj, bounds.scratch_low_pj),
            ("high", bounds.tensor_high_pj, bounds.scratch_high_pj),
        )
    )
    energies = [
        leaf(constant.value, name, constant.source) if is_recording() else constant.value
        for name, constant in (("memory.read_pj", memory.read_pj), ("cache.read_pj", cache.read_pj), ("flash.read_pj", flash.read_pj))
    ]
    return FlashPath(
        replaced_count=replaced,
        hit_count=hits,
        fill_count=fills,
        memory_pj=through_flash_pj(answer.energy_pj, replaced, energies[0], hits, energies[1], fills, energies[2]),
        memory_low_pj=low,
        memory_high_pj=high,
        hit_pj=hits * cache.read_pj.value,
        fill_pj=fills * flash.read_pj.value,
    )


def _weight_reads(scenario: Scenario, answer: Cost, access_bytes: int) -> int:
    """Weight reads of a network in accesses of a width, as its convention groups them."""
    counting, sizes = scenario.counting, scenario.network.tensor_bytes
    if counting.granularity is Granularity.BLOCK_TRACED:
        return sum(layer.accesses.weight_read_count for layer in answer.layers)
    return sum(
        packed_accesses(layer.counts.weight_read_count, counting.element_bytes or tensor.weight_bytes, access_bytes)
        for layer, tensor in zip(answer.layers, sizes, strict=True)
    )


def _bound(
    tensor_pj: float | None, scratch_pj: float | None, counts: tuple[int, int, int], energies: tuple[float | None, ...]
) -> float | None:
    """An end of the range, each energy at its own; None where one is not known."""
    read_pj, cache_pj, line_pj = energies
    if tensor_pj is None or scratch_pj is None or read_pj is None or cache_pj is None or line_pj is None:
        return None
    replaced, hits, fills = counts
    return through_flash_pj(tensor_pj + scratch_pj, replaced, read_pj, hits, cache_pj, fills, line_pj)


def _filter_count(layer: LayerCost) -> int:
    """Filters the layer's weights divide into; those of other layers are read through once."""
    work = layer.step.lowered.work
    return work.groups * work.out_channels if isinstance(work, LoopNest) else 1
