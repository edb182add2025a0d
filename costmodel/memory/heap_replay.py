"""Replay: a sequence of malloc and free on a heap of several regions, under a two-level segregated fit that joins what is given back.

Source of the rules: as `heap.py`. A region is a row of blocks; malloc takes the smallest size class that surely holds the request, in it
the block that was given back last, and of that the low end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from costmodel.memory.heap import Need, free_at_boot, largest_request_bytes, need_of, regions_without
from costmodel.memory.heap_rules import size_classes
from costmodel.results.storage.heap_replay import HeapEvent, HeapFailure, HeapOutcome, HeapReplay
from costmodel.specs.devices.hardware import HeapAllocator, HeapRegion

MALLOC: Final = "malloc"
FREE: Final = "free"


class Request(NamedTuple):
    """One call."""

    action: str
    """`malloc` or `free`."""
    name: str
    size_bytes: int


@dataclass
class _Block:
    address: int
    size: int
    """Without its header."""
    freed: int
    """When it became free; -1 while it is taken."""


@dataclass
class _Region:
    spec: HeapRegion
    blocks: list[_Block] = field(default_factory=list)

    @property
    def free(self) -> list[_Block]:
        return [block for block in self.blocks if block.freed >= 0]


def replay_heap(requests: Sequence[Request], regions: Sequence[HeapRegion], allocator: HeapAllocator, taken_bytes: int) -> HeapReplay:
    """Replay a sequence on a heap.

    Parameters
    ----------
    requests : sequence of Request
        What is given back was allocated under the same name.
    regions : sequence of HeapRegion
        At boot, in the order in which malloc tries them.
    allocator : HeapAllocator
        How malloc rounds.
    taken_bytes : int
        What is taken before.

    Returns
    -------
    HeapReplay
        Whether it fits with what is taken out of the region that holds static data, and, where it does, wherever else that might lie.
    """
    found = _replayed(requests, regions_without(regions, taken_bytes), allocator)
    if found.failure is not None or not taken_bytes:
        return found
    for first in range(len(regions)):
        other = _replayed(requests, regions_without(regions, taken_bytes, first), allocator)
        if other.failure is not None:
            where = f"{taken_bytes:,} B taken before must not lie in {regions[first].name}"
            return found.model_copy(update={"outcome": HeapOutcome.FRESH_ONLY, "failure": other.failure, "remedy": where})
    return found


def _replayed(requests: Sequence[Request], regions: Sequence[HeapRegion], allocator: HeapAllocator) -> HeapReplay:
    heap = []
    for spec in regions:
        free = free_at_boot(spec, allocator)
        heap.append(_Region(spec, [_Block(0, free, 0)] if free >= allocator.minimum_bytes else []))
    held: dict[str, tuple[_Region, _Block, int]] = {}
    events: list[HeapEvent] = []
    least = _free_bytes(heap)
    for moment, request in enumerate(requests, start=1):
        if request.action == FREE:
            region, block, size = held.pop(request.name)
            events.append(_event(FREE, request.name, size, region, block))
            _give_back(region, block, moment, allocator)
            continue
        chosen = _malloc(heap, request.size_bytes, allocator)
        if chosen is None:
            failure = _failure(request, heap, allocator)
            total = failure.free_bytes < need_of(request.size_bytes, regions[0], allocator).kept_bytes if regions else True
            outcome = HeapOutcome.TOTAL if total else HeapOutcome.CONTIGUITY
            remedy = _remedy(failure, outcome, regions, allocator)
            return HeapReplay(outcome=outcome, failure=failure, remedy=remedy, events=tuple(events), least_free_bytes=least)
        held[request.name] = (*chosen, request.size_bytes)
        events.append(_event(MALLOC, request.name, request.size_bytes, *chosen))
        least = min(least, _free_bytes(heap))
    return HeapReplay(outcome=HeapOutcome.FITS, events=tuple(events), least_free_bytes=least)


def _free_bytes(heap: Sequence[_Region]) -> int:
    return sum(block.size for region in heap for block in region.free)


def _event(action: str, name: str, size: int, region: _Region, block: _Block) -> HeapEvent:
    return HeapEvent(action=action, name=name, size_bytes=size, region=region.spec.name, address_bytes=block.address)


def _malloc(heap: Sequence[_Region], size: int, allocator: HeapAllocator) -> tuple[_Region, _Block] | None:
    for region in heap:
        if region.spec.largest_bytes is not None and size > region.spec.largest_bytes:
            continue
        need = need_of(size, region.spec, allocator)
        fitting = [block for block in region.free if block.size >= need.searched_bytes]
        if fitting:
            block = min(fitting, key=lambda block: (_size_class(block.size, region.spec, allocator), -block.freed))
            _take(region, block, need, allocator)
            return region, block
    return None


def _size_class(size: int, region: HeapRegion, allocator: HeapAllocator) -> tuple[int, int]:
    """The list a free block is in; without size classes every size has its own."""
    if not allocator.size_classes:
        return size, 0
    power = size.bit_length()
    grain = max((1 << (power - 1)) // size_classes(region.size_bytes), 1)
    return power, size // grain


def _take(region: _Region, block: _Block, need: Need, allocator: HeapAllocator) -> None:
    """Take a block; what is left over it is a block of its own, where it is large enough to be one."""
    left = block.size - need.kept_bytes - allocator.header_bytes
    if left >= allocator.minimum_bytes:
        at = region.blocks.index(block)
        rest = _Block(block.address + need.kept_bytes + allocator.header_bytes, left, block.freed)
        region.blocks.insert(at + 1, rest)
        block.size = need.kept_bytes
    block.freed = -1


def _give_back(region: _Region, block: _Block, moment: int, allocator: HeapAllocator) -> None:
    """Join a block with its free neighbours."""
    block.freed = moment
    at = region.blocks.index(block)
    if at + 1 < len(region.blocks) and region.blocks[at + 1].freed >= 0:
        block.size += region.blocks.pop(at + 1).size + allocator.header_bytes
    if at and region.blocks[at - 1].freed >= 0:
        before = region.blocks[at - 1]
        before.size += region.blocks.pop(at).size + allocator.header_bytes
        before.freed = moment


def _failure(request: Request, heap: Sequence[_Region], allocator: HeapAllocator) -> HeapFailure:
    best, largest, searched = "", 0, request.size_bytes
    for region in heap:
        size = max((block.size for block in region.free), default=0)
        size = size if region.spec.largest_bytes is None else min(size, region.spec.largest_bytes)
        if size >= largest:
            best, largest = region.spec.name, size
            searched = need_of(request.size_bytes, region.spec, allocator).searched_bytes
    return HeapFailure(
        name=request.name,
        size_bytes=request.size_bytes,
        searched_bytes=searched,
        largest_bytes=largest,
        largest_region=best,
        free_bytes=_free_bytes(heap),
    )


def _remedy(failure: HeapFailure, outcome: HeapOutcome, regions: Sequence[HeapRegion], allocator: HeapAllocator) -> str:
    region = next((region for region in regions if region.name == failure.largest_region), None)
    if region is None:
        return "a device with a heap"
    lacking = f"{failure.searched_bytes - failure.largest_bytes:,} B more in one piece in {region.name}"
    if outcome is HeapOutcome.TOTAL:
        return f"{lacking}: all that is free is {failure.free_bytes:,} B"
    served = largest_request_bytes(region, allocator, failure.largest_bytes)
    return f"{lacking}, or no block above {served:,} B"
