"""Elementwise layers, executed: those that nothing before them absorbs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from costmodel.dataflows.executed.counted_memory import Memory
from costmodel.dataflows.executed.ports import Port


def run_relu(elements: int, inputs: Port, output: Port) -> None:
    """Replace what is below zero by zero."""
    for i in range(elements):
        element = inputs.read(i)
        output.write(i, element if element > 0 else 0)


def run_add(elements: int, operands: Sequence[Port], output: Port) -> None:
    """Add tensors element by element."""
    for i in range(elements):
        total = operands[0].read(i)
        for operand in operands[1:]:
            total += operand.read(i)
        output.write(i, total)


def run_batch_norm(elements: int, channels: int, inputs: Port, parameters: Port, output: Port, memory: Memory) -> None:
    """Scale and shift each channel; the parameters are each channel's scale, then each channel's shift."""
    plane = elements // channels
    for channel in range(channels):
        scale = parameters.read(channel)
        shift = parameters.read(channels + channel)
        for i in range(channel * plane, (channel + 1) * plane):
            output.write(i, inputs.read(i) * scale + shift)
            memory.mac_count += 1


def run_softmax(elements: int, inputs: Port, output: Port, *, logarithms: bool = False) -> None:
    """Turn scores into probabilities, or their logarithms, in three passes: the largest, the sum, the quotients."""
    largest = inputs.read(0)
    for i in range(1, elements):
        element = inputs.read(i)
        if element > largest:
            largest = element
    total = 0.0
    for i in range(elements):
        total += math.exp(inputs.read(i) - largest)
    for i in range(elements):
        difference = inputs.read(i) - largest
        output.write(i, difference - math.log(total) if logarithms else math.exp(difference) / total)
