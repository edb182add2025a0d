"""Strategies: how a network's tensors share memory, and how many bytes they take together.

Pure functions over ints or columns; which tensors meet is the graph's structure, only sizes are columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from costmodel.columns import Number, ceil_div, is_column, largest_of, sum_of
from costmodel.memory.lifetimes import Lifetimes
from costmodel.memory.placement import Offsets, blocks_of, place_blocks, sizes_of
from costmodel.provenance import formula, is_recording, leaf
from costmodel.specs.scenario import MemoryAccounting

SOURCE: Final = "definition: buffers side by side, in turn, or alive at once"
CHOSEN: Final = "definition: chosen by the planner, the lowest arena of a few orders"
"""Where offsets come from."""
SCRATCH_ALIGNMENT_BYTES: Final = 4
"""Scratch holds accumulators."""
INPUT: Final = 0
"""Place of the network's input among the tensors."""


class SharedBuffer(NamedTuple):
    """One piece of memory and the tensors that live in it, one after the other."""

    size_bytes: Number
    """An int or a column."""
    tenants: tuple[int, ...]
    """Places among the tensors, in running order."""


class Accounted(NamedTuple):
    """What an accounting comes to."""

    tensor_buffer_bytes: Number | None
    """An int or a column; None where the accounting does not apply."""
    buffers: tuple[SharedBuffer, ...]
    reason: str | None = None
    """Why it does not apply."""
    offsets: Offsets = ()
    """Of each buffer, where they lie in one arena and sizes are ints."""


@formula(
    id="memory.total",
    equation="total = sum(b_i)",
    symbols={"total": "bytes of all buffers [B]", "b_i": "bytes of a buffer [B]"},
    unit="B",
    source=SOURCE,
)
def total_bytes(b: Sequence[Number]) -> Number:
    """Return the bytes of buffers that exist side by side."""
    return sum_of(b)


@formula(
    id="memory.largest",
    equation="B = max(0, t_i)",
    symbols={"B": "bytes of a buffer [B]", "t_i": "bytes of a tensor that lives in it [B]"},
    unit="B",
    source=SOURCE,
)
def largest_bytes(t: Sequence[Number]) -> Number:
    """Return the bytes of a buffer that tensors use in turn; 0 where there are none."""
    return largest_of(t)


@formula(
    id="memory.peak_live",
    equation="P = max(0, m_i)",
    symbols={"P": "peak [B]", "m_i": "bytes alive during a step: what it reads, what it writes, and what is kept for later [B]"},
    unit="B",
    source=SOURCE,
)
def peak_bytes(m: Sequence[Number]) -> Number:
    """Return the most that is alive at once; 0 where there are no steps."""
    return largest_of(m)


@formula(
    id="memory.end",
    equation="e = o + b",
    symbols={"e": "end of a tensor in the arena [B]", "o": "its offset [B]", "b": "bytes of the tensor [B]"},
    unit="B",
    source=SOURCE,
)
def end_bytes(o: Number, b: Number) -> Number:
    """Return where a tensor ends in an arena."""
    return o + b


@formula(
    id="memory.arena",
    equation="H = max(0, e_i)",
    symbols={"H": "height of the arena [B]", "e_i": "end of a tensor in it [B]"},
    unit="B",
    source=SOURCE,
)
def arena_height_bytes(e: Sequence[Number]) -> Number:
    """Return the height of an arena; 0 where nothing is in it."""
    return largest_of(e)


@formula(
    id="memory.arena_with_scratch",
    equation="A = ceil(H / 4) * 4 + s if s > 0 else H",
    symbols={
        "A": "bytes of the arena, scratch behind the tensors [B]",
        "H": "height of the tensors [B]",
        "s": "largest scratch of a layer [B]",
    },
    unit="B",
    source=SOURCE,
)
def arena_with_scratch_bytes(height: Number, scratch: Number) -> Number:
    """Return the bytes of an arena with one region of scratch behind its tensors, aligned for accumulators."""
    if not is_column(scratch) and not scratch:
        return height
    return ceil_div(height, SCRATCH_ALIGNMENT_BYTES) * SCRATCH_ALIGNMENT_BYTES + scratch


