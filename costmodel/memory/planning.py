"""Memory plans of one network: a strategy's bytes, its buffers by name and offset, and what is alive when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from costmodel.columns import ceil_div
from costmodel.memory.lifetimes import Lifetimes, lifetimes_of
from costmodel.memory.strategies import COUNTS_INPUT, Accounted, SharedBuffer, account, alive_by_step, arena_with_scratch_bytes, lower_bound
from costmodel.results.storage.memory_plan import LiveBuffer, MemoryPlan, PlannedBuffer, PlannedTensor, StepMemory
from costmodel.specs.network import Network
from costmodel.specs.running.schedule import layer_by_layer
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.shapes import element_count

PER_TENSOR: Final = frozenset({MemoryAccounting.PEAK_LIVE, MemoryAccounting.ARENA_IN_PLACE})
"""Accountings that take memory for a tensor only while it is alive."""
IN_PLACE: Final = frozenset({MemoryAccounting.STATIC_IN_PLACE, MemoryAccounting.ARENA_IN_PLACE})
"""Accountings under which poolings may overwrite their inputs."""


def plan_network(
    network: Network,
    accounting: MemoryAccounting = MemoryAccounting.ARENA_IN_PLACE,
    *,
    with_input: bool | None = None,
    scratch_bytes: int = 0,
) -> MemoryPlan:
    """Return the memory plan of a network whose layers run one after the other, its tensors of the types it states.

    Parameters
    ----------
    network : Network
        The graph.
    accounting : MemoryAccounting
        How buffers share memory.
    with_input : bool, optional
        Whether the network's input counts; left out, in the arena yes, elsewhere no.
    scratch_bytes : int
        Largest scratch of any layer that is memory.

    Returns
    -------
    MemoryPlan
        As `plan_memory` gives it.
    """
    lives = lifetimes_of(
        network.steps,
        layer_by_layer(network.steps),
        network.tensor_bytes,
        element_count(network.input),
        network.input_bytes,
    )
    return plan_memory(accounting, lives, with_input=with_input, scratch_bytes=scratch_bytes)


def plan_memory(
    accounting: MemoryAccounting,
    lives: Lifetimes,
    *,
    with_input: bool | None = None,
    accounted: Accounted | None = None,
    scratch_bytes: int = 0,
) -> MemoryPlan:
    """Return a network's memory plan.

    Parameters
    ----------
    accounting : MemoryAccounting
        How buffers share memory.
    lives : Lifetimes
        The network's tensors, sizes as ints.
    with_input : bool, optional
        Whether the network's input counts; left out, in the arena yes, elsewhere no.
    accounted : Accounted, optional
        What the accounting came to, where the caller has it already.
    scratch_bytes : int
        Largest scratch of any layer that is memory.

    Returns
    -------
    MemoryPlan
        Bytes, buffers, and the timeline for drawing; no buffers but a reason where the accounting does not apply.
    """
    counted = COUNTS_INPUT[accounting] if with_input is None else with_input
    found = account(accounting, lives, with_input=counted) if accounted is None else accounted
    applies = found.tensor_buffer_bytes is not None
    offsets = _offsets(accounting, lives, found)
    tensors = _tensors(lives, found, offsets)
    ends = [tensor.offset_bytes + tensor.size_bytes for tensor in tensors if tensor.offset_bytes is not None]
    scratch_offset = arena_with_scratch_bytes(max(ends, default=0), scratch_bytes) - scratch_bytes
    return MemoryPlan(
        accounting=accounting,
        with_input=counted,
        tensor_buffer_bytes=found.tensor_buffer_bytes,
        reason=found.reason,
        bound_bytes=lower_bound(lives, in_place=accounting in IN_PLACE, with_input=counted) if applies else None,
        tensors=tensors,
        stages=lives.stages,
        scratch_bytes=scratch_bytes,
        scratch_offset_bytes=scratch_offset if scratch_bytes and len(ends) == len(tensors) else None,
        buffers=tuple(
            PlannedBuffer(
                name=lives.tensors[buffer.tenants[0]].name,
                size_bytes=buffer.size_bytes,
                tenants=tuple(lives.tensors[place].name for place in buffer.tenants),
                offset_bytes=offset,
            )
            for buffer, offset in zip(found.buffers, offsets, strict=True)
        ),
        timeline=_timeline(accounting, lives, found, counted),
    )


def _offsets(accounting: MemoryAccounting, lives: Lifetimes, found: Accounted) -> Sequence[int | None]:
    """Offset of each buffer: placed, side by side, or none where each is allocated for itself."""
    if accounting is MemoryAccounting.PEAK_LIVE:
        return [None] * len(found.buffers)
    if found.offsets:
        return [int(offset) for offset in found.offsets]
    offsets = []
    end = 0
    for buffer in found.buffers:
        element = max(lives.tensors[place].element_bytes for place in buffer.tenants)
        offsets.append(ceil_div(end, element) * element)
        end = offsets[-1] + int(buffer.size_bytes)
    return offsets


def _tensors(lives: Lifetimes, found: Accounted, offsets: Sequence[int | None]) -> tuple[PlannedTensor, ...]:
    at = {place: offset for buffer, offset in zip(found.buffers, offsets, strict=True) for place in buffer.tenants}
    planned = []
    for place in sorted(at):
        life = lives.tensors[place]
        # A pooling runs in place where it was given its input's memory: not under every accounting.
        over = life.in_place_of if life.in_place_of in at and at[place] is not None and at[place] == at[life.in_place_of] else None
        planned.append(
            PlannedTensor(
                name=life.name,
                size_bytes=life.size_bytes,
                element_bytes=int(life.element_bytes),
                last=lives.steps[life.last] if life.last >= 0 else None,
                in_place_of=None if over is None else lives.tensors[over].name,
                offset_bytes=at[place],
            )
        )
    return tuple(planned)


def _timeline(accounting: MemoryAccounting, lives: Lifetimes, found: Accounted, with_input: bool) -> tuple[StepMemory, ...]:
    """Return which buffers there are during each step, and the tensors in them."""
    if not found.buffers:
        return ()
    tensors = lives.tensors
    made: dict[tuple[int, ...], LiveBuffer] = {}

    def live(buffer: SharedBuffer, places: tuple[int, ...]) -> LiveBuffer:
        """A buffer with the tensors in it: most are the same step after step, and made once."""
        key = (buffer.tenants[0], *places)
        if key not in made:
            tenants = tuple([tensors[place].name for place in places])
            made[key] = LiveBuffer(name=tensors[key[0]].name, size_bytes=buffer.size_bytes, tenants=tenants)
        return made[key]

    needed = alive_by_step(lives, in_place=False, with_input=with_input)
    moments: list[Sequence[LiveBuffer]] = []
    if accounting not in PER_TENSOR:
        buffer_of = {place: at for at, buffer in enumerate(found.buffers) for place in buffer.tenants}
        row = [live(buffer, ()) for buffer in found.buffers]
        before: frozenset[int] = frozenset()
        for held in map(frozenset, needed):
            for at in {buffer_of[place] for place in before ^ held}:
                buffer = found.buffers[at]
                row[at] = live(buffer, tuple([place for place in buffer.tenants if place in held]))
            moments.append(tuple(row))
            before = held
    else:
        own = {buffer.tenants[0]: buffer for buffer in found.buffers}
        alive = alive_by_step(lives, in_place=accounting is MemoryAccounting.ARENA_IN_PLACE, with_input=with_input)
        # A pooling in place: its output is in its input's memory during the step.
        moments = [
            [live(own[place], (place, *[at for at in there if at not in places and tensors[at].in_place_of == place])) for place in places]
            for places, there in zip(alive, needed, strict=True)
        ]
    return tuple([StepMemory(step=step, buffers=tuple(moment)) for step, moment in zip(lives.steps, moments, strict=True)])
