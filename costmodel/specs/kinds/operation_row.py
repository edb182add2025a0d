"""What a row of the table of layer kinds says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from costmodel.specs.kinds.drawn_layers import DrawnLayer, Random
from costmodel.specs.kinds.layer_lowering import LayerBox, Lowering
from costmodel.specs.kinds.moved_elements import Moved
from costmodel.specs.shapes import Shape


class Action(StrEnum):
    """What happens at each tap or element."""

    SLIDING_MAC = "multiply-accumulate over a sliding window"
    MAC = "multiply-accumulate over every input"
    LARGEST = "the largest of a window"
    MEAN = "the mean of a window"
    RECTIFY = "zero where it is below zero"
    SCALE_AND_SHIFT = "a scale and a shift a channel"
    SUM = "the sum of the operands"
    SOFTMAX = "probabilities from scores"
    RENAME = "nothing: another name for the same elements"
    LOG_SOFTMAX = "logarithms of probabilities from scores"
    SPREADING_MAC = "multiply-accumulate over the inputs whose kernels reach the output"
    BOUND = "the element, kept between bounds"
    FUNCTION = "a function of the element"
    COMBINE = "a function of the operands' elements"
    MOVE = "the element, in another place"
    INTERPOLATE = "the mean of the nearest elements, weighted"
    REDUCE = "one element for all along the axes"
    PRODUCT_SUM = "a sum of products of two tensors"
    LOOK_UP = "a row of a table"
    GATE = "gates over input and state, step by step"
    FILTER_IN_TIME = "filters over the input and over their last results"
    RUN_UP = "the sum so far"
    TRANSFORM = "a butterfly of two complex numbers"
    SLOPES = "two weights for each element of a slope"
    PICK_BOXES = "the best of what is left"
    WRITE_OUT = "a number of the network, as an element"
    GIVEN = "nothing: there before anything runs"


class Merge(StrEnum):
    """How an operation disappears into the layer before it, where nothing else reads that layer's own output."""

    FUSED = "fused"
    """Applied on the way out."""
    FOLDED = "folded"
    """Multiplied into its parameters."""


class Merging(NamedTuple):
    """What an operation merges into, and how."""

    how: Merge
    into: frozenset[str]
    """Kinds of layer that take it."""


class FirmwareKernel(NamedTuple):
    """The kernel that runs an operation on a device."""

    name: str
    """As the firmware's table of kernels has it."""
    dataflows: tuple[str, ...] = ()
    """Dataflows it is written for, where the operation has a choice."""
    rows_in_arena: tuple[str, ...] = ()
    """Those of them whose scratch rows lie in the arena, the closed form's `scratch_bytes` of them; an accumulator is a register."""
    types: tuple[tuple[str, str], ...] = (("int8", "int8"), ("float32", "float32"), ("int8", "float32"))
    """Types of inputs and of outputs it is written for; weights are int8."""


WeightShape: TypeAlias = Callable[[Any, Shape], tuple[int, ...] | None]
"""Shape of a layer's weights from the layer and its first input; None where this layer has none."""


@dataclass(frozen=True, eq=False, repr=False)
class Operation:
    """One kind of layer."""

    kind: str
    """Name of the kind in files."""
    action: Action
    lowering: Lowering
    """What it becomes where it runs on its own."""
    draw: Callable[[Random, int], DrawnLayer]
    """Draws a random layer of this kind from a generator and a scale."""
    kernel: FirmwareKernel | str
    """What runs it in the firmware, or the reason why nothing does."""
    box: LayerBox | None = None
    """What bounds its lowering and counts; without one a sweep computes it in Python ints."""
    arity: int | None = 1
    """Tensors it reads; None where their number is the layer's."""
    merging: Merging | None = None
    sweepable: tuple[str, ...] = ()
    """Fields whose numbers a sweep may vary."""
    weight_shape: WeightShape | None = None
    """None where it has no parameters; where it has, a bias is one number for each of the first extent."""
    moved: Moved | None = None
    """Of one that moves elements: where each comes from."""
    lasts: bool = False
    """Whether its tensor is kept from one run to the next."""
    in_place: bool = False
    """Whether a run in raster order may write its outputs over its input, where the geometry allows."""

    @property
    def takes_dataflow(self) -> bool:
        """Whether the chosen dataflow applies; everything else runs output stationary."""
        return self.action is Action.SLIDING_MAC

    @property
    def multiplies_every_input(self) -> bool:
        """Whether every output is a sum over all inputs."""
        return self.action is Action.MAC

    @property
    def pools(self) -> bool:
        """Whether it gathers a window without weights; the network's `pooled` type is its output's."""
        return self.action in (Action.LARGEST, Action.MEAN)

    @property
    def given(self) -> bool:
        """Whether it is a tensor that is there before anything runs."""
        return self.action is Action.GIVEN

    @property
    def reads_nothing(self) -> bool:
        """Whether it has no inputs at all."""
        return self.arity == 0

    def shape_of_weights(self, layer: Any, inputs: Sequence[Shape]) -> tuple[int, ...] | None:
        """Return the shape of a layer's weights from the shapes it reads; None where it has none."""
        return None if self.weight_shape is None else self.weight_shape(layer, inputs[0] if inputs else ())

    @property
    def renames(self) -> bool:
        """Whether it does nothing, ever."""
        return self.action is Action.RENAME

    def runs_under(self, dataflow: str) -> bool:
        """Tell whether the firmware has a kernel of it for a dataflow."""
        return isinstance(self.kernel, FirmwareKernel) and (not self.takes_dataflow or dataflow in self.kernel.dataflows)

    def keeps_rows_in_arena(self, dataflow: str, has_rows: bool) -> bool:
        """Tell whether scratch of a layer lies in the arena under a dataflow.

        Parameters
        ----------
        dataflow : str
            Of the layer, by name.
        has_rows : bool
            Whether its closed form reads partial sums back: what decides where there is no kernel to say so.

        Returns
        -------
        bool
            As the kernel's row says.
        """
        if isinstance(self.kernel, FirmwareKernel) and self.runs_under(dataflow):
            return dataflow in self.kernel.rows_in_arena
        return has_rows

    def runs_from(self, inputs: str, outputs: str) -> bool:
        """Tell whether the firmware has a kernel of it from a type of inputs to a type of outputs."""
        return isinstance(self.kernel, FirmwareKernel) and (inputs, outputs) in self.kernel.types

    def __repr__(self) -> str:
        """Name the kind: a row is a singleton."""
        return f"<{self.kind}>"

    def __reduce__(self) -> tuple[Callable[[str], Operation], tuple[str]]:
        """Travel between processes by name, so that a row stays the row."""
        from costmodel.specs.operations import operation_of

        return operation_of, (self.kind,)
