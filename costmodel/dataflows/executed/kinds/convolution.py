"""What the executed convolutions share: their operands behind ports, and where elements lie. Layouts: CHW, weights OIHW, row-major."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from costmodel.dataflows.executed.counted_memory import Memory
from costmodel.dataflows.executed.ports import Port
from costmodel.dataflows.executed.reach import Reach

ACCUMULATOR_BYTES: Final = 4
"""Accumulators and partial sums are 32-bit."""

Progress: TypeAlias = Callable[[int, int], Any]
"""Called with the outermost iterations done and their number."""


class Convolution(NamedTuple):
    """A convolution ready to run: plain ints, reached indices and ports."""

    groups: int
    out_channels: int
    """Per group."""
    in_channels: int
    """Per group."""
    height: int
    width: int
    kernel_height: int
    kernel_width: int
    rows: Reach
    columns: Reach
    nominal: bool
    """Whether taps on padding are processed like data."""
    input: Port
    weight: Port
    bias: Port
    output: Port
    input_bytes: int
    weight_bytes: int
    memory: Memory
    progress: Progress

    def output_at(self, channel: int, row: int, column: int) -> int:
        """Return where an output element lies; the channel counts through all groups."""
        return (channel * len(self.rows) + row) * len(self.columns) + column

    def input_at(self, channel: int, row: int, column: int) -> int:
        """Return where an input element lies; the channel counts through all groups."""
        return (channel * self.height + row) * self.width + column

    def weight_at(self, out_channel: int, in_channel: int, row: int, column: int) -> int:
        """Return where a weight lies; the output channel counts through all groups, the input channel within its own."""
        return ((out_channel * self.in_channels + in_channel) * self.kernel_height + row) * self.kernel_width + column
