"""Memory: what the buffers take, whether the device's heap holds them, and what is alive when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import HUES, BufferBar, LimitLine, MemoryTimeline, hues_of
from costmodel.report.document import Block, Column, Illustration, Paragraph, Row, Section, Table
from costmodel.report.quantities import bytes_text, count_text, sentence, share_text
from costmodel.report.words.heap_words import heap_reason_text, heap_start_text
from costmodel.results.base import Result
from costmodel.results.evaluation import Evaluation
from costmodel.results.storage.heap_verdict import HeapVerdict
from costmodel.results.storage.memory_plan import LiveBuffer, MemoryPlan
from costmodel.results.storage.memory_summary import HeapShares, MemorySummary
from costmodel.results.storage.schedule_cost import ScheduleCost
from costmodel.specs.running.stages import InputDelivery
from costmodel.specs.scenario import MemoryAccounting, Scenario
from costmodel.units import BYTES_PER_KIB

SHORT_TABLE: Final = 12
"""Longer lists of buffers are supplementary."""
_MEANINGS: Final = {
    MemoryAccounting.SUM: "each intermediate tensor in a buffer of its own",
    MemoryAccounting.PEAK_LIVE: "malloc and free per layer",
    MemoryAccounting.PING_PONG: "two buffers in turn",
    MemoryAccounting.STATIC_IN_PLACE: "static buffers, pooling in place",
    MemoryAccounting.ARENA_IN_PLACE: "one arena, pooling in place",
}


def memory_section(evaluation: Evaluation, scenario: Scenario) -> Section:
    """Return the accountings side by side, the buffers of the chosen one, and the heap's verdict.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    scenario : Scenario
        What was asked, for the device's heap regions and what its program reported.

    Returns
    -------
    Section
        Words, tables, and the figure of buffers alive over the run.
    """
    memory = evaluation.memory
    blocks: list[Block] = [Paragraph(_buffers_text(memory.plan)), Paragraph(_constants_text(memory, evaluation.schedule))]
    if memory.heap is not None:
        blocks.append(Paragraph(f"{sentence(heap_reason_text(memory.heap))} {heap_start_text(memory.heap)}"))
    if memory.plan.timeline:
        blocks.append(_timeline(memory, scenario))
    blocks.append(_accountings_table(memory))
    if memory.plan.buffers:
        blocks.append(_buffers_table(memory.plan))
    if memory.heap is not None:
        blocks += _heap_tables(memory.heap)
    if memory.shares is not None and scenario.observed_heap is not None:
        blocks.append(_observed_table(memory, memory.shares, scenario.observed_heap.source))
    return Section("memory", "Memory", tuple(blocks))


def _buffers_text(plan: MemoryPlan) -> str:
    if plan.tensor_buffer_bytes is None:
        return f"The accounting {plan.accounting.value} does not apply: {plan.reason}."
    bound = (
        ""
        if plan.is_optimal or plan.above_bound_bytes is None
        else f", at most {count_text(plan.above_bound_bytes)} B above the least possible"
    )
    buffers = f" in {plan.tensor_buffer_count} buffers" if plan.accounting is MemoryAccounting.STATIC_IN_PLACE else ""
    size = f"{bytes_text(plan.tensor_buffer_bytes)} ({count_text(plan.tensor_buffer_bytes)} B)"
    return f"Tensor buffers take {size}{buffers} ({plan.accounting.value}: {_MEANINGS[plan.accounting]}){bound}."


def _constants_text(memory: MemorySummary, schedule: ScheduleCost | None) -> str:
    among = ""
    if memory.plan.with_input:
        among = (
            ", among the buffers" if schedule is None or schedule.delivery is InputDelivery.WHOLE else ", of which the buffers hold a ring"
        )
    text = (
        f"Weights take {bytes_text(memory.weight_bytes)} in {_place(memory.weights_in_ram)},"
        f" the input {bytes_text(memory.input_bytes)}"
        f"{_input_place(memory, schedule)}{among},"
        f" scratch {bytes_text(memory.scratch_bytes)}."
    )
    if memory.ram_bytes is not None:
        flash = f", {bytes_text(memory.flash_bytes)} of {bytes_text(memory.flash_capacity_bytes)} of flash" if memory.flash_bytes else ""
        text += f" {bytes_text(memory.ram_bytes)} of RAM in total{flash}."
    return text


def _input_place(memory: MemorySummary, schedule: ScheduleCost | None) -> str:
    if schedule is not None and schedule.delivery is InputDelivery.DELIVERED:
        return " delivered as it is asked for"
    return f" in {_place(memory.input_in_ram)}"


def _place(in_ram: bool) -> str:
    return "RAM" if in_ram else "flash"


def _accountings_table(memory: MemorySummary) -> Table:
    rows, free, shares = [], memory.free_heap_bytes, memory.heap_ratios
    for found in memory.accountings:
        name, used = found.accounting.value, found.accounting is memory.plan.accounting
        remark = found.reason or ""
        cells = (
            f"{name} (used)" if used else name,
            Cell(found.tensor_buffer_bytes, Form.BYTES, f"memory.{name}"),
            Cell(shares.get(name), Form.SHARE, f"memory.heap_ratios.{name}" if name in shares else ""),
            _MEANINGS[found.accounting] + (", the input among them" if found.with_input else ""),
            remark,
        )
        rows.append(Row(cells))
    columns = [Column("Accounting", number=False), Column("Bytes"), Column("Of free heap"), Column("Buffers", number=False)]
    if any(row.cells[-1] for row in rows):
        columns.append(Column("Remark", number=False))
    rows = [Row(row.cells[: len(columns)]) for row in rows]
    heap = f"; {bytes_text(free)} of heap are free at start" if free else ""
    return Table(f"Tensor buffers under each accounting{heap}", tuple(columns), tuple(rows))


def _buffers_table(plan: MemoryPlan) -> Table:
    rows = tuple(
        Row((buffer.name, *_sizes(buffer, f"memory.plan.buffers.{buffer.name}", ("size_bytes",)), ", ".join(buffer.tenants)))
        for buffer in plan.buffers
    )
    columns = (Column("Buffer", number=False), Column("Bytes"), Column("Holds in turn", number=False))
    return Table(f"Buffers, {plan.accounting.value}", columns, rows, supplementary=len(rows) > SHORT_TABLE)


def _heap_tables(heap: HeapVerdict) -> list[Block]:
    """Where each allocation goes, and what is left; a device that holds everything easily needs neither in a short report."""
    placed = tuple(
        Row((block.name, *_sizes(block, f"memory.heap.placements.{block.name}", ("size_bytes", "block_bytes")), block.region))
        for block in heap.placements
    )
    columns = (Column("Allocation", number=False), Column("Asked", "B"), Column("Taken", "B"), Column("Heap region", number=False))
    regions = tuple(
        Row((state.name, *_sizes(state, f"memory.heap.regions.{state.name}", ("size_bytes", "taken_bytes", "free_bytes"))))
        for state in heap.regions
    )
    region_columns = (Column("Heap region", number=False), Column("At boot", "B"), Column("Taken before", "B"), Column("Left", "B"))
    many = len(placed) > SHORT_TABLE
    return [
        *([Table("Where the heap puts them, in order of allocation", columns, placed, supplementary=many)] if placed else []),
        Table("What is left of the heap; no allocation spans two regions", region_columns, regions, supplementary=heap.fits),
    ]


def _sizes(of: Result, owner: str, fields: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(Cell(getattr(of, field), Form.EXACT_BYTES, f"{owner}.{field}") for field in fields)


def _observed_table(memory: MemorySummary, shares: HeapShares, source: str) -> Table:
    plan = memory.plan
    measured: list[tuple[str, Cell, Cell]] = [
        ("free while the network runs", *_of_heap(shares.remaining_bytes, shares.remaining_ratio, "remaining")),
        ("used while the network runs", *_of_heap(shares.used_bytes, shares.used_ratio, "used")),
        (
            "tensor buffers",
            Cell(plan.tensor_buffer_bytes, Form.BYTES, f"memory.{plan.accounting.value}"),
            Cell(shares.buffers_ratio, Form.SHARE, "memory.shares.buffers_ratio"),
        ),
        (
            "weights and input",
            Cell(memory.constant_bytes, Form.BYTES, "memory.constant_bytes"),
            Cell(shares.constants_ratio, Form.SHARE, "memory.shares.constants_ratio"),
        ),
    ]
    rows = [Row(("free at start", Cell(shares.total_bytes, Form.BYTES, "memory.shares.total_bytes"), "")), *map(Row, measured)]
    note = (
        f"The buffers are {share_text(shares.buffers_of_used_ratio)} of what was used." if shares.buffers_of_used_ratio is not None else ""
    )
    columns = (Column("Memory", number=False), Column("Bytes"), Column("Of the heap"))
    reported = f" Reported: {source}." if source else ""
    return Table("Held against what the program reported", columns, tuple(rows), f"{note}{reported}".strip())


def _of_heap(size: int, ratio: float | None, what: str) -> tuple[Cell, Cell]:
    return Cell(size, Form.BYTES, f"memory.shares.{what}_bytes"), Cell(ratio, Form.SHARE, f"memory.shares.{what}_ratio")


def _timeline(memory: MemorySummary, scenario: Scenario) -> Illustration:
    plan, free = memory.plan, memory.free_heap_bytes
    limits = [LimitLine(free / BYTES_PER_KIB, f"free heap {bytes_text(free)}")]
    largest = max((region.largest_bytes or region.size_bytes for region in scenario.device.heap_regions), default=0)
    if largest:
        limits.append(LimitLine(largest / BYTES_PER_KIB, f"largest block of it {bytes_text(largest)}"))
    chart = MemoryTimeline("Buffers [KiB]", tuple(moment.step for moment in plan.timeline), _bars(plan), tuple(limits))
    peak = max(moment.total_bytes for moment in plan.timeline)
    busiest = ", ".join(plan.peak_steps) if len(plan.peak_steps) < len(plan.timeline) else "every step"
    idle = any(not buffer.tenants for moment in plan.timeline for buffer in moment.buffers)
    pale = " Pale: reserved, but nothing in it is still needed." if idle else ""
    grey = " Grey: the smaller buffers." if len(plan.buffers) > HUES else ""
    caption = f"Buffers over the run of the network, {plan.accounting.value}, against the device's heap.{pale}{grey}"
    said = "; ".join(line.text for line in limits)
    return Illustration("memory_over_run", caption, f"Most is taken at {busiest}: {bytes_text(peak)}. Limits: {said}.", chart)


def _bars(plan: MemoryPlan) -> tuple[BufferBar, ...]:
    """Stack what is taken at each step; what stays where it is over several steps becomes one block."""
    hues = hues_of([buffer.size_bytes for buffer in plan.buffers])
    colors = {buffer.name: hue for buffer, hue in zip(plan.buffers, hues, strict=True)}
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
