"""A heap's verdict in words: why it holds or does not, and what is taken of the heap before the network allocates."""

from __future__ import annotations

from costmodel.report.quantities import count_text
from costmodel.results.storage.heap_verdict import HeapShortfall, HeapVerdict


def heap_start_text(heap: HeapVerdict) -> str:
    """Return under what a heap's verdict holds, in a sentence or two."""
    taken = heap.taken
    if taken.is_nothing:
        return (
            "This holds for the heap at boot, with nothing else in it: --static-bytes, --radio or an observed_heap"
            " state what a program takes of it."
        )
    parts = []
    if taken.observed_bytes is not None:
        parts.append(f"the program found {count_text(taken.observed_bytes)} B free, {count_text(taken.missing_bytes)} B less than at boot")
    if taken.static_bytes:
        parts.append(f"static data takes {count_text(taken.static_bytes)} B")
    if taken.radio is not None:
        parts.append(f"{taken.radio} takes {count_text(taken.radio_bytes)} B")
    where = " and ".join(f"{count_text(region.taken_bytes)} B of {region.name}" for region in heap.regions if region.taken_bytes)
    text = f"Before the network allocates, {', '.join(parts)}" + (f": {where}." if where else ".")
    if heap.split_matters:
        text += f" Taken from other regions, it would {'not fit' if heap.fits else 'fit'}."
    return text


def heap_reason_text(heap: HeapVerdict) -> str:
    """Return why a heap holds its buffers, or which one it does not, without a full stop."""
    if heap.shortfall is not None:
        return _shortfall_text(heap.shortfall)
    if not heap.placements:
        return "nothing is allocated"
    used = list(dict.fromkeys(placement.region for placement in heap.placements))
    subject = "its one buffer fits" if len(heap.placements) == 1 else f"all {len(heap.placements)} buffers fit"
    return f"{subject}: {heap.block_bytes:,} B with headers, in {' and '.join(used)}"


def _shortfall_text(shortfall: HeapShortfall) -> str:
    need = f"{shortfall.name} needs {shortfall.size_bytes:,} B in one block"
    if shortfall.in_classes and shortfall.searched_bytes > shortfall.size_bytes:
        need += f" (malloc searches for {shortfall.searched_bytes:,} B)"
    if not shortfall.largest_region:
        return f"{need}; the device has no heap"
    text = f"{need}; the largest free block is {shortfall.largest_bytes:,} B in {shortfall.largest_region}"
    if shortfall.free_bytes >= shortfall.size_bytes:
        text += f", though {shortfall.free_bytes:,} B are free in all regions together"
    return text
