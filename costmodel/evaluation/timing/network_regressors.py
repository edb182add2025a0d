"""What a network's layers ask of a runtime: their paths, and multiply-accumulates by kind."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from costmodel.dataflows.counting import count_work
from costmodel.evaluation.network_numbers import steps_of
from costmodel.latency.kernel_paths import KernelPath, path_of
from costmodel.latency.operation_mix import MIX_KINDS, OperationMix, mix_of
from costmodel.provenance import is_recording, noted
from costmodel.results.totals import total_of
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


def timed_steps(network: Network) -> tuple[TimedStep, ...]:
    """Return the layers of a network that take time, in running order."""
    return tuple(_timed(steps_of(network))) if is_recording() else _remembered_steps(network)


@functools.lru_cache(maxsize=64)
def _remembered_steps(network: Network) -> tuple[TimedStep, ...]:
    return tuple(_timed(network.steps))


def _timed(steps: Sequence[Step]) -> Iterator[TimedStep]:
    for step in steps:
        path = path_of(step.lowered.work)
        if path is not None:
            counts = count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY, Taps.NOMINAL)
            yield TimedStep(step, path, counts.mac_count)


def network_mix(network: Network) -> OperationMix:
    """Return a network's nominal multiply-accumulates by kind of layer."""
    found = [mix_of(timed.path, timed.mac_count) for timed in timed_steps(network)]
    return OperationMix(*(total_of([part for part in parts if part]) for parts in zip(*found, strict=True))) if found else OperationMix()


def mix_of_measured(network: MeasuredNetwork) -> OperationMix:
    """Return the multiply-accumulates of a measured network by kind."""
    counts = (network.convolution_mac_count, network.pointwise_mac_count, network.depthwise_mac_count, network.linear_mac_count)
    kinds = zip(MIX_KINDS, counts, strict=True)
    return OperationMix(*(noted(count, f"{network.network}.{kind}_mac_count", network.source) for kind, count in kinds))
