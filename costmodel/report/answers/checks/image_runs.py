"""The firmware over a test set: accuracy, agreement with the reference, the confusion matrix, and one image of each class."""

from __future__ import annotations

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Content, Fact, Facts, Table, plain_table
from costmodel.report.quantities import count_text
from costmodel.results.runs.image_run import ImageRun


def image_run_answer(run: ImageRun, pictures: str | None) -> Answer:
    """Return what the firmware answered.

    Parameters
    ----------
    run : ImageRun
        Over a test set.
    pictures : str or None
        Where the picture of the check of one image a class was written.

    Returns
    -------
    Answer
        Key figures, the check and the confusion matrix.
    """
    per_image = Cell(run.image_s, Form.TIME).text
    rightly = count_text(run.right_count)
    compared = f"of {count_text(run.compared_count)} images, every output to the last bit" if run.compared_count else "not compared"
    facts = Facts(
        (
            Fact("Accuracy", Cell(run.top1_ratio, Form.FINE_SHARE), f"measured: {rightly} of {count_text(run.image_count)} images"),
            Fact("Among the three largest", Cell(run.top3_ratio, Form.FINE_SHARE), "measured"),
            Fact("Equal to the reference", Cell(run.equal_count, Form.COUNT), compared),
            Fact(
                "Processor time, this machine",
                Cell(run.duration_s, Form.TIME),
                f"measured: {per_image} per image, one core, {run.dataflow}",
            ),
        )
    )
    note = f"{run.checked_right_count} of {len(run.checked)} right." + (f" Picture: {pictures}." if pictures else "")
    places = max((len(image.answers) for image in run.checked), default=0)
    rows: list[tuple[Content, ...]] = [(image.label, *image.answers, "right" if image.right else "wrong") for image in run.checked]
    check = plain_table("The first image of each class", ("class", *("first", "second", "third")[:places], ""), rows, note)
    return answer_of([facts, check, _confusion(run)], run, _confusion(run))


def _confusion(run: ImageRun) -> Table:
    rows: list[tuple[Content, ...]] = [(name, *counts) for name, counts in zip(run.classes, run.confusion_count, strict=True)]
    return plain_table(f"{run.network}, {run.variant}: images by class (row) and answer (column)", ("class", *run.classes), rows)
