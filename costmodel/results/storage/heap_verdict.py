"""Heap verdicts: whether a device's heap holds a list of buffers, and where each one goes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from costmodel.provenance import formula
from costmodel.results.base import Result
from costmodel.results.totals import difference_of, total_of


@formula(
    id="heap.taken_before",
    equation="T = x + S + r",
    symbols={
        "T": "what is taken of the heap before the network allocates [B]",
        "x": "what a program's own report lacks of the heap at boot [B]",
        "S": "static data [B]",
        "r": "what the radio's software takes [B]",
    },
    unit="B",
    source="definition: sum of the parts",
)
def taken_before_bytes(x: int, S: int, r: int) -> int:
    """Return what is taken of a heap before the network allocates."""
    return x + S + r


@formula(
    id="heap.spare",
    equation="r = min(1 - b / B, 1 - t / T)",
    symbols={
        "r": "share to spare [1]",
        "b": "what the largest buffer takes [B]",
        "B": "the largest block that is free before [B]",
        "t": "what all buffers take [B]",
        "T": "all that is free before [B]",
    },
    unit="1",
    source="definition: the scarcer of the largest block and all blocks together",
)
def least_spare_ratio(b: int, B: int, t: int, T: int) -> float:
    """Return what there is to spare of the largest block, or of all of them: the less."""
    return min(1.0 - b / B, 1.0 - t / T)


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
    in_classes: bool
    """Whether it looks among blocks of the next size class."""
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
    taken_bytes: int = 0
    """Taken before the buffers: by static data, a radio, or what a program found missing."""
    free_bytes: int
    """In one block: nothing has been given back yet."""
    external: bool = False
    """Whether it lies outside the chip."""

    derived: ClassVar[tuple[str, ...]] = ("available_bytes",)

    @property
    def available_bytes(self) -> int:
        """Before the buffers: at boot, less what is taken."""
        left: int = difference_of(self.size_bytes, self.taken_bytes)
        return left


class HeapTaken(Result):
    """What is taken of a heap before the network allocates."""

    observed_bytes: int | None = None
    """Free in all regions together, as a program reported it; None where none has."""
    missing_bytes: int = 0
    """What that lacks of the regions at boot."""
    static_bytes: int = 0
    """Static data."""
    radio: str | None = None
    radio_bytes: int = 0
    """What its software takes."""

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return taken_before_bytes(self.missing_bytes, self.static_bytes, self.radio_bytes)

    @property
    def is_nothing(self) -> bool:
        """Whether the verdict is on a heap at boot, with nothing else in it."""
        return self.observed_bytes is None and not self.total_bytes


class HeapVerdict(Result):
    """Whether the heap holds every buffer."""

    fits: bool
    placements: tuple[HeapPlacement, ...]
    """In order of allocation, up to the first that does not fit."""
    shortfall: HeapShortfall | None
    """None where all fit."""
    regions: tuple[RegionState, ...]
    taken: HeapTaken = HeapTaken()
    """What the heap starts without; where it is nothing, the verdict holds for a heap at boot with nothing else in it."""
    split_matters: bool = False
    """Whether the answer would change if what is taken came out of other regions."""

    @model_validator(mode="before")
    @classmethod
    def _without_words(cls, found: Any) -> Any:
        """JSON for people holds the reason in words beside the figures it follows from: read back, the figures are enough."""
        return {name: value for name, value in found.items() if name != "reason"} if isinstance(found, dict) else found

    @property
    def external_regions(self) -> tuple[str, ...]:
        """Regions outside the chip that hold some buffer."""
        used = {placement.region for placement in self.placements}
        return tuple(region.name for region in self.regions if region.external and region.name in used)

    @property
    def largest_before_bytes(self) -> int:
        """Largest block that is free before the buffers are placed; 0 without a region."""
        placed = {region.name: sum(each.block_bytes for each in self.placements if each.region == region.name) for region in self.regions}
        return max((region.free_bytes + placed[region.name] for region in self.regions), default=0)

    derived: ClassVar[tuple[str, ...]] = ("available_bytes", "spare_ratio")

    @property
    def available_bytes(self) -> int:
        """What all regions have before the buffers are placed, without what is taken already."""
        total: int = total_of([region.available_bytes for region in self.regions])
        return total

    @property
    def spare_ratio(self) -> float | None:
        """What there is to spare of the largest block beside the largest buffer, or of all blocks beside all buffers: the less.

        None where nothing is allocated.
        """
        free = [region.available_bytes for region in self.regions]
        taken = [placement.block_bytes for placement in self.placements]
        if not taken or not max(free, default=0):
            return None
        return least_spare_ratio(max(taken), max(free), total_of(taken), self.available_bytes)

    @property
    def block_bytes(self) -> int:
        """What all that is placed takes, headers included."""
        return sum(placement.block_bytes for placement in self.placements)
