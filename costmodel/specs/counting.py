"""What is counted and how: dataflow, taps, bias and the granularity of accesses."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.specs.base import Spec


class Dataflow(StrEnum):
    """Which operand of a convolution stays put."""

    OUTPUT_STATIONARY = "output-stationary"
    ROW_STATIONARY = "row-stationary"
    WEIGHT_STATIONARY = "weight-stationary"
    INPUT_STATIONARY = "input-stationary"
    NO_LOCAL_REUSE = "no-local-reuse"


class Taps(StrEnum):
    """Which taps count."""

    VALID = "valid"
    """Those on real input: what firmware executes."""
    NOMINAL = "nominal"
    """All, padding processed like data: what most published figures count."""


class Granularity(StrEnum):
    """What one access is."""

    ELEMENT = "element"
    """One element."""
    BLOCK_PACKED = "block_packed"
    """One block, elements packed: ceil(count * element bytes / block bytes) a layer and counter."""
    BLOCK_TRACED = "block_traced"
    """One block, followed access by access through a one-block buffer a tensor; executed, no closed form."""


def _hyphens(found: Any) -> Any:
    return found.replace("-", "_") if isinstance(found, str) else found


BlockBytes = Annotated[int, Field(strict=True, ge=1, le=65_536)]


class CountingConvention(Spec):
    """What counts as an access."""

    taps: Taps = Taps.VALID
    """`valid` or `nominal`."""
    bias: bool = True
    """Whether bias reads count."""
    granularity: Annotated[Granularity, BeforeValidator(_hyphens)] = Granularity.BLOCK_PACKED
    """`element`, `block_packed` or `block_traced`."""
    block_bytes: BlockBytes | None = None
    """Block size; left out, the width of the memory."""
    element_bytes: Annotated[int, Field(strict=True, ge=1, le=8)] | None = None
    """One element size for every operand; left out, each tensor's own."""

    @model_validator(mode="after")
    def _blocks_only_where_blocks_are(self) -> CountingConvention:
        if self.granularity is Granularity.ELEMENT and self.block_bytes is not None:
            raise PydanticCustomError("block_bytes", "block_bytes has no meaning at granularity 'element'; leave it out")
        return self
