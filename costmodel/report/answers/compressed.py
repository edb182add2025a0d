"""What compression did, stage by stage: size, accuracy and cost of the same network in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Content, Paragraph, Row, Table
from costmodel.report.sections.outlook import assumed_text, energy_words, life_words, time_words
from costmodel.report.words.accuracy_words import JUDGES
from costmodel.results.evaluation import Evaluation
from costmodel.results.timing.outlook import Outlook
from costmodel.specs.trained.model_manifest import Accuracy


class CompressedStage(NamedTuple):
    """A stage, how often its network is right, and what it costs."""

    stage: str
    accuracy: Accuracy
    evaluation: Evaluation
    outlook: Outlook


def compressed_answer(stages: Sequence[CompressedStage], folder: str, seed: int, recipe: str) -> Answer:
    """Return what each stage left.

    Parameters
    ----------
    stages : sequence of CompressedStage
        In order.
    folder : str
        Where the last one's model was written.
    seed : int
        Of the run.
    recipe : str
        Its name.

    Returns
    -------
    Answer
        One row a stage.
    """
    rows = tuple(Row((each.stage, *_cells(each))) for each in stages)
    columns = (Column("Stage", number=False), *map(Column, ("Parameters", "Weights", "Accuracy", "Top 3", "RAM", "Memory energy")))
    words = tuple(Column(title, number=False) for title in ("Time", "Energy", "Battery life", "Trust"))
    device = stages[-1].outlook.device
    table = Table(f"After each stage; costs on {device}", (*columns, *words), rows, _note(stages))
    written = f"Wrote {folder}: recipe {recipe}, seed {seed}. `costmodel validate --network {folder} --data DIR` runs it on the firmware."
    content = {"schema_version": 1, "model": folder, "recipe": recipe, "seed": seed, "stages": [_record(each) for each in stages]}
    return answer_of([table, Paragraph(written)], content, table)


def _cells(each: CompressedStage) -> tuple[Content, ...]:
    found, outlook = each.evaluation, each.outlook
    return (
        Cell(found.parameter_count, Form.COUNT),
        Cell(found.weight_bytes, Form.BYTES),
        Cell(each.accuracy.top1_ratio, Form.FINE_SHARE),
        Cell(each.accuracy.top3_ratio, Form.FINE_SHARE),
        Cell(found.memory.ram_bytes, Form.BYTES),
        Cell(found.dataflows[0].energy.memory_pj, Form.ENERGY),
        time_words(outlook.time),
        energy_words(outlook),
        life_words(outlook),
        (outlook.life or outlook.energy or outlook.time).trust.value,
    )


def _note(stages: Sequence[CompressedStage]) -> str:
    images = stages[-1].accuracy
    judged = f"Accuracy: measured on {images.image_count:,} {images.images} images"
    how = "; ".join(dict.fromkeys(f"{each.accuracy.variant} by {JUDGES[each.accuracy.judge]}" for each in stages))
    return f"{judged} ({how}). Parameters, weights and RAM are exact. {assumed_text(stages[-1].outlook)}".strip()


def _record(each: CompressedStage) -> dict[str, Any]:
    found = each.evaluation
    return {
        "stage": each.stage,
        "parameter_count": found.parameter_count,
        "weight_bytes": found.weight_bytes,
        "accuracy": each.accuracy.model_dump(mode="json"),
        "ram_bytes": found.memory.ram_bytes,
        "memory_pj": found.dataflows[0].energy.memory_pj,
        **each.outlook.model_dump(mode="json", exclude={"network"}),
    }
