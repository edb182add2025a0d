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
    one_element: bool
    """Whether every tensor has the same element size."""

    def at(self, shape: tuple[int, ...], rows: Any) -> Sizes:
        """Return the sizes of some rows of columns of a shape."""
        import numpy as np

        def taken(number: Number) -> Number:
            return np.broadcast_to(number, shape).reshape(-1)[rows] if is_column(number) else number

        return Sizes(tuple(map(taken, self.tensors)), tuple(map(taken, self.alignments)), self.one_element)


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
        In running order.
    """
    tensors = lives.tensors
    owner: dict[int, int] = {}
    members: list[list[int]] = []
    for place, life in enumerate(tensors):
        if place == 0 and not with_input:
            continue
        if life.in_place_of is None:
            owner[place] = len(members)
            members.append([place])
        else:
            owner[place] = owner[life.in_place_of]
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
    widest = []
    for block in blocks:
        alignment: Number = 1
        for place in block.tensors:
            alignment = larger(alignment, lives.tensors[place].element_bytes)
        widest.append(alignment)
    elements = [lives.tensors[place].element_bytes for block in blocks for place in block.tensors]
    one = all(element is elements[0] or _equal(element, elements[0]) for element in elements)
    return Sizes(tuple(life.size_bytes for life in lives.tensors), tuple(widest), one)


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


def _equal(a: Number, b: Number) -> bool:
    return type(a) is int and type(b) is int and a == b


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
        if all_true(best == bound_bytes):
            return bound_bytes
    shape = np.broadcast_shapes(*map(np.shape, (*sizes.tensors, *sizes.alignments)))
    found = np.array(np.broadcast_to(best, shape)).reshape(-1)
    rest = np.flatnonzero(found != np.broadcast_to(bound_bytes, shape).reshape(-1))
    fewer = sizes.at(shape, rest)
    found[rest] = np.minimum(found[rest], _searched_height(blocks, fewer, rest.shape))
    return found.reshape(shape)


def _searched_height(blocks: Sequence[Block], sizes: Sizes, shape: tuple[int, ...]) -> Any:
    """Lowest heights over the orders that search for gaps."""
    import numpy as np

    best = np.full(shape, UNREACHABLE_BYTES)
    for order in _graph_orders(blocks):
        best = np.minimum(best, _height(blocks, sizes, _first_fit(blocks, sizes, order)))
    # The order by size differs between rows: those of one order are placed together.
    table = np.stack([np.broadcast_to(sizes.tensors[block.tensors[0]], shape) for block in blocks])
    rankings, which = np.unique(np.argsort(-table, axis=0, kind="stable"), axis=1, return_inverse=True)
    for number, order in enumerate(rankings.T.tolist()):
        rows = np.flatnonzero(which.reshape(-1) == number)
        fewer = sizes.at(shape, rows)
        best[rows] = np.minimum(best[rows], _height(blocks, fewer, _first_fit(blocks, fewer, order)))
    return best


def _graph_orders(blocks: Sequence[Block]) -> Iterator[Sequence[int]]:
    """Orders to fill an arena in: as the blocks run, backwards, and the longest-lived first."""
    running = range(len(blocks))
    yield running
    yield running[::-1]
    yield sorted(running, key=lambda at: blocks[at].first - blocks[at].last)


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
        on_top.append(bool(before) and not on_top[before[-1]])
    yield _stacked(blocks, sizes, ceiling, on_top)
    yield _stacked(blocks, sizes, ceiling, [not top for top in on_top])


def _stacked(blocks: Sequence[Block], sizes: Sizes, ceiling: Number, on_top: Sequence[bool]) -> Placed:
    """Stack blocks on both ends; the height is the ceiling where the stacks do not meet."""
    offsets: list[Number] = []
    alone: list[bool] = []
    valid: Number = True
    for at, block in enumerate(blocks):
        before = [other for other in block.neighbours if other.block < at]
        beside = [other for other in before if on_top[other.block] == on_top[at]]
        alone.append(not beside)
        if on_top[at]:
            offset = ceiling - sizes.tensors[block.tensors[0]]
            for other in beside:
                offset = smaller(offset, offsets[other.block] - sizes.tensors[other.own])
            if not sizes.one_element:
                offset = _aligned_down(offset, sizes.alignments[at])
            valid = valid & (offset >= 0) if beside else valid
        else:
            offset = 0
            for other in beside:
                offset = larger(offset, _aligned_up(offsets[other.block] + sizes.tensors[other.other], sizes.alignments[at]))
        offsets.append(offset)
        for other in before:
            if on_top[other.block] == on_top[at]:
                continue
            low, high = (other.block, at) if on_top[at] else (at, other.block)
            lower, upper = (other.other, other.own) if on_top[at] else (other.own, other.other)
            at_the_ends = alone[low] and alone[high] and upper == blocks[high].tensors[0]
            if not (sizes.one_element and at_the_ends):  # else both lie at their ends, and the bound is at least their sum
                valid = valid & (offsets[low] + sizes.tensors[lower] <= offsets[high])
    return Placed(chosen(valid, ceiling, UNREACHABLE_BYTES), tuple(offsets))


def _aligned_up(offset: Number, alignment: Number) -> Number:
    return offset if type(alignment) is int and alignment == 1 else ceil_div(offset, alignment) * alignment


def _aligned_down(offset: Number, alignment: Number) -> Number:
    return offset if type(alignment) is int and alignment == 1 else floor_div(offset, alignment) * alignment
