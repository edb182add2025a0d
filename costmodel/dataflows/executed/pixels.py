"""Pixels: one position of a map with all its channels, computed and counted output stationary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from costmodel.dataflows.executed.execution import LayerTensors
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES
from costmodel.dataflows.executed.kinds.pooling import mean_of
from costmodel.errors import MissingError
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import AdaptiveAxis, Axis
from costmodel.specs.lowering import Step
from costmodel.specs.operations import Action
from costmodel.specs.work import LoopNest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[Any]

Tap: TypeAlias = "tuple[int, int, list[Vector]]"
"""Kernel row and column, and the pixel of each operand."""


class Window(NamedTuple):
    """One axis of a window, tap by tap."""

    kernel: int
    numbered: tuple[tuple[tuple[int, int], ...], ...]
    """For each output, the taps on real input: their number in the kernel and the input they fall on."""
    outputs_of: tuple[tuple[int, ...], ...]
    """For each input, the outputs that read it."""

    @property
    def taps(self) -> tuple[tuple[int, ...], ...]:
        """For each output, the inputs it reads."""
        return tuple(tuple(at for _, at in found) for found in self.numbered)


def window_of(step: Step) -> tuple[Window, Window]:
    """Return the windows of a step along rows and columns; what has none reads at its own place."""
    work = step.lowered.work
    if isinstance(work, LoopNest):
        return _window(work.h), _window(work.w)
    _, rows, columns = step.lowered.output
    return _window(Axis(rows, 1)), _window(Axis(columns, 1))


def _window(axis: Axis | AdaptiveAxis) -> Window:
    numbered = []
    for output in range(axis.output):
        if isinstance(axis, AdaptiveAxis):
            begin, end = output * axis.H // axis.n, ((output + 1) * axis.H + axis.n - 1) // axis.n
            numbered.append(tuple(enumerate(range(begin, end))))
        else:
            reached = [(tap, output * axis.s - axis.p + tap * axis.d) for tap in range(axis.K)]
            numbered.append(tuple((tap, at) for tap, at in reached if 0 <= at < axis.H))
    readers: list[list[int]] = [[] for _ in range(axis.H)]
    for output, found in enumerate(numbered):
        for _, at in found:
            readers[at].append(output)
    kernel = axis.K if isinstance(axis, Axis) else 0
    return Window(kernel, tuple(numbered), tuple(map(tuple, readers)))


class PixelMaths:
    """Computes a step's pixels, and counts what that reads and writes."""

    def __init__(self, step: Step, parameters: LayerTensors | None) -> None:
        self.step, self.parameters = step, parameters
        self.action = step.operation.action
        self.averages = self.action is Action.MEAN
        self.channels = step.lowered.output[0]
        self.found = dict.fromkeys(AccessCounts._fields, 0)
        if isinstance(step.lowered.work, LoopNest):
            self.found |= {"scratch_buffer_count": 1, "scratch_bytes": ACCUMULATOR_BYTES}

    def counts(self) -> AccessCounts:
        """Return what has been counted."""
        return AccessCounts(**self.found)

    def pixel(self, taps: Sequence[Tap], interior: bool, direct: int, kept: bool) -> Vector:
        """Compute a pixel.

        Parameters
        ----------
        taps : sequence of Tap
            Those on real input.
        interior : bool
            Whether all taps are.
        direct : int
            Operands that are computed as they are asked for, instead of read.
        kept : bool
            Whether the pixel is written.

        Returns
        -------
        array
            Its channels.
        """
        found = self.found
        found["output_write_count"] += self.channels if kept else 0
        if self.action is Action.SLIDING_MAC:
            return self._sum_of_products(taps, interior)
        operands = len(taps[0][2]) if taps else 0
        if self.step.operation.pools:
            found["operation_count"] += self.channels * len(taps)
            found["input_read_count"] += 0 if direct else self.channels * len(taps)
            if direct:
                found["psum_read_count"] += self.channels * (len(taps) - 1)
                found["psum_write_count"] += self.channels * (len(taps) - 1)
            return self._pooled([pixels[0] for _, _, pixels in taps])
        found["input_read_count"] += self.channels * (operands - direct)
        if self.action is Action.SUM:
            (_, _, pixels), *_ = taps
            total = pixels[0]
            for other in pixels[1:]:
                total = total + other
            return total
        return self._element_by_element(taps[0][2][0])

    def scattered(self, taken: int, read: bool) -> None:
        """Count one pixel that was taken into a result, as its `taken`-th."""
        self.found["operation_count"] += self.channels
        self.found["input_read_count"] += self.channels if read else 0
        if taken > 1:
            self.found["psum_read_count"] += self.channels
            self.found["psum_write_count"] += self.channels

    def pooled(self, total: Vector, taken: int, kept: bool) -> Vector:
        """Return a complete result of what was scattered, counting its write where it is kept."""
        self.found["output_write_count"] += self.channels if kept else 0
        return self._mean(total, taken) if self.averages else total

    def _sum_of_products(self, taps: Sequence[Tap], interior: bool) -> Vector:
        import numpy as np

        work = self.step.lowered.work
        if self.parameters is None or self.parameters.weight is None or not isinstance(work, LoopNest):
            raise MissingError(f"{self.step.name}: this layer needs a weight")
        weight = self.parameters.weight
        groups = work.groups
        each = weight.shape[0] // groups
        bias = self.parameters.bias if work.bias else None
        sums = np.zeros(self.channels, dtype=np.result_type(weight, *(pixels[0] for _, _, pixels in taps))) if bias is None else bias.copy()
        for row, column, (pixel,) in taps:
            inputs = pixel.reshape(groups, -1)
            sums = sums + np.einsum("goi,gi->go", weight[:, :, row, column].reshape(groups, each, -1), inputs).reshape(-1)
        pairs = weight.shape[0] * weight.shape[1]
        found = self.found
        for counter in ("mac_count", "input_read_count", "weight_read_count"):
            found[counter] += pairs * len(taps)
        found["bias_read_count"] += self.channels if bias is not None else 0
        found["boundary_check_count"] += 0 if interior else pairs * weight.shape[2] * weight.shape[3]
        return sums

    def _pooled(self, pixels: Sequence[Vector]) -> Vector:
        import numpy as np

        if not pixels:
            return np.zeros(self.channels, dtype=np.int64)
        stacked = np.stack(pixels)
        return self._mean(stacked.sum(axis=0), len(pixels)) if self.averages else stacked.max(axis=0)

    def _mean(self, total: Vector, count: int) -> Vector:
        import numpy as np

        return np.array([mean_of(value, count) for value in total.tolist()])

    def _element_by_element(self, pixel: Vector) -> Vector:
        import numpy as np

        if self.action is Action.RECTIFY:
            return np.maximum(pixel, 0)
        if self.parameters is None or self.parameters.weight is None:
            raise MissingError(f"{self.step.name}: a batch norm needs its scale and shift")
        scale, shift = self.parameters.weight
        self.found["mac_count"] += self.channels
        # Each channel's scale and shift stay with it from its first pixel on.
        self.found["weight_read_count"] = 2 * self.channels
        scaled: Vector = pixel * scale + shift
        return scaled
