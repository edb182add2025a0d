"""The four-region heap of the ESP32 and the rounding of its allocator, against what is known of both."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.memory.heap import buffers_fit, judge_heap, largest_request_bytes, place_buffers, regions_without
from costmodel.memory.heap_rules import block_bytes, searched_bytes, size_classes
from costmodel.report.words.heap_words import heap_reason_text
from costmodel.results.storage.heap_verdict import HeapRequest, HeapTaken, HeapVerdict
from costmodel.specs.devices.hardware import HeapAllocator, HeapRegion

REGIONS = tuple(
    HeapRegion(name=name, size_bytes=size)
    for name, size in (("dram-low", 6_432), ("dram-rom", 15_072), ("dram", 184_632), ("d-iram", 113_840))
)
TLSF = HeapAllocator(region_bytes=948)
POISONED = HeapAllocator(region_bytes=948, poisoning_bytes=12)
D_IRAM = REGIONS[-1:]


def requests(*sizes: int) -> list[HeapRequest]:
    return [HeapRequest(name=f"b{place}", size_bytes=size) for place, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("request_bytes", "searched"), [(52_224, 53_248), (128_000, 131_072), (155_784, 163_840), (102_400, 102_400), (53_248, 53_248)]
)
def test_a_search_rounds_up_to_a_sixteenth_of_the_power_of_two(request_bytes: int, searched: int) -> None:
    assert searched_bytes(request_bytes, 16) == searched


@pytest.mark.parametrize(
    ("heap", "classes"), [(6_432, 8), (16 * 1024, 8), (16 * 1024 + 1, 16), (113_840, 16), (256 * 1024, 16), (256 * 1024 + 1, 32)]
)
def test_size_classes_follow_the_size_of_the_heap(heap: int, classes: int) -> None:
    assert size_classes(heap) == classes


@pytest.mark.parametrize("bookkeeping", [0, 388, 948])
def test_the_largest_request_of_the_data_and_instruction_region(bookkeeping: int) -> None:
    assert largest_request_bytes(D_IRAM[0], HeapAllocator(region_bytes=bookkeeping)) == 110_592
    assert largest_request_bytes(D_IRAM[0], HeapAllocator(region_bytes=bookkeeping, poisoning_bytes=12)) == 110_580
    assert place_buffers(requests(110_592), D_IRAM, HeapAllocator(region_bytes=bookkeeping)).fits
    assert not place_buffers(requests(110_593), D_IRAM, HeapAllocator(region_bytes=bookkeeping)).fits
    assert not place_buffers(requests(110_581), D_IRAM, POISONED).fits


def test_regions_are_tried_in_their_order() -> None:
    verdict = place_buffers(requests(40, 5_400, 12_000, 102_400, 100_000), REGIONS, TLSF)
    assert verdict.fits
    assert [placement.region for placement in verdict.placements] == ["dram-low", "dram-rom", "dram", "dram", "d-iram"]
    assert heap_reason_text(verdict) == "all 5 buffers fit: 219,860 B with headers, in dram-low and dram-rom and dram and d-iram"


def test_the_decks_five_buffers_fit_at_boot_but_not_beside_a_taken_region() -> None:
    five = requests(102_400, 52_224, 816, 304, 40)
    assert place_buffers(five, REGIONS, TLSF).fits
    with_bluetooth = (*REGIONS[:2], HeapRegion(name="dram", size_bytes=49_000), REGIONS[3])
    verdict = place_buffers(five, with_bluetooth, TLSF)
    assert not verdict.fits
    assert [placement.region for placement in verdict.placements] == ["d-iram"]
    assert verdict.shortfall is not None
    assert (verdict.shortfall.name, verdict.shortfall.searched_bytes) == ("b1", 53_248)
    assert heap_reason_text(verdict) == (
        "b1 needs 52,224 B in one block (malloc searches for 53,248 B); the largest free block is 48,048 B in dram,"
        " though 78,132 B are free in all regions together"
    )


def test_all_buffers_in_one_block_need_more_than_the_rounded_request() -> None:
    region = HeapRegion(name="r", size_bytes=160_000)
    verdict = place_buffers(requests(155_784), [region], TLSF)
    assert not verdict.fits
    assert "155,784 B in one block (malloc searches for 163,840 B); the largest free block is 159,048 B in r" in heap_reason_text(verdict)
    assert place_buffers(requests(155_784), [region], HeapAllocator(region_bytes=948, size_classes=False)).fits


def test_newer_allocators_keep_the_rounded_size() -> None:
    trimmed = place_buffers(requests(52_224), REGIONS, TLSF).placements[0]
    kept = place_buffers(requests(52_224), REGIONS, HeapAllocator(region_bytes=948, trims=False)).placements[0]
    assert (trimmed.block_bytes, kept.block_bytes) == (52_228, 53_252)


def test_an_observed_largest_block_is_believed() -> None:
    region = HeapRegion(name="r", size_bytes=233_476, largest_bytes=110_592)
    verdict = place_buffers(requests(115_200), [region], HeapAllocator())
    assert not verdict.fits
    assert "largest free block is 110,592 B in r, though 233,472 B are free" in heap_reason_text(verdict)


def test_no_heap_and_no_buffers() -> None:
    assert heap_reason_text(place_buffers([], REGIONS, TLSF)) == "nothing is allocated"
    verdict = place_buffers(requests(8), [], TLSF)
    assert not verdict.fits
    assert heap_reason_text(verdict) == "b0 needs 8 B in one block; the device has no heap"


def test_small_requests_become_the_smallest_block() -> None:
    assert block_bytes(1, 0, 4, 12) == 12
    assert block_bytes(13, 0, 4, 12) == 16
    assert block_bytes(13, 12, 4, 12) == 28


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(1, 120_000), max_size=12),
    st.lists(st.integers(0, 200_000), min_size=1, max_size=4),
    st.builds(
        HeapAllocator,
        poisoning_bytes=st.sampled_from([0, 12]),
        size_classes=st.booleans(),
        trims=st.booleans(),
        region_bytes=st.sampled_from([0, 388, 948]),
    ),
)
def test_no_region_gives_more_than_it_has(sizes: list[int], regions: list[int], allocator: HeapAllocator) -> None:
    named = [HeapRegion(name=f"r{place}", size_bytes=size) for place, size in enumerate(regions)]
    verdict = place_buffers(requests(*sizes), named, allocator)
    for region, state in zip(named, verdict.regions, strict=True):
        taken = sum(placement.block_bytes for placement in verdict.placements if placement.region == region.name)
        assert state.free_bytes >= 0
        assert taken + state.free_bytes <= region.size_bytes
    assert all(p.size_bytes <= p.searched_bytes and p.size_bytes < p.block_bytes for p in verdict.placements)
    assert verdict.fits == (len(verdict.placements) == len(sizes)) == (verdict.shortfall is None)
    if verdict.shortfall is not None:
        assert verdict.shortfall.searched_bytes > verdict.shortfall.largest_bytes
    assert "\n" not in heap_reason_text(verdict)
    assert HeapVerdict.model_validate_json(verdict.model_dump_json()) == verdict


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300_000), st.sampled_from([8, 16, 32]))
def test_a_search_lands_on_a_size_class_at_most_one_grain_above(n: int, classes: int) -> None:
    searched = searched_bytes(n, classes)
    power = 1 << (n.bit_length() - 1)
    assert n <= searched < n + max(power // classes, 1)
    assert searched_bytes(searched, classes) == searched


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300_000), st.booleans())
def test_the_largest_request_is_the_largest(size: int, classes: bool) -> None:
    region, allocator = HeapRegion(name="r", size_bytes=size), HeapAllocator(region_bytes=948, size_classes=classes)
    largest = largest_request_bytes(region, allocator)
    assert largest == 0 or place_buffers(requests(largest), [region], allocator).fits
    assert not place_buffers(requests(largest + 1), [region], allocator).fits


@pytest.mark.parametrize(("spare_bytes", "left_bytes"), [(-4, 0), (0, 12), (4, 16)])
def test_what_a_request_leaves_is_a_block_of_its_own_from_the_smallest_size_on(spare_bytes: int, left_bytes: int) -> None:
    """The smallest block is 12 bytes, so 12 bytes left over are kept and 8 are given away with the request."""
    plain = HeapAllocator(region_bytes=0, header_bytes=4, alignment_bytes=4, minimum_bytes=12, size_classes=False)
    asked = 100
    region = HeapRegion(name="one", size_bytes=4 + asked + 4 + 12 + spare_bytes)
    verdict = place_buffers(requests(asked), [region], plain)
    assert verdict.fits
    assert verdict.regions[0].free_bytes == left_bytes
    assert place_buffers(requests(asked, 8), [region], plain).fits == bool(buffers_fit([asked, 8], [region], plain)) == (left_bytes >= 12)


@pytest.mark.parametrize(
    ("regions", "sizes", "taken_bytes"),
    [((5357, 5215), (3058, 2218, 2716), 200), ((4252, 8388), (3715, 3749, 4165), 100), ((5339, 4194), (3082, 3769), 400)],
)
def test_room_that_rounding_needs_is_no_room_for_what_is_taken(regions: tuple[int, ...], sizes: tuple[int, ...], taken_bytes: int) -> None:
    """A search asks for more than the block: a region that could lose all that is taken may fail to serve it all the same."""
    named = [HeapRegion(name=f"r{place}", size_bytes=size, holds_static=not place) for place, size in enumerate(regions)]
    verdict = judge_heap(requests(*sizes), named, HeapAllocator(), HeapTaken(static_bytes=taken_bytes))
    assert verdict.split_matters


@settings(max_examples=300)
@given(
    st.lists(st.integers(3_000, 9_000), min_size=1, max_size=3),
    st.lists(st.integers(500, 4_500), min_size=1, max_size=3),
    st.integers(1, 1_500),
)
def test_the_split_matters_exactly_where_another_changes_the_answer(regions: list[int], sizes: list[int], taken_bytes: int) -> None:
    named = [HeapRegion(name=f"r{place}", size_bytes=size, holds_static=not place) for place, size in enumerate(regions)]
    verdict = judge_heap(requests(*sizes), named, HeapAllocator(), HeapTaken(static_bytes=taken_bytes))
    splits = [regions_without(named, taken_bytes, first) for first in range(len(named))]
    others = {place_buffers(requests(*sizes), left, HeapAllocator()).fits for left in splits}
    assert verdict.split_matters == (others != {verdict.fits})


def test_what_would_fit_if_it_were_in_one_piece_is_told() -> None:
    plain = HeapAllocator(region_bytes=0, header_bytes=4, minimum_bytes=12, size_classes=False)
    two = [HeapRegion(name="one", size_bytes=104), HeapRegion(name="two", size_bytes=104)]
    free = "though 200 B are free in all regions together"
    assert free in heap_reason_text(place_buffers(requests(200), two, plain))
    assert free not in heap_reason_text(place_buffers(requests(204), two, plain))


def test_a_regions_largest_request_is_served_and_what_was_taken_before_is_told() -> None:
    plain = HeapAllocator(region_bytes=0, header_bytes=4, minimum_bytes=12, size_classes=False)
    boot = HeapRegion(name="one", size_bytes=1_004, largest_bytes=200)
    left = boot.model_copy(update={"size_bytes": 704})
    verdict = place_buffers(requests(200), [left], plain, [boot])
    assert verdict.fits
    assert verdict.regions[0].taken_bytes == 300
    assert not place_buffers(requests(204), [left], plain, [boot]).fits
