"""A check of plans in stages that shares nothing with planning: who is alive when follows from the layers, and every byte is compared."""

from __future__ import annotations

import itertools
from typing import Final

from costmodel.errors import SpecError
from costmodel.results.storage.strategy_plan import PlannedPiece, StrategyPlan
from costmodel.specs.axis import AdaptiveAxis, Axis
from costmodel.specs.layers import Conv2d
from costmodel.specs.lowering import NETWORK_INPUT, Step
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.operations import Action
from costmodel.specs.running.stages import Grain, InputDelivery, Role
from costmodel.specs.shapes import element_count
from costmodel.specs.work import LoopNest

_SUM_BYTES: Final = 4
"""Sums of int8 and of float32 take 32 bits."""


def check_strategy_plan(plan: StrategyPlan, network: Network) -> None:
    """Refuse a plan in one arena under which a network would not compute what it should.

    Parameters
    ----------
    plan : StrategyPlan
        Everything in one arena; what is inside a streamed stage is held to its size when it is executed.
    network : Network
        What it is said to be a plan of.

    Raises
    ------
    SpecError
        Naming the layer or the pieces: two that are alive together share a byte, an offset is not aligned, a tensor is missing, too small
        or given back too early, a layer runs before what it reads or not at all, or the height is not the largest end.
    """
    said = f"{plan.strategy.value} plan of {network.name}"
    stage_of = {name: time for time, stage in enumerate(plan.stages) for name in stage.layers}
    order = [name for stage in plan.stages for name in stage.layers]
    steps = {step.name: step for step in network.steps}
    for name in (step.name for step in network.steps if not step.merged):
        if order.count(name) != 1:
            raise SpecError(f"{said}: {name} runs {order.count(name)} times")
    done = {NETWORK_INPUT}
    for name in order:
        if name not in steps:
            raise SpecError(f"{said}: {name!r} is no layer of the network")
        for source in _reads(network, name):
            if source not in done and not (source in steps and steps[source].merged):
                raise SpecError(f"{said}: {name} runs before {source}, which it reads")
        done.add(name)
    _check_tensors(plan, network, stage_of, said)
    _check_places(plan, network, said)


def _reads(network: Network, name: str) -> list[str]:
    step = next(step for step in network.steps if step.name == name)
    return [NETWORK_INPUT if source < 0 else network.steps[source].name for source in step.sources]


def _holder(network: Network, name: str) -> str:
    steps = {step.name: step for step in network.steps}
    while name in steps and steps[name].merged:
        name = _reads(network, name)[0]
    return name


def _check_tensors(plan: StrategyPlan, network: Network, stage_of: dict[str, int], said: str) -> None:
    """Hold every tensor that crosses stages, or leaves the network, against its piece."""
    made: dict[str, int] = {NETWORK_INPUT: -1}
    last: dict[str, int] = {}
    read: set[str] = set()
    for step in network.steps:
        holder = _holder(network, step.name)
        if not step.merged:
            made[holder] = -1 if step.operation.given else stage_of[holder]
        for source in _reads(network, step.name):
            read.add(source)
            owner = _holder(network, source)
            if not step.merged:
                last[owner] = max(last.get(owner, -1), stage_of[step.name])
    kept = {_holder(network, step.name) for step in network.steps if step.name not in read or step.is_output or step.operation.lasts}
    last |= dict.fromkeys(kept, len(plan.stages) - 1)
    pieces = {piece.name: piece for piece in plan.pieces if piece.role == "tensor"}
    for name, begun in made.items():
        until = last.get(name, begun)
        inside = begun >= 0 and until == begun and plan.stages[begun].grain is not Grain.LAYER and name not in kept
        if name == NETWORK_INPUT:
            streamed = plan.delivery is not InputDelivery.WHOLE and (plan.delivery is InputDelivery.FLASH or until == 0)
            inside = streamed and (plan.delivery is InputDelivery.FLASH or plan.stages[0].grain is not Grain.LAYER)
        if inside:
            continue
        piece = pieces.get(name)
        if piece is None:
            raise SpecError(f"{said}: {name} has no piece")
        elements, element_bytes = _elements(network, name)
        if _is_summed_in_place(plan, network, name):
            element_bytes = _SUM_BYTES
        needed = elements * element_bytes
        if piece.size_bytes < needed:
            raise SpecError(f"{said}: {name} takes {needed:,} B, its piece has {piece.size_bytes:,} B")
        if piece.element_bytes % element_bytes:
            raise SpecError(f"{said}: {name} has elements of {element_bytes} B, its piece of {piece.element_bytes} B")
        if piece.first_stage > begun or piece.last_stage < until:
            alive = f"{piece.first_stage + 1} to {piece.last_stage + 1}"
            raise SpecError(f"{said}: {name} is needed from stage {begun + 1} to {until + 1}, its piece is there from {alive}")


def _elements(network: Network, name: str) -> tuple[int, int]:
    """How many elements a tensor has, and the bytes of one."""
    if name == NETWORK_INPUT:
        return int(element_count(network.input)), network.input_bytes
    place = next(at for at, step in enumerate(network.steps) if step.name == name)
    return int(element_count(network.steps[place].lowered.output)), int(network.tensor_bytes[place].output_bytes)


