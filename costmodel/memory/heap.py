"""The heap of a device: several regions, none of which an allocation spans, under a two-level segregated fit allocator.

Source of the rules: ESP-IDF's heap component (`heap_caps`, `multi_heap`, `tlsf`; bibliography: espressif_esp_idf, espressif_tlsf).
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import NamedTuple

from costmodel.columns import Number
from costmodel.memory.heap_rules import (
    SOURCE,
    block_bytes,
    free_at_boot_bytes,
    left_bytes,
    region_share_bytes,
    searched_bytes,
    size_classes,
    taken_bytes,
)
from costmodel.provenance import is_recording, leaf, noted, origin_of
from costmodel.results.storage.heap_verdict import (
    HeapPlacement,
    HeapRequest,
    HeapShortfall,
    HeapTaken,
    HeapVerdict,
    RegionState,
)
from costmodel.specs.devices.hardware import HeapAllocator, HeapRegion


class Need(NamedTuple):
    """What a request takes of a region."""

    searched_bytes: Number
    """Contiguous bytes that are looked for."""
    kept_bytes: Number
    """Of the block once it is found, without its header."""


def _rules(allocator: HeapAllocator, *rules: int, names: str) -> tuple[int, ...]:
    """Some of an allocator's rules; while formulas are being recorded they remember its source."""
    if not is_recording():
        return rules
    return tuple(leaf(value, f"allocator.{name}", allocator.source) for value, name in zip(rules, names.split(), strict=True))


def need_of(request_bytes: Number, region: HeapRegion, allocator: HeapAllocator) -> Need:
    """Return what a request takes of a region."""
    rules = (allocator.poisoning_bytes, allocator.alignment_bytes, allocator.minimum_bytes)
    block = block_bytes(request_bytes, *_rules(allocator, *rules, names="poisoning_bytes alignment_bytes minimum_bytes"))
    if not allocator.size_classes:
        return Need(block, block)
    classes = size_classes(region.size_bytes)
    if is_recording():
        classes = leaf(classes, f"size classes of a heap of {region.size_bytes} bytes", SOURCE)
    searched = searched_bytes(block, classes)
    return Need(searched, block if allocator.trims else searched)


def _size_of(region: HeapRegion) -> int:
    """The bytes of a region; while formulas are being recorded they remember its source, or how they follow."""
    if not is_recording() or origin_of(region.size_bytes) is not None:
        return region.size_bytes
    found: int = leaf(region.size_bytes, f"device.{region.name}", region.source)
    return found


def free_at_boot(region: HeapRegion, allocator: HeapAllocator) -> int:
    """Return what a region has free in one block at boot, without the block's header."""
    rules = (allocator.region_bytes, allocator.header_bytes, allocator.alignment_bytes)
    return free_at_boot_bytes(_size_of(region), *_rules(allocator, *rules, names="region_bytes header_bytes alignment_bytes"))


def _holds(region: HeapRegion, free: Number, request_bytes: Number, need: Need) -> Number:
    # Of columns this is one too, hence no `and`.
    return (need.searched_bytes <= free) & (region.largest_bytes is None or request_bytes <= region.largest_bytes)


def largest_request_bytes(region: HeapRegion, allocator: HeapAllocator, free_bytes: int | None = None) -> int:
    """Return the largest single request a region can serve.

    Parameters
    ----------
    region : HeapRegion
        The region.
    allocator : HeapAllocator
        How malloc rounds.
    free_bytes : int, optional
        Its largest free block; left out, the untouched region's.

    Returns
    -------
    int
        Bytes; 0 where it can serve none.
    """
    free = free_at_boot(region, allocator) if free_bytes is None else free_bytes
    # Requests that are served come before those that are not: as many as are served is the largest of them.
    return bisect.bisect_left(
        range(1, free + 1), True, key=lambda asked: not _holds(region, free, asked, need_of(asked, region, allocator))
    )


def regions_without(regions: Sequence[HeapRegion], taken_bytes: int, first: int | None = None) -> tuple[HeapRegion, ...]:
    """Return what is left of heap regions once static data, a radio or a program's own allocations have taken their part.

    Parameters
    ----------
    regions : sequence of HeapRegion
        At boot.
    taken_bytes : int
        What is taken, in all.
    first : int, optional
        Region it is taken from first; left out, the one that holds static data, or else the largest. What it lacks comes out of the others,
        the largest first.

    Returns
    -------
    tuple of HeapRegion
        In the same order.
    """
    if not taken_bytes or not regions:
        return tuple(regions)
    if first is None:
        first = next((place for place, region in enumerate(regions) if region.holds_static), None)
    order = sorted(range(len(regions)), key=lambda place: (place != first, -regions[place].size_bytes))
    left = list(regions)
    before = 0
    for place in order:
        size = _size_of(regions[place])
        share = region_share_bytes(taken_bytes, before, size)
        before += share
        if share:
            left[place] = regions[place].model_copy(update={"size_bytes": left_bytes(size, share)})
    return tuple(left)


