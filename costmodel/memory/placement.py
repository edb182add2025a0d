"""Placement: where tensors that live at different times lie in one arena, as a pure function over ints or columns.

Which tensors meet is the graph's structure; only sizes are columns. A few orders are tried, the lowest height wins, row by row, and trying
stops once every row has reached its bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from costmodel.columns import Number, all_true, ceil_div, chosen, floor_div, is_column, larger, smaller
from costmodel.memory.lifetimes import Lifetimes

Offsets: TypeAlias = tuple[Number, ...]
"""Of each block."""
UNREACHABLE_BYTES: Final = (1 << 63) - 1
"""Height of an arrangement in which tensors would overlap."""


class Neighbour(NamedTuple):
    """A block that is alive together with another."""

    block: int
    own: int
    """Of the block itself, the first tensor that meets the neighbour: the largest of those that do."""
    other: int
    """Of the neighbour, the first tensor that meets the block."""


class Block(NamedTuple):
    """Tensors that begin at one offset: one tensor, and the poolings in place that overwrite it, one after the other."""

    tensors: tuple[int, ...]
    """Places among the tensors, in running order; none is larger than the one before."""
    first: int
    """Running step that writes the first of them."""
    last: int
    """Last running step that needs one of them."""
    neighbours: tuple[Neighbour, ...]
    """In running order."""


class Sizes(NamedTuple):
    """Bytes of what is placed."""

    tensors: tuple[Number, ...]
    alignments: tuple[Number, ...]
    """Of each block's offset."""
    whole: tuple[bool, ...]
    """Of each block, whether every one of its sizes is a multiple of its alignment."""

    def at(self, shape: tuple[int, ...], rows: Any) -> Sizes:
        """Return the sizes of some rows of columns of a shape."""
        import numpy as np

        def taken(number: Number) -> Number:
            return np.broadcast_to(number, shape).reshape(-1)[rows] if is_column(number) else number

        return Sizes(tuple(map(taken, self.tensors)), tuple(map(taken, self.alignments)), self.whole)


class Placed(NamedTuple):
    """Where blocks lie."""

    height_bytes: Number
    """Largest end of a block; an int or a column."""
    offsets: Offsets
    """Of each block; empty for columns, whose rows need not agree on an order."""


def blocks_of(lives: Lifetimes, *, with_input: bool) -> tuple[Block, ...]:
    """Return what is placed: tensors, those that share an offset taken together.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    with_input : bool
        Whether the network's input is placed.

    Returns
    -------
    tuple of Block
        In the order in which they are first needed.
    """
    tensors = lives.tensors
    owner: dict[int, int] = {}
    members: list[list[int]] = []
    # What is given is there before anything runs, wherever it stands.
    for place in sorted(range(0 if with_input else 1, len(tensors)), key=lambda place: tensors[place].made):
        over = tensors[place].in_place_of
        if over is None:
            owner[place] = len(members)
            members.append([place])
        else:
            owner[place] = owner[over]
            members[owner[place]].append(place)
    met: list[dict[int, Neighbour]] = [{} for _ in members]
    # What is still alive when a tensor is made; both are then the first of their blocks to meet, since a block lives without a gap.
    alive: list[int] = []
    for place in owner:
        alive = [other for other in alive if tensors[other].last >= tensors[place].made]
        for other in alive:
            one, two = owner[other], owner[place]
            if one != two and two not in met[one]:
                met[one][two] = Neighbour(two, other, place)
                met[two][one] = Neighbour(one, place, other)
        alive.append(place)
    return tuple(
        Block(
            tensors=tuple(places),
            first=tensors[places[0]].made,
            last=tensors[places[-1]].last,
            neighbours=tuple(met[own][other] for other in sorted(met[own])),
        )
        for own, places in enumerate(members)
    )


def sizes_of(lives: Lifetimes, blocks: Sequence[Block]) -> Sizes:
    """Return the sizes and alignments that blocks are placed by.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    blocks : sequence of Block
        Of the same network.

    Returns
    -------
    Sizes
        Ints or columns.
    """
    widest, whole = [], []
    for block in blocks:
        elements = [lives.tensors[place].element_bytes for place in block.tensors]
        alignment: Number = 1
        for element in elements:
            alignment = larger(alignment, element)
        widest.append(alignment)
        whole.append(type(alignment) is int and all(type(element) is int and element == alignment for element in elements))
    return Sizes(tuple(life.size_bytes for life in lives.tensors), tuple(widest), tuple(whole))


