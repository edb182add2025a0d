"""What of a scenario lives in RAM: tensors, scratch and constants, for one design or a column of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from costmodel.columns import Number, is_column, larger
from costmodel.evaluation.design import Design
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.evaluation.storage.tensors import Tensors
from costmodel.memory.strategies import COUNTS_INPUT, arena_with_scratch_bytes
from costmodel.results.counts import has_rows
from costmodel.results.totals import total_of
from costmodel.specs.scenario import MemoryAccounting

ONE_BLOCK: Final = frozenset({MemoryAccounting.ARENA_IN_PLACE})
"""Accountings whose buffers and scratch share one allocation."""
ACCUMULATOR: Final = "accumulator"
"""What a device calls the scratch of output stationary where it keeps it in registers."""


def ram_bytes(design: Design, layers: Sequence[LayerCost], tensors: Tensors) -> Number | None:
    """Return the RAM a design takes: tensors, scratch, and what of weights and input lives there beside them.

    Parameters
    ----------
    design : Design
        Accounting, device, and where weights and input live.
    layers : sequence of LayerCost
        Of the dataflow that runs.
    tensors : Tensors
        Numbers or columns.

    Returns
    -------
    int, column or None
        Bytes; None where the accounting does not apply.
    """
    buffers = buffers_and_scratch(design, layers, tensors)
    return None if buffers is None else total_of([*buffers, *(size for _, size in constants_in_ram(design, tensors))])


def buffers_and_scratch(design: Design, layers: Sequence[LayerCost], tensors: Tensors) -> list[Number] | None:
    """Return the bytes of tensors and of scratch; one number where they share an arena, None where the accounting does not apply."""
    buffers = tensors.memory[design.accounting].tensor_buffer_bytes
    if buffers is None:
        return None
    scratch = scratch_in_ram_bytes(design, layers)
    if design.accounting in ONE_BLOCK:
        return [arena_with_scratch_bytes(buffers, scratch)]
    return [buffers, scratch] if is_column(scratch) or scratch else [buffers]


def scratch_in_ram_bytes(design: Design, layers: Sequence[LayerCost]) -> Number:
    """Return the largest scratch of any layer that is memory; one layer uses it at a time, so it is not added up."""
    largest: Number = 0
    for layer in layers:
        if not _in_registers(layer, design.device.device.scratch_in_registers):
            largest = larger(largest, layer.counts.scratch_bytes)
    return largest


def constants_in_ram(design: Design, tensors: Tensors) -> list[tuple[str, Number]]:
    """Return what is allocated beside the tensor buffers, with its bytes."""
    found = []
    weights = tensors.parameter_count
    if design.weights_in_ram and (is_column(weights) or weights):
        found.append(("weights", tensors.weight_bytes))
    if input_in_ram(design, tensors) and not COUNTS_INPUT[design.accounting]:
        found.append(("input", tensors.input_bytes))
    return found


def constant_flash_bytes(design: Design, tensors: Tensors) -> Number:
    """Return the bytes of weights and input that live in flash."""
    weights = 0 if design.weights_in_ram else tensors.weight_bytes
    return total_of([weights, 0 if input_in_ram(design, tensors) else tensors.input_bytes])


def input_in_ram(design: Design, tensors: Tensors) -> bool:
    """Tell whether the network's input is in RAM: where the design says so, and its schedule does not read it in flash."""
    return design.input_in_ram and not tensors.reads_input_in_flash


def _in_registers(layer: LayerCost, in_registers: tuple[str, ...]) -> bool:
    """Whether a layer's scratch is the single accumulator, and that a register.

    A layer that streams keeps partial results in pieces of the plan.
    """
    return ACCUMULATOR in in_registers and (layer.staged is not None or not has_rows(layer.counts))
