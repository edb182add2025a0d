"""Schedules: which layers run together, in which order. Read by counts, memory planning and latency alike."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from costmodel.specs.lowering import Step


class ScheduleName(StrEnum):
    """How the layers of a network take turns."""

    LAYER_BY_LAYER = "layer-by-layer"
    """Each layer finishes before the next begins."""
    REORDERED = "reordered"
    """The same, in the order that keeps the least alive."""
    FUSED_BANDS = "fused-bands"
    """Convolution and pooling together, a band of as many rows as the pooling's kernel between them."""
    FUSED_ROWS = "fused-rows"
    """Convolution and pooling together, a band of one row between them and a running result."""
    FUSED_WINDOWS = "fused-windows"
    """Convolution and pooling together, one window at a time."""
    FUSED_MEANS = "fused-means"
    """Convolution, pooling and the mean of what it leaves together."""
    ROW_STREAMING = "row-streaming"
    """Rings of rows from the input to the last layer that streams."""
    PIXEL_STREAMING = "pixel-streaming"
    """Rings of pixels from the input to the last layer that streams."""
    PIXEL_STREAMING_FLASH = "pixel-streaming-flash"
    """The same, the network's input read in flash."""
    STRIPS_2 = "strips-2"
    """Pixel streaming in two vertical strips of an input in flash."""
    STRIPS_4 = "strips-4"
    """In four."""
    STRIPS_8 = "strips-8"
    """In eight."""
    STREAMING = "streaming"
    """Stages of streamed pixels and single layers, cut where the largest takes least."""

    @property
    def is_planned(self) -> bool:
        """Whether its stages are the memory planner's: everything then lies in one arena, planned with them."""
        return self is not ScheduleName.LAYER_BY_LAYER


class Schedule(NamedTuple):
    """Stages in running order; time, for whatever reads a schedule, is counted in stages."""

    stages: tuple[tuple[int, ...], ...]
    """For each stage the steps that run together in it, by their place in the network; a merged step runs in none."""

    @property
    def running(self) -> tuple[int, ...]:
        """The steps that run, in order."""
        return tuple(step for stage in self.stages for step in stage)

    def stage_of(self) -> dict[int, int]:
        """Return the stage each running step runs in."""
        return {step: time for time, stage in enumerate(self.stages) for step in stage}


def layer_by_layer(steps: Sequence[Step]) -> Schedule:
    """Return the stages of a network whose layers run one after the other.

    Parameters
    ----------
    steps : sequence of Step
        The lowered layers, in an order that runs.

    Returns
    -------
    Schedule
        Every step that is not merged, in a stage of its own.
    """
    return Schedule(tuple((position,) for position, step in enumerate(steps) if not step.merged))


def holders_of(steps: Sequence[Step]) -> tuple[int, ...]:
    """Return, for each step, the step whose buffer its output lives in; -1 for the network's input."""
    holders: list[int] = []
    for position, step in enumerate(steps):
        shared = holders[step.sources[0]] if step.merged and step.sources[0] >= 0 else -1
        holders.append(shared if step.merged else position)
    return tuple(holders)


def sources_of(steps: Sequence[Step]) -> dict[int, tuple[int, ...]]:
    """Return, for each step that runs, the tensors it reads, by the running step that makes each; -1 is the network's input."""
    holders = holders_of(steps)
    return {
        position: tuple(holders[source] if source >= 0 else -1 for source in step.sources)
        for position, step in enumerate(steps)
        if not step.merged
    }
