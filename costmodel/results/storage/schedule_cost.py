"""A network whose layers run together: what that takes and costs, beside the same network layer by layer."""

from __future__ import annotations

from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.storage.strategy_plan import PlannedStage
from costmodel.results.totals import change_of
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.running.stages import InputDelivery


class ScheduleFigures(Result):
    """What a network takes and costs under one schedule, everything in one arena."""

    schedule: ScheduleName
    buffer_bytes: int
    """Of tensors, rings and running rows."""
    mac_count: int
    """Under the scenario's convention, what is computed again among them."""
    access_count: int
    """Reads and writes of single elements: tensors, rings, partial results and scratch."""
    memory_pj: float
    """Dynamic energy of the memories."""
    latency_s: float | None
    """From calibrated rates; None where none hold."""


class ScheduleCost(Result):
    """A planned schedule beside layer by layer, under the dataflow that runs."""

    delivery: InputDelivery
    """How the network's input comes in."""
    stages: tuple[PlannedStage, ...]
    planned: ScheduleFigures
    layer_by_layer: ScheduleFigures

    derived: ClassVar[tuple[str, ...]] = ("access_change_ratio", "memory_change_ratio", "latency_change_ratio")

    @property
    def access_change_ratio(self) -> float:
        """By which share the accesses differ from layer by layer."""
        return _change(self.planned.access_count, self.layer_by_layer.access_count)

    @property
    def memory_change_ratio(self) -> float:
        """By which share the memory's energy differs."""
        return _change(self.planned.memory_pj, self.layer_by_layer.memory_pj)

    @property
    def latency_change_ratio(self) -> float | None:
        """By which share the time differs; None where none is known."""
        own, alone = self.planned.latency_s, self.layer_by_layer.latency_s
        return _change(own, alone) if own is not None and alone else None


def _change(own: float, alone: float) -> float:
    change: float = change_of(own, alone) if alone else 0.0
    return change
