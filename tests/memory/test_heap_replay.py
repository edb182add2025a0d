"""A replay of malloc and free on a heap's regions: with nothing given back it places as the verdict does; what is given back is joined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.memory.heap import place_buffers
from costmodel.memory.heap_replay import FREE, MALLOC, Request, _size_class, replay_heap
from costmodel.memory.heap_rules import size_classes
from costmodel.results.storage.heap_replay import HeapOutcome, HeapReplay
from costmodel.results.storage.heap_verdict import HeapRequest
from costmodel.sources.catalogue import load_device
from costmodel.sources.planned_scenario import espressif_allocator
from costmodel.specs.devices.hardware import HeapAllocator, HeapRegion

ESP32 = load_device("esp32-wroom")
PLAIN = HeapAllocator(header_bytes=4, minimum_bytes=12, size_classes=False)


def region(size: int, name: str = "one", *, static: bool = False) -> HeapRegion:
    return HeapRegion(name=name, size_bytes=size, holds_static=static)


def malloc(*sizes: int) -> list[Request]:
    return [Request(MALLOC, f"b{place}", size) for place, size in enumerate(sizes)]


@given(
    st.lists(st.integers(1, 60_000), max_size=8),
    st.lists(st.integers(0, 120_000), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_without_free_it_places_as_the_verdict_does(sizes: list[int], regions: list[int], classes: bool, trims: bool) -> None:
    heap = [region(size, f"r{place}") for place, size in enumerate(regions)]
    allocator = HeapAllocator(size_classes=classes, trims=trims, region_bytes=300)
    verdict = place_buffers([HeapRequest(name=f"b{place}", size_bytes=size) for place, size in enumerate(sizes)], heap, allocator)
    replay = replay_heap(malloc(*sizes), heap, allocator, 0)
    assert [(event.name, event.region) for event in replay.events] == [(each.name, each.region) for each in verdict.placements]
    assert (replay.failure is None) == verdict.fits
    if replay.failure is not None and verdict.shortfall is not None:
        assert replay.failure.free_bytes == verdict.shortfall.free_bytes
        assert replay.failure.largest_bytes == verdict.shortfall.largest_bytes


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_heap_given_back_whole_is_whole_again(sizes: list[int], draw: object) -> None:
    heap = [region(8_000)]
    names = malloc(*sizes)
    given_back = [Request(FREE, request.name, request.size_bytes) for request in names]
    draw.shuffle(given_back)  # type: ignore[attr-defined] # hypothesis's random
    again = Request(MALLOC, "all", 8_000 - PLAIN.header_bytes)
    assert replay_heap([*names, *given_back, again], heap, PLAIN, 0).outcome is HeapOutcome.FITS


def test_a_hole_is_no_block() -> None:
    heap = [region(1_000)]
    sequence = [*malloc(300, 300, 300), Request(FREE, "b0", 300), Request(FREE, "b2", 300), Request(MALLOC, "large", 500)]
    found = replay_heap(sequence, heap, PLAIN, 0)
    assert found.outcome is HeapOutcome.CONTIGUITY
    assert found.failure is not None
    assert (found.failure.name, found.failure.size_bytes) == ("large", 500)
    assert found.failure.free_bytes >= 500 > found.failure.largest_bytes
    assert (
        found.remedy == f"{500 - found.failure.largest_bytes} B more in one piece in one, or no block above {found.failure.largest_bytes} B"
    )


def test_too_little_in_all_is_told_apart() -> None:
    found = replay_heap(malloc(900, 900), [region(1_000)], PLAIN, 0)
    assert found.outcome is HeapOutcome.TOTAL
    assert found.failure is not None
    assert found.failure.name == "b1"


def test_a_fresh_heap_has_what_is_taken_where_it_lies_at_boot() -> None:
    heap = [region(1_000, "static", static=True), region(800, "other")]
    assert replay_heap(malloc(700), heap, PLAIN, 100).outcome is HeapOutcome.FITS
    found = replay_heap(malloc(700, 450), heap, PLAIN, 500)
    assert found.outcome is HeapOutcome.FRESH_ONLY
    assert found.remedy == "500 B taken before must not lie in other"
    assert replay_heap(malloc(700, 450), heap, PLAIN, 0).outcome is HeapOutcome.FITS


@pytest.mark.parametrize(("idf", "kept"), [("5.3", 52_224), ("v5.4.1", 53_248)])
def test_a_version_of_esp_idf_cuts_a_block_back_or_keeps_it(idf: str, kept: int) -> None:
    allocator = espressif_allocator(ESP32, idf, None)
    regions = [each for each in ESP32.heap_regions if each.name == "d-iram"]
    events = replay_heap(malloc(52_224, 100), regions, allocator, 0).events
    assert events[1].address_bytes - events[0].address_bytes == kept + allocator.header_bytes


def test_poisoning_makes_the_largest_block_smaller() -> None:
    regions = [each.model_copy(update={"largest_bytes": None}) for each in ESP32.heap_regions if each.name == "d-iram"]
    light = espressif_allocator(ESP32, None, "light")
    assert replay_heap(malloc(110_580), regions, light, 0).outcome is HeapOutcome.FITS
    assert replay_heap(malloc(110_592), regions, light, 0).outcome is HeapOutcome.CONTIGUITY
    assert replay_heap(malloc(110_592), regions, ESP32.allocator, 0).outcome is HeapOutcome.FITS


def outcome_of(sequence: list[Request], *regions: HeapRegion, allocator: HeapAllocator = PLAIN) -> HeapReplay:
    return replay_heap(sequence, regions, allocator, 0)


def freed(name: str) -> Request:
    return Request(FREE, name, 0)


def test_as_much_as_is_free_in_all_is_a_matter_of_pieces() -> None:
    """Two holes of 300 and 388 bytes, the second up to the region's end, and 688 asked for; four more are too many in all."""
    holes = [*malloc(300, 300, 388), freed("b0"), freed("b2")]
    found = outcome_of([*holes, Request(MALLOC, "c", 688)], region(1_000))
    assert found.outcome is HeapOutcome.CONTIGUITY
    assert found.failure is not None
    assert (found.failure.free_bytes, found.failure.largest_bytes) == (688, 388)
    assert outcome_of([*holes, Request(MALLOC, "c", 692)], region(1_000)).outcome is HeapOutcome.TOTAL


