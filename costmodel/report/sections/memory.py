"""Memory: what the buffers take, whether the device's heap holds them, and what is alive when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from costmodel.report.charts import BufferBar, LimitLine, MemoryTimeline
from costmodel.report.document import Block, Column, Illustration, Paragraph, Row, Section, Table
from costmodel.report.quantities import NONE, bytes_text, count_text, share_text
from costmodel.results.evaluation import Evaluation
from costmodel.results.heap_verdict import HeapVerdict
from costmodel.results.memory_plan import LiveBuffer, MemoryPlan
from costmodel.specs.deployment import MemoryAccounting, Scenario
from costmodel.units import BYTES_PER_KIB

SHORT_TABLE: Final = 12
"""Longer lists of buffers are supplementary."""
_MEANINGS: Final = {
    MemoryAccounting.SUM: "each intermediate tensor in a buffer of its own",
    MemoryAccounting.PEAK_LIVE: "malloc and free a layer",
    MemoryAccounting.PING_PONG: "two buffers in turn",
    MemoryAccounting.STATIC_IN_PLACE: "static buffers, pooling in place",
    MemoryAccounting.ARENA_IN_PLACE: "one arena, pooling in place",
}


def memory_section(evaluation: Evaluation, scenario: Scenario, plans: Sequence[MemoryPlan], heap: HeapVerdict | None) -> Section:
    """Return the accountings side by side, the buffers of the chosen one, and the heap's verdict.

    Parameters
    ----------
    evaluation : Evaluation
        For weights and input.
    scenario : Scenario
        Which accounting is used, what the device has, and what its program reported.
    plans : sequence of MemoryPlan
        One an accounting, the scenario's among them.
    heap : HeapVerdict or None
        Whether the heap holds the buffers; None where the device has no heap or the accounting no buffers.

    Returns
    -------
    Section
        Words, tables, and the figure of buffers alive over the run.
    """
    chosen = next(plan for plan in plans if plan.accounting is scenario.accounting)
    free = free_bytes(scenario)
    blocks: list[Block] = [Paragraph(_words(chosen, evaluation, scenario))]
    if heap is not None:
        blocks.append(Paragraph(f"{'It fits' if heap.fits else 'It does not fit'}: {heap.reason.rstrip('.')}."))
    if chosen.timeline:
        blocks.append(_timeline(chosen, scenario))
    blocks.append(_accountings_table(plans, chosen, free))
    if chosen.buffers:
        blocks.append(_buffers_table(chosen, heap))
    if scenario.observed_heap is not None and chosen.tensor_buffer_bytes is not None:
        blocks.append(_observed_table(chosen.tensor_buffer_bytes, evaluation, scenario))
    return Section("memory", "Memory", tuple(blocks))


def free_bytes(scenario: Scenario) -> int:
    """Return what the program found free at start, or else what the device's heap regions hold together."""
    if scenario.observed_heap is not None:
        return scenario.observed_heap.total_bytes
    return sum(region.size_bytes for region in scenario.device.heap_regions)


def _words(plan: MemoryPlan, evaluation: Evaluation, scenario: Scenario) -> str:
    constants = (
        f"Weights take {bytes_text(evaluation.weight_bytes)} in {_place(scenario.weights_in.value)}"
        f" and the input {bytes_text(evaluation.input_bytes)} in {_place(scenario.input_in.value)}"
        + (", the input among the buffers." if plan.with_input else ", beside the buffers.")
    )
    if plan.tensor_buffer_bytes is None:
        return f"The accounting {plan.accounting.value} does not apply: {plan.reason}. {constants}"
    bound = ", a lower bound no placement has been shown for" if plan.is_lower_bound else ""
    buffers = f" in {plan.tensor_buffer_count} buffers" if plan.accounting is MemoryAccounting.STATIC_IN_PLACE else ""
    size = f"{bytes_text(plan.tensor_buffer_bytes)} ({count_text(plan.tensor_buffer_bytes)} B)"
    return f"Tensor buffers take {size}{buffers} ({plan.accounting.value}: {_MEANINGS[plan.accounting]}){bound}. {constants}"


def _place(place: str) -> str:
    return "RAM" if place == "ram" else place


def _accountings_table(plans: Sequence[MemoryPlan], chosen: MemoryPlan, free: int) -> Table:
    rows = tuple(
        Row(
            (
                plan.accounting.value + (" (used)" if plan is chosen else ""),
                _MEANINGS[plan.accounting],
                bytes_text(plan.tensor_buffer_bytes),
                share_text(plan.tensor_buffer_bytes / free) if plan.tensor_buffer_bytes is not None and free else NONE,
                "counted" if plan.with_input else "beside",
                plan.reason or ("lower bound" if plan.is_lower_bound else ""),
            )
        )
        for plan in plans
    )
    columns = (
        Column("Accounting", number=False),
        Column("Buffers", number=False),
        Column("Bytes"),
        Column("Of free heap"),
        Column("Input", number=False),
        Column("Remark", number=False),
    )
    return Table(f"Tensor buffers under each accounting; {bytes_text(free)} of heap are free at start", columns, rows)


