"""A network's layers and tensors, and what they take under each accounting: found once a network while nothing of it is replaced."""

from __future__ import annotations

import functools
from typing import NamedTuple

from costmodel.columns import Number
from costmodel.evaluation.design import Design
from costmodel.evaluation.totals import total_of
from costmodel.memory.lifetimes import Lifetimes, lifetimes_of, tensor_size_bytes
from costmodel.memory.strategies import Accounted, account
from costmodel.provenance import is_observed
from costmodel.specs.lowering import Step, lower_network
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.schedule import Schedule, ScheduleName, schedule_of
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
    own = network is not None and design.layers is network.ordered and all(type(extent) is int for extent in shape)
    if network is None or not own or shape != network.input or is_observed():
        steps = lower_network(design.layers, design.sources, shape)
    elif design.sizes is network.tensor_bytes and type(design.input_bytes) is int and design.input_bytes == network.input_bytes:
        return _network_tensors(network, design.schedule, design.accountings)
    else:
        steps = network.steps
    return _found_tensors(steps, design.sizes, shape, design.input_bytes, design.schedule, design.accountings)


@functools.lru_cache(maxsize=64)
def _network_tensors(network: Network, name: ScheduleName, accountings: tuple[MemoryAccounting, ...]) -> Tensors:
    return _found_tensors(network.steps, network.tensor_bytes, network.input, network.input_bytes, name, accountings)


def _found_tensors(
    steps: tuple[Step, ...],
    sizes: tuple[TensorBytes, ...],
    input_shape: Shape,
    input_bytes: Number,
    name: ScheduleName,
    accountings: tuple[MemoryAccounting, ...],
) -> Tensors:
    schedule = schedule_of(name, steps)
    elements = element_count(input_shape)
    lives = lifetimes_of(steps, schedule, sizes, elements, input_bytes)
    return Tensors(
        steps=steps,
        schedule=schedule,
        lives=lives,
        memory={accounting: account(accounting, lives) for accounting in accountings},
        parameter_count=total_of([count for step in steps for count in (step.lowered.weight_count, step.lowered.bias_count)]),
        weight_bytes=total_of(
            [
                tensor_size_bytes(count, size)
                for step, own in zip(steps, sizes, strict=True)
                for count, size in ((step.lowered.weight_count, own.weight_bytes), (step.lowered.bias_count, own.bias_bytes))
            ]
        ),
        input_bytes=tensor_size_bytes(elements, input_bytes),
    )
