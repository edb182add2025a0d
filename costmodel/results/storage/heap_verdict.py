"""Heap verdicts: whether a device's heap holds a list of buffers, and where each one goes."""

from __future__ import annotations

from costmodel.results.base import Result


class HeapRequest(Result):
    """A buffer to allocate."""

    name: str
    size_bytes: int


class HeapPlacement(Result):
    """A buffer and the region that holds it."""

    name: str
    size_bytes: int
    """Asked for."""
    searched_bytes: int
    """Contiguous bytes the allocator looks for."""
    block_bytes: int
    """Taken from the region, header included."""
    region: str


class HeapShortfall(Result):
    """The first buffer no region can hold."""

    name: str
    size_bytes: int
    """Asked for."""
    searched_bytes: int
    """Contiguous bytes the allocator looks for."""
    largest_bytes: int
    """Largest free block at that moment."""
    largest_region: str
    """Where that block is; empty where the device has no heap."""
    free_bytes: int
    """Free in all regions together: may well be enough."""


class RegionState(Result):
    """A region after the buffers that fitted were placed."""

    name: str
    size_bytes: int
    """At boot."""
    free_bytes: int
    """In one block: nothing has been given back yet."""


class HeapVerdict(Result):
    """Whether the heap holds every buffer."""

    fits: bool
    reason: str
    """In plain words."""
    placements: tuple[HeapPlacement, ...]
    """In order of allocation, up to the first that does not fit."""
    shortfall: HeapShortfall | None
    """None where all fit."""
    regions: tuple[RegionState, ...]
