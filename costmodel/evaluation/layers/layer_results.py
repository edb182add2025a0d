"""Costs of layers as results."""

from __future__ import annotations

from costmodel.dataflows.counting import count_work, counts_as_executed
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.layers.layer_cost import LayerCost, is_convolution
from costmodel.evaluation.layers.staged_layers import counts_in_stages
from costmodel.results.counts import AccessCounts
from costmodel.results.evaluation import EnergySplit, LayerEvaluation
from costmodel.results.totals import difference_of, plane_of, total_of
from costmodel.specs.counting import CountingConvention, Taps
from costmodel.specs.network import TensorBytes
from costmodel.specs.running.mapping import ChosenDataflow
from costmodel.specs.work import LoopNest


def staged_counts_of(answer: Cost, taps: Taps) -> dict[int, AccessCounts]:
    """Return the counts of the layers of a cost that run in stages that stream, biases read, by step."""
    planned = answer.tensors.planned
    stages = () if planned is None else [stage for stage in planned.stages if stage.streams]
    return counts_in_stages(answer.tensors.steps, answer.design.sizes, stages, taps, bias=True)


def layer_result(
    layer: LayerCost, sizes: TensorBytes, dataflow: ChosenDataflow, counting: CountingConvention, executed: AccessCounts | None
) -> LayerEvaluation:
    """Return one layer's cost as a result.

    Parameters
    ----------
    layer : LayerCost
        What was found.
    sizes : TensorBytes
        Element sizes of what it touches.
    dataflow : ChosenDataflow
        What it runs under if it is a convolution.
    counting : CountingConvention
        How it was counted.
    executed : AccessCounts or None
        What the firmware would count, where the layer runs in a stage that streams.

    Returns
    -------
    LayerEvaluation
        With the counts of valid taps beside those of the convention.
    """
    step, work = layer.step, layer.step.lowered.work
    valid = layer.counts if executed is None else executed
    if executed is None and not counts_as_executed(work, counting.taps, counting.bias):
        valid = count_work(work, dataflow, Taps.VALID, input_bytes=sizes.input_bytes, weight_bytes=sizes.weight_bytes)
    interior = plane = 0
    if is_convolution(step) and isinstance(work, LoopNest):
        interior, plane = plane_of(work.h.interior, work.w.interior), plane_of(work.h.output, work.w.output)
    return LayerEvaluation(
        name=step.name,
        kind=step.kind,
        output_shape=step.lowered.output,
        parameter_count=total_of([step.lowered.weight_count, step.lowered.bias_count]),
        counts=layer.counts,
        valid_counts=valid,
        accesses=layer.accesses,
        interior_pixel_count=interior,
        boundary_pixel_count=difference_of(plane, interior),
        energy=energy_split(layer),
        duration_s=layer.duration_s,
    )


def energy_split(part: Cost | LayerCost) -> EnergySplit:
    """Return the energies of a layer or of a network as a result."""
    return EnergySplit(tensor_pj=part.tensor_pj, scratch_pj=part.scratch_pj, compute_pj=part.compute_pj, flash_pj=part.flash_pj)


def nominal_mac_count(answer: Cost) -> int:
    """Return the multiply-accumulates when padding is processed like data: every tap of a convolution, and all others as they are."""
    staged = staged_counts_of(answer, Taps.NOMINAL)
    total: int = total_of(
        [
            part
            for place, layer in enumerate(answer.layers)
            for part in (
                (staged[place].mac_count,)
                if place in staged
                else (layer.interior_tap_count, layer.boundary_tap_count)
                if is_convolution(layer.step)
                else (layer.counts.mac_count,)
            )
        ]
    )
    return total
