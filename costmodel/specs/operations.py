"""Operations: the one table of layer kinds, one row a kind.

Every layer becomes work that carries its row, so nothing downstream asks for a kind by its name. What a row owes, a whole-house test
demands: a lowering and the box that bounds it, an execution of its action, a random generator, and a firmware kernel or the reason why
there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from costmodel.errors import UnknownNameError
from costmodel.specs.kinds import drawn_layers as drawn
from costmodel.specs.kinds import layer_lowering as lowered
from costmodel.specs.kinds.drawn_layers import DrawnLayer, Random
from costmodel.specs.kinds.layer_lowering import LayerBox, Lowering
from costmodel.specs.shapes import Shape, channels_per_group


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


WeightShape: TypeAlias = Callable[[Any, Shape], tuple[int, ...]]
"""Shape of a layer's weights from the layer and its first input."""


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
    arity: int = 1
    """Tensors it reads."""
    merging: Merging | None = None
    sweepable: tuple[str, ...] = ()
    """Fields whose numbers a sweep may vary."""
    weight_shape: WeightShape | None = None
    """None where it has no parameters; where it has, a bias is one number for each of the first extent."""
    in_place: bool = False
    """Whether a run in raster order may write its outputs over its input, where the geometry allows."""

    @property
    def takes_dataflow(self) -> bool:
        """Whether the chosen dataflow applies; everything else runs output stationary."""
        return self.action is Action.SLIDING_MAC

    @property
    def pools(self) -> bool:
        """Whether it gathers a window without weights; the network's `pooled` type is its output's."""
        return self.action in (Action.LARGEST, Action.MEAN)

    @property
    def renames(self) -> bool:
        """Whether it does nothing, ever."""
        return self.action is Action.RENAME

    def runs_under(self, dataflow: str) -> bool:
        """Tell whether the firmware has a kernel of it for a dataflow."""
        return isinstance(self.kernel, FirmwareKernel) and (not self.takes_dataflow or dataflow in self.kernel.dataflows)

    def runs_from(self, inputs: str, outputs: str) -> bool:
        """Tell whether the firmware has a kernel of it from a type of inputs to a type of outputs."""
        return isinstance(self.kernel, FirmwareKernel) and (inputs, outputs) in self.kernel.types

    def __repr__(self) -> str:
        """Name the kind: a row is a singleton."""
        return f"<{self.kind}>"

    def __reduce__(self) -> tuple[Callable[[str], Operation], tuple[str]]:
        """Travel between processes by name, so that a row stays the row."""
        return operation_of, (self.kind,)


_WINDOW: Final = ("kernel", "stride", "padding", "dilation")

CONV2D: Final = Operation(
    kind="conv2d",
    action=Action.SLIDING_MAC,
    lowering=lowered.lower_conv2d,
    box=lowered.conv2d_box,
    draw=drawn.draw_conv2d,
    kernel=FirmwareKernel("conv2d", ("output-stationary", "row-stationary"), ("row-stationary",)),
    sweepable=("out_channels", *_WINDOW, "groups"),
    weight_shape=lambda layer, shape: (layer.out_channels, channels_per_group(shape[0], layer.groups), *layer.kernel),
)
LINEAR: Final = Operation(
    kind="linear",
    action=Action.MAC,
    lowering=lowered.lower_linear,
    box=lowered.linear_box,
    draw=drawn.draw_linear,
    kernel=FirmwareKernel("linear"),
    sweepable=("out_features",),
    weight_shape=lambda layer, shape: (layer.out_features, shape[0]),
)
MAX_POOL2D: Final = Operation(
    kind="max_pool2d",
    action=Action.LARGEST,
    lowering=lowered.lower_pool,
    box=lowered.pool_box,
    draw=drawn.draw_max_pool,
    kernel=FirmwareKernel("max_pool"),
    sweepable=_WINDOW,
    in_place=True,
)
AVG_POOL2D: Final = Operation(
    kind="avg_pool2d",
    action=Action.MEAN,
    lowering=lowered.lower_pool,
    box=lowered.pool_box,
    draw=drawn.draw_avg_pool,
    kernel=FirmwareKernel("average_pool"),
    sweepable=_WINDOW,
    in_place=True,
)
ADAPTIVE_AVG_POOL2D: Final = Operation(
    kind="adaptive_avg_pool2d",
    action=Action.MEAN,
    lowering=lowered.lower_adaptive,
    box=lowered.adaptive_box,
    draw=drawn.draw_adaptive,
    kernel=FirmwareKernel("adaptive_average_pool"),
    sweepable=("output_size",),
)
RELU: Final = Operation(
    kind="relu",
    action=Action.RECTIFY,
    lowering=lowered.lower_elementwise,
    box=lowered.elementwise_box,
    draw=drawn.draw_relu,
    kernel=FirmwareKernel("relu"),
    merging=Merging(Merge.FUSED, frozenset({"conv2d", "linear", "add", "batch_norm2d"})),
)
BATCH_NORM2D: Final = Operation(
    kind="batch_norm2d",
    action=Action.SCALE_AND_SHIFT,
    lowering=lowered.lower_batch_norm,
    box=lowered.batch_norm_box,
    draw=drawn.draw_batch_norm,
    kernel=FirmwareKernel("batch_norm"),
    merging=Merging(Merge.FOLDED, frozenset({"conv2d"})),
    weight_shape=lambda _layer, shape: (shape[0],),
)
FLATTEN: Final = Operation(
    kind="flatten",
    action=Action.RENAME,
    lowering=lowered.lower_flatten,
    box=lowered.flatten_box,
    draw=drawn.draw_flatten,
    kernel=FirmwareKernel("view"),
)
ADD: Final = Operation(
    kind="add",
    action=Action.SUM,
    arity=2,
    lowering=lowered.lower_add,
    box=lowered.add_box,
    draw=drawn.draw_add,
    kernel=FirmwareKernel("add"),
)
SOFTMAX: Final = Operation(
    kind="softmax",
    action=Action.SOFTMAX,
    lowering=lowered.lower_softmax,
    box=lowered.softmax_box,
    draw=drawn.draw_softmax,
    kernel=FirmwareKernel("softmax"),
)

OPERATIONS: Final[dict[str, Operation]] = {
    row.kind: row for row in (CONV2D, LINEAR, MAX_POOL2D, AVG_POOL2D, ADAPTIVE_AVG_POOL2D, RELU, BATCH_NORM2D, FLATTEN, ADD, SOFTMAX)
}
"""Every kind of layer by its name."""


def operation_of(kind: str) -> Operation:
    """Return the row of a kind.

    Parameters
    ----------
    kind : str
        Name of the kind.

    Returns
    -------
    Operation
        Its row.

    Raises
    ------
    UnknownNameError
        If there is no such kind; names the nearest.
    """
    found = OPERATIONS.get(kind)
    if found is None:
        raise UnknownNameError("kind", kind, OPERATIONS, "a kind of layer")
    return found
