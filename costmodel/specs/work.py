"""Work: what a layer asks of a machine, whatever kind of layer it is. The waist every count passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from costmodel.columns import Number
from costmodel.specs.axis import AdaptiveAxis, Axis

if TYPE_CHECKING:
    from costmodel.specs.operations import Operation


class LoopNest(NamedTuple):
    """A loop nest over groups, channels and two axes; every number an int or a column."""

    operation: Operation
    """What happens at each tap."""
    groups: Number
    """G."""
    out_channels: Number
    """OC, per group."""
    in_channels: Number
    """IC, per group."""
    h: Axis | AdaptiveAxis
    w: Axis | AdaptiveAxis
    bias: bool = False
    """Whether the layer has a bias to read."""


class Elementwise(NamedTuple):
    """Work on whole tensors, element by element."""

    operation: Operation
    """What happens at each element."""
    operands: int
    """Input tensors, of the same shape."""
    elements: Number
    """Elements of the output."""
    passes: int = 1
    """How often each operand is read."""
    parameters: Number = 0
    """Parameters read in all; where there are any, each element costs one multiply-accumulate."""


class View(NamedTuple):
    """No work: another name for the same elements, or work another layer already does."""

    operation: Operation
    """What it stands for, and what the layer before may do on the way out."""


Work: TypeAlias = LoopNest | Elementwise | View
