"""Poolings, executed: output stationary, over the taps on real input."""

from __future__ import annotations

from typing import Any

from costmodel.dataflows.executed.counted_memory import Memory
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES, Progress
from costmodel.dataflows.executed.ports import Port
from costmodel.dataflows.executed.reach import Reach


def run_pooling(
    channels: int,
    height: int,
    width: int,
    rows: Reach,
    columns: Reach,
    averages: bool,
    inputs: Port,
    output: Port,
    memory: Memory,
    progress: Progress,
) -> None:
    """Run a maximum or average pooling.

    Parameters
    ----------
    channels, height, width : int
        Input shape.
    rows, columns : Reach
        Taps of each output row and column.
    averages : bool
        Mean over the taps on real input, instead of their maximum. A window without any gives 0.
    inputs, output : Port
        Its tensors.
    memory : Memory
        Counts.
    progress : callable
        Called after each channel.
    """
    memory.register(ACCUMULATOR_BYTES)
    place = 0
    for channel in range(channels):
        for row_taps in rows:
            for column_taps in columns:
                accumulator: Any = None
                taps = 0
                for _, ih, row_inside in row_taps:
                    for _, iw, column_inside in column_taps:
                        if not (row_inside and column_inside):
                            continue
                        element = inputs.read((channel * height + ih) * width + iw)
                        memory.operation_count += 1
                        taps += 1
                        if accumulator is None:
                            accumulator = element
                        elif averages:
                            accumulator += element
                        elif element > accumulator:
                            accumulator = element
                if accumulator is None:
                    accumulator = 0
                elif averages:
                    accumulator = mean_of(accumulator, taps)
                output.write(place, accumulator)
                place += 1
        progress(channel + 1, channels)


def mean_of(total: Any, count: int) -> Any:
    """Return total / count; of whole numbers, rounded to the nearest, halves away from zero, as integer kernels do."""
    if isinstance(total, int):
        return (abs(total) + count // 2) // count * (1 if total >= 0 else -1)
    return total / count
