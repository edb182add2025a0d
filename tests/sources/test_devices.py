"""The packaged devices: every figure with its source, extents that are what their addresses span, allocators that cost what theirs do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.memory.heap import largest_request_bytes
from costmodel.memory.heap_rules import block_bytes
from costmodel.sources.catalogue import load_device, names
from costmodel.specs.devices.hardware import HeapAllocator

RTC_BYTES = 16 * 1024
"""Memory that outlives deep sleep and is not counted as SRAM; the most of any device."""


def newlib_chunk(request: int) -> int:
    """`request2size` of newlib's _mallocr.c, with 4-byte sizes."""
    return max((request + 4 + 7) & ~7, 16)


def newlib_nano_chunk(request: int) -> int:
    """`nano_malloc` of newlib's nano-mallocr.c: data, padding and chunk head."""
    return max(((request + 3) & ~3) + 4 + 4, 12)


def zephyr_chunk(request: int) -> int:
    """`sys_heap_aligned_alloc` of Zephyr's heap.c, asked for 8-byte alignment in a small heap: chunk header, gap, whole units."""
    return 4 + 4 + (request + 7) // 8 * 8


def zephyr_big_chunk(request: int) -> int:
    """The same in a heap of more than 256 KB: a chunk header of a whole unit, no gap."""
    return 8 + (request + 7) // 8 * 8


def taken(request: int, allocator: HeapAllocator) -> int:
    block = block_bytes(request, allocator.poisoning_bytes, allocator.alignment_bytes, allocator.minimum_bytes)
    return allocator.header_bytes + block


@pytest.mark.parametrize("name", names("devices"))
def test_every_figure_has_a_source_that_was_read_or_is_called_an_assumption(name: str) -> None:
    device = load_device(name)
    assert device.supply_v is not None
    sources = [device.source, device.allocator.source, device.supply_v.source, *(region.source for region in device.heap_regions)]
    assert all(source and source != "given by the user" for source in sources)
    assert not any("document at hand" in source for source in sources)


@pytest.mark.parametrize("name", names("devices"))
def test_no_device_has_more_heap_than_memory(name: str) -> None:
    device = load_device(name)
    assert 0 < sum(region.size_bytes for region in device.heap_regions) <= device.sram_bytes + RTC_BYTES


@pytest.mark.parametrize(
    ("name", "spans"),
    [
        (
            "esp32-s3-wroom-1-n8",
            {
                "ram-startup": (0x3FCEB710 - 0x2000, 0x3FCEEE34),
                "ram": (0x3FC88000, 0x3FCEB710 - 0x2000),
                "dram": (0x3FCF0000, 0x3FCF8000),
                "rtc": (0x600FE000, 0x60100000 - 24),
            },
        ),
        (
            "esp32-c3-mini-1-n4",
            {
                "ram": (0x3FC80000, 0x3FCC0000),
                "retention-startup": (0x3FCDE710 - 0x2000, 0x3FCDF05C),
                "retention": (0x3FCC0000, 0x3FCDE710 - 0x2000),
                "rtc": (0x50000000, 0x50002000 - 24),
            },
        ),
        ("rp2040-pico", {"striped": (0x20000000, 0x20040000)}),
        ("nrf52840", {"ram": (0x20000000, 0x20040000)}),
        ("stm32l476rg", {"sram1": (0x20000000, 0x20018000 - 0x400)}),
        ("stm32f746zg", {"data": (0x20000000, 0x20050000 - 0x460)}),
        ("stm32l4r5zi", {"data": (0x20000000, 0x200A0000 - 0x400)}),
        ("stm32f446re", {"data": (0x20000000, 0x20020000 - 0x400)}),
        ("stm32l552ze", {"sram1": (0x20000000, 0x20030000 - 0x800)}),
        ("stm32u575zi", {"data": (0x20000000, 0x200C0000 - 0x400)}),
        ("stm32h7a3zi", {"axi": (0x24000000, 0x24100000 - 0x1000)}),
        ("nrf5340", {"ram": (0x20000000, 0x20070000)}),
        ("nrf54l15", {"ram": (0x20000000, 0x20030000)}),
        ("efr32mg24", {"ram": (0x20000000, 0x20040000)}),
        ("rp2350-pico2", {"striped": (0x20000000, 0x20080000)}),
        (
            "esp32-c6",
            {
                "ram-startup": (0x4087E610 - 0x2000, 0x4087F564),
                "ram": (0x40800000, 0x4087E610 - 0x2000),
                "rtc": (0x50000000, 0x50003FE8),
            },
        ),
        (
            "esp32-s2",
            {
                "ram-startup": (0x3FFFC000, 0x3FFFFA10),
                "ram": (0x3FFB2000, 0x3FFFC000),
                "rtc": (0x3FF9E000, 0x3FF9FFE8),
            },
        ),
        (
            "esp32-p4",
            {
                "ram-startup": (0x4FFBCFC0 - 0x2000, 0x4FFC0000),
                "ram": (0x4FF00000 + 0x20000, 0x4FFBCFC0 - 0x2000),
                "tcm": (0x30100000, 0x30102000),
                "rtc": (0x50108000, 0x50110000 - 24),
            },
        ),
    ],
)
def test_heap_regions_are_what_the_vendors_linker_scripts_and_memory_maps_span(name: str, spans: dict[str, tuple[int, int]]) -> None:
    regions = {region.name: region.size_bytes for region in load_device(name).heap_regions}
    assert regions == {region: end - start for region, (start, end) in spans.items()}
    assert list(regions) == list(spans)