def test_the_least_that_was_free_is_kept() -> None:
    assert outcome_of([*malloc(300), freed("b0"), Request(MALLOC, "c", 100)], region(1_000)).least_free_bytes == 996 - 300 - 4


def test_the_smallest_block_that_serves_is_taken_and_of_those_the_last_given_back() -> None:
    holes = [*malloc(300, 20, 100, 20, 100), freed("b0"), freed("b4"), freed("b2")]
    events = outcome_of([*holes, Request(MALLOC, "c", 100), Request(MALLOC, "d", 100)], region(600)).events
    by_name = {event.name: event.address_bytes for event in events if event.action == MALLOC}
    assert by_name["c"] == by_name["b2"]
    assert by_name["d"] == by_name["b4"]


@pytest.mark.parametrize("heap_bytes", [10_000, 100_000, 1_000_000])
def test_a_list_holds_an_equal_part_of_what_lies_between_two_powers_of_two(heap_bytes: int) -> None:
    classes = size_classes(heap_bytes)
    allocator = HeapAllocator(size_classes=True)
    lists: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for size in range(classes, 5_000):
        power = size.bit_length() - 1
        part = power, (size - (1 << power)) * classes >> power
        lists.setdefault(part, set()).add(_size_class(size, region(heap_bytes), allocator))
    assert all(len(found) == 1 for found in lists.values())
    assert len(set.union(*lists.values())) == len(lists)
    assert [found.pop() for _, found in sorted(lists.items())] == sorted(
        _size_class(size, region(heap_bytes), allocator) for size in {(1 << power) + (part << power) // classes for power, part in lists}
    )


def test_a_regions_largest_request_is_its_limit() -> None:
    limited = region(1_000).model_copy(update={"largest_bytes": 200})
    assert outcome_of(malloc(200), limited).outcome is HeapOutcome.FITS
    failure = outcome_of(malloc(204), limited).failure
    assert failure is not None
    assert (failure.largest_bytes, failure.free_bytes) == (200, 996)


def test_a_full_region_is_named() -> None:
    failure = outcome_of(malloc(996, 4), region(1_000)).failure
    assert failure is not None
    assert (failure.largest_region, failure.largest_bytes, failure.free_bytes) == ("one", 0, 0)
