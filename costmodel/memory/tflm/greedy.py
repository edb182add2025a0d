"""TensorFlow Lite Micro's greedy planner: the largest buffer first, each into the first gap that takes it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import Final, NamedTuple

ALIGNMENT_BYTES: Final = 16
"""Every buffer's size is rounded up to a multiple of this."""


class PlannedBuffer(NamedTuple):
    """Something that needs memory while some operators run."""

    name: str
    size_bytes: int
    first: int
    """Moment from which it is needed."""
    last: int
    """Last moment at which it is needed, itself included."""


def aligned_bytes(size_bytes: int) -> int:
    """Return a size rounded up to the planner's alignment."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def place_greedily(buffers: Sequence[PlannedBuffer]) -> tuple[int, ...]:
    """Place buffers as TensorFlow Lite Micro does.

    The largest goes first, of equal ones the one that was named last; each goes to the lowest offset at which a gap takes it, between those
    placed before it that are needed at one of its moments.

    Parameters
    ----------
    buffers : sequence of PlannedBuffer
        In the order in which the model names them.

    Returns
    -------
    tuple of int
        Offset of each [B].

    Notes
    -----
    Source: GreedyMemoryPlanner of https://github.com/tensorflow/tflite-micro.
    """
    sizes = [aligned_bytes(buffer.size_bytes) for buffer in buffers]
    offsets = [0] * len(buffers)
    placed: list[int] = []
    """In order of their offsets, of equal ones as they came."""
    for at in sorted(range(len(buffers)), key=lambda at: (-sizes[at], -at)):
        own = buffers[at]
        offset = 0
        for other in placed:
            if buffers[other].first > own.last or own.first > buffers[other].last:
                continue
            if offsets[other] - offset >= sizes[at]:
                break
            offset = max(offset, offsets[other] + sizes[other])
        offsets[at] = offset
        insort(placed, at, key=offsets.__getitem__)
    return tuple(offsets)


def height_bytes(buffers: Sequence[PlannedBuffer], offsets: Sequence[int]) -> int:
    """Return the largest end of a buffer, sizes aligned; 0 where there are none."""
    return max((offset + aligned_bytes(buffer.size_bytes) for buffer, offset in zip(buffers, offsets, strict=True)), default=0)