def place_blocks(blocks: Sequence[Block], sizes: Sizes, bound_bytes: Number) -> Placed:
    """Place blocks in one arena: the lowest height of a few orders that follow from the graph and the sizes alone.

    Parameters
    ----------
    blocks : sequence of Block
        In running order.
    sizes : Sizes
        Of their tensors.
    bound_bytes : int or column
        The most that is alive at once: no arena is lower.

    Returns
    -------
    Placed
        Height of each row, and the offsets where sizes are ints. A chain of one element size without poolings in place meets the bound.
    """
    if is_column(bound_bytes) or any(map(is_column, (*sizes.tensors, *sizes.alignments))):
        return Placed(_column_height(blocks, sizes, bound_bytes), ())
    best = Placed(UNREACHABLE_BYTES, ())
    for height, offsets in _arrangements(blocks, sizes, bound_bytes):
        if height < best.height_bytes:
            best = Placed(height, offsets)
        if best.height_bytes == bound_bytes:
            break
    return best


def _height(blocks: Sequence[Block], sizes: Sizes, offsets: Offsets) -> Number:
    height: Number = 0
    for block, offset in zip(blocks, offsets, strict=True):
        height = larger(height, offset + sizes.tensors[block.tensors[0]])
    return height


def _arrangements(blocks: Sequence[Block], sizes: Sizes, bound_bytes: int) -> Iterator[Placed]:
    """Arrangements of plain sizes, the cheapest first."""
    yield from _from_both_ends(blocks, sizes, bound_bytes)
    by_size = sorted(range(len(blocks)), key=lambda at: -sizes.tensors[blocks[at].tensors[0]])
    for order in (*_graph_orders(blocks), by_size):
        offsets = _first_fit(blocks, sizes, order)
        yield Placed(_height(blocks, sizes, offsets), offsets)


def _column_height(blocks: Sequence[Block], sizes: Sizes, bound_bytes: Number) -> Number:
    """Row by row the lowest height; orders that cost more are tried only on the rows that have not reached their bound."""
    import numpy as np

    best: Number = UNREACHABLE_BYTES
    for height, _ in _from_both_ends(blocks, sizes, bound_bytes):
        best = smaller(best, height)
        if height is bound_bytes or all_true(best == bound_bytes):
            return bound_bytes
    shape = np.broadcast_shapes(*map(np.shape, (*sizes.tensors, *sizes.alignments)))
    found = np.array(np.broadcast_to(best, shape)).reshape(-1)
    bound = np.broadcast_to(bound_bytes, shape).reshape(-1)

    def fill(order: Sequence[int], rows: Any) -> None:
        fewer = sizes.at(shape, rows)
        found[rows] = np.minimum(found[rows], _height(blocks, fewer, _first_fit(blocks, fewer, order)))

    for order in _graph_orders(blocks):
        if len(rest := np.flatnonzero(found != bound)):
            fill(order, rest)
    if len(rest := np.flatnonzero(found != bound)):
        # Largest first: the order differs between rows, and those of one order are placed together.
        table = np.stack([np.broadcast_to(size, shape).reshape(-1)[rest] for size in (sizes.tensors[block.tensors[0]] for block in blocks)])
        rankings, which = np.unique(np.argsort(-table, axis=0, kind="stable"), axis=1, return_inverse=True)
        for number, ranking in enumerate(rankings.T.tolist()):
            fill(ranking, rest[which.reshape(-1) == number])
    return found.reshape(shape)


def _graph_orders(blocks: Sequence[Block]) -> Iterator[Sequence[int]]:
    """Orders to fill an arena in: the longest-lived first, as the blocks run, and backwards."""
    running = range(len(blocks))
    yield sorted(running, key=lambda at: blocks[at].first - blocks[at].last)
    yield running
    yield running[::-1]


def _first_fit(blocks: Sequence[Block], sizes: Sizes, order: Sequence[int]) -> Offsets:
    """Put each block into the lowest gap that takes it."""
    offsets: list[Number] = [0] * len(blocks)
    placed: set[int] = set()
    for at in order:
        alignment = sizes.alignments[at]
        taken = [
            (
                offsets[other.block] - sizes.tensors[other.own],
                _aligned_up(offsets[other.block] + sizes.tensors[other.other], alignment),
            )
            for other in blocks[at].neighbours
            if other.block in placed
        ]
        offsets[at] = _lowest_gap(taken)
        placed.add(at)
    return tuple(offsets)