def _buffers_table(plan: MemoryPlan, heap: HeapVerdict | None) -> Table:
    regions = {} if heap is None else {placement.name: placement.region for placement in heap.placements}
    columns = [Column("Buffer", number=False), Column("Bytes"), Column("Holds in turn", number=False)]
    if regions:
        columns.append(Column("Heap region", number=False))
    rows = []
    for buffer in plan.buffers:
        cells = (buffer.name, count_text(buffer.size_bytes), ", ".join(buffer.tenants))
        rows.append(Row((*cells, regions.get(buffer.name, NONE)) if regions else cells))
    return Table(f"Buffers, {plan.accounting.value}", tuple(columns), tuple(rows), supplementary=len(rows) > SHORT_TABLE)


def _observed_table(buffer_bytes: int, evaluation: Evaluation, scenario: Scenario) -> Table:
    heap = scenario.observed_heap
    if heap is None:
        raise ValueError("no observed heap")
    used = heap.total_bytes - heap.remaining_bytes
    constants = evaluation.weight_bytes + evaluation.input_bytes
    rows = [
        ("free at start", bytes_text(heap.total_bytes), share_text(1.0)),
        ("free while the network runs", bytes_text(heap.remaining_bytes), share_text(heap.remaining_bytes / heap.total_bytes)),
        ("so used while it runs", bytes_text(used), share_text(used / heap.total_bytes)),
        ("tensor buffers", bytes_text(buffer_bytes), share_text(buffer_bytes / heap.total_bytes)),
        ("weights and input", bytes_text(constants), share_text(constants / heap.total_bytes)),
    ]
    note = f"Observed: {heap.source}." if heap.source else ""
    if used:
        note = f"The buffers are {share_text(buffer_bytes / used)} of what was used. {note}".strip()
    columns = (Column("Memory", number=False), Column("Bytes"), Column("Of the heap"))
    return Table("Held against what the program reported", columns, tuple(Row(row) for row in rows), note)


def _timeline(plan: MemoryPlan, scenario: Scenario) -> Illustration:
    limits = [LimitLine(free_bytes(scenario) / BYTES_PER_KIB, f"free heap {bytes_text(free_bytes(scenario))}")]
    largest = max((region.largest_bytes or region.size_bytes for region in scenario.device.heap_regions), default=0)
    if largest:
        limits.append(LimitLine(largest / BYTES_PER_KIB, f"largest block of it {bytes_text(largest)}"))
    chart = MemoryTimeline("Buffers [KiB]", tuple(moment.step for moment in plan.timeline), _bars(plan), tuple(limits))
    peak = max(moment.total_bytes for moment in plan.timeline)
    busiest = ", ".join(plan.peak_steps) if len(plan.peak_steps) < len(plan.timeline) else "every step"
    idle = any(not buffer.tenants for moment in plan.timeline for buffer in moment.buffers)
    pale = " Pale: reserved, but nothing in it is still needed." if idle else ""
    caption = f"Buffers over the run of the network, {plan.accounting.value}, against the device's heap.{pale}"
    said = "; ".join(line.text for line in limits)
    return Illustration("memory_over_run", caption, f"Most is taken at {busiest}: {bytes_text(peak)}. Limits: {said}.", chart)


def _bars(plan: MemoryPlan) -> tuple[BufferBar, ...]:
    """Stack what is taken at each step; what stays where it is over several steps becomes one block."""
    colors = {buffer.name: place for place, buffer in enumerate(plan.buffers)}
    bars: list[BufferBar] = []
    before: dict[tuple[str, float], int] = {}
    for step, moment in enumerate(plan.timeline):
        now: dict[tuple[str, float], int] = {}
        base = 0.0
        for buffer in moment.buffers:
            height = buffer.size_bytes / BYTES_PER_KIB
            bar = BufferBar(_label(buffer), step, step, height, base, colors.get(buffer.name, 0), not buffer.tenants)
            place = before.get((bar.name, base))
            if place is not None and bars[place].last == step - 1 and bars[place].height == height:
                bars[place] = BufferBar(bar.name, bars[place].first, step, height, base, bar.color, bar.idle)
            else:
                place = len(bars)
                bars.append(bar)
            now[bar.name, base] = place
            base += height
        before = now
    return tuple(bars)


def _label(buffer: LiveBuffer) -> str:
    return ", ".join(buffer.tenants)