def judge_heap(requests: Sequence[HeapRequest], regions: Sequence[HeapRegion], allocator: HeapAllocator, taken: HeapTaken) -> HeapVerdict:
    """Say whether a heap holds buffers beside what is taken of it before.

    Parameters
    ----------
    requests : sequence of HeapRequest
        In the order in which they are allocated; none is given back.
    regions : sequence of HeapRegion
        At boot, in the order in which malloc tries them.
    allocator : HeapAllocator
        How malloc rounds.
    taken : HeapTaken
        What is taken before; out of the region that holds static data, then out of the next largest.

    Returns
    -------
    HeapVerdict
        Of that split; `split_matters` where taking it out of another region first would change the answer.
    """
    left = regions_without(regions, taken.total_bytes)
    verdict = place_buffers(requests, left, allocator, regions)
    differs = False
    if taken.total_bytes and not _has_room_for(taken.total_bytes, verdict):
        others = (regions_without(regions, taken.total_bytes, first) for first in range(len(regions)))
        differs = any(place_buffers(requests, other, allocator).fits != verdict.fits for other in others if other != left)
    return verdict.model_copy(update={"taken": taken, "split_matters": differs})


def _has_room_for(taken_bytes: int, verdict: HeapVerdict) -> bool:
    """Whether each region could lose all that is taken and still hold what is placed in it: then no split changes the answer."""
    rounded: dict[str, int] = {}
    for placement in verdict.placements:
        rounded[placement.region] = max(rounded.get(placement.region, 0), placement.searched_bytes - placement.size_bytes)
    return verdict.fits and all(state.free_bytes >= taken_bytes + rounded.get(state.name, 0) for state in verdict.regions)


def place_buffers(
    requests: Sequence[HeapRequest], regions: Sequence[HeapRegion], allocator: HeapAllocator, at_boot: Sequence[HeapRegion] | None = None
) -> HeapVerdict:
    """Allocate buffers one after the other and say where each goes, or which is the first that does not fit.

    Parameters
    ----------
    requests : sequence of HeapRequest
        In the order in which they are allocated; none is given back.
    regions : sequence of HeapRegion
        In the order in which malloc tries them.
    allocator : HeapAllocator
        How malloc rounds.
    at_boot : sequence of HeapRegion, optional
        The regions before anything was taken of them; left out, nothing was.

    Returns
    -------
    HeapVerdict
        `fits`, the placements, and the first that does not fit.
    """
    free = [free_at_boot(region, allocator) for region in regions]
    placements: list[HeapPlacement] = []
    shortfall = None
    for request in requests:
        need = None
        for place, region in enumerate(regions):
            # What is searched for is at least what is asked for.
            if request.size_bytes > free[place]:
                continue
            need = need_of(request.size_bytes, region, allocator)
            if _holds(region, free[place], request.size_bytes, need):
                break
            need = None
        if need is None:
            shortfall = _shortfall(request, regions, free, allocator)
            break
        rules = _rules(allocator, allocator.header_bytes, allocator.minimum_bytes, names="header_bytes minimum_bytes")
        taken = taken_bytes(free[place], need.kept_bytes, *rules)
        free[place] = left_bytes(free[place], taken)
        placements.append(
            HeapPlacement(
                name=request.name,
                size_bytes=request.size_bytes,
                searched_bytes=need.searched_bytes,
                block_bytes=taken,
                region=regions[place].name,
            )
        )
    return HeapVerdict(
        fits=shortfall is None,
        placements=tuple(placements),
        shortfall=shortfall,
        regions=tuple(
            RegionState(
                name=region.name,
                size_bytes=_size_of(boot),
                taken_bytes=_taken_before(boot, region),
                free_bytes=left,
                external=region.external,
            )
            for region, boot, left in zip(regions, at_boot or regions, free, strict=True)
        ),
    )


def _taken_before(boot: HeapRegion, region: HeapRegion) -> int:
    """What was taken of a region before the buffers; remembered where the region remembers how it shrank."""
    origin = origin_of(region.size_bytes)
    if origin is not None and origin.record is not None:
        taken: int = origin.record.inputs["t"]
        return taken
    nothing: int = noted(
        boot.size_bytes - region.size_bytes, "taken before", "definition: nothing was asked to be taken out of this region"
    )
    return nothing


def buffers_fit(sizes: Sequence[Number], regions: Sequence[HeapRegion], allocator: HeapAllocator) -> Number:
    """Tell whether buffers fit, for many designs at once.

    Parameters
    ----------
    sizes : sequence of int or column
        Bytes of each buffer, in the order in which they are allocated.
    regions : sequence of HeapRegion
        In the order in which malloc tries them.
    allocator : HeapAllocator
        How malloc rounds.

    Returns
    -------
    array of bool
        `place_buffers(...).fits` of each design.
    """
    import numpy as np

    free: list[Number] = [free_at_boot(region, allocator) for region in regions]
    fits: Number = np.asarray(True)
    for size in sizes:
        request = np.asarray(size)
        placed: Number = np.asarray(False)
        for place, region in enumerate(regions):
            need = need_of(request, region, allocator)
            here = ~placed & _holds(region, free[place], request, need)
            taken = taken_bytes(free[place], need.kept_bytes, allocator.header_bytes, allocator.minimum_bytes)
            free[place] = np.where(here, free[place] - taken, free[place])
            placed = placed | here
        fits = fits & placed
    return fits


def _shortfall(request: HeapRequest, regions: Sequence[HeapRegion], free: Sequence[int], allocator: HeapAllocator) -> HeapShortfall:
    usable = [left if region.largest_bytes is None else min(left, region.largest_bytes) for region, left in zip(regions, free, strict=True)]
    best = max(range(len(regions)), key=usable.__getitem__, default=None)
    return HeapShortfall(
        name=request.name,
        size_bytes=request.size_bytes,
        searched_bytes=request.size_bytes if best is None else need_of(request.size_bytes, regions[best], allocator).searched_bytes,
        in_classes=allocator.size_classes,
        largest_bytes=0 if best is None else usable[best],
        largest_region="" if best is None else regions[best].name,
        free_bytes=sum(free),
    )
