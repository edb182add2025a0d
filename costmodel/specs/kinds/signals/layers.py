"""Layers of front and back ends: running sums, a transform to frequencies, a bank of filters over them, a choice among boxes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from costmodel.specs.kinds.layer_fields import DataType, LayerBase
from costmodel.specs.kinds.moving_layers import AxisNumber, Start

_Points = Annotated[int, Field(ge=4, le=2**20)]
_Picks = Annotated[int, Field(ge=1, le=2**20)]


class CumulativeSum(LayerBase):
    """Each element and all before it along an axis, added up."""

    kind: Literal["cumulative_sum"] = "cumulative_sum"
    axis: AxisNumber = 0
    """Along which."""
    exclusive: bool = False
    """Whether an element's own value is left out of its sum."""
    reverse: bool = False
    """Whether sums begin at the end."""

    structure: ClassVar[frozenset[str]] = frozenset({"axis", "exclusive", "reverse"})


class RealFft(LayerBase):
    """Frequencies of real samples (fast Fourier transform): real and imaginary part of each, from 0 to half the points."""

    kind: Literal["real_fft"] = "real_fft"
    points: _Points
    """Points of the transform, a power of two; samples that are missing are zeros."""

    structure: ClassVar[frozenset[str]] = frozenset({"points"})


class FilterBank(LayerBase):
    """Sums of neighbouring elements, weighted by the rising side of one filter and the falling side of the one before."""

    kind: Literal["filter_bank"] = "filter_bank"
    starts: tuple[Start, ...] = Field(min_length=2)
    """First element of each slope; there is one more of them than outputs."""
    widths: tuple[Start, ...] = Field(min_length=2)
    """Elements of each slope."""
    weight_type: DataType | None = None
    """Element type of its weights; left out, the network's weight type."""

    structure: ClassVar[frozenset[str]] = frozenset({"starts", "widths"})


class Detection(LayerBase):
    """The best boxes that do not cover one another: coordinates, classes, scores and their number, all in one row.

    It reads offsets of boxes from their anchors, 4 x boxes, and scores, classes x boxes; anchors are its weights.
    """

    kind: Literal["detection"] = "detection"
    picks: _Picks
    """Boxes that are picked at the most."""
    weight_type: DataType | None = None
    """Element type of the anchors; left out, the network's weight type."""

    structure: ClassVar[frozenset[str]] = frozenset({"picks"})
