"""Schedules: which layers run together, in which order. Read by counts, memory planning and latency alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from costmodel.specs.lowering import Step


class ScheduleName(StrEnum):
    """How the layers of a network take turns."""

    LAYER_BY_LAYER = "layer-by-layer"
    """Each layer finishes before the next begins."""


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


def schedule_of(name: ScheduleName, steps: Sequence[Step]) -> Schedule:
    """Return the stages of a network under a schedule.

    Parameters
    ----------
    name : ScheduleName
        How the layers take turns.
    steps : sequence of Step
        The lowered layers, in an order that runs.

    Returns
    -------
    Schedule
        Every step that is not merged, in exactly one stage.
    """
    return _STAGES[name](steps)


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


def _layer_by_layer(steps: Sequence[Step]) -> Schedule:
    return Schedule(tuple((position,) for position, step in enumerate(steps) if not step.merged))


_STAGES: Final[dict[ScheduleName, Callable[[Sequence[Step]], Schedule]]] = {ScheduleName.LAYER_BY_LAYER: _layer_by_layer}
"""How the stages of each schedule form."""
