"""Where the tensors of a deployed network lie: offsets in one arena, so that tensors alive together never overlap."""

from __future__ import annotations

from typing import Final, NamedTuple

ALIGNMENT: Final = 8


class Lifetime(NamedTuple):
    """A buffer's bytes and the first and last layer that need it."""

    size_bytes: int
    first: int
    last: int


def first_fit(lifetimes: list[Lifetime]) -> tuple[list[int], int]:
    """Place buffers, largest first, each at the lowest offset that is free for its whole life.

    Parameters
    ----------
    lifetimes : list of Lifetime
        One a buffer.

    Returns
    -------
    list of int
        Offset of each buffer, multiples of 8.
    int
        Bytes of the arena, a multiple of 8.
    """
    offsets = [0] * len(lifetimes)
    placed: list[int] = []
    for index in sorted(range(len(lifetimes)), key=lambda at: (-lifetimes[at].size_bytes, lifetimes[at].first, at)):
        life = lifetimes[index]
        neighbours = sorted(
            (offsets[other], lifetimes[other].size_bytes)
            for other in placed
            if lifetimes[other].first <= life.last and life.first <= lifetimes[other].last
        )
        offset = 0
        for begin, size in neighbours:
            if offset + life.size_bytes <= begin:
                break
            offset = max(offset, _aligned(begin + size))
        offsets[index] = offset
        placed.append(index)
    end = max((offset + life.size_bytes for offset, life in zip(offsets, lifetimes, strict=True)), default=0)
    return offsets, _aligned(end)


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
