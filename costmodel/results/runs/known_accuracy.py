"""How often trained weights are right, and where that was counted."""

from __future__ import annotations

from costmodel.provenance import formula
from costmodel.results.base import Result
from costmodel.results.trust import Trust


@formula(
    id="accuracy.share",
    equation="A = n_r / n",
    symbols={"A": "share of the images that are told rightly", "n_r": "images told rightly", "n": "images"},
    unit="1",
    source="definition: share of the whole",
)
def share_right(right_count: int, image_count: int) -> float:
    """Return the share of images that are told rightly."""
    return right_count / image_count


class KnownAccuracy(Result):
    """How often a network's trained weights are right."""

    trust: Trust
    """Measured, where the weights run with the very element types of what is asked; assumed where others were counted."""
    model: str
    """Whose weights they are."""
    own: bool
    """Whether it is the model that is asked about, not one that comes with the package for the network asked about."""
    variant: str
    """How its numbers were carried when they were counted: `float32`, `int8`."""
    judge: str
    """What ran it."""
    images: str
    """Which images: `test`, `held-out`."""
    image_count: int
    right_count: int
    """Images whose class has the largest output, the first of equals."""
    top1_ratio: float
    """Their share."""
    top3_ratio: float | None
    """Share of images whose class is among the three largest."""
    recipe: str | None
    """That trained it; None where nothing tells."""
    seed: int | None
