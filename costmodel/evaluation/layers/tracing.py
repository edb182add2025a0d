"""Accesses found by execution: every layer is run, and its blocks are followed one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from costmodel.dataflows.executed.block_trace import trace_blocks
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import CountingConvention, Dataflow
from costmodel.specs.lowering import Step
from costmodel.specs.mapping import ChosenDataflow, Mapping, mapping_of
from costmodel.specs.network import TensorBytes
from costmodel.specs.scenario import Scenario

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a layer's name, and how much of it is done of how much."""


def traced_accesses(scenario: Scenario, dataflow: Mapping | Dataflow, progress: Progress | None) -> tuple[AccessCounts, ...]:
    """Execute every layer of a scenario and return its block accesses.

    Parameters
    ----------
    scenario : Scenario
        Network, convention and memory; blocks are as wide as the memory's accesses.
    dataflow : Mapping or Dataflow
        Of the convolutions.
    progress : callable or None
        Told of each layer's outermost iterations.

    Returns
    -------
    tuple of AccessCounts
        One a layer, tensor counters in blocks; scratch is not traced and its counters are 0.
    """
    network, counting = scenario.network, scenario.counting
    width, mapping = scenario.memory_energy.access_bytes, mapping_of(dataflow)
    return tuple(
        trace_step(step, sizes, mapping.of(step.name), counting, width, None if progress is None else _of_layer(progress, step.name))
        for step, sizes in zip(network.steps, network.tensor_bytes, strict=True)
    )


def trace_step(
    step: Step,
    sizes: TensorBytes,
    dataflow: ChosenDataflow,
    counting: CountingConvention,
    block_bytes: int,
    progress: Callable[[int, int], None] | None = None,
) -> AccessCounts:
    """Execute one layer and return its block accesses.

    Parameters
    ----------
    step : Step
        The lowered layer.
    sizes : TensorBytes
        Element sizes of what it touches.
    dataflow : ChosenDataflow
        Of a convolution.
    counting : CountingConvention
        Taps, bias, and the one element size of all operands, if it fixes one.
    block_bytes : int
        Size of a block.
    progress : callable, optional
        Called as progress(done, total).

    Returns
    -------
    AccessCounts
        Tensor counters in blocks; scratch is not traced and its counters are 0.
    """
    fixed = counting.element_bytes
    return trace_blocks(
        step.lowered.work,
        dataflow,
        counting.taps,
        block_bytes=block_bytes,
        bias=counting.bias,
        sizes=sizes if fixed is None else TensorBytes(fixed, fixed, fixed, fixed),
        progress=progress,
    )


def _of_layer(progress: Progress, layer: str) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        progress(layer, done, total)

    return report
