"""Memory plans of one network: an accounting's bytes, its buffers by name, and what is alive when."""

from __future__ import annotations

from costmodel.memory.accountings import COUNTS_INPUT, Accounted, SharedBuffer, account, alive_at
from costmodel.memory.first_fit import first_fit_bytes
from costmodel.memory.lifetimes import Lifetimes
from costmodel.results.storage.memory_plan import LiveBuffer, MemoryPlan, PlannedBuffer, StepMemory
from costmodel.specs.scenario import MemoryAccounting

PER_TENSOR = frozenset({MemoryAccounting.PEAK_LIVE, MemoryAccounting.ARENA_IN_PLACE})
"""Accountings that take memory for a tensor only while it is alive."""


def plan_memory(
    accounting: MemoryAccounting, lives: Lifetimes, *, with_input: bool | None = None, accounted: Accounted | None = None
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

    Returns
    -------
    MemoryPlan
        Bytes, buffers, and the timeline for drawing; no buffers but a reason where the accounting does not apply.
    """
    counted = COUNTS_INPUT[accounting] if with_input is None else with_input
    found = account(accounting, lives, with_input=counted) if accounted is None else accounted
    moments = [_moment(accounting, lives, found.buffers, step, counted) for step in range(len(lives.steps))] if found.buffers else []
    return MemoryPlan(
        accounting=accounting,
        with_input=counted,
        tensor_buffer_bytes=None if found.tensor_buffer_bytes is None else int(found.tensor_buffer_bytes),
        reason=found.reason,
        is_lower_bound=accounting is MemoryAccounting.ARENA_IN_PLACE
        and first_fit_bytes(lives, with_input=counted) != found.tensor_buffer_bytes,
        buffers=tuple(
            PlannedBuffer(
                name=lives.tensors[buffer.tenants[0]].name,
                size_bytes=int(buffer.size_bytes),
                tenants=tuple(lives.tensors[place].name for place in buffer.tenants),
            )
            for buffer in found.buffers
        ),
        timeline=tuple(moments),
    )


def _moment(accounting: MemoryAccounting, lives: Lifetimes, buffers: tuple[SharedBuffer, ...], step: int, with_input: bool) -> StepMemory:
    in_place = accounting is MemoryAccounting.ARENA_IN_PLACE
    alive = alive_at(lives, step, in_place=in_place, with_input=with_input)
    needed = alive_at(lives, step, in_place=False, with_input=with_input)
    live = []
    for buffer in buffers:
        tenants = [place for place in buffer.tenants if place in needed]
        if accounting in PER_TENSOR:
            if buffer.tenants[0] not in alive:
                continue
            # A pooling in place: its output is in its input's memory during the step.
            tenants += [place for place in needed if place not in alive and lives.tensors[place].in_place_of == buffer.tenants[0]]
        live.append(
            LiveBuffer(
                name=lives.tensors[buffer.tenants[0]].name,
                size_bytes=int(buffer.size_bytes),
                tenants=tuple(lives.tensors[place].name for place in tenants),
            )
        )
    return StepMemory(step=lives.steps[step], buffers=tuple(live))
