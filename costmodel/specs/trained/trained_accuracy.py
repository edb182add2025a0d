"""How often a network is right after a stage of a recipe, by seed: what trained studies commit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from costmodel.specs.base import Name, Spec
from costmodel.specs.trained.model_manifest import Share


class TrainedAccuracy(Spec):
    """One network that was trained, and judged on every test image."""

    recipe: Name
    """Recipe it was trained by."""
    seed: Annotated[int, Field(ge=0)]
    """Of first weights, order and crops."""
    stage: Name
    """Stage of the recipe that left it."""
    parameter_count: Annotated[int, Field(ge=1)]
    """Its parameters."""
    numbers: Name
    """How its numbers are carried: `float32`, `int8-weights`, `int8`."""
    top1_ratio: Share
    """Share of the test images whose class has the largest output."""
    top3_ratio: Share
    """Share whose class is among the three largest."""
    first_right_count: Annotated[int, Field(ge=0)]
    """Of the first test image of each class, how many are told rightly."""