def _is_summed_in_place(plan: StrategyPlan, network: Network, name: str) -> bool:
    """Whether a mean is summed up where it will lie, each pixel of its input as it is made."""
    if not any(name in stage.scattered for stage in plan.stages) or any(
        piece.name == name and piece.role == Role.ROW.value for piece in plan.pieces
    ):
        return False
    return next(step for step in network.steps if step.name == name).operation.action is Action.MEAN


def _check_places(plan: StrategyPlan, network: Network, said: str) -> None:
    """Hold offsets against one another, the elements' sizes and the height."""
    end = 0
    for piece in plan.pieces:
        if piece.offset_bytes is None or piece.offset_bytes < 0:
            raise SpecError(f"{said}: {piece.name} has no offset")
        if piece.offset_bytes % piece.element_bytes:
            raise SpecError(f"{said}: {piece.name} lies at {piece.offset_bytes:,}, no multiple of its {piece.element_bytes}-byte elements")
        end = max(end, piece.offset_bytes + piece.size_bytes)
    if plan.total_bytes != end:
        raise SpecError(f"{said}: its height is {plan.total_bytes or 0:,} B, expected {end:,} B, the largest end of a piece")
    for one, other in itertools.combinations(plan.pieces, 2):
        if one.first_stage > other.last_stage or other.first_stage > one.last_stage or not _share_a_byte(one, other):
            continue
        early, late = sorted((one, other), key=lambda piece: piece.first_stage)
        if not _in_place(network, early, late):
            raise SpecError(f"{said}: {early.name} ({early.role}) and {late.name} ({late.role}) are alive together and share bytes")


def _share_a_byte(one: PlannedPiece, other: PlannedPiece) -> bool:
    a, b = one.offset_bytes or 0, other.offset_bytes or 0
    return a < b + other.size_bytes and b < a + one.size_bytes


def _in_place(network: Network, early: PlannedPiece, late: PlannedPiece) -> bool:
    """Whether the later piece may lie over the earlier one, which it is made from and which nobody reads afterwards."""
    place = next((at for at, step in enumerate(network.steps) if step.name == late.name), None)
    if place is None or early.role != "tensor" or late.role != "tensor" or early.last_stage != late.first_stage:
        return False
    step = network.steps[place]
    if early.name not in {_holder(network, name) for name in _reads(network, late.name)}:
        return False
    if step.operation.pools:
        return _pooled_behind(step, network.tensor_bytes[place], early.offset_bytes or 0, late.offset_bytes or 0)
    return _written_behind(network, place, early.offset_bytes or 0, late.offset_bytes or 0)


def _written_behind(network: Network, place: int, read_from: int, written_from: int) -> bool:
    """Whether a kernel that goes through its output channel by channel has read each byte before it writes over it."""
    step, layer, sizes = network.steps[place], network.ordered[place], network.tensor_bytes[place]
    if step.operation.action in (Action.RECTIFY, Action.SCALE_AND_SHIFT, Action.SUM):
        return written_from <= read_from and sizes.input_bytes == sizes.output_bytes
    if len(step.inputs[0]) != 3 or not isinstance(layer, Conv2d):
        return False
    (channels, rows, columns), (made, made_rows, made_columns), groups = step.inputs[0], step.lowered.output, layer.groups
    for channel in range(made):
        written_to = written_from + (channel + 1) * made_rows * made_columns * sizes.output_bytes
        still_read = channel // (made // groups) * (channels // groups)
        if written_to > read_from + still_read * rows * columns * sizes.input_bytes:
            return False
    return True


def _pooled_behind(step: Step, sizes: TensorBytes, read_from: int, written_from: int) -> bool:
    """Whether a pooling, element by element in raster order, has read each byte before it writes over it."""
    (channels, rows, columns), (_, made_rows, made_columns) = step.inputs[0], step.lowered.output
    work = step.lowered.work
    if not isinstance(work, LoopNest):
        return False
    first_rows = [_first_read(work.h, at) for at in range(made_rows)]
    first_columns = [_first_read(work.w, at) for at in range(made_columns)]
    reads = [row * columns + column for row in first_rows for column in first_columns]
    plane, made = rows * columns, made_rows * made_columns
    still = plane
    for at in reversed(range(made)):
        # What comes after it in its channel, or in the next one, is still to be read; the first and the last channel are the tightest.
        for channel in (0, channels - 1):
            needed = channel * plane + still
            if written_from + (channel * made + at + 1) * sizes.output_bytes > read_from + needed * sizes.input_bytes:
                return False
        still = min(still, reads[at])
    return True


def _first_read(axis: Axis | AdaptiveAxis, index: int) -> int:
    """The first input of a window that is in bounds."""
    if isinstance(axis, AdaptiveAxis):
        return int(index * axis.H // axis.n)
    start = index * axis.s - axis.p
    return int(start + -(-max(-start, 0) // axis.d) * axis.d)
