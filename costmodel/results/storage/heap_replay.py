"""A replay of what a program allocates and gives back on a device's heap."""

from __future__ import annotations

from enum import StrEnum

from costmodel.results.base import Result


class HeapOutcome(StrEnum):
    """What a replay comes to."""

    FITS = "fits"
    """Wherever in the heap the bytes lie that are taken before."""
    FRESH_ONLY = "fits only on a fresh heap"
    """Where what is taken before lies as at boot; not wherever else it might lie."""
    TOTAL = "does not fit: total"
    """Fewer bytes are free in all than are asked for."""
    CONTIGUITY = "does not fit: contiguity"
    """Enough bytes are free, but not in one piece."""


class HeapEvent(Result):
    """A buffer that is allocated or given back."""

    action: str
    """`malloc` or `free`."""
    name: str
    size_bytes: int
    """Asked for."""
    region: str
    address_bytes: int
    """From the region's begin, header included."""


class HeapFailure(Result):
    """The first buffer that no block holds."""

    name: str
    size_bytes: int
    """Asked for."""
    searched_bytes: int
    """Contiguous bytes that malloc looks for."""
    largest_bytes: int
    """Largest free block at that moment."""
    largest_region: str
    free_bytes: int
    """Free in all."""


class HeapReplay(Result):
    """What came of a sequence."""

    outcome: HeapOutcome
    failure: HeapFailure | None = None
    """On the heap as it is; of a heap that only fits fresh, on the worst other one."""
    remedy: str = ""
    """What would make it fit; empty where it does."""
    events: tuple[HeapEvent, ...] = ()
    """In order, up to the buffer that fails; on the heap as at boot."""
    least_free_bytes: int = 0
    """Fewest bytes that were free in all regions at any moment."""
