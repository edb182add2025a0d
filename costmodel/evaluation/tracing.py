"""Accesses found by execution: every layer is run, and its blocks are followed one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from costmodel.dataflows.executed.block_trace import trace_blocks
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Dataflow
from costmodel.specs.deployment import Scenario
from costmodel.specs.network import TensorBytes

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a layer's name, and how much of it is done of how much."""


def traced_accesses(scenario: Scenario, dataflow: Dataflow, progress: Progress | None) -> tuple[AccessCounts, ...]:
    """Execute every layer of a scenario and return its block accesses.

    Parameters
    ----------
    scenario : Scenario
        Network, convention and memory; blocks are as wide as the memory's accesses.
    dataflow : Dataflow
        Of the convolutions.
    progress : callable or None
        Told of each layer's outermost iterations.

    Returns
    -------
    tuple of AccessCounts
        One a layer, tensor counters in blocks; scratch is not traced and its counters are 0.
    """
    network, counting = scenario.network, scenario.counting
    traced = []
    for step, sizes in zip(network.steps, network.tensor_bytes, strict=True):
        fixed = counting.element_bytes
        traced.append(
            trace_blocks(
                step.lowered.work,
                step.kind,
                dataflow,
                counting.taps,
                block_bytes=scenario.memory_energy.access_bytes,
                bias=counting.bias,
                sizes=sizes if fixed is None else TensorBytes(fixed, fixed, fixed, fixed),
                progress=None if progress is None else _of_layer(progress, step.name),
            )
        )
    return tuple(traced)


def _of_layer(progress: Progress, layer: str) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        progress(layer, done, total)

    return report
