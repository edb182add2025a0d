"""TensorFlow Lite Micro: the arena it needs for a model file, and the operators that must be registered."""

from __future__ import annotations

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Block, Column, Fact, Listing, Paragraph, Row, Section, Table
from costmodel.report.quantities import bytes_text, count_text, sentence
from costmodel.report.words.heap_words import heap_reason_text, heap_start_text
from costmodel.results.graphs.tflm_arena import TflmArena, TflmUse

RUNTIME = "TensorFlow Lite Micro"


def tflm_fact(arena: TflmArena) -> Fact:
    """Return the arena as a key figure."""
    if arena.total_bytes is None:
        return Fact("TFLM arena", None, f"{'not known' if arena.runs else f'{RUNTIME} does not run this'}: {arena.reason}")
    tail = f"{bytes_text(arena.tail_bytes)} (assumed: 32-bit records, held against no chip)"
    note = f"head {bytes_text(arena.head_bytes)} (exact), tail {tail}"
    return Fact("TFLM arena", Cell(arena.total_bytes, Form.BYTES, "tflm.total_bytes"), note)


def tflm_section(arena: TflmArena) -> Section:
    """Return the arena's parts and the code that registers the operators.

    Parameters
    ----------
    arena : TflmArena
        Of a model file.

    Returns
    -------
    Section
        Words, tables, and lines to paste.
    """
    blocks: list[Block] = [Paragraph(arena_text(arena))]
    if arena.used is not None:
        blocks.append(Paragraph(_used_text(arena.used)))
    if arena.total_bytes is not None:
        blocks += [_tail_table(arena), _head_table(arena)]
    if arena.runs:
        blocks.append(resolver_listing(arena))
    return Section("tflm", RUNTIME, tuple(blocks))


def arena_text(arena: TflmArena) -> str:
    """Return what the runtime needs as a paragraph."""
    if not arena.runs:
        return f"{RUNTIME} does not run this: {arena.reason}."
    if arena.total_bytes is None:
        return f"{RUNTIME} runs this; its arena is not known: {arena.reason}."
    total, head, tail = (count_text(size) for size in (arena.total_bytes, arena.head_bytes, arena.tail_bytes))
    return (
        f"`tensor_arena` needs {bytes_text(arena.total_bytes)} ({total} B) on a 32-bit chip with the reference kernels:"
        f" {head} B in the head, which its greedy planner places, and {tail} B of records and kernels' data in the tail."
        f" With CMSIS-NN {count_text(arena.cmsis_nn_total_bytes)} B; what ESP-NN takes is not known here."
        f" The published Python package of 64 bits records {count_text(arena.host_total_bytes)} B."
        " The head is exact; the tail of a 32-bit chip is computed from the sizes of the runtime's records and held against no chip:"
        " leave room, and ask `arena_used_bytes()` on the chip."
    )


def _used_text(used: TflmUse) -> str:
    """Return what the device's runtime asks for, and whether its heap holds that."""
    text = f"Under {used.runtime} it takes {count_text(used.total_bytes)} B"
    if used.kernels == "esp-nn":
        text += " and the scratch of ESP-NN's kernels"
    if used.heap is None:
        return f"{text}."
    return f"{text}. {sentence(heap_reason_text(used.heap))} {heap_start_text(used.heap)}"


def resolver_code(arena: TflmArena) -> tuple[str, ...]:
    """Return the C++ lines that register a model's operators and no others."""
    adds = tuple(f"resolver.{name}();" for name in arena.registrations)
    return (f"static tflite::MicroMutableOpResolver<{len(arena.registrations)}> resolver;", *adds)


def resolver_listing(arena: TflmArena) -> Listing:
    """Return those lines as a block."""
    count = len(arena.registrations)
    return Listing(f"To register: {count} {'operator' if count == 1 else 'operators'}", "cpp", resolver_code(arena))


def _tail_table(arena: TflmArena) -> Table:
    rows = tuple(Row((part.part, Cell(part.size_bytes, Form.EXACT_BYTES))) for part in arena.tail)
    total = Row(("tail", Cell(arena.tail_bytes, Form.EXACT_BYTES, "tflm.tail_bytes")), total=True)
    columns = (Column("Kept", number=False), Column("Bytes", "B"))
    return Table("The tail: what is kept while the model is loaded", columns, (*rows, total))


def _head_table(arena: TflmArena) -> Table:
    rows = tuple(
        Row((buffer.name, Cell(buffer.size_bytes, Form.EXACT_BYTES), Cell(buffer.offset_bytes, Form.EXACT_BYTES)))
        for buffer in arena.buffers
    )
    columns = (Column("Tensor or scratch", number=False), Column("Bytes", "B"), Column("At", "B"))
    return Table("The head: where the runtime's planner puts each buffer", columns, rows, supplementary=True)
