"""What compression did, stage by stage: size, accuracy and cost of the same network in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Paragraph, Row, Table
from costmodel.report.quantities import duty_text
from costmodel.results.evaluation import Evaluation
from costmodel.specs.trained.model_manifest import Accuracy


class CompressedStage(NamedTuple):
    """A stage, how often its network is right, and what it costs."""

    stage: str
    accuracy: Accuracy
    evaluation: Evaluation


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
    battery = stages[-1].evaluation.battery
    life = "Battery life" if battery is None else f"Battery life, {duty_text(battery.period_s, battery.sleep)}"
    titles = ("Parameters", "Weights", "Accuracy", "Top 3", "RAM", "Memory energy", "Time", "Energy", life)
    rows = tuple(Row((each.stage, *_cells(each))) for each in stages)
    table = Table("After each stage", (Column("Stage", number=False), *map(Column, titles)), rows, _note(stages))
    written = f"Wrote {folder}: recipe {recipe}, seed {seed}. `costmodel validate --network {folder} --data DIR` runs it on the firmware."
    content = {"schema_version": 1, "model": folder, "recipe": recipe, "seed": seed, "stages": [_record(each) for each in stages]}
    return answer_of([table, Paragraph(written)], content, table)


def _cells(each: CompressedStage) -> tuple[Cell, ...]:
    found = each.evaluation
    power, battery = found.power, found.battery
    return (
        Cell(found.parameter_count, Form.COUNT),
        Cell(found.weight_bytes, Form.BYTES),
        Cell(each.accuracy.top1_ratio, Form.FINE_SHARE),
        Cell(each.accuracy.top3_ratio, Form.FINE_SHARE),
        Cell(found.memory.ram_bytes, Form.BYTES),
        Cell(found.dataflows[0].energy.memory_pj, Form.ENERGY),
        Cell(found.duration_s, Form.TIME),
        Cell(None if power is None else power.inference_j, Form.JOULES),
        Cell(None if battery is None else battery.duty_life_s, Form.LIFE),
    )


def _note(stages: Sequence[CompressedStage]) -> str:
    images = stages[-1].accuracy
    judged = f"Accuracy: measured on {images.image_count:,} {images.images} images"
    how = "; ".join(dict.fromkeys(f"{each.accuracy.variant} by {_JUDGES[each.accuracy.judge]}" for each in stages))
    reasons = dict.fromkeys(reason for each in stages for name, reason in each.evaluation.reasons.items() if name == "duration_s")
    untold = "".join(f" Time, energy and battery life without a figure: {reason}." for reason in reasons)
    return f"{judged} ({how}).{untold}"


_JUDGES = {"pytorch": "PyTorch", "reference": "the integer reference", "firmware": "the firmware"}


def _record(each: CompressedStage) -> dict[str, Any]:
    found = each.evaluation
    power, battery = found.power, found.battery
    return {
        "stage": each.stage,
        "parameter_count": found.parameter_count,
        "weight_bytes": found.weight_bytes,
        "accuracy": each.accuracy.model_dump(mode="json"),
        "ram_bytes": found.memory.ram_bytes,
        "memory_pj": found.dataflows[0].energy.memory_pj,
        "duration_s": found.duration_s,
        "inference_j": None if power is None else power.inference_j,
        "duty_life_s": None if battery is None else battery.duty_life_s,
        "reasons": found.reasons,
    }
