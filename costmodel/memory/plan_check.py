"""A check of memory plans that shares nothing with planning: the network is walked as it runs, and every byte is watched."""

from __future__ import annotations

from costmodel.errors import SpecError
from costmodel.results.storage.memory_plan import MemoryPlan, PlannedTensor
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.network import Network
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.shapes import element_count


def check_plan(plan: MemoryPlan, network: Network) -> None:
    """Refuse a plan under which a network would not compute what it should.

    Parameters
    ----------
    plan : MemoryPlan
        With an offset for every tensor; one without a place for the input is checked for all others.
    network : Network
        What it is said to be a plan of, its tensors of the types it states.

    Raises
    ------
    SpecError
        Naming the layer: a tensor is read after something else was written over it, an offset is not aligned, a layer is missing or runs
        before what it reads, the height is not the largest end, or the plan is of another network.
    """
    planned = {tensor.name: tensor for tensor in plan.tensors}
    steps = {step.name: step for step in network.steps}
    holders = _holders(network, planned)
    said = f"{plan.accounting.value} plan"
    _check_shapes(plan, network, holders)
    given = {NETWORK_INPUT} | {step.name for step in network.steps if step.operation.given}
    intact: set[str] = set()
    for name in sorted(given & planned.keys()):
        _write(plan, planned, name, set(), intact)
    done = {NETWORK_INPUT} | {name for name, holder in holders.items() if holder == NETWORK_INPUT}
    for name in (name for stage in plan.stages for name in stage):
        step = steps[name]
        reads = [_name(network, source) for source in step.sources]
        for read in reads:
            if read not in done:
                raise SpecError(f"{said}: {name} runs before {read}, which it reads")
            if holders[read] in planned and holders[read] not in intact:
                raise SpecError(f"{said}: {name} reads {read}, which has been overwritten")
        done.add(name)
        if name in planned and name not in given:
            _write(plan, planned, name, {holders[read] for read in reads}, intact)
    left_out = [name for name in steps if name not in done and holders[name] != NETWORK_INPUT]
    if left_out:
        raise SpecError(f"{said}: {left_out[0]} is in no stage")
    ever_read = {source for step in network.steps for source in step.sources}
    for position, step in enumerate(network.steps):
        stays = position not in ever_read or step.is_output or step.operation.lasts
        if stays and holders[step.name] in planned and holders[step.name] not in intact:
            raise SpecError(f"{said}: {step.name}, which stays to the end, has been overwritten")


def _name(network: Network, position: int) -> str:
    return NETWORK_INPUT if position < 0 else network.steps[position].name


def _holders(network: Network, planned: dict[str, PlannedTensor]) -> dict[str, str]:
    """For each layer, the tensor its output is in: its own, or the one it was merged into."""
    holders = {NETWORK_INPUT: NETWORK_INPUT}
    for step in network.steps:
        own = step.name in planned or not step.merged
        holders[step.name] = step.name if own else holders[_name(network, step.sources[0])]
    return holders


def _check_shapes(plan: MemoryPlan, network: Network, holders: dict[str, str]) -> None:
    """Hold names, sizes, alignment and height against the network and one another."""
    said = f"{plan.accounting.value} plan"
    elements: dict[str, tuple[int, int]] = {NETWORK_INPUT: (element_count(network.input), network.input_bytes)}
    for step, sizes in zip(network.steps, network.tensor_bytes, strict=True):
        elements[step.name] = (element_count(step.lowered.output), sizes.output_bytes)
    expected = set(holders.values()) - (set() if plan.with_input else {NETWORK_INPUT})
    for name in sorted(expected ^ {tensor.name for tensor in plan.tensors}):
        raise SpecError(f"{said}: it does not match {network.name!r}: only one of them has {name!r}")
    end = 0
    for name, size, offset in ((tensor.name, tensor.size_bytes, tensor.offset_bytes) for tensor in plan.tensors):
        count, element_bytes = elements[name]
        if size != count * element_bytes:
            raise SpecError(f"{said}: it does not match {network.name!r}: {name} has {size:,} B, expected {count * element_bytes:,} B")
        if offset is None:
            raise SpecError(f"{said}: {name} has no offset")
        if offset % element_bytes:
            raise SpecError(f"{said}: {name} lies at {offset:,}, no multiple of its {element_bytes}-byte elements")
        end = max(end, offset + size)
    stated = plan.tensor_buffer_bytes or 0
    # Beside one another, buffers of different elements may have to leave gaps.
    if stated > end or (plan.accounting is MemoryAccounting.ARENA_IN_PLACE and stated != end):
        raise SpecError(f"{said}: its height is {stated:,} B, expected {end:,} B, the largest end of a tensor")
    scratch = plan.scratch_offset_bytes
    if scratch is not None and (scratch < end or scratch % 4):
        raise SpecError(f"{said}: its scratch lies at {scratch:,}, expected a multiple of 4 from {end:,} on, behind the tensors")


def _write(plan: MemoryPlan, planned: dict[str, PlannedTensor], name: str, reads: set[str], intact: set[str]) -> None:
    """Write a layer's output, and forget every tensor it lies over."""
    said = f"{plan.accounting.value} plan"
    written = planned[name]
    for other in tuple(intact):
        if not _overlap(written, planned[other]):
            continue
        if other in reads and not (written.in_place_of == other and written.offset_bytes == planned[other].offset_bytes):
            raise SpecError(f"{said}: {name} is written over {other} while reading it")
        intact.discard(other)
    intact.add(name)


def _overlap(a: PlannedTensor, b: PlannedTensor) -> bool:
    if a.offset_bytes is None or b.offset_bytes is None:
        return False
    return a.offset_bytes < b.offset_bytes + b.size_bytes and b.offset_bytes < a.offset_bytes + a.size_bytes
