"""Accesses found by execution: every layer is run, and its blocks are followed one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from costmodel.dataflows.counting import count_work
from costmodel.dataflows.executed.loops.block_trace import trace_blocks
from costmodel.errors import LimitError
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import CountingConvention, Dataflow
from costmodel.specs.lowering import Step
from costmodel.specs.network import TensorBytes
from costmodel.specs.running.mapping import ChosenDataflow, Mapping, mapping_of
from costmodel.specs.scenario import Scenario

MAX_LAYER_OPERATIONS: Final = 50_000_000
"""Most operations of one layer that a count follows; about half a minute."""
MAX_NETWORK_OPERATIONS: Final = 1_000_000_000
"""Most operations of a network that a report follows, with its progress shown; about ten minutes."""

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

    Raises
    ------
    LimitError
        If there is too much to follow.
    """
    network, counting = scenario.network, scenario.counting
    width, mapping = scenario.memory_energy.access_bytes, mapping_of(dataflow)
    check_length(network.steps, mapping, counting, MAX_NETWORK_OPERATIONS)
    return tuple(
        trace_step(step, sizes, mapping.of(step.name), counting, width, None if progress is None else _of_layer(progress, step.name))
        for step, sizes in zip(network.steps, network.tensor_bytes, strict=True)
    )


def check_length(steps: Sequence[Step], mapping: Mapping, counting: CountingConvention, most: int) -> None:
    """Refuse to follow more operations, one by one, than there is time for.

    Parameters
    ----------
    steps : sequence of Step
        What would be followed.
    mapping : Mapping
        Dataflow of each convolution.
    counting : CountingConvention
        Taps and bias.
    most : int
        Operations that are followed at most.

    Raises
    ------
    LimitError
        Naming how many there are, and what does without.
    """
    followed = 0
    for step in steps:
        counts = count_work(step.lowered.work, mapping.of(step.name), counting.taps, bias=counting.bias)
        followed += counts.mac_count + counts.operation_count + counts.output_write_count
    if followed > most:
        what = steps[0].name if len(steps) == 1 else "the network"
        raise LimitError(
            f"{what}: a block trace follows each of {followed:,} operations one by one; at most {most:,} are followed, so use block_packed"
            f" or a smaller {'layer' if len(steps) == 1 else 'network'}"
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
