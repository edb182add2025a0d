"""The cost of one layer."""

from __future__ import annotations

from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from costmodel.columns import Number, is_column, product
from costmodel.dataflows.closed_forms.terms import ACCUMULATOR_BYTES, SYMBOLS, convolution_terms, sliding
from costmodel.dataflows.counting import count_work
from costmodel.energy.access_energy import compute_energy_pj, dynamic_energy_pj
from costmodel.energy.grouping import packed_accesses
from costmodel.energy.serial_memory import cached_read_pj
from costmodel.evaluation.design import Design
from costmodel.evaluation.layers.staged_layers import StagedLayer, time_with_repeats_s
from costmodel.evaluation.storage.flash_weights import accessed_sizes, weight_fill_count
from costmodel.latency.rates import TapRates, convolution_time_s, other_time_s
from costmodel.provenance import formula
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, TENSOR_READS, TENSOR_WRITES, AccessCounts, has_rows
from costmodel.results.totals import total_of
from costmodel.specs.counting import Dataflow, Granularity, Taps
from costmodel.specs.lowering import Step
from costmodel.specs.network import TensorBytes
from costmodel.specs.operations import Action
from costmodel.specs.running.mapping import ChosenDataflow, mapping_of
from costmodel.specs.shapes import element_count
from costmodel.specs.work import LoopNest, View

_NOTHING: Final = AccessCounts()
_STREAMED: Final = mapping_of(Dataflow.OUTPUT_STATIONARY).default
"""What every layer of a stage that streams runs under."""
_ELEMENT_OF: Final[dict[str, str | None]] = {
    "input_read_count": "input_bytes",
    "weight_read_count": "weight_bytes",
    "bias_read_count": "bias_bytes",
    "output_read_count": "output_bytes",
    "output_write_count": "output_bytes",
    "psum_read_count": None,
    "psum_write_count": None,
    "input_row_read_count": "input_bytes",
    "input_row_write_count": "input_bytes",
    "weight_row_read_count": "weight_bytes",
    "weight_row_write_count": "weight_bytes",
}
"""Whose element size each counter's accesses have; None for accumulators."""
_SIZE_AT: Final = tuple(
    (AccessCounts._fields.index(counter), None if tensor is None else TensorBytes._fields.index(tensor))
    for counter, tensor in _ELEMENT_OF.items()
)
"""The same by position, which is quicker than by name."""
_TENSOR_READS, _READS_BUT_WEIGHTS, _SCRATCH_READS, _SCRATCH_WRITES = (
    itemgetter(*map(AccessCounts._fields.index, counters))
    for counters in (TENSOR_READS, [name for name in TENSOR_READS if name != "weight_read_count"], SCRATCH_READS, SCRATCH_WRITES)
)


Reach: TypeAlias = tuple[tuple[str, Number], ...]
"""Most taps that a layer of each kind may have where times are calibrated; a kind that is not there was never timed."""


class LayerCost(NamedTuple):
    """What one layer costs; every number an int, a float or a column."""

    step: Step
    counts: AccessCounts
    """Accesses of single elements."""
    accesses: AccessCounts
    """Accesses of the memory's width."""
    interior_tap_count: Number
    """Nominal taps of interior pixels."""
    boundary_tap_count: Number
    """Nominal taps of boundary pixels."""
    tensor_read_count: Number
    """Read accesses of the layer's tensors, of the memory's width; without those of weights that are read from flash."""
    tensor_write_count: Number
    scratch_read_count: Number
    """Read accesses of scratch rows, of the memory's width."""
    scratch_write_count: Number
    tensor_pj: Number
    """Dynamic energy of the layer's tensors, wherever they live."""
    scratch_pj: Number
    """Dynamic energy of scratch rows where they live in the same memory; nothing where they are registers."""
    compute_pj: Number
    """Arithmetic alone."""
    duration_s: Number | None
    """None where the rates do not hold."""
    hit_count: Number = 0
    """Reads of the cache that weights in flash are read through, of its width."""
    fill_count: Number = 0
    """Lines of flash that they fetch."""
    flash_pj: Number = 0.0
    """Of the tensors' energy what both take."""
    staged: StagedLayer | None = None
    """Where it runs in a stage that streams."""


