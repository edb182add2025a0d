"""Filling an arena: blocks of plain sizes into the lowest gap, in any order, fast enough to be asked thousands of times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from costmodel.memory.placement import Block, Sizes


class Meeting(NamedTuple):
    """A block that is alive together with another."""

    block: int
    own_bytes: int
    """Of the block itself, while both are alive."""
    other_bytes: int
    """Of the other."""


class Problem(NamedTuple):
    """What is to be placed."""

    sizes: tuple[int, ...]
    """Bytes of each block."""
    alignments: tuple[int, ...]
    """Of each block's offset."""
    meetings: tuple[tuple[Meeting, ...], ...]
    """For each block, those it meets."""
    spans: tuple[tuple[int, int], ...]
    """First and last stage of each block."""
    bound_bytes: int
    """The most that is alive at once."""


class Fitted(NamedTuple):
    """Where blocks lie."""

    height_bytes: int
    offsets: tuple[int, ...]
    order: tuple[int, ...]
    """The order they were filled in."""


def problem_of(blocks: Sequence[Block], sizes: Sizes, bound_bytes: int) -> Problem:
    """Return blocks of plain sizes as a problem.

    Parameters
    ----------
    blocks : sequence of Block
        In running order.
    sizes : Sizes
        Ints.
    bound_bytes : int
        The most that is alive at once.

    Returns
    -------
    Problem
        The same, as ints.
    """
    return Problem(
        sizes=tuple(int(sizes.tensors[block.tensors[0]]) for block in blocks),
        alignments=tuple(int(alignment) for alignment in sizes.alignments),
        meetings=tuple(
            tuple(Meeting(met.block, int(sizes.tensors[met.own]), int(sizes.tensors[met.other])) for met in block.neighbours)
            for block in blocks
        ),
        spans=tuple((block.first, block.last) for block in blocks),
        bound_bytes=bound_bytes,
    )


def fitted(problem: Problem, order: Sequence[int]) -> Fitted:
    """Put each block into the lowest gap that takes it, in an order.

    Parameters
    ----------
    problem : Problem
        What is to be placed.
    order : sequence of int
        Every block once.

    Returns
    -------
    Fitted
        Height and offsets.
    """
    offsets = [-1] * len(problem.sizes)
    height = 0
    for at in order:
        # Offsets that are neither at most the first nor at least the second of a pair lie over a neighbour.
        taken = sorted(
            (offsets[met.block] - met.own_bytes, offsets[met.block] + met.other_bytes)
            for met in problem.meetings[at]
            if offsets[met.block] >= 0
        )
        offset, alignment = 0, problem.alignments[at]
        for latest, end in taken:
            if offset <= latest:
                break
            if end > offset:
                offset = end if alignment == 1 else -(-end // alignment) * alignment
        offsets[at] = offset
        height = max(height, offset + problem.sizes[at])
    return Fitted(height, tuple(offsets), tuple(order))


def _length(problem: Problem, at: int) -> int:
    first, last = problem.spans[at]
    return last - first + 1


def _crowd(problem: Problem, at: int) -> int:
    return sum(met.other_bytes for met in problem.meetings[at])


Key = Callable[[Problem, int], tuple[int, ...]]
PORTFOLIO: Final[tuple[Key, ...]] = (
    lambda p, at: (-p.sizes[at], -at),
    lambda p, at: (-p.sizes[at], at),
    lambda p, at: (-_length(p, at), -p.sizes[at]),
    lambda p, at: (-p.sizes[at] * _length(p, at),),
    lambda p, at: (-p.sizes[at] * p.sizes[at] * _length(p, at),),
    lambda p, at: (-p.sizes[at] * _length(p, at) * _length(p, at),),
    lambda p, at: (p.spans[at][0], -p.sizes[at]),
    lambda p, at: (-p.spans[at][1], -p.sizes[at]),
    lambda p, at: (p.spans[at][1], -p.sizes[at]),
    lambda p, at: (-p.spans[at][0], -p.sizes[at]),
    lambda p, at: (-_crowd(p, at), -p.sizes[at]),
    lambda p, at: (-_crowd(p, at) - p.sizes[at],),
    lambda p, at: (-len(p.meetings[at]), -p.sizes[at]),
    lambda p, at: (-_crowd(p, at) * p.sizes[at],),
)
"""Orders to fill an arena in: by size, length of life, area, begin, end, and by what a block meets."""


def best_of_portfolio(problem: Problem) -> Fitted:
    """Return the lowest arena of the portfolio's orders; the first that reaches the bound ends it."""
    best: Fitted | None = None
    for key in PORTFOLIO:
        found = fitted(problem, sorted(range(len(problem.sizes)), key=partial(key, problem)))
        if best is None or found.height_bytes < best.height_bytes:
            best = found
        if best.height_bytes <= problem.bound_bytes:
            break
    return best if best is not None else Fitted(0, (), ())
