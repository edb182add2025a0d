"""Quantisation: which real number each step of an integer tensor stands for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from costmodel.specs.base import Spec


class Quantisation(Spec):
    """Scales and zero points of one tensor: real = scale * (step - zero point).

    One of each for the whole tensor, or one of each for every output channel, in order.
    """

    scales: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    """Real value of one step."""
    zero_points: tuple[int, ...] = (0,)
    """The step that stands for 0; as many as there are scales."""

    @model_validator(mode="after")
    def _paired(self) -> Quantisation:
        if len(self.scales) != len(self.zero_points):
            raise PydanticCustomError(
                "quantisation",
                f"expected one zero point per scale, found {len(self.scales)} scale(s) and {len(self.zero_points)} zero point(s)",
            )
        return self

    @property
    def per_channel(self) -> bool:
        """Whether channels have terms of their own."""
        return len(self.scales) > 1

    @property
    def symmetric(self) -> bool:
        """Whether 0 is step 0 everywhere."""
        return not any(self.zero_points)


def symmetric_quantisation(*scales: float) -> Quantisation:
    """Return the quantisation with these scales, one for the tensor or one per channel, whose zero points are all 0."""
    return Quantisation(scales=scales, zero_points=(0,) * len(scales))
