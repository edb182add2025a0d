"""The table of `costmodel predict`: one network on several devices, what it comes to on each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel.report.answer import Answer
from costmodel.report.cells import Cell
from costmodel.report.document import Column, Document, Row, Section, Table
from costmodel.report.quantities import bytes_text
from costmodel.report.sections.outlook import assumed_text, basis_text, named_words
from costmodel.results.evaluation import Evaluation
from costmodel.results.timing.outlook import Outlook


def predictions_answer(found: Sequence[tuple[Evaluation, Outlook]]) -> Answer:
    """Return what a network comes to on each device: those it fits first, the longest life first among them.

    Parameters
    ----------
    found : sequence of (Evaluation, Outlook)
        One a device.

    Returns
    -------
    Answer
        One row a device.
    """
    ranked = sorted(found, key=_rank)
    columns = (
        Column("Device", number=False),
        Column("Fits", number=False),
        Column("Time", number=False),
        Column("Battery", number=False),
        # A line of 80 characters ends here: what a chip is chosen by stands before.
        Column("Energy", number=False),
        Column("RAM"),
        Column("Trust", number=False),
        Column("From", number=False),
    )
    rows = tuple(
        Row(
            (
                evaluation.device,
                _fit_text(evaluation),
                *named_words(outlook, f"predict.{evaluation.device}.outlook"),
                Cell(bytes_text(evaluation.memory.ram_bytes), figure=f"predict.{evaluation.device}.ram_bytes"),
                (outlook.life or outlook.energy or outlook.time).trust.value,
                basis_text(outlook.time),
            )
        )
        for evaluation, outlook in ranked
    )
    network = ranked[0][0].network
    said = {assumed_text(outlook) for _, outlook in ranked}
    note = said.pop() if len(said) == 1 else ""
    if any(outlook.period_too_short for _, outlook in ranked) and not note:
        note = "Where the battery is unknown an inference takes longer than the time to the next one."
    table = Table(f"{network} on {_devices(len(ranked))}", columns, rows, note)
    content = [_content(evaluation, outlook) for evaluation, outlook in ranked]
    explained = {evaluation.device: {"ram_bytes": evaluation.memory.ram_bytes, "outlook": outlook} for evaluation, outlook in ranked}
    return Answer(Document("", (), (Section("answer", "", (table,)),), ""), content, explained=explained)


def _rank(pair: tuple[Evaluation, Outlook]) -> tuple[bool, float]:
    evaluation, outlook = pair
    heap = evaluation.memory.heap
    life = 0.0 if outlook.life is None else outlook.life.life_s or outlook.life.life_low_s or 0.0
    return heap is not None and not heap.fits, -life


def _fit_text(evaluation: Evaluation) -> str:
    heap = evaluation.memory.heap
    return "unknown" if heap is None else "yes" if heap.fits else "no; if it did:"


def _content(evaluation: Evaluation, outlook: Outlook) -> dict[str, Any]:
    memory = evaluation.memory
    return {
        "device": evaluation.device,
        "fits": None if memory.heap is None else memory.heap.fits,
        "ram_bytes": memory.ram_bytes,
        "flash_bytes": memory.flash_bytes,
        **outlook.model_dump(mode="json"),
    }


def _devices(count: int) -> str:
    return "one device" if count == 1 else f"{count} devices, those that it fits first, by battery life"
