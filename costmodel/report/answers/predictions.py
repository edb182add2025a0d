"""The table of `costmodel predict`: one network on several devices, what it comes to on each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from costmodel.report.answer import Answer
from costmodel.report.cells import Cell
from costmodel.report.document import Column, Document, Row, Section, Table
from costmodel.report.first.answer import heap_asked
from costmodel.report.quantities import NONE, bytes_text
from costmodel.report.sections.outlook import assumed_text, basis_text, named_words
from costmodel.report.sections.tflm import arena_text
from costmodel.results.evaluation import Evaluation
from costmodel.results.graphs.tflm_arena import TflmArena
from costmodel.results.timing.outlook import Outlook


class Prediction(NamedTuple):
    """What a network comes to on one device."""

    evaluation: Evaluation
    outlook: Outlook
    arena: TflmArena | None = None
    """As the device's runtime uses it, where the network was read from a TensorFlow Lite file."""

    @property
    def fits(self) -> bool | None:
        """Whether the heap holds what is run, arena or buffers; None where nothing is known of it."""
        heap = heap_asked(self.evaluation, self.arena)
        return None if heap is None else heap.fits

    @property
    def arena_bytes(self) -> int | None:
        """The arena that the device's runtime asks for; None where another runs the network, or the arena is not known."""
        return None if self.arena is None or self.arena.used is None else self.arena.used.total_bytes


def predictions_answer(found: Sequence[Prediction]) -> Answer:
    """Return what a network comes to on each device: those it fits first, the longest life first among them.

    Parameters
    ----------
    found : sequence of Prediction
        One a device.

    Returns
    -------
    Answer
        One row a device.
    """
    ranked = sorted(found, key=_rank)
    with_arena = any(one.arena_bytes is not None for one in ranked)
    columns = (
        Column("Device", number=False),
        Column("Fits", number=False),
        Column("Time", number=False),
        Column("Battery", number=False),
        # A line of 80 characters ends here: what a chip is chosen by stands before.
        Column("Energy", number=False),
        Column("RAM"),
        *((Column("TFLM arena"),) if with_arena else ()),
        Column("Trust", number=False),
        Column("From", number=False),
    )
    rows = tuple(Row(_cells(one, with_arena)) for one in ranked)
    first = ranked[0]
    table = Table(f"{first.evaluation.network} on {_devices(len(ranked))}", columns, rows, _note(ranked))
    content = [_content(one) for one in ranked]
    explained = {
        one.evaluation.device: {
            "ram_bytes": one.evaluation.memory.ram_bytes,
            **({} if one.arena_bytes is None else {"tflm_arena_bytes": one.arena_bytes}),
            "outlook": one.outlook,
        }
        for one in ranked
    }
    return Answer(Document("", (), (Section("answer", "", (table,)),), ""), content, explained=explained)


def _cells(one: Prediction, with_arena: bool) -> tuple[Cell | str, ...]:
    evaluation, outlook = one.evaluation, one.outlook
    figures = f"predict.{evaluation.device}"
    arena = NONE if one.arena_bytes is None else Cell(bytes_text(one.arena_bytes), figure=f"{figures}.tflm_arena_bytes")
    return (
        evaluation.device,
        {None: "unknown", True: "yes", False: "no; if it did:"}[one.fits],
        *named_words(outlook, f"{figures}.outlook"),
        Cell(bytes_text(evaluation.memory.ram_bytes), figure=f"{figures}.ram_bytes"),
        *((arena,) if with_arena else ()),
        (outlook.life or outlook.energy or outlook.time).trust.value,
        basis_text(outlook.time),
    )


def _note(ranked: Sequence[Prediction]) -> str:
    """What was assumed on every device, a time that is too long for its period, and why the interpreter does not run a file."""
    said = {assumed_text(one.outlook) for one in ranked}
    note = said.pop() if len(said) == 1 else ""
    if any(one.outlook.period_too_short for one in ranked) and not note:
        note = "Where the battery is unknown an inference takes longer than the time to the next one."
    arena = ranked[0].arena
    if arena is not None and arena.total_bytes is None:
        note = f"{note} {arena_text(arena)}".strip()
    return note


def _rank(one: Prediction) -> tuple[bool, float]:
    found = one.outlook.life
    life = 0.0 if found is None else found.life_s or found.life_low_s or 0.0
    return one.fits is False, -life


def _content(one: Prediction) -> dict[str, Any]:
    memory = one.evaluation.memory
    return {
        "device": one.evaluation.device,
        "fits": one.fits,
        "ram_bytes": memory.ram_bytes,
        "tflm_arena_bytes": one.arena_bytes,
        "flash_bytes": memory.flash_bytes,
        **one.outlook.model_dump(mode="json"),
    }


def _devices(count: int) -> str:
    return "one device" if count == 1 else f"{count} devices, those that it fits first, by battery life"
