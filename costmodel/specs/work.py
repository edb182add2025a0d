"""Work: what a layer asks of a machine, whatever kind of layer it is. The waist every count passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

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


class Passes(NamedTuple):
    """Work on whole tensors whose accesses follow from its geometry alone, stated by its lowering; every number an int or a column."""

    operation: Operation
    """What happens at each element."""
    layer: Any
    """The layer's fields, which say which elements meet."""
    inputs: tuple[tuple[Number, ...], ...]
    """Shapes it reads."""
    output: tuple[Number, ...]
    """Shape it makes."""
    reads: Number
    """Elements read of its inputs, in all."""
    writes: Number
    """Elements written, in all."""
    weights: Number = 0
    """Elements read of constants and tables, in all."""
    biases: Number = 0
    """Biases read, in all, where it has any."""
    macs: Number = 0
    operations: Number = 0
    """Comparisons or additions that are no multiply-accumulates."""
    psums: Number = 0
    """Partial results written to scratch, each read again."""
    scratch: Number = 0
    """Elements of scratch, 4 bytes each."""


class View(NamedTuple):
    """No work: another name for the same elements, or work another layer already does."""

    operation: Operation
    """What it stands for, and what the layer before may do on the way out."""
    layer: Any = None
    """The layer's fields, where they say what that is."""


Work: TypeAlias = LoopNest | Elementwise | Passes | View