def layer_cost(
    step: Step,
    sizes: TensorBytes,
    mac_pj: Number,
    dataflow: ChosenDataflow,
    design: Design,
    traced: AccessCounts | None,
    staged: StagedLayer | None = None,
) -> LayerCost:
    """Return the cost of one layer.

    Parameters
    ----------
    step : Step
        The lowered layer.
    sizes : TensorBytes
        Element sizes of what it touches.
    mac_pj : float or column
        Energy of one multiply-accumulate [pJ].
    dataflow : ChosenDataflow
        What it runs under if it is a convolution.
    design : Design
        Convention, memory and rates.
    traced : AccessCounts or None
        Accesses of its tensors found by execution, in place of packed ones.
    staged : StagedLayer, optional
        How it counts in the stage it runs in, where that streams: output stationary, whatever the dataflow.

    Returns
    -------
    LayerCost
        Counts, accesses, energies and time.
    """
    work = step.lowered.work
    if isinstance(work, View):
        return LayerCost(step, _NOTHING, _NOTHING, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, None if design.rates is None else 0.0)
    if staged is None:
        counts = count_work(work, dataflow, design.taps, bias=design.bias, input_bytes=sizes.input_bytes, weight_bytes=sizes.weight_bytes)
    else:
        counts, dataflow = staged.counts, _STREAMED
    largest = staged is not None and step.operation.action is Action.LARGEST
    psum_bytes = sizes.output_bytes if largest else ACCUMULATOR_BYTES
    accessed = accessed_sizes(step, sizes, dataflow)
    accesses = packed_counts(counts, accessed, design.element_bytes, design.memory.access_bytes, psum_bytes)
    if traced is not None:
        # Scratch is never traced: its accesses stay packed.
        accesses = accesses._replace(**{name: getattr(traced, name) for name in (*TENSOR_READS, *TENSOR_WRITES)})
    interior, boundary = nominal_taps_by_region(step)
    memory, flash = design.memory, design.flash
    hits = fills = 0
    flash_pj: Number = 0.0
    if flash is None or not (is_column(step.lowered.weight_count) or step.lowered.weight_count):
        tensor_reads = total_of(_TENSOR_READS(accesses))
    else:
        tensor_reads = total_of(_READS_BUT_WEIGHTS(accesses))
        hits = accesses.weight_read_count
        if traced is None:
            one_bytes = accessed.weight_bytes if design.element_bytes is None else design.element_bytes
            hits = packed_accesses(counts.weight_read_count, one_bytes, flash.cache_access_bytes)
        reads = counts.weight_read_count
        fills = weight_fill_count(step, reads, sizes.weight_bytes, dataflow, flash.line_bytes, flash.cache_bytes, staged)
        flash_pj = cached_read_pj(hits, flash.hit_pj, fills, flash.line_pj)
    tensor_writes = total_of([accesses.output_write_count])
    tensor_pj = dynamic_energy_pj(tensor_reads, tensor_writes, memory.read_pj, memory.write_pj)
    scratch_reads = scratch_writes = 0
    scratch_pj: Number = 0.0
    if has_rows(counts):
        scratch_reads = total_of(_SCRATCH_READS(accesses))
        scratch_writes = total_of(_SCRATCH_WRITES(accesses))
        scratch_pj = dynamic_energy_pj(scratch_reads, scratch_writes, memory.read_pj, memory.write_pj)
    return LayerCost(
        step=step,
        counts=counts,
        accesses=counts if design.granularity is Granularity.ELEMENT else accesses,
        interior_tap_count=interior,
        boundary_tap_count=boundary,
        tensor_read_count=tensor_reads,
        tensor_write_count=tensor_writes,
        scratch_read_count=scratch_reads,
        scratch_write_count=scratch_writes,
        tensor_pj=total_of([tensor_pj, flash_pj]) if is_column(fills) or fills else tensor_pj,
        scratch_pj=scratch_pj,
        compute_pj=compute_energy_pj(counts.mac_count, mac_pj),
        duration_s=None if design.rates is None else _time_s(step, counts, interior, boundary, design, staged),
        hit_count=hits,
        fill_count=fills,
        flash_pj=flash_pj,
        staged=staged,
    )


def with_rates(layer: LayerCost, design: Design) -> LayerCost:
    """Return a layer's cost with its time under a design's rates; everything else stays."""
    if design.rates is None:
        return layer._replace(duration_s=None)
    time_s = _time_s(layer.step, layer.counts, layer.interior_tap_count, layer.boundary_tap_count, design, layer.staged)
    return layer._replace(duration_s=time_s)


def _time_s(step: Step, counts: AccessCounts, interior: Number, boundary: Number, design: Design, staged: StagedLayer | None) -> Number:
    """The time of a layer under a design's rates; in a stage that of the layer alone, longer by what is computed again."""
    if design.rates is None or staged is None:
        return None if design.rates is None else layer_time_s(step, counts, interior, boundary, design.rates, design.weights_in_ram)
    alone = counts if is_convolution(step) else count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY)
    time_s = layer_time_s(step, alone, interior, boundary, design.rates, design.weights_in_ram)
    return time_s if staged.again_ratio == 1 else time_with_repeats_s(time_s, staged.again_ratio)


def timed_tap_count(layer: LayerCost) -> Number:
    """Return the taps that rates are held against: what a layer reads alone, whatever it is fused with."""
    if is_convolution(layer.step):
        return layer.interior_tap_count + layer.boundary_tap_count
    return layer.counts.input_read_count if layer.staged is None else other_tap_count(layer.step)


