"""A network whose layers run together: what that takes and costs, beside the same network layer by layer."""

from __future__ import annotations

from costmodel.results.base import Result
from costmodel.results.storage.strategy_plan import PlannedStage
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
