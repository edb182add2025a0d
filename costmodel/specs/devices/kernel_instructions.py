"""Instructions that generated kernels take on a core: what each unit of their work costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from costmodel.specs.base import Name, Spec

PerUnit = Annotated[float, Field(ge=0.0, le=1e6)]


class KernelInstructions(Spec):
    """Rates of a core, fitted to random layers that ran on it, with their errors on shapes that were left out."""

    name: Name
    layer_count: Annotated[int, Field(ge=1)]
    median_error_ratio: PerUnit
    p90_error_ratio: PerUnit
    instructions: dict[str, PerUnit]
    """By the unit of work, as `TileWork` names them."""
    source: Annotated[str, Field(min_length=1, max_length=200)]
