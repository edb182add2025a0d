"""Fully connected layers, executed: output stationary, whatever the convolutions use."""

from __future__ import annotations

from costmodel.dataflows.executed.counted_memory import Memory
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES, Progress
from costmodel.dataflows.executed.ports import Port


def run_linear(
    features: int, out_features: int, inputs: Port, weight: Port, bias: Port, output: Port, memory: Memory, progress: Progress
) -> None:
    """Run a fully connected layer.

    Parameters
    ----------
    features, out_features : int
        Inputs and outputs.
    inputs, weight, bias, output : Port
        Its tensors; weights are (out_features, features).
    memory : Memory
        Counts.
    progress : callable
        Called after each output.
    """
    memory.register(ACCUMULATOR_BYTES)
    for o in range(out_features):
        accumulator = bias.read(o)
        for i in range(features):
            accumulator += inputs.read(i) * weight.read(o * features + i)
            memory.mac_count += 1
        output.write(o, accumulator)
        progress(o + 1, out_features)
