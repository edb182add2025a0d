"""What a heap's verdict holds under: what is taken of the heap before the network allocates."""

from __future__ import annotations

from costmodel.report.quantities import count_text
from costmodel.results.storage.heap_verdict import HeapVerdict


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
