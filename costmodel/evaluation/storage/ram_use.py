"""What of a scenario lives in RAM: tensors, scratch and constants, for one design or a column of them."""

from __future__ import annotations

from typing import Final

from costmodel.columns import Number, is_column, larger
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.evaluation.totals import total_of
from costmodel.memory.strategies import COUNTS_INPUT, arena_with_scratch_bytes
from costmodel.specs.scenario import MemoryAccounting, Scenario, Storage

ONE_BLOCK: Final = frozenset({MemoryAccounting.ARENA_IN_PLACE})
"""Accountings whose buffers and scratch share one allocation."""
ACCUMULATOR: Final = "accumulator"
"""What a device calls the scratch of output stationary where it keeps it in registers."""


def ram_bytes(scenario: Scenario, answer: Cost) -> Number | None:
    """Return the RAM a scenario takes: tensors, scratch, and what of weights and input lives there beside them.

    Parameters
    ----------
    scenario : Scenario
        Accounting, device, and where weights and input live.
    answer : Cost
        Numbers or columns.

    Returns
    -------
    int, column or None
        Bytes; None where the accounting does not apply.
    """
    buffers = buffers_and_scratch(scenario, answer)
    return None if buffers is None else total_of([*buffers, *(size for _, size in constants_in_ram(scenario, answer))])


def buffers_and_scratch(scenario: Scenario, answer: Cost) -> list[Number] | None:
    """Return the bytes of tensors and of scratch; one number where they share an arena, None where the accounting does not apply."""
    tensors = answer.memory[scenario.accounting].tensor_buffer_bytes
    if tensors is None:
        return None
    scratch = scratch_in_ram_bytes(scenario, answer)
    if scenario.accounting in ONE_BLOCK:
        return [arena_with_scratch_bytes(tensors, scratch)]
    return [tensors, scratch] if is_column(scratch) or scratch else [tensors]


def scratch_in_ram_bytes(scenario: Scenario, answer: Cost) -> Number:
    """Return the largest scratch of any layer that is memory; one layer uses it at a time, so it is not added up."""
    largest: Number = 0
    for layer in answer.layers:
        if not _in_registers(layer, scenario.device.scratch_in_registers):
            largest = larger(largest, layer.counts.scratch_bytes)
    return largest


def constants_in_ram(scenario: Scenario, answer: Cost) -> list[tuple[str, Number]]:
    """Return what is allocated beside the tensor buffers, with its bytes."""
    found = []
    if scenario.weights_in is Storage.RAM and scenario.network.parameter_count:
        found.append(("weights", answer.weight_bytes))
    if scenario.input_in is Storage.RAM and not COUNTS_INPUT[scenario.accounting]:
        found.append(("input", answer.input_bytes))
    return found


def _in_registers(layer: LayerCost, in_registers: tuple[str, ...]) -> bool:
    """Whether a layer's scratch is the single accumulator, and that a register: whatever has rows writes partial sums to them."""
    rows = layer.counts.psum_write_count
    return ACCUMULATOR in in_registers and not is_column(rows) and not rows
