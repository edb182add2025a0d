"""What a network's layers ask of a runtime: their paths, and multiply-accumulates by kind."""

from __future__ import annotations

import functools
from typing import NamedTuple

from costmodel.dataflows.counting import count_work
from costmodel.latency.kernel_paths import KernelPath, path_of
from costmodel.latency.operation_mix import OperationMix, mix_of
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.devices.runtime import MeasuredNetwork
from costmodel.specs.lowering import Step
from costmodel.specs.network import Network


class TimedStep(NamedTuple):
    """A layer that takes time."""

    step: Step
    path: KernelPath
    mac_count: int
    """Nominal multiply-accumulates; 0 where the path multiplies nothing."""


@functools.lru_cache(maxsize=64)
def timed_steps(network: Network) -> tuple[TimedStep, ...]:
    """Return the layers of a network that take time, in running order."""
    found = []
    for step in network.steps:
        path = path_of(step.lowered.work)
        if path is not None:
            counts = count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY, Taps.NOMINAL)
            found.append(TimedStep(step, path, int(counts.mac_count)))
    return tuple(found)


def network_mix(network: Network) -> OperationMix:
    """Return a network's nominal multiply-accumulates by kind of layer."""
    total = OperationMix()
    for timed in timed_steps(network):
        total = total.plus(mix_of(timed.path, timed.mac_count))
    return total


def mix_of_measured(network: MeasuredNetwork) -> OperationMix:
    """Return the multiply-accumulates of a measured network by kind."""
    return OperationMix(network.convolution_mac_count, network.pointwise_mac_count, network.depthwise_mac_count, network.linear_mac_count)
