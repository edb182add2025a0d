"""A network under a schedule whose stages the planner forms: which layers run together, what they keep, and where it lies."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from costmodel.errors import SpecError
from costmodel.memory.lifetimes import Lifetimes
from costmodel.memory.network_strategies import NETWORK_STRATEGIES, subject_of
from costmodel.memory.strategies import Accounted, SharedBuffer
from costmodel.memory.streaming.staged_lives import staged_lives
from costmodel.provenance import is_recording
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.specs.network import Network
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.running.stages import InputDelivery, Stage
from costmodel.specs.running.strategy import MemoryStrategy

KEPT: int = 64
"""Networks and schedules whose plans are remembered."""


class Scheduled(NamedTuple):
    """A network in stages, planned."""

    plan: StrategyPlan
    stages: tuple[Stage, ...]
    delivery: InputDelivery
    """How the network's input comes in."""
    lives: Lifetimes
    """Of whole tensors, rings and running rows, each called by its layer and what it is; ints."""
    arena: Accounted
    """Where they lie."""


def scheduled(network: Network, name: ScheduleName) -> Scheduled:
    """Return a network's stages under a schedule, with their memory.

    Parameters
    ----------
    network : Network
        The graph, its tensors of the types it states.
    name : ScheduleName
        One that is planned.

    Returns
    -------
    Scheduled
        The very plan that the strategy of this name gives.

    Raises
    ------
    SpecError
        If the schedule does not apply to the network; names the layer it fails at.
    """
    # A recorded plan is made anew: its numbers remember the tape they were recorded on.
    return _planned(network, name) if is_recording() else _remembered(network, name)


@lru_cache(maxsize=KEPT)
def _remembered(network: Network, name: ScheduleName) -> Scheduled:
    return _planned(network, name)


def _planned(network: Network, name: ScheduleName) -> Scheduled:
    subject = subject_of(network)
    plan, cover = NETWORK_STRATEGIES[MemoryStrategy(name.value)](subject)
    if cover is None:
        raise SpecError(f"schedule: {name.value} does not apply to {network.name}: {plan.reason}")
    staged = staged_lives(network, subject.layout, cover)
    tensors = tuple(
        life if held is None else life._replace(name=f"{life.name} ({held.role.value})")
        for life, held in zip(staged.lives.tensors, staged.held, strict=True)
    )
    arena = Accounted(
        plan.total_bytes,
        tuple(SharedBuffer(life.size_bytes, (place,)) for place, life in enumerate(tensors)),
        offsets=tuple(piece.offset_bytes for piece in plan.pieces),
    )
    return Scheduled(plan, cover.stages, cover.delivery, staged.lives._replace(tensors=tensors), arena)
