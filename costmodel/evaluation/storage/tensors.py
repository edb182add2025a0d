"""A network's layers and tensors, and what they take under each accounting: found once a network while nothing of it is replaced."""

from __future__ import annotations

import functools
import operator
from typing import Any, NamedTuple

from costmodel.columns import Number
from costmodel.errors import SpecError
from costmodel.evaluation.design import Design
from costmodel.memory.lifetimes import Lifetimes, lifetimes_of, tensor_size_bytes
from costmodel.memory.scheduled import Scheduled, scheduled
from costmodel.memory.strategies import CHOSEN, Accounted, account, arena_height_bytes, end_bytes
from costmodel.provenance import is_observed, is_recording, leaf
from costmodel.results.totals import total_of
from costmodel.specs.lowering import Step, lower_network
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.running.schedule import Schedule, ScheduleName, layer_by_layer
from costmodel.specs.running.stages import InputDelivery
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.shapes import Shape, element_count


class Tensors(NamedTuple):
    """A network's layers, tensors and parameters: what neither dataflow nor device changes."""

    steps: tuple[Step, ...]
    """Its layers, lowered."""
    schedule: Schedule
    """Which layers run together."""
    lives: Lifetimes
    """Every tensor that needs memory, and when."""
    memory: dict[MemoryAccounting, Accounted]
    """What the tensors take under each accounting of the design."""
    parameter_count: Number
    weight_bytes: Number
    """Weights and biases."""
    input_bytes: Number
    """The network's input."""
    planned: Scheduled | None = None
    """Its stages, where the schedule is planned with the memory."""

    @property
    def reads_input_in_flash(self) -> bool:
        """Whether the schedule reads the network's input where it lies outside of RAM."""
        return self.planned is not None and self.planned.delivery is InputDelivery.FLASH


def tensors_of(design: Design) -> Tensors:
    """Return the tensors of a design.

    Parameters
    ----------
    design : Design
        Plain numbers, or columns that broadcast against each other.

    Returns
    -------
    Tensors
        What was found before, while network and input are as they were read and nobody asks for formulas.

    Raises
    ------
    ShapeError
        If a layer does not fit.
    """
    network, shape = design.network, design.input_shape
    own = network is not None and _are_its(design.layers, network) and all(type(extent) is int for extent in shape)
    planned = None
    if design.schedule.is_planned:
        # While formulas are being recorded, layers are records of the network's own.
        if network is None or not (own or is_observed()):
            raise SpecError(f"schedule {design.schedule.value}: its stages are planned for one network at a time")
        planned = scheduled(network, design.schedule)
    if network is None or not own or shape != network.input or is_observed():
        steps = lower_network(design.layers, design.sources, shape)
    elif design.sizes is network.tensor_bytes and type(design.input_bytes) is int and design.input_bytes == network.input_bytes:
        return _network_tensors(network, design.schedule, design.accountings)
    else:
        steps = network.steps
    return _found_tensors(steps, design.sizes, shape, design.input_bytes, planned, design.accountings)


def _are_its(layers: tuple[Any, ...], network: Network) -> bool:
    """Whether layers are a network's own, not replaced by records of columns."""
    return layers is network.ordered or (len(layers) == len(network.ordered) and all(map(operator.is_, layers, network.ordered)))


@functools.lru_cache(maxsize=64)
def _network_tensors(network: Network, name: ScheduleName, accountings: tuple[MemoryAccounting, ...]) -> Tensors:
    planned = scheduled(network, name) if name.is_planned else None
    return _found_tensors(network.steps, network.tensor_bytes, network.input, network.input_bytes, planned, accountings)


def _found_tensors(
    steps: tuple[Step, ...],
    sizes: tuple[TensorBytes, ...],
    input_shape: Shape,
    input_bytes: Number,
    planned: Scheduled | None,
    accountings: tuple[MemoryAccounting, ...],
) -> Tensors:
    elements = element_count(input_shape)
    if planned is None:
        schedule = layer_by_layer(steps)
        lives = lifetimes_of(steps, schedule, sizes, elements, input_bytes)
        memory = {accounting: account(accounting, lives) for accounting in accountings}
    else:
        schedule, lives = Schedule(tuple(stage.steps for stage in planned.stages)), planned.lives
        memory = {accounting: _in_one_arena(accounting, planned) for accounting in accountings}
    return Tensors(
        steps=steps,
        schedule=schedule,
        lives=lives,
        memory=memory,
        parameter_count=total_of([count for step in steps for count in (step.lowered.weight_count, step.lowered.bias_count)]),
        weight_bytes=total_of(
            [
                tensor_size_bytes(count, size)
                for step, own in zip(steps, sizes, strict=True)
                for count, size in ((step.lowered.weight_count, own.weight_bytes), (step.lowered.bias_count, own.bias_bytes))
            ]
        ),
        input_bytes=tensor_size_bytes(elements, input_bytes),
        planned=planned,
    )


def _in_one_arena(accounting: MemoryAccounting, planned: Scheduled) -> Accounted:
    """What a planned schedule takes: its arena, and under no other accounting anything."""
    if accounting is not MemoryAccounting.ARENA_IN_PLACE:
        return Accounted(None, (), f"{planned.plan.strategy.value} is planned in one arena")
    if not is_recording():
        return planned.arena
    ends = [
        end_bytes(leaf(offset, f"offset of {life.name}", CHOSEN), leaf(life.size_bytes, f"bytes of {life.name}", CHOSEN))
        for life, offset in zip(planned.lives.tensors, planned.arena.offsets, strict=True)
    ]
    return planned.arena._replace(tensor_buffer_bytes=arena_height_bytes(ends))
