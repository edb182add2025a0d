"""Whether a device holds a network: the heap's verdict and the flash's, for one design or a column of them."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.columns import Number, is_column
from costmodel.evaluation.design import Design
from costmodel.evaluation.layers.layer_cost import LayerCost
from costmodel.evaluation.storage.ram_use import (
    ONE_BLOCK,
    buffers_and_scratch,
    constant_flash_bytes,
    constants_in_ram,
    scratch_in_ram_bytes,
)
from costmodel.evaluation.storage.tensors import Tensors
from costmodel.memory.heap import buffers_fit, regions_without
from costmodel.memory.strategies import COUNTS_INPUT, alive_by_step, total_bytes
from costmodel.specs.scenario import MemoryAccounting


def fits_flash(design: Design, tensors: Tensors) -> Number:
    """Tell whether a device's flash holds what of weights and input lives there: a bool, or a column of them."""
    return constant_flash_bytes(design, tensors) <= design.device.device.flash_bytes


def fits_heap(design: Design, layers: Sequence[LayerCost], tensors: Tensors) -> Number | None:
    """Tell whether a device's heap holds the network's buffers and what lives beside them.

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
    bool, column of bool, or None
        What a heap's verdict says of each design; None where the device states no heap. An accounting that does not apply fits nowhere.
    """
    device = design.device.device
    if not device.heap_regions:
        return None
    if tensors.memory[design.accounting].tensor_buffer_bytes is None:
        return False
    regions = regions_without(device.heap_regions, design.device.taken.total_bytes)
    constants = [size for _, size in constants_in_ram(design, tensors)]
    fits: Number = True
    for where, sizes in _allocations(design, layers, tensors):
        fits = fits & (buffers_fit([*constants, *sizes], regions, device.allocator) | (where == 0))
    return fits


def _allocations(design: Design, layers: Sequence[LayerCost], tensors: Tensors) -> list[tuple[Number, Sequence[Number]]]:
    """Return the sizes that are allocated, each with the designs it holds for: the first step at the peak differs between designs."""
    accounting = design.accounting
    found = tensors.memory[accounting]
    if accounting in ONE_BLOCK:
        return [(True, buffers_and_scratch(design, layers, tensors) or ())]
    scratch = scratch_in_ram_bytes(design, layers)
    behind = [scratch] if is_column(scratch) or scratch else []
    if accounting is not MemoryAccounting.PEAK_LIVE:
        return [(True, [*(buffer.size_bytes for buffer in found.buffers), *behind])]
    lives = tensors.lives
    earlier: Number = False
    allocations: list[tuple[Number, Sequence[Number]]] = []
    for places in alive_by_step(lives, in_place=False, with_input=COUNTS_INPUT[accounting]):
        sizes = [lives.tensors[place].size_bytes for place in places]
        at_peak = total_bytes(sizes) == found.tensor_buffer_bytes
        allocations.append((at_peak & (earlier == 0), [*sizes, *behind]))
        earlier = earlier | at_peak
    return allocations
