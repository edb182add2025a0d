"""Strategies: every way of giving a network's tensors memory that `plan` compares."""

from __future__ import annotations

from enum import StrEnum

from costmodel.specs.running.schedule import ScheduleName


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
    GREEDY = "greedy"
    """One arena as TensorFlow Lite Micro plans it: the largest first, aligned to 16 bytes, nothing in place."""
    HILL_CLIMBING = "hill-climbing"
    """One arena, by climbing from the best of a portfolio of orders."""
    EXACT = "exact"
    """One arena, proven to be the lowest where the search ends in time (extra `exact`)."""
    OVERLAPPING = "overlapping"
    """One arena, a result beginning inside what it is made from where the kernel's order allows: depthwise convolutions, poolings, and what
    goes element by element."""
    # The planner's schedules: what each is stands with the schedule of that name.
    REORDERED = ScheduleName.REORDERED.value
    FUSED_BANDS = ScheduleName.FUSED_BANDS.value
    FUSED_ROWS = ScheduleName.FUSED_ROWS.value
    FUSED_WINDOWS = ScheduleName.FUSED_WINDOWS.value
    FUSED_MEANS = ScheduleName.FUSED_MEANS.value
    ROW_STREAMING = ScheduleName.ROW_STREAMING.value
    PIXEL_STREAMING = ScheduleName.PIXEL_STREAMING.value
    PIXEL_STREAMING_FLASH = ScheduleName.PIXEL_STREAMING_FLASH.value
    STRIPS_2 = ScheduleName.STRIPS_2.value
    STRIPS_4 = ScheduleName.STRIPS_4.value
    STRIPS_8 = ScheduleName.STRIPS_8.value
    STREAMING = ScheduleName.STREAMING.value
