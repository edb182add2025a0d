"""Instructions that kernels take on a core, generated ones or packaged: what each unit of their work costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from costmodel.specs.base import Name, Spec

PerUnit = Annotated[float, Field(ge=-1e6, le=1e6)]
Error = Annotated[float, Field(ge=0.0, le=1e6)]


class KernelInstructions(Spec):
    """Rates of a core, fitted to random layers that ran on it, with their errors on shapes that were left out."""

    name: Name
    layer_count: Annotated[int, Field(ge=1)]
    median_error_ratio: Error
    p90_error_ratio: Error
    worst_error_ratio: Error
    float_median_error_ratio: Error | None = None
    """Of packaged kernels of floats, where those are of int8."""
    float_p90_error_ratio: Error | None = None
    float_worst_error_ratio: Error | None = None
    instructions: dict[str, PerUnit]
    """By the unit of work, as `TileWork` names them, and, as `tap 4x2`, what a unit takes more or less in tiles of that size; of packaged
    kernels by function and unit, as `packaged_work` does. A unit that makes room for another's takes less than nothing."""
    source: Annotated[str, Field(min_length=1, max_length=200)]
