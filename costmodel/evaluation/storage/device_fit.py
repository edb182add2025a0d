"""Whether a device holds a network: the heap's verdict and the flash's, for one design or a column of them."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.columns import Number, is_column
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.storage.ram_use import ONE_BLOCK, buffers_and_scratch, constants_in_ram, scratch_in_ram_bytes
from costmodel.memory.heap import buffers_fit, regions_without
from costmodel.memory.strategies import COUNTS_INPUT, alive_by_step, total_bytes
from costmodel.results.storage.heap_verdict import HeapTaken
from costmodel.specs.scenario import MemoryAccounting, Scenario, Storage


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
    device = scenario.device
    if not device.heap_regions:
        return None
    if answer.memory[scenario.accounting].tensor_buffer_bytes is None:
        return False
    regions = regions_without(device.heap_regions, heap_taken(scenario).total_bytes)
    constants = [size for _, size in constants_in_ram(scenario, answer)]
    fits: Number = True
    for where, sizes in _allocations(scenario, answer):
        fits = fits & (buffers_fit([*constants, *sizes], regions, device.allocator) | (where == 0))
    return fits


def heap_taken(scenario: Scenario) -> HeapTaken:
    """Return what is taken of a device's heap before the network allocates.

    Parameters
    ----------
    scenario : Scenario
        What its program reported free at start, its static data and its radio.

    Returns
    -------
    HeapTaken
        What a program reported missing, static data and radio, which add up.
    """
    at_boot = sum(region.size_bytes for region in scenario.device.heap_regions)
    observed = None if scenario.observed_heap is None else scenario.observed_heap.total_bytes
    return HeapTaken(
        observed_bytes=observed,
        missing_bytes=0 if observed is None else max(0, at_boot - observed),
        static_bytes=scenario.static_bytes,
        radio=scenario.radio,
        radio_bytes=sum(radio.heap_bytes for radio in scenario.device.radios if radio.name == scenario.radio),
    )


def constant_flash_bytes(scenario: Scenario, answer: Cost) -> Number:
    """Return the bytes of weights and input that live in flash."""
    weights = 0 if scenario.weights_in is Storage.RAM else answer.weight_bytes
    return weights + (0 if scenario.input_in is Storage.RAM else answer.input_bytes)


def _allocations(scenario: Scenario, answer: Cost) -> list[tuple[Number, Sequence[Number]]]:
    """Return the sizes that are allocated, each with the designs it holds for: the first step at the peak differs between designs."""
    accounting = scenario.accounting
    found = answer.memory[accounting]
    if accounting in ONE_BLOCK:
        return [(True, buffers_and_scratch(scenario, answer) or ())]
    scratch = scratch_in_ram_bytes(scenario, answer)
    behind = [scratch] if is_column(scratch) or scratch else []
    if accounting is not MemoryAccounting.PEAK_LIVE:
        return [(True, [*(buffer.size_bytes for buffer in found.buffers), *behind])]
    lives = answer.lives
    earlier: Number = False
    allocations: list[tuple[Number, Sequence[Number]]] = []
    for places in alive_by_step(lives, in_place=False, with_input=COUNTS_INPUT[accounting]):
        sizes = [lives.tensors[place].size_bytes for place in places]
        at_peak = total_bytes(sizes) == found.tensor_buffer_bytes
        allocations.append((at_peak & (earlier == 0), [*sizes, *behind]))
        earlier = earlier | at_peak
    return allocations