def packed_counts(
    counts: AccessCounts, sizes: TensorBytes, element_bytes: Number | None, access_bytes: Number, psum_bytes: Number = ACCUMULATOR_BYTES
) -> AccessCounts:
    """Group a layer's counts into accesses of the memory's width.

    Parameters
    ----------
    counts : AccessCounts
        Accesses of single elements.
    sizes : TensorBytes
        Each tensor's element size.
    element_bytes : int or None
        One element size for every operand, or None for each its own.
    access_bytes : int or column
        Width of one access [B].
    psum_bytes : int, optional
        Bytes of a partial result; a largest element that is not complete is as wide as the output.

    Returns
    -------
    AccessCounts
        Reads and writes grouped; every other counter as it was.
    """
    packed = list(counts)
    grouped: dict[tuple[int, int], Number] = {}
    for place, tensor in _SIZE_AT:
        count = counts[place]
        if isinstance(count, int) and count == 0:
            continue
        own_bytes = psum_bytes if tensor is None else sizes[tensor]
        one_bytes = own_bytes if element_bytes is None else element_bytes
        # Several counters of a layer are one number or one column; it is grouped once, unless it remembers which counter it is.
        key = (id(count), id(one_bytes))
        if key not in grouped or not (type(count) is int or is_column(count)):
            grouped[key] = packed_accesses(count, one_bytes, access_bytes)
        packed[place] = grouped[key]
    return AccessCounts._make(packed)


class TapsByRegion(NamedTuple):
    """A convolution's nominal taps, by the pixel they belong to."""

    interior_tap_count: Number
    boundary_tap_count: Number


def nominal_taps_by_region(step: Step) -> TapsByRegion:
    """Return a convolution's nominal taps of interior and of boundary pixels; none for any other layer."""
    work = step.lowered.work
    if not is_convolution(step) or not isinstance(work, LoopNest):
        return TapsByRegion(0, 0)
    return taps_by_region(work)


def _region_terms(nest: LoopNest) -> dict[str, Number]:
    return convolution_terms(nest, Taps.NOMINAL, False, 0, 0)


@formula(
    id="latency.taps",
    equation={
        "interior_tap_count": "G*OC*IC*KH*KW*I_h*I_w",
        "boundary_tap_count": "G*OC*IC*KH*KW*(OH*OW - I_h*I_w)",
    },
    symbols=SYMBOLS,
    unit="taps",
    source="definition: an output pixel is interior when all its taps are in bounds",
    terms=_region_terms,
)
def taps_by_region(nest: LoopNest) -> TapsByRegion:
    """Return a convolution's nominal taps of interior and of boundary pixels.

    Parameters
    ----------
    nest : LoopNest
        The convolution.

    Returns
    -------
    TapsByRegion
        Ints or columns.
    """
    h, w = sliding(nest)
    per_pixel = nest.groups * h.K * w.K * (nest.out_channels * nest.in_channels)
    interior = h.interior * w.interior
    return TapsByRegion(product(per_pixel, interior), product(per_pixel, h.output * w.output - interior))


def is_convolution(step: Step) -> bool:
    """Tell whether a layer is a convolution: the chosen dataflow applies to it."""
    return step.lowered.work.operation.takes_dataflow


def other_tap_count(step: Step) -> Number:
    """Return the taps of a layer that is no convolution: the elements it reads, once a pass."""
    work = step.lowered.work
    if isinstance(work, View) or is_convolution(step):
        return 0
    return count_work(work, Dataflow.OUTPUT_STATIONARY).input_read_count


def tap_count(step: Step) -> Number:
    """Return the nominal taps of a layer of any kind."""
    return total_of(nominal_taps_by_region(step)) if is_convolution(step) else other_tap_count(step)


def layer_time_s(step: Step, counts: AccessCounts, interior: Number, boundary: Number, rates: TapRates, weights_in_ram: bool) -> Number:
    """Return the time of one layer under given rates.

    Parameters
    ----------
    step : Step
        The lowered layer.
    counts : AccessCounts
        Its counts; a layer that is no convolution takes time by the elements it reads.
    interior, boundary : int or column
        Its nominal taps by region, if it is a convolution.
    rates : TapRates
        Seconds per tap.
    weights_in_ram : bool
        Whether weights come from RAM; otherwise each weight costs the flash term.

    Returns
    -------
    float or column
        Time [s].
    """
    if not is_convolution(step):
        return other_time_s(counts.input_read_count, rates.other_tap_s)
    flash_weights = 0 if weights_in_ram else step.lowered.weight_count
    return convolution_time_s(
        interior,
        boundary,
        rates.interior_tap_s,
        rates.boundary_tap_s,
        element_count(step.lowered.output),
        rates.output_s,
        flash_weights,
        rates.flash_weight_s,
    )
