"""What the firmware is predicted to do with a network, from its description alone: the memory plan it is given, and every counter."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as FieldsOf
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from costmodel.dataflows.counting import count_work
from costmodel.deployment.deployed import Variant
from costmodel.deployment.folding import network_as_deployed, with_folded_biases
from costmodel.memory.planning import plan_network
from costmodel.results.counts import AccessCounts, has_rows
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.specs.operations import CONV2D
from costmodel.specs.running.mapping import Mapping, mapping_of
from costmodel.specs.scenario import MemoryAccounting

KERNEL_DATAFLOWS: Final = tuple(dataflow for dataflow in Dataflow if CONV2D.runs_under(dataflow.value))
"""Dataflows the firmware has convolutions for."""


LineBytes: TypeAlias = FieldsOf[str, int]
"""Bytes of an element of a layer's line buffer, by layer."""
NO_LINES: Final[LineBytes] = MappingProxyType({})


class MissingKernel(NamedTuple):
    """A way to run a network that has a plan, and no kernel in the firmware."""

    mapping: str
    """A dataflow, or the network's own element types."""
    arena_bytes: int | None
    """What its plan takes; None where tensors are allocated one by one."""
    missing: str
    """The kernels that would run it."""


def firmware_plan(
    network: Network,
    variant: Variant,
    dataflow: Mapping | Dataflow = Dataflow.OUTPUT_STATIONARY,
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
    lines: LineBytes = NO_LINES,
) -> MemoryPlan:
    """Return where the firmware keeps each tensor of a network.

    Parameters
    ----------
    network : Network
        As described, of any types.
    variant : Variant
        How its numbers are carried.
    dataflow : Mapping or Dataflow
        Of its convolutions, whose rows are behind the tensors; tensors lie alike under each.
    accounting : MemoryAccounting
        How tensors share the arena.
    lines : mapping of str to int
        As of `predicted_counts`.

    Returns
    -------
    MemoryPlan
        With the network's input.
    """
    mapping = mapping_of(dataflow)
    rows = [
        count.scratch_bytes
        for step, count in zip(network.steps, predicted_counts(network, variant, mapping, lines), strict=True)
        if step.operation.keeps_rows_in_arena(mapping.of(step.name).name, has_rows(count))
    ]
    return plan_network(network_as_deployed(network, variant), accounting, with_input=True, scratch_bytes=max(rows, default=0))


def predicted_counts(
    network: Network, variant: Variant, dataflow: Mapping | Dataflow, lines: LineBytes = NO_LINES
) -> tuple[AccessCounts, ...]:
    """Return the closed-form counts of every layer, as the firmware executes it: valid taps, biases read, those of folding too.

    Parameters
    ----------
    network : Network
        As described, of any types.
    variant : Variant
        How its numbers are carried.
    dataflow : Mapping or Dataflow
        Of its layers.
    lines : mapping of str to int
        Bytes of an element of the line buffer, of layers whose kernel keeps wider ones there than its input has.

    Returns
    -------
    tuple of AccessCounts
        In running order.
    """
    deployed, mapping = with_folded_biases(network_as_deployed(network, variant)), mapping_of(dataflow)
    return tuple(
        count_work(
            step.lowered.work, mapping.of(step.name), input_bytes=lines.get(step.name, types.input_bytes), weight_bytes=types.weight_bytes
        )
        for step, types in zip(deployed.steps, deployed.tensor_bytes, strict=True)
    )


def predicted_arena_bytes(
    network: Network,
    variant: Variant,
    dataflow: Mapping | Dataflow,
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
    lines: LineBytes = NO_LINES,
) -> int | None:
    """Return the arena a network's plan takes with a dataflow; None where its tensors are allocated one by one."""
    return firmware_plan(network, variant, dataflow, accounting, lines).arena_bytes


def missing_kernels(network: Network, variant: Variant, accounting: MemoryAccounting) -> Iterator[MissingKernel]:
    """Tell which ways to run a network are planned and not yet in the firmware.

    Parameters
    ----------
    network : Network
        As described, of any types.
    variant : Variant
        How its numbers would be carried under other dataflows.
    accounting : MemoryAccounting
        How tensors share memory.

    Yields
    ------
    MissingKernel
        One per dataflow without convolutions, where the network has some; one for the network's own types, where a layer has no kernel of
        them.
    """
    if network.convolutions:
        for dataflow in Dataflow:
            if dataflow not in KERNEL_DATAFLOWS:
                arena = firmware_plan(network, variant, dataflow, accounting).arena_bytes
                yield MissingKernel(dataflow.value, arena, f"{variant.value} conv2d, {dataflow.value}")
    inputs = [network.types.input, *network.output_types]
    without = {
        f"{step.kind} from {inputs[source + 1].value} to {output.value}"
        for step, output in zip(network.steps, network.output_types, strict=True)
        for source in step.sources
        if not step.merged and not step.operation.runs_from(inputs[source + 1].value, output.value)
    }
    if without:
        plan = plan_network(network, accounting, with_input=True)
        yield MissingKernel("the network's own types", plan.arena_bytes, ", ".join(sorted(without)))
