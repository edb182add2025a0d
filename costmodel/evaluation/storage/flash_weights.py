"""Weights read from flash through a cache: lines fetched, and what they cost beside the cache itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from costmodel.columns import Number, chosen
from costmodel.dataflows.closed_forms.blocked_output_stationary import runs_in_rows, stored_words
from costmodel.dataflows.counting import in_words
from costmodel.energy.serial_memory import filter_bytes, line_fill_count, weight_pass_count
from costmodel.errors import SpecError
from costmodel.evaluation.layers.staged_layers import StagedLayer
from costmodel.memory.lifetimes import tensor_size_bytes
from costmodel.provenance import noted
from costmodel.results.counts import AccessCounts
from costmodel.results.storage.memory_convention import FlashWeightCost
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.hardware import MemoryEnergy
from costmodel.specs.lowering import Step
from costmodel.specs.network import TensorBytes
from costmodel.specs.running.mapping import BLOCKED, WORD_BYTES, ChosenDataflow, Mapping, mapping_of
from costmodel.specs.work import LoopNest

WORD: Final = "definition: the weights of two filters in a word of 32 bits"
"""Source of the size of a load of weights under SWAR."""


class Counted(Protocol):
    """A layer with its counts."""

    @property
    def step(self) -> Step:
        """The lowered layer."""

    @property
    def counts(self) -> AccessCounts:
        """Accesses of single elements."""

    @property
    def staged(self) -> StagedLayer | None:
        """Where it runs in a stage that streams."""


def weight_fill_count(
    step: Step,
    read_count: Number,
    element_bytes: Number,
    dataflow: ChosenDataflow,
    line_bytes: int,
    cache_bytes: int,
    staged: StagedLayer | None = None,
) -> Number:
    """Return how many lines of flash one layer's weights fetch.

    Parameters
    ----------
    step : Step
        The lowered layer; it has weights.
    read_count : int or column
        Reads of its weights.
    element_bytes : int or column
        Bytes of a weight.
    dataflow : ChosenDataflow
        What it runs under if it is a convolution.
    line_bytes, cache_bytes : int
        Line and capacity of the cache.
    staged : StagedLayer, optional
        Where the layer runs in a stage that streams: its weights are then read in turn with the others of the stage.

    Returns
    -------
    int or column
        Lines. Code and activations that share the cache are not in it: they only add fills.
    """
    weight_count, element_bytes = stored_weights(step, dataflow, element_bytes)
    weight_bytes = tensor_size_bytes(weight_count, element_bytes)
    passes = weight_pass_count(read_count, weight_count)
    if staged is not None:
        fetched = staged.turns.fetched_count(weight_bytes, cache_bytes, passes)
        # What is fetched once was not crowded out by those that take turns with it.
        reuse_bytes = max(weight_bytes, staged.turns.among[-1][1]) if fetched > 1 else weight_bytes
        return line_fill_count(weight_bytes, reuse_bytes, line_bytes, cache_bytes, fetched)
    work, reuse_bytes = step.lowered.work, weight_bytes
    if isinstance(work, LoopNest) and dataflow.name == BLOCKED and runs_in_rows(work):
        # All of a group's filters are gone through for each row of its outputs.
        passes, reuse_bytes = work.h.output, filter_bytes(weight_bytes, work.groups, 1)
    # Input stationary turns to every output channel for each input; the others finish with one filter before the next.
    elif isinstance(work, LoopNest) and dataflow.name != Dataflow.INPUT_STATIONARY:
        reuse_bytes = filter_bytes(weight_bytes, work.groups, work.out_channels)
    return line_fill_count(weight_bytes, reuse_bytes, line_bytes, cache_bytes, passes)


def stored_weights(step: Step, dataflow: ChosenDataflow, weight_bytes: Number) -> tuple[Number, Number]:
    """Return how many elements a layer's weights lie in, and the bytes of one: under SWAR, words of two weights.

    Parameters
    ----------
    step : Step
        The lowered layer.
    dataflow : ChosenDataflow
        What it runs under if it is a convolution or linear.
    weight_bytes : int or column
        Of one weight.
    """
    work, count = step.lowered.work, step.lowered.weight_count
    if not isinstance(work, LoopNest) or not in_words(work, dataflow):
        return count, weight_bytes
    _, filters, swar = dataflow.values
    if isinstance(swar, int):
        return stored_words(work, filters, swar), noted(WORD_BYTES, "weight word", WORD)
    return chosen(swar > 0, stored_words(work, filters, swar), count), chosen(swar > 0, WORD_BYTES, weight_bytes)


def accessed_sizes(step: Step, sizes: TensorBytes, dataflow: ChosenDataflow) -> TensorBytes:
    """Return the element sizes of a layer's accesses: a load of its weights brings a word under SWAR."""
    _, weight_bytes = stored_weights(step, dataflow, sizes.weight_bytes)
    return sizes if weight_bytes is sizes.weight_bytes else sizes._replace(weight_bytes=weight_bytes)


def flash_weight_cost(
    layers: Sequence[Counted], sizes: Sequence[TensorBytes], mapped: Mapping | Dataflow, cache: MemoryEnergy, flash: MemoryEnergy
) -> FlashWeightCost:
    """Return what reading every weight from flash costs, in place of a memory the weights were copied to.

    Parameters
    ----------
    layers : sequence of Counted
        With their counts of weight reads; each read of a weight is one access of the cache.
    sizes : sequence of TensorBytes
        Element sizes of each layer.
    mapped : Mapping or Dataflow
        Order the layers' weights are read in.
    cache : MemoryEnergy
        One access of the cache; it has a capacity.
    flash : MemoryEnergy
        One line of it.

    Returns
    -------
    FlashWeightCost
        Line fills and reads of the cache.

    Raises
    ------
    SpecError
        If the cache has no capacity.
    """
    if cache.capacity_bytes is None:
        raise SpecError(f"the cache {cache.name!r} states no capacity_bytes")
    mapping = mapping_of(mapped)
    reads = fills = footprint = 0
    for layer, tensor in zip(layers, sizes, strict=True):
        step, read_count = layer.step, layer.counts.weight_read_count
        if not step.lowered.weight_count:
            continue
        dataflow = mapping.of(step.name)
        count, each_bytes = stored_weights(step, dataflow, tensor.weight_bytes)
        footprint += count * each_bytes
        reads += read_count
        fills += weight_fill_count(step, read_count, tensor.weight_bytes, dataflow, flash.access_bytes, cache.capacity_bytes, layer.staged)
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