def _lowest_gap(taken: Sequence[tuple[Number, Number]]) -> Number:
    """Return the lowest offset that is at most the first or at least the second of each pair: 0, or the end of one of them."""
    if not taken:
        return 0
    best: Number = 0
    for _, end in taken:
        best = larger(best, end)
    for candidate in (0, *(end for _, end in taken)):
        free: Number = candidate < best
        for start, end in taken:
            free = free & ((candidate <= start) | (candidate >= end))
        best = chosen(free, candidate, best)
    return best


def _from_both_ends(blocks: Sequence[Block], sizes: Sizes, ceiling: Number) -> Iterator[Placed]:
    """Fill an arena as high as its bound from both ends: each block goes to the other end than the one that ran before it."""
    on_top: list[bool] = []
    for at, block in enumerate(blocks):
        before = [other.block for other in block.neighbours if other.block < at]
        on_top.append(not before or not on_top[before[-1]])
    # The input on top first: what a pooling in place leaves free above it is more use than what it leaves below.
    yield _stacked(blocks, sizes, ceiling, on_top)
    yield _stacked(blocks, sizes, ceiling, [not top for top in on_top])


def _stacked(blocks: Sequence[Block], sizes: Sizes, ceiling: Number, on_top: Sequence[bool]) -> Placed:
    """Stack blocks on both ends; the height is the ceiling where the stacks do not meet.

    Offsets are computed where they are used: of columns few are.
    """
    offsets: list[Number] = [None] * len(blocks)
    ceilings: dict[int, Number] = {}
    beside = [
        [other for other in block.neighbours if other.block < at and on_top[other.block] == on_top[at]] for at, block in enumerate(blocks)
    ]

    def offset_of(at: int) -> Number:
        if offsets[at] is None:
            offsets[at] = top_of(at) if on_top[at] else bottom_of(at)
        return offsets[at]

    def top_of(at: int) -> Number:
        alignment = sizes.alignments[at]
        if sizes.whole[at] and not beside[at]:
            if alignment not in ceilings:
                ceilings[alignment] = _aligned_down(ceiling, alignment)
            return ceilings[alignment] - sizes.tensors[blocks[at].tensors[0]]
        offset = ceiling - sizes.tensors[blocks[at].tensors[0]]
        for other in beside[at]:
            offset = smaller(offset, offset_of(other.block) - sizes.tensors[other.own])
        return _aligned_down(offset, alignment)

    def bottom_of(at: int) -> Number:
        offset: Number = 0
        for other in beside[at]:
            offset = larger(offset, _aligned_up(offset_of(other.block) + sizes.tensors[other.other], sizes.alignments[at]))
        return offset

    valid: Number = True
    for at, block in enumerate(blocks):
        if on_top[at] and beside[at]:
            valid = valid & (offset_of(at) >= 0)
        for other in block.neighbours:
            if other.block > at or on_top[other.block] == on_top[at]:
                continue
            low, high = (other.block, at) if on_top[at] else (at, other.block)
            lower, upper = (other.other, other.own) if on_top[at] else (other.own, other.other)
            if not beside[low] and not beside[high] and upper == blocks[high].tensors[0] and _alike(sizes, low, high):
                continue  # both lie at their ends, and the bound is at least their sum
            end = offset_of(low) + sizes.tensors[lower] if beside[low] else sizes.tensors[lower]
            valid = valid & (end <= offset_of(high))
    height = ceiling if all_true(valid) else chosen(valid, ceiling, UNREACHABLE_BYTES)
    return Placed(height, () if is_column(ceiling) else tuple(offset_of(at) for at in range(len(blocks))))


def _alike(sizes: Sizes, low: int, high: int) -> bool:
    """Whether aligning the upper block's offset takes nothing from what is below: it has none to do, or both are in whole elements."""
    above, below = sizes.alignments[high], sizes.alignments[low]
    if type(above) is not int or type(below) is not int:
        return False
    return above == 1 or (sizes.whole[low] and sizes.whole[high] and below % above == 0)


def _aligned_up(offset: Number, alignment: Number) -> Number:
    return offset if type(alignment) is int and alignment == 1 else ceil_div(offset, alignment) * alignment


def _aligned_down(offset: Number, alignment: Number) -> Number:
    return offset if type(alignment) is int and alignment == 1 else floor_div(offset, alignment) * alignment
