"""Whether a device holds a network, as figures that can be explained: what a sweep calls `device.fits`."""

from __future__ import annotations

from costmodel.evaluation.figures import Figure
from costmodel.provenance import formula, noted
from costmodel.results.storage.memory_summary import MemorySummary
from costmodel.specs.scenario import Scenario


@formula(
    id="device.fits_heap",
    equation="f = 1 if p >= n else 0",
    symbols={
        "f": "1 where every buffer is placed, 0 where one is not [1]",
        "p": "buffers the heap holds, one after the other [1]",
        "n": "buffers tried, up to the first that does not fit [1]",
    },
    unit="1",
    source="definition: a heap holds what it finds a block for, buffer by buffer",
)
def holds_all(placed_count: int, tried_count: int) -> int:
    """Return 1 where every buffer is placed, else 0."""
    return int(placed_count >= tried_count)


@formula(
    id="device.fits_flash",
    equation="f = 1 if c <= F else 0",
    symbols={
        "f": "1 where the flash holds what lives there, 0 where it does not [1]",
        "c": "bytes of weights and input that live in flash [B]",
        "F": "bytes of flash [B]",
    },
    unit="1",
    source="definition: flash holds what is no larger",
)
def flash_holds(constant_bytes: int, flash_bytes: int) -> int:
    """Return 1 where the flash holds the constants, else 0."""
    return int(constant_bytes <= flash_bytes)


@formula(
    id="device.fits",
    equation="f = min(f_heap, f_flash)",
    symbols={"f": "1 where the device holds the network, else 0 [1]", "f_heap": "of its heap [1]", "f_flash": "of its flash [1]"},
    unit="1",
    source="definition: both hold",
)
def both_hold(heap_holds: int, flash_holds: int) -> int:
    """Return 1 where heap and flash both hold, else 0."""
    return min(heap_holds, flash_holds)


def device_figures(scenario: Scenario, memory: MemorySummary) -> dict[str, Figure]:
    """Return what a sweep calls `device.fits`, of one scenario.

    Parameters
    ----------
    scenario : Scenario
        Its device.
    memory : MemorySummary
        Its verdicts.

    Returns
    -------
    dict of str to Figure
        Fits are 1 or 0, and None where the device states no heap.
    """
    device, verdict = scenario.device, memory.heap
    flash = flash_holds(memory.flash_bytes, noted(device.flash_bytes, "device.flash_bytes", device.source))
    heap = None
    if device.heap_regions:
        # Buffers that their accounting cannot place fit nowhere.
        placed = 0 if verdict is None else len(verdict.placements)
        missing = verdict is None or verdict.shortfall is not None
        rule = "definition: counted in the heap's verdict"
        heap = holds_all(noted(placed, "buffers placed", rule), noted(placed + missing, "buffers tried", rule))
    return {
        "device.fits_heap": Figure(heap, "", "whether the heap holds the network's buffers and what lives beside them: 1 or 0"),
        "device.fits_flash": Figure(flash, "", "whether the flash holds what of weights and input lives there: 1 or 0"),
        "device.fits": Figure(None if heap is None else both_hold(heap, flash), "", "whether the device holds the network: 1 or 0"),
    }
