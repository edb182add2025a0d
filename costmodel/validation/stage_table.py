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
from costmodel.specs.schedule import sources_of
from costmodel.specs.stages import Grain, InputDelivery, Role, Stage
from costmodel.specs.strategy import MemoryStrategy

OUTSIDE = -1
"""In place of a step: the tensor that comes from outside the stage, or none."""


class KeptAs(IntEnum):
    """What the firmware keeps of a tensor; the numbers are `cm_held` in firmware/core/stream.h."""

    DIRECT = 0
    RING = 1
    WHOLE = 2


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
        See `stage_table`; int8 alone, pixels and single layers.
    """
    types = {*network.output_types, network.types.input}
    plan, stages = plan_strategy(strategy, subject_of(network))
    placed = plan.total_bytes is not None and all(piece.offset_bytes is not None for piece in plan.pieces)
    streamed = [stage for stage in stages if stage.streams]
    pixels = streamed and all(stage.grain is Grain.PIXELS and not stage.strips for stage in streamed)
    if types != {DataType.INT8} or not placed or not pixels or plan.delivery is InputDelivery.FLASH:
        return None
    return stage_table(network, plan, stages)


def stage_table(network: Network, plan: StrategyPlan, stages: Sequence[Stage]) -> list[int]:
    """Return a plan as the table that the firmware runs.

    Parameters
    ----------
    network : Network
        int8 throughout.
    plan : StrategyPlan
        Everything in one arena.
    stages : sequence of Stage
        The plan's, by steps.

    Returns
    -------
    list of int
        The input's offset, or -1 where it is delivered; the number of stages; of each stage its number of steps, 0 for one layer by itself
        (layer, offsets of inputs and output), else how the input is held, its offset and pixels, and ten numbers a step.

    Raises
    ------
    SpecError
        If the firmware has no kernel for a stage: rows, or vertical strips.
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
        if stage.grain is not Grain.PIXELS or stage.strips:
            raise SpecError(
                f"{plan.strategy.value}: the firmware streams pixels in one strip, not {stage.grain.value} in {len(stage.strips)}"
            )
        table += _streamed(stage, sources, offset)
    return table


def _streamed(stage: Stage, sources: Mapping[int, tuple[int, ...]], offset: Callable[[int, str], int]) -> list[int]:
    """A streamed stage: how its input is held, and its steps."""
    place = {step: number for number, step in enumerate(stage.steps)}
    rings = {held.step: held for held in stage.held if held.role is Role.RING}
    rows = {held.step: held for held in stage.held if held.role is Role.ROW}
    taken_by = {sources[step][0]: place[step] for step in stage.scattered}
    outside = next(source for step in stage.steps for source in sources[step] if source not in place)
    table = [len(stage.steps)]
    if outside in rings:
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
    return table
