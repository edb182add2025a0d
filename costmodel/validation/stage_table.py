"""Stages as the firmware takes them: a table of whole numbers with what a plan keeps of each tensor, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum

from costmodel.errors import SpecError
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.specs.layers import DataType
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.network import Network
from costmodel.specs.running.schedule import sources_of
from costmodel.specs.running.stages import Grain, InputDelivery, Role, Stage
from costmodel.specs.running.strategy import MemoryStrategy

OUTSIDE = -1
"""In place of a step: the tensor that comes from outside the stage, or none."""


class KeptAs(IntEnum):
    """What the firmware keeps of a tensor; the numbers are `cm_held` in firmware/core/stream.h."""

    DIRECT = 0
    RING = 1
    WHOLE = 2
    OUTSIDE = 3


def firmware_table(network: Network, strategy: MemoryStrategy) -> list[int] | None:
    """Return the table of a network's plan under a strategy; None where the firmware cannot run it.

    Parameters
    ----------
    network : Network
        The graph.
    strategy : MemoryStrategy
        How its tensors get memory.

    Returns
    -------
    list of int or None
        See `stage_table`; int8 throughout, or float32 behind an int8 input.
    """
    plan, stages = plan_strategy(strategy, subject_of(network))
    placed = plan.total_bytes is not None and all(piece.offset_bytes is not None for piece in plan.pieces)
    kinds = {*network.output_types}
    known = kinds == {DataType.INT8} or (kinds == {DataType.FLOAT32} and network.types.input is DataType.INT8)
    if not known or not placed or not any(stage.streams for stage in stages):
        return None
    return stage_table(network, plan, stages)


def stage_table(network: Network, plan: StrategyPlan, stages: Sequence[Stage]) -> list[int]:
    """Return a plan as the table that the firmware runs.

    Parameters
    ----------
    network : Network
        Of types that the firmware streams.
    plan : StrategyPlan
        Everything in one arena.
    stages : sequence of Stage
        The plan's, by steps.

    Returns
    -------
    list of int
        The input's offset, or -1 where it is not in the arena whole; the number of stages; of each stage its number of steps, 0 for one
        layer by itself (layer, offsets of inputs and output), else its grain and strips, how the input is held, its offset and units, ten
        numbers a step, and for each strip the first and last column of the input and of each step.

    Raises
    ------
    SpecError
        If a piece that a stage needs has no place in the arena.
    """
    pieces = {(piece.name, piece.role): piece for piece in plan.pieces}
    sources = sources_of(network.steps)

    def name(step: int) -> str:
        return NETWORK_INPUT if step < 0 else network.steps[step].name

    def offset(step: int, role: str) -> int:
        found = pieces.get((name(step), role))
        if found is None or found.offset_bytes is None:
            raise SpecError(f"{plan.strategy.value} plan of {network.name}: no {role} of {name(step)} lies in the arena")
        return found.offset_bytes

    whole = (NETWORK_INPUT, "tensor") in pieces
    table = [offset(-1, "tensor") if whole else OUTSIDE, len(stages)]
    for stage in stages:
        if not stage.streams:
            (step,) = stage.steps
            reads = [offset(source, "tensor") for source in sources[step]]
            table += [0, step, reads[0], reads[-1], offset(step, "tensor")]
            continue
        table += _streamed(stage, sources, offset, plan.delivery)
    return table


def _streamed(
    stage: Stage, sources: Mapping[int, tuple[int, ...]], offset: Callable[[int, str], int], delivery: InputDelivery
) -> list[int]:
    """A streamed stage: how its input is held, and its steps."""
    place = {step: number for number, step in enumerate(stage.steps)}
    rings = {held.step: held for held in stage.held if held.role is Role.RING}
    rows = {held.step: held for held in stage.held if held.role is Role.ROW}
    taken_by = {sources[step][0]: place[step] for step in stage.scattered}
    outside = next(source for step in stage.steps for source in sources[step] if source not in place)
    table = [len(stage.steps), int(stage.grain is Grain.ROWS), len(stage.strips)]
    if outside < 0 and delivery is InputDelivery.FLASH:
        table += [KeptAs.OUTSIDE, 0, 0]
    elif outside in rings:
        table += [KeptAs.RING, offset(outside, "ring"), rings[outside].unit_count]
    else:
        table += [KeptAs.WHOLE, offset(outside, "tensor"), 0]
    for step in stage.steps:
        reads = [place.get(source, OUTSIDE) for source in sources[step]]
        kept = KeptAs.RING if step in rings else KeptAs.DIRECT if stage.is_direct(step) else KeptAs.WHOLE
        own = 0 if kept is KeptAs.DIRECT else offset(step, "ring" if kept is KeptAs.RING else "tensor")
        row_offset = offset(step, "running row") if step in rows else own
        row_units = rows[step].unit_count if step in rows else 0
        units = rings[step].unit_count if step in rings else 0
        table += [
            step,
            reads[0],
            reads[-1],
            taken_by.get(step, OUTSIDE),
            kept,
            int(step in stage.scattered),
            own,
            units,
            row_offset,
            row_units,
        ]
    for strip in stage.strips:
        for step in (outside, *stage.steps):
            table += strip.columns.get(step, (OUTSIDE, OUTSIDE))
    return table
