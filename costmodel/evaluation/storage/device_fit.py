"""Whether a device holds a network: the heap's verdict and the flash's, for one design or a column of them."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.columns import Number
from costmodel.evaluation.composition import Cost
from costmodel.memory.heap import buffers_fit
from costmodel.memory.strategies import COUNTS_INPUT, alive_at, total_bytes
from costmodel.specs.scenario import MemoryAccounting, Scenario, Storage

ONE_BLOCK = frozenset({MemoryAccounting.ARENA_IN_PLACE})
"""Accountings whose buffers share one allocation."""


def fits_device(scenario: Scenario, answer: Cost) -> Number | None:
    """Tell whether heap and flash of a scenario's device hold its network.

    Parameters
    ----------
    scenario : Scenario
        Accounting, device, and where weights and input live.
    answer : Cost
        Numbers or columns.

    Returns
    -------
    bool, column of bool, or None
        What `evaluate` says of each design; None where the device states no heap.
    """
    heap = fits_heap(scenario, answer)
    return None if heap is None else heap & fits_flash(scenario, answer)


def fits_flash(scenario: Scenario, answer: Cost) -> Number:
    """Tell whether the flash of a scenario's device holds what of weights and input lives there; see `fits_device`."""
    return constant_flash_bytes(scenario, answer) <= scenario.device.flash_bytes


def fits_heap(scenario: Scenario, answer: Cost) -> Number | None:
    """Tell whether the heap of a scenario's device holds the network's buffers and what lives beside them; see `fits_device`.

    An accounting that does not apply to the network fits nowhere.
    """
    regions, allocator = scenario.device.heap_regions, scenario.device.allocator
    if not regions:
        return None
    if answer.memory[scenario.accounting].tensor_buffer_bytes is None:
        return False
    constants = [size for _, size in constants_in_ram(scenario, answer)]
    fits: Number = True
    for where, sizes in _allocations(scenario.accounting, answer):
        fits = fits & (buffers_fit([*constants, *sizes], regions, allocator) | (where == 0))
    return fits


def constants_in_ram(scenario: Scenario, answer: Cost) -> list[tuple[str, Number]]:
    """Return what is allocated beside the tensor buffers, with its bytes."""
    found = []
    if scenario.weights_in is Storage.RAM and scenario.network.parameter_count:
        found.append(("weights", answer.weight_bytes))
    if scenario.input_in is Storage.RAM and not COUNTS_INPUT[scenario.accounting]:
        found.append(("input", answer.input_bytes))
    return found


def constant_flash_bytes(scenario: Scenario, answer: Cost) -> Number:
    """Return the bytes of weights and input that live in flash."""
    weights = 0 if scenario.weights_in is Storage.RAM else answer.weight_bytes
    return weights + (0 if scenario.input_in is Storage.RAM else answer.input_bytes)


def _allocations(accounting: MemoryAccounting, answer: Cost) -> list[tuple[Number, Sequence[Number]]]:
    """Return the sizes that are allocated, each with the designs it holds for: the first step at the peak differs between designs."""
    found = answer.memory[accounting]
    if accounting in ONE_BLOCK:
        return [(True, [found.tensor_buffer_bytes])]
    if accounting is not MemoryAccounting.PEAK_LIVE:
        return [(True, [buffer.size_bytes for buffer in found.buffers])]
    lives = answer.lives
    earlier: Number = False
    allocations: list[tuple[Number, Sequence[Number]]] = []
    for step in range(len(lives.steps)):
        sizes = [lives.tensors[place].size_bytes for place in alive_at(lives, step, in_place=False, with_input=COUNTS_INPUT[accounting])]
        at_peak = total_bytes(sizes) == found.tensor_buffer_bytes
        allocations.append((at_peak & (earlier == 0), sizes))
        earlier = earlier | at_peak
    return allocations
