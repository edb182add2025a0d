"""How an allocator rounds a request and what it takes of a region: the rules of a two-level segregated fit heap.

Source of the rules: ESP-IDF's heap component (`heap_caps`, `multi_heap`, `tlsf`; bibliography: espressif_esp_idf, espressif_tlsf).
"""

from __future__ import annotations

import functools
from typing import Final

from costmodel.columns import Number, bit_length, ceil_div, chosen, larger
from costmodel.provenance import formula
from costmodel.units import BYTES_PER_KIB

SOURCE: Final = "espressif_tlsf: two-level segregated fit, the heap of espressif_esp_idf since 4.3"
CLASSES_BY_SIZE: Final = ((16 * BYTES_PER_KIB, 8), (256 * BYTES_PER_KIB, 16))
"""Heaps up to this many bytes divide each power of two into so many size classes."""
CLASSES_BEYOND: Final = 32
"""Size classes of larger heaps."""


@formula(
    id="heap.block_bytes",
    equation="n = max(ceil((r + p) / a)*a, m)",
    symbols={
        "n": "bytes of a block, without its header [B]",
        "r": "request [B]",
        "p": "heap poisoning [B]",
        "a": "alignment [B]",
        "m": "smallest block [B]",
    },
    unit="B",
    source=SOURCE,
)
def block_bytes(r: Number, p: int, a: int, m: int) -> Number:
    """Return the bytes of the block a request becomes."""
    return larger(ceil_div(r + p, a) * a, m)


@formula(
    id="heap.searched_bytes",
    equation="g = max(floor(2^floor(log2(n)) / c), 1); s = ceil(n / g)*g",
    symbols={
        "s": "contiguous bytes searched for [B]",
        "n": "bytes of the block [B]",
        "c": "size classes of each power of two",
    },
    unit="B",
    source=SOURCE,
)
def searched_bytes(n: Number, c: int) -> Number:
    """Return the free bytes in one piece that a search for a block of `n` bytes asks for: the start of the next size class."""
    grain = larger((1 << (bit_length(n) - 1)) // c, 1)
    return ceil_div(n, grain) * grain


@formula(
    id="heap.free_at_boot",
    equation="f = floor(max(s - r - h, 0) / a)*a",
    symbols={
        "f": "free bytes of an untouched region, in one block [B]",
        "s": "bytes of the region [B]",
        "r": "what the allocator keeps of a region for itself [B]",
        "h": "header of a block [B]",
        "a": "alignment [B]",
    },
    unit="B",
    source=SOURCE,
)
def free_at_boot_bytes(s: int, r: int, h: int, a: int) -> int:
    """Return the free bytes of a region that nothing was allocated in."""
    return max(s - r - h, 0) // a * a


@formula(
    id="heap.taken_bytes",
    equation="t = f if f - (n + h) < m else n + h",
    symbols={
        "t": "what an allocation takes of a region, header included [B]",
        "f": "free bytes of the region [B]",
        "n": "bytes of a block, without its header [B]",
        "h": "header of a block [B]",
        "m": "smallest block [B]",
    },
    unit="B",
    source=SOURCE,
)
def taken_bytes(f: Number, n: Number, h: int, m: int) -> Number:
    """Return what an allocation takes of a region: all that is free, where too little would be left to be a block of its own."""
    return chosen(f - (n + h) < m, f, n + h)


@formula(
    id="heap.left_bytes",
    equation="l = f - t",
    symbols={"l": "what is left of a region [B]", "f": "what there was of it [B]", "t": "what is taken of it [B]"},
    unit="B",
    source="definition: difference",
)
def left_bytes(f: Number, t: Number) -> Number:
    """Return what is left of a region."""
    return f - t


@formula(
    id="heap.region_share",
    equation="x = min(T - y, s)",
    symbols={
        "x": "what comes out of one region before the network allocates [B]",
        "T": "what is taken of the heap, in all [B]",
        "y": "what of it came out of regions before [B]",
        "s": "bytes of the region [B]",
    },
    unit="B",
    source="definition: out of the region that holds static data, then out of the next largest",
)
def region_share_bytes(T: int, y: int, s: int) -> int:
    """Return what comes out of one region."""
    return min(T - y, s)


@functools.cache
def size_classes(region_bytes: int) -> int:
    """Return into how many size classes a heap of this size divides each power of two."""
    return next((classes for limit, classes in CLASSES_BY_SIZE if region_bytes <= limit), CLASSES_BEYOND)