def alive_by_step(lives: Lifetimes, *, in_place: bool, with_input: bool) -> tuple[tuple[int, ...], ...]:
    """Return the tensors that need memory of their own during each step.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    in_place : bool
        A pooling that may run in place writes into its input's memory, and keeps only its output's afterwards.
    with_input : bool
        Whether the network's input is in this memory.

    Returns
    -------
    tuple of tuple of int
        Of each running step, places among the tensors in their order.
    """
    begun: list[list[int]] = [[] for _ in lives.steps]
    for place, life in enumerate(lives.tensors):
        first = max(life.made, 0) + (in_place and life.in_place_of is not None)
        if first <= life.last and (with_input or place != INPUT):
            begun[first].append(place)
    last = [life.last for life in lives.tensors]
    alive: tuple[int, ...] = ()
    moments = []
    for step, new in enumerate(begun):
        alive = (*[place for place in alive if last[place] >= step], *new)
        moments.append(alive)
    return tuple(moments)


def sum_of_tensors(lives: Lifetimes, *, with_input: bool = False) -> Accounted:
    """Give every tensor a buffer of its own.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    with_input : bool
        Whether the network's input counts.

    Returns
    -------
    Accounted
        Bytes and buffers.
    """
    places = range(0 if with_input else INPUT + 1, len(lives.tensors))
    return _side_by_side([SharedBuffer(lives.tensors[place].size_bytes, (place,)) for place in places])


def peak_live(lives: Lifetimes, *, with_input: bool = False) -> Accounted:
    """Allocate each tensor when it is written and free it after its last reader: the most that is alive at once.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    with_input : bool
        Whether the network's input counts.

    Returns
    -------
    Accounted
        Bytes, and one buffer a tensor.
    """
    alive = lower_bound(lives, in_place=False, with_input=with_input)
    places = range(0 if with_input else INPUT + 1, len(lives.tensors))
    return Accounted(alive, tuple(SharedBuffer(lives.tensors[place].size_bytes, (place,)) for place in places))


def arena_in_place(lives: Lifetimes, *, with_input: bool = True) -> Accounted:
    """Place every tensor in one arena, sliding poolings where their inputs are.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    with_input : bool
        Whether the network's input is in the arena.

    Returns
    -------
    Accounted
        The height of the placed arena: the largest end of a tensor; and one buffer a tensor with its offset.
    """
    blocks = blocks_of(lives, with_input=with_input)
    placed = place_blocks(blocks, sizes_of(lives, blocks), lower_bound(lives, in_place=True, with_input=with_input))
    at = {place: offset for block, offset in zip(blocks, placed.offsets, strict=False) for place in block.tensors}
    used = sorted(place for block in blocks for place in block.tensors)
    buffers = tuple([SharedBuffer(lives.tensors[place].size_bytes, (place,)) for place in used])
    if not at:
        return Accounted(placed.height_bytes if blocks else 0, buffers)
    if is_recording():
        at = {place: leaf(offset, f"offset of {lives.tensors[place].name}", CHOSEN) for place, offset in at.items()}
    ends = [end_bytes(at[place], lives.tensors[place].size_bytes) for place in used]
    return Accounted(arena_height_bytes(ends), buffers, offsets=tuple([at[place] for place in used]))


def lower_bound(lives: Lifetimes, *, in_place: bool, with_input: bool) -> Number:
    """Return the most that is alive at once: no way of sharing memory takes less.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    in_place : bool
        Whether a pooling in place takes its input's memory.
    with_input : bool
        Whether the network's input counts.

    Returns
    -------
    int or column
        Bytes.
    """
    return peak_bytes(_alive_bytes(lives, in_place=in_place, with_input=with_input))


