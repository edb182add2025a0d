"""A check of plans in stages that shares nothing with planning: who is alive when follows from the layers, and every byte is compared."""

from __future__ import annotations

import itertools

from costmodel.errors import SpecError
from costmodel.results.storage.strategy_plan import PlannedPiece, StrategyPlan
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.network import Network
from costmodel.specs.shapes import element_count
from costmodel.specs.stages import Grain, InputDelivery


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
            made[holder] = stage_of[holder]
        for source in _reads(network, step.name):
            read.add(source)
            owner = _holder(network, source)
            if not step.merged:
                last[owner] = max(last.get(owner, -1), stage_of[step.name])
    for step in network.steps:
        if step.name not in read:
            last[_holder(network, step.name)] = len(plan.stages) - 1
    pieces = {piece.name: piece for piece in plan.pieces if piece.role == "tensor"}
    for name, begun in made.items():
        until = last.get(name, begun)
        inside = begun >= 0 and until == begun and plan.stages[begun].grain is not Grain.LAYER and until < len(plan.stages)
        if name == NETWORK_INPUT:
            streamed = plan.delivery is not InputDelivery.WHOLE and (plan.delivery is InputDelivery.FLASH or until == 0)
            inside = streamed and (plan.delivery is InputDelivery.FLASH or plan.stages[0].grain is not Grain.LAYER)
        if inside:
            continue
        piece = pieces.get(name)
        if piece is None:
            raise SpecError(f"{said}: {name} has no piece")
        needed = _bytes(network, name)
        if piece.size_bytes < needed:
            raise SpecError(f"{said}: {name} takes {needed:,} B, its piece has {piece.size_bytes:,} B")
        if piece.first_stage > begun or piece.last_stage < until:
            alive = f"{piece.first_stage + 1} to {piece.last_stage + 1}"
            raise SpecError(f"{said}: {name} is needed from stage {begun + 1} to {until + 1}, its piece is there from {alive}")


def _bytes(network: Network, name: str) -> int:
    if name == NETWORK_INPUT:
        return int(element_count(network.input)) * network.input_bytes
    place = next(at for at, step in enumerate(network.steps) if step.name == name)
    return int(element_count(network.steps[place].lowered.output)) * int(network.tensor_bytes[place].output_bytes)


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
    """Whether the later piece is a pooling's that overwrites what it reads, from its first byte on."""
    step = next((step for step in network.steps if step.name == late.name), None)
    if step is None or not step.operation.in_place or early.role != "tensor" or late.role != "tensor":
        return False
    reads = _holder(network, _reads(network, late.name)[0])
    return reads == early.name and early.last_stage == late.first_stage and early.offset_bytes == late.offset_bytes
