"""Memory of a scenario, from its cost: accountings, plan, heap verdict."""

from __future__ import annotations

from costmodel.evaluation.composition import Cost
from costmodel.evaluation.storage.ram_use import ONE_BLOCK, constant_flash_bytes, constants_in_ram, input_in_ram
from costmodel.memory.heap import judge_heap
from costmodel.memory.planning import plan_memory
from costmodel.memory.strategies import COUNTS_INPUT, arena_with_scratch_bytes
from costmodel.provenance import is_recording, leaf
from costmodel.results.storage.heap_verdict import HeapRequest
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.results.storage.memory_summary import AccountingBytes, HeapShares, MemorySummary
from costmodel.results.totals import difference_of, ratio_of, total_of
from costmodel.specs.devices.hardware import ObservedHeap
from costmodel.specs.scenario import MemoryAccounting, Scenario


def summarise_memory(scenario: Scenario, answer: Cost) -> MemorySummary:
    """Return where a scenario's bytes are, and whether its device holds them.

    Parameters
    ----------
    scenario : Scenario
        Accounting, device, and where weights and input live.
    answer : Cost
        Of the dataflow that runs.

    Returns
    -------
    MemorySummary
        Every accounting's bytes, the plan under the scenario's own, and the heap's verdict on it.
    """
    design, device, scratch = answer.design, scenario.device, answer.scratch_bytes
    plan = plan_memory(design.accounting, answer.lives, accounted=answer.memory[design.accounting], scratch_bytes=scratch)
    if answer.tensors.planned is not None:
        plan = plan.model_copy(update={"with_input": answer.tensors.planned.plan.with_input})
    constants = [HeapRequest(name=name, size_bytes=size) for name, size in constants_in_ram(design, answer.tensors)]
    buffers = plan.tensor_buffer_bytes
    return MemorySummary(
        accountings=tuple(
            AccountingBytes(
                accounting=accounting,
                tensor_buffer_bytes=found.tensor_buffer_bytes,
                tensor_buffer_count=len(found.buffers),
                with_input=COUNTS_INPUT[accounting],
                reason=found.reason,
            )
            for accounting, found in answer.memory.items()
            if answer.tensors.planned is None or accounting is design.accounting
        ),
        plan=plan,
        weight_bytes=answer.weight_bytes,
        weights_in_ram=design.weights_in_ram,
        input_bytes=answer.input_bytes,
        input_in_ram=input_in_ram(design, answer.tensors),
        scratch_bytes=scratch,
        ram_bytes=answer.ram_bytes,
        flash_bytes=constant_flash_bytes(design, answer.tensors),
        flash_capacity_bytes=device.flash_bytes,
        heap=judge_heap([*constants, *_requests(plan)], device.heap_regions, device.allocator, design.device.taken)
        if device.heap_regions and buffers is not None
        else None,
        free_heap_bytes=design.device.free_heap_bytes,
        shares=None if scenario.observed_heap is None or buffers is None else _shares(scenario.observed_heap, answer, buffers),
    )


def _requests(plan: MemoryPlan) -> list[HeapRequest]:
    """What is allocated for tensors and scratch: one arena, or the buffers alive at the peak, or every buffer, and the scratch."""
    if plan.accounting in ONE_BLOCK:
        return [HeapRequest(name="arena", size_bytes=arena_with_scratch_bytes(plan.tensor_buffer_bytes or 0, plan.scratch_bytes))]
    scratch = [HeapRequest(name="scratch", size_bytes=plan.scratch_bytes)] if plan.scratch_bytes else []
    if plan.accounting is MemoryAccounting.PEAK_LIVE:
        peak = max(plan.timeline, key=lambda moment: moment.total_bytes, default=None)
        alive = () if peak is None else peak.buffers
        return [*(HeapRequest(name=live.name, size_bytes=live.size_bytes) for live in alive), *scratch]
    return [*(HeapRequest(name=buffer.name, size_bytes=buffer.size_bytes) for buffer in plan.buffers), *scratch]


def _shares(heap: ObservedHeap, answer: Cost, buffers: int) -> HeapShares:
    total, remaining = heap.total_bytes, heap.remaining_bytes
    if is_recording():
        total, remaining = (
            leaf(size, f"observed_heap.{name}", heap.source) for name, size in (("total_bytes", total), ("remaining_bytes", remaining))
        )
    used = difference_of(total, remaining)
    return HeapShares(
        total_bytes=total,
        remaining_bytes=remaining,
        buffers_ratio=ratio_of(buffers, total) if total else None,
        constants_ratio=ratio_of(total_of([answer.weight_bytes, answer.input_bytes]), total) if total else None,
        buffers_of_used_ratio=ratio_of(buffers, used) if used > 0 else None,
    )
