"""How often a network's trained weights are right, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Fact
from costmodel.report.quantities import count_text
from costmodel.results.runs.known_accuracy import KnownAccuracy
from costmodel.results.trust import Trust

JUDGES: Final[Mapping[str, str]] = {"pytorch": "PyTorch", "reference": "the integer reference", "firmware": "the firmware"}
"""What ran a network when its answers were counted."""
TOP1_FIGURE: Final = "accuracy.top1_ratio"
"""What `explain` knows the share of the first answers by."""


def accuracy_text(found: KnownAccuracy) -> str:
    """Return whose weights were right on how many images."""
    whose = "" if found.own else f"weights of {found.model}"
    if found.trust is not Trust.MEASURED:
        whose += f", all {found.variant}"
    told = f"{count_text(found.right_count)} of {count_text(found.image_count)} {found.images} images"
    return f"{whose}: {told}" if whose else told


def accuracy_fact(found: KnownAccuracy) -> Fact:
    """Return an accuracy as a key figure, with what ran the network and where its weights come from."""
    trained = "" if found.recipe is None else f"; recipe {found.recipe}, seed {found.seed}"
    note = f"{found.trust.value}: {accuracy_text(found)}, {found.variant} by {JUDGES[found.judge]}{trained}"
    return Fact("Accuracy", Cell(found.top1_ratio, Form.FINE_SHARE, TOP1_FIGURE), note)