def static_in_place(lives: Lifetimes, *, with_input: bool = False) -> Accounted:
    """Give every tensor a static buffer, except that a sliding pooling takes over its input's.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    with_input : bool
        Whether the network's input counts.

    Returns
    -------
    Accounted
        Bytes and buffers.
    """
    tenants: dict[int, list[int]] = {}
    first: dict[int, int] = {}
    for place, life in enumerate(lives.tensors):
        if place == INPUT and not with_input:
            continue
        first[place] = place if life.in_place_of is None else first[life.in_place_of]
        tenants.setdefault(first[place], []).append(place)
    return _side_by_side([_shared(lives, places) for places in tenants.values()])


def ping_pong(lives: Lifetimes, *, with_input: bool = False) -> Accounted:
    """Write into two buffers in turn, each as large as its largest tenant.

    Parameters
    ----------
    lives : Lifetimes
        The network's tensors.
    with_input : bool
        Whether the network's input takes its turn too.

    Returns
    -------
    Accounted
        Bytes and both buffers; no bytes but a reason where the network is no chain.
    """
    for step, (name, reads) in enumerate(zip(lives.steps, lives.reads, strict=True)):
        if reads != (step,):
            found = " and ".join(lives.tensors[place].name for place in reads)
            return Accounted(None, (), f"ping-pong buffers serve chains only: {name} reads {found}")
    for place, life in enumerate(lives.tensors[:-1]):
        if life.last > place:
            return Accounted(None, (), f"ping-pong buffers serve chains only: {life.name} is kept beyond the next layer")
    places = list(range(0 if with_input else INPUT + 1, len(lives.tensors)))
    return _side_by_side([_shared(lives, turn) for turn in (places[::2], places[1::2]) if turn])


def _shared(lives: Lifetimes, places: Sequence[int]) -> SharedBuffer:
    return SharedBuffer(largest_bytes([lives.tensors[place].size_bytes for place in places]), tuple(places))


def _side_by_side(buffers: Sequence[SharedBuffer]) -> Accounted:
    return Accounted(total_bytes([buffer.size_bytes for buffer in buffers]), tuple(buffers))


def _alive_bytes(lives: Lifetimes, *, in_place: bool, with_input: bool) -> list[Number]:
    # Where nothing runs, the input is there all the same.
    alive = alive_by_step(lives, in_place=in_place, with_input=with_input) if lives.steps else ((INPUT,) if with_input else (),)
    sizes = [life.size_bytes for life in lives.tensors]
    return [total_bytes([sizes[place] for place in places]) for places in alive]


class Strategy(Protocol):
    """One way of sharing memory."""

    def __call__(self, lives: Lifetimes, *, with_input: bool) -> Accounted:
        """Return what a network's tensors take."""


STRATEGIES: Final[dict[MemoryAccounting, Strategy]] = {
    MemoryAccounting.SUM: sum_of_tensors,
    MemoryAccounting.PEAK_LIVE: peak_live,
    MemoryAccounting.PING_PONG: ping_pong,
    MemoryAccounting.STATIC_IN_PLACE: static_in_place,
    MemoryAccounting.ARENA_IN_PLACE: arena_in_place,
}
"""How memory is shared under each accounting."""
COUNTS_INPUT: Final = {accounting: accounting is MemoryAccounting.ARENA_IN_PLACE for accounting in MemoryAccounting}
"""Whether an accounting's published figures include the network's input."""


def account(accounting: MemoryAccounting, lives: Lifetimes, *, with_input: bool | None = None) -> Accounted:
    """Return what a network's tensors take under an accounting.

    Parameters
    ----------
    accounting : MemoryAccounting
        How buffers share memory.
    lives : Lifetimes
        The network's tensors.
    with_input : bool, optional
        Whether the network's input counts; left out, as the accounting's published figures do: in the arena yes, elsewhere no.

    Returns
    -------
    Accounted
        Bytes and buffers, or a reason why there are none.
    """
    return STRATEGIES[accounting](lives, with_input=COUNTS_INPUT[accounting] if with_input is None else with_input)
