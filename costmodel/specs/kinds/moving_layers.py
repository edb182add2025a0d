"""Layers that move elements and compute nothing, or next to nothing.

Extents are the network's: channels first, then rows and columns. `axis` counts them from 0.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from costmodel.specs.base import Extent, PaddingExtent
from costmodel.specs.kinds.layer_fields import LayerBase

AxisNumber = Annotated[int, Field(ge=0, le=15)]
"""An extent of a shape by its place, from 0."""
Start = Annotated[int, Field(ge=0, le=2**40)]
"""A place along an axis, from 0."""


class PadMode(StrEnum):
    """What padding is filled with."""

    CONSTANT = "constant"
    REFLECT = "reflect"
    """The elements mirrored, the edge once."""
    SYMMETRIC = "symmetric"
    """The elements mirrored, the edge twice."""
    EDGE = "edge"
    """The element at the edge, repeated."""


class ResizeFunction(StrEnum):
    """How a resized element comes from its neighbours."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"


class Rearrangement(StrEnum):
    """Which elements go where."""

    DEPTH_TO_SPACE = "depth_to_space"
    """Blocks of channels become blocks of rows and columns."""
    SPACE_TO_DEPTH = "space_to_depth"
    PIXEL_SHUFFLE = "pixel_shuffle"
    """`depth_to_space` where the channels of one block lie together, as PyTorch has them."""
    PIXEL_UNSHUFFLE = "pixel_unshuffle"
    """`space_to_depth` where the channels of one block lie together, as PyTorch has them."""
    TILE = "tile"
    """Repeated along each axis until the shape is filled."""
    EXPAND = "expand"
    """Extents of 1 repeated."""
    REVERSE = "reverse"
    """Backwards along the axes in `axes`."""


class Concat(LayerBase):
    """Tensors one after the other along an axis."""

    kind: Literal["concat"] = "concat"
    axis: AxisNumber = 0
    """Along which."""

    structure: ClassVar[frozenset[str]] = frozenset({"axis"})


class Slice(LayerBase):
    """A part of a tensor; a split is several of them."""

    kind: Literal["slice"] = "slice"
    starts: tuple[Start, ...]
    """First element along each axis."""
    sizes: tuple[Extent, ...]
    """Elements taken along each axis."""
    steps: tuple[Annotated[int, Field(ge=-(2**31), le=2**31)], ...] | None = None
    """From one element taken to the next along each axis; left out, 1."""

    structure: ClassVar[frozenset[str]] = frozenset({"starts", "sizes", "steps"})


class PadNd(LayerBase):
    """A tensor with something around it."""

    kind: Literal["pad_nd"] = "pad_nd"
    before: tuple[PaddingExtent, ...]
    """Elements added before the first along each axis."""
    after: tuple[PaddingExtent, ...]
    """Elements added behind the last along each axis."""
    mode: PadMode = PadMode.CONSTANT
    """What they are."""
    value: float = 0.0
    """Of a constant padding."""

    structure: ClassVar[frozenset[str]] = frozenset({"before", "after", "mode", "value"})


class Transpose(LayerBase):
    """The axes in another order."""

    kind: Literal["transpose"] = "transpose"
    order: tuple[AxisNumber, ...]
    """For each axis of the output, the axis of the input."""

    structure: ClassVar[frozenset[str]] = frozenset({"order"})


class Reshape(LayerBase):
    """The same elements in the same order, in another shape; a view unless they are copied."""

    kind: Literal["reshape"] = "reshape"
    shape: tuple[Extent, ...]
    """Of the output."""
    order: tuple[AxisNumber, ...] | None = None
    """The order of the input's axes in which its elements follow one another; left out, as they lie. Another order moves bytes."""
    shape_order: tuple[AxisNumber, ...] | None = None
    """The same of the output's axes."""

    structure: ClassVar[frozenset[str]] = frozenset({"shape", "order", "shape_order"})


class Gather(LayerBase):
    """Slices picked along an axis, by numbers that are part of the network or, as a second input, computed."""

    kind: Literal["gather"] = "gather"
    axis: AxisNumber = 0
    """Along which."""
    indices: tuple[Start, ...] | None = None
    """Which slices; left out, the second input says."""

    structure: ClassVar[frozenset[str]] = frozenset({"axis", "indices"})


class Resize(LayerBase):
    """Rows and columns, more or fewer of them."""

    kind: Literal["resize"] = "resize"
    size: tuple[Extent, Extent]
    """Output as (rows, columns)."""
    function: ResizeFunction = ResizeFunction.NEAREST
    """Nearest neighbour, or bilinear between four."""
    align_corners: bool = False
    """Whether the corner elements keep their place."""
    half_pixel_centers: bool = False
    """Whether places are taken at the centres of elements."""

    structure: ClassVar[frozenset[str]] = frozenset({"function", "align_corners", "half_pixel_centers"})


class Rearrange(LayerBase):
    """The elements of a tensor in other places, some of them repeatedly."""

    kind: Literal["rearrange"] = "rearrange"
    function: Rearrangement
    """Which elements go where."""
    shape: tuple[Extent, ...]
    """Of the output."""
    axes: tuple[AxisNumber, ...] = ()
    """Of `reverse`: the axes that are turned around."""

    structure: ClassVar[frozenset[str]] = frozenset({"function", "shape", "axes"})
