"""Strategies: every way of giving a network's tensors memory that `plan` compares."""

from __future__ import annotations

from enum import StrEnum


class MemoryStrategy(StrEnum):
    """How a network's tensors get memory."""

    SUM = "sum"
    """Every tensor in a buffer of its own."""
    PEAK_LIVE = "peak-live"
    """malloc and free per layer."""
    PING_PONG = "ping-pong"
    """Two buffers in turn; chains only."""
    STATIC_IN_PLACE = "static-in-place"
    """Static buffers, sliding poolings in place."""
    ARENA_IN_PLACE = "arena-in-place"
    """One arena, sliding poolings in place, by a portfolio of orders."""
    FUSED_BANDS = "fused-bands"
    """Convolution and pooling together, a band of as many rows as the pooling's kernel between them."""
    FUSED_ROWS = "fused-rows"
    """Convolution and pooling together, a band of one row between them and a running result."""
    FUSED_WINDOWS = "fused-windows"
    """Convolution and pooling together, one window at a time."""
    FUSED_MEANS = "fused-means"
    """Convolution, pooling and the mean of what it leaves together."""
    ROW_STREAMING = "row-streaming"
    """Rings of rows from the input to the last layer that streams."""
    PIXEL_STREAMING = "pixel-streaming"
    """Rings of pixels from the input to the last layer that streams."""
    PIXEL_STREAMING_FLASH = "pixel-streaming-flash"
    """The same, the network's input read in flash."""
    STRIPS_2 = "strips-2"
    """Pixel streaming in two vertical strips of an input in flash."""
    STRIPS_4 = "strips-4"
    """In four."""
    STRIPS_8 = "strips-8"
    """In eight."""
    STREAMING = "streaming"
    """Stages of streamed pixels and single layers, cut where the largest takes least."""
