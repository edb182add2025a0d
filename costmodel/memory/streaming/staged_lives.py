"""When each piece of memory of a network in stages is needed: whole tensors between stages, rings and running rows inside them."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.memory.lifetimes import Lifetimes, TensorLife, lifetimes_of
from costmodel.memory.strategies import INPUT
from costmodel.memory.streaming.blocks import ACCUMULATOR_BYTES, Layout, whole_bytes
from costmodel.memory.streaming.covers import Cover
from costmodel.specs.network import Network
from costmodel.specs.operations import Action
from costmodel.specs.running.schedule import Schedule
from costmodel.specs.running.stages import Grain, Held, InputDelivery, Role, Stage
from costmodel.specs.shapes import element_count


class StagedLives(NamedTuple):
    """Pieces of memory of a network in stages."""

    lives: Lifetimes
    """In the order in which they are needed; what takes no memory is left out."""
    held: tuple[Held | None, ...]
    """For each piece, what it is inside a stage; None where it is a whole tensor."""
    has_input: bool
    """Whether the first of them is the network's input, whole or as a ring."""


def staged_lives(network: Network, layout: Layout, cover: Cover) -> StagedLives:
    """Return what a network in stages keeps, and when.

    Parameters
    ----------
    network : Network
        The graph, its tensors of the types it states.
    layout : Layout
        The same network as blocks.
    cover : Cover
        Its stages.

    Returns
    -------
    StagedLives
        A pooling alone in a stage may overwrite its input as it may layer by layer.
    """
    schedule = Schedule(tuple(stage.steps for stage in cover.stages))
    whole = lifetimes_of(network.steps, schedule, network.tensor_bytes, element_count(network.input), network.input_bytes)
    makers = (-1, *schedule.running)
    rings = {(time, held.step): held for time, stage in enumerate(cover.stages) for held in stage.held if held.role is Role.RING}
    # Where nothing runs, the input is there all the same.
    stages = cover.stages or (Stage(()),)
    pieces: list[tuple[TensorLife, int | None, Held | None]] = []
    for place, (life, maker) in enumerate(zip(whole.tensors, makers, strict=True)):
        time = max(life.made, 0)
        stage = stages[time]
        inside = stage.grain is not Grain.LAYER and life.last == time and (place == INPUT or maker != stage.steps[-1])
        if place == INPUT:
            inside = inside and cover.delivery is InputDelivery.DELIVERED
            if cover.delivery is InputDelivery.FLASH:
                continue
        if inside:
            ring = rings.get((time, maker))
            if ring is not None:
                pieces.append((life._replace(size_bytes=ring.size_bytes, in_place_of=None), place, ring))
            continue
        if stage.grain is not Grain.LAYER:
            sums = maker in stage.scattered and not any(held.step == maker for held in stage.held)
            if sums and layout.steps[maker].operation.action is Action.MEAN:
                # Accumulators lie where they may be read as such.
                element = max(ACCUMULATOR_BYTES, layout.maps[maker].element_bytes)
                life = life._replace(size_bytes=whole_bytes(layout, maker, True), element_bytes=element)
            life = life._replace(in_place_of=None)
        pieces.append((life, place, None))
    for time, stage in enumerate(cover.stages):
        for held in stage.held:
            if held.role is Role.ROW:
                life = TensorLife(layout.name(held.step), held.size_bytes, time, time, None, held.element_bytes)
                pieces.append((life, None, held))
    pieces.sort(key=lambda piece: piece[0].made)
    at = {place: number for number, (_, place, _) in enumerate(pieces) if place is not None}
    tensors = tuple(life if life.in_place_of is None else life._replace(in_place_of=at.get(life.in_place_of)) for life, _, _ in pieces)
    has_input = INPUT in at
    return StagedLives(Lifetimes(tensors, whole.steps, (), whole.stages), tuple(held for _, _, held in pieces), has_input)