@pytest.mark.parametrize(
    ("name", "chunk", "most"),
    [
        ("rp2040-pico", newlib_chunk, 8),
        ("rp2350-pico2", newlib_chunk, 8),
        ("nrf52840", zephyr_chunk, 0),
        ("nrf54l15", zephyr_chunk, 0),
        ("efr32mg24", zephyr_chunk, 0),
        ("nrf5340", zephyr_big_chunk, 0),
    ],
)
@given(request=st.integers(1, 300_000))
def test_eight_byte_allocators_are_exact_for_whole_words_and_never_too_cheap(
    name: str, chunk: Callable[[int], int], most: int, request: int
) -> None:
    extra = taken(request, load_device(name).allocator) - chunk(request)
    assert 0 <= extra <= most
    assert extra == 0 or request % 8 in {1, 2, 3, 4}


@pytest.mark.parametrize("name", [name for name in names("devices") if name.startswith("stm32")])
@given(request=st.integers(1, 300_000))
def test_newlib_nano_is_exact(name: str, request: int) -> None:
    assert taken(request, load_device(name).allocator) == newlib_nano_chunk(request)


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("esp32-s3-wroom-1-n8", 393_216),  # 48 steps of 8 KB: 1/32 of a power of two
        ("esp32-c3-mini-1-n4", 253_952),  # 31 steps of 8 KB: 1/16 of a power of two
        ("rp2040-pico", 262_144 - 16 - 8),  # less MINSIZE and a header
        ("nrf52840", 262_136 - 80 - 8),  # less the heap's own chunk and a header
        ("stm32l476rg", 97_280 - 8),
        ("stm32f746zg", 326_560 - 8),
        ("stm32l4r5zi", 654_336 - 8),
        ("stm32f446re", 130_048 - 8),
        ("stm32l552ze", 194_560 - 8),
        ("stm32u575zi", 785_408 - 8),
        ("stm32h7a3zi", 1_044_480 - 8),
        ("nrf5340", 458_752 - 88 - 8),
        ("nrf54l15", 196_608 - 88 - 8),
        ("efr32mg24", 262_144 - 88 - 8),
        ("rp2350-pico2", 524_288 - 16 - 8),
        ("esp32-c6", 499_712),  # 61 steps of 8 KB: 1/32 of a power of two
        ("esp32-s2", 294_912),  # 36 steps of 8 KB
        ("esp32-p4", 622_592),  # 38 steps of 16 KB
    ],
)
def test_the_largest_request_of_an_untouched_device(name: str, largest: int) -> None:
    device = load_device(name)
    assert max(largest_request_bytes(region, device.allocator) for region in device.heap_regions) == largest
