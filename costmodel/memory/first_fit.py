"""First fit: a placement that proves an arena's lower bound reachable where it happens to reach it. Not a planner."""

from __future__ import annotations

from costmodel.memory.accountings import INPUT
from costmodel.memory.lifetimes import Lifetimes, TensorLife


def first_fit_bytes(lives: Lifetimes, *, with_input: bool) -> int:
    """Return the height of an arena filled in running order, each tensor at the lowest gap that takes it.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors, sizes as ints. A pooling in place starts where its input does.
    with_input : bool
        Whether the network's input is in the arena.

    Returns
    -------
    int
        Bytes; no less than the most that is alive at once.
    """
    offsets: dict[int, int] = {}
    height = 0
    for place, life in enumerate(lives.tensors):
        if place == INPUT and not with_input:
            continue
        if life.in_place_of is None:
            taken = sorted(
                (offsets[other], offsets[other] + lives.tensors[other].size_bytes) for other in offsets if _meet(lives.tensors[other], life)
            )
            offset = 0
            for start, end in taken:
                if offset + life.size_bytes <= start:
                    break
                offset = max(offset, end)
        else:
            offset = offsets[life.in_place_of]
        offsets[place] = offset
        height = max(height, offset + life.size_bytes)
    return height


def _meet(one: TensorLife, other: TensorLife) -> bool:
    return one.made <= other.last and other.made <= one.last
