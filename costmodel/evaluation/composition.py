"""The composition: a design to its cost. It stands here once, and serves one design and a million."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from costmodel.battery.energy_budget import (
    baseline_energy_j,
    computational_energy_j,
    electrical_power_w,
    energy_share_ratio,
    inference_energy_j,
    inference_rate_hz,
)
from costmodel.columns import Number, is_column
from costmodel.energy.access_energy import leakage_energy_pj
from costmodel.errors import SpecError
from costmodel.evaluation.battery.inputs import BoardNumbers
from costmodel.evaluation.battery.lives import BatteryCost, battery_cost
from costmodel.evaluation.design import Design
from costmodel.evaluation.layers.layer_cost import LayerCost, is_convolution, layer_cost, with_rates
from costmodel.evaluation.totals import increase_ratio, total_of
from costmodel.memory.lifetimes import Lifetimes, lifetimes_of, tensor_size_bytes
from costmodel.memory.strategies import Accounted, account
from costmodel.provenance import is_observed
from costmodel.results.counts import AccessCounts
from costmodel.specs.counting import Granularity
from costmodel.specs.lowering import Step, lower_network
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.schedule import Schedule, ScheduleName, schedule_of
from costmodel.specs.shapes import Shape, element_count


class PowerCost(NamedTuple):
    """Power of the board and energy of one inference."""

    idle_w: Number
    active_w: Number
    increase_ratio: Number | None
    inference_j: Number | None
    baseline_j: Number | None
    computational_j: Number | None
    baseline_ratio: Number | None
    computational_ratio: Number | None
    rate_hz: Number | None


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


class Cost(NamedTuple):
    """Everything a design costs."""

    layers: tuple[LayerCost, ...]
    tensor_pj: Number
    """Dynamic energy of tensors, scratch rows in registers."""
    scratch_pj: Number
    """What scratch rows add where they live in the same memory."""
    energy_pj: Number
    """Both together: the memory's dynamic energy."""
    compute_pj: Number
    tensors: Tensors
    """What neither dataflow nor device changes."""
    latency_s: Number | None
    """From calibrated rates; None where they do not hold."""
    duration_s: Number | None
    """Measured where given, else calibrated, else None."""
    leakage_pj: Number | None
    """Over the duration; None without one."""
    power: PowerCost | None
    battery: BatteryCost | None

    @property
    def lives(self) -> Lifetimes:
        """Every tensor that needs memory, and when."""
        return self.tensors.lives

    @property
    def memory(self) -> dict[MemoryAccounting, Accounted]:
        """What the tensors take under each accounting of the design."""
        return self.tensors.memory

    @property
    def parameter_count(self) -> Number:
        """Weights and biases of all layers."""
        return self.tensors.parameter_count

    @property
    def weight_bytes(self) -> Number:
        """Bytes of weights and biases."""
        return self.tensors.weight_bytes

    @property
    def input_bytes(self) -> Number:
        """Bytes of the network's input."""
        return self.tensors.input_bytes


def cost(design: Design, traced: Sequence[AccessCounts | None] | None = None, other: Cost | None = None) -> Cost:
    """Return what a design costs.

    Parameters
    ----------
    design : Design
        Plain numbers, or columns that broadcast against each other.
    traced : sequence of AccessCounts, optional
        Accesses of each layer found by execution, for granularity `block_traced`.
    other : Cost, optional
        Cost of the same design under another dataflow; what no dataflow changes (shapes, buffers, all but convolutions) is taken from it.

    Returns
    -------
    Cost
        Every figure, shaped as the design's numbers broadcast.

    Raises
    ------
    SpecError
        If the granularity is `block_traced` and no traced accesses are given: it has no closed form.
    ShapeError
        If a layer does not fit.
    """
    if design.granularity is Granularity.BLOCK_TRACED and traced is None:
        raise SpecError("granularity 'block_traced' is executed and has no closed form; use 'block_packed' or 'element'")
    tensors = _tensors_of(design) if other is None else other.tensors
    each = zip(tensors.steps, design.sizes, design.mac_pj, design.dataflows, strict=True)
    layers = tuple(
        [
            layer_cost(step, sizes, mac_pj, dataflow, design, None if traced is None else traced[place])
            if other is None or is_convolution(step)
            else with_rates(other.layers[place], design)
            for place, (step, sizes, mac_pj, dataflow) in enumerate(each)
        ]
    )
    tensor_pj = total_of([layer.tensor_pj for layer in layers])
    scratch_pj = total_of([layer.scratch_pj for layer in layers])
    # One core: the steps of a stage take turns, so that a stage lasts as long as all of them.
    latency_s = None if design.rates is None else total_of([layers[step].duration_s for step in tensors.schedule.running])
    duration_s = latency_s if design.duration_s is None else design.duration_s
    if other is not None and duration_s is other.duration_s:
        power, battery = other.power, other.battery
    else:
        power = None if design.board is None else power_cost(design.board, duration_s)
        battery = None
        if design.cell is not None and design.board is not None and duration_s is not None:
            battery = battery_cost(design.cell, design.board, duration_s, design.period_s, design.rest)
    return Cost(
        layers=layers,
        tensor_pj=tensor_pj,
        scratch_pj=scratch_pj,
        energy_pj=total_of([tensor_pj, scratch_pj]),
        compute_pj=total_of([layer.compute_pj for layer in layers]),
        tensors=tensors,
        latency_s=latency_s,
        duration_s=duration_s,
        leakage_pj=None if duration_s is None else leakage_energy_pj(design.memory.leakage_w, duration_s),
        power=power,
        battery=battery,
    )


def _tensors_of(design: Design) -> Tensors:
    """Return the tensors of a design: what was found before, while network and input are as read and nobody asks for formulas."""
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


def power_cost(board: BoardNumbers, duration_s: Number | None) -> PowerCost:
    """Return the board's power, and the energy of one inference where its duration is known.

    Parameters
    ----------
    board : BoardNumbers
        What it draws awake.
    duration_s : float, column or None
        Duration of one inference [s].

    Returns
    -------
    PowerCost
        Energies are None without a duration.
    """
    idle_w = electrical_power_w(board.idle.supply_v, board.idle.current_a)
    active_w = electrical_power_w(board.inference.supply_v, board.inference.current_a)
    increase = increase_ratio(active_w, idle_w)
    if duration_s is None:
        return PowerCost(idle_w, active_w, increase, None, None, None, None, None, None)
    inference_j = inference_energy_j(active_w, duration_s)
    baseline_j = baseline_energy_j(idle_w, duration_s)
    computational_j = computational_energy_j(inference_j, baseline_j)
    nothing_drawn = not is_column(inference_j) and inference_j == 0
    return PowerCost(
        idle_w=idle_w,
        active_w=active_w,
        increase_ratio=increase,
        inference_j=inference_j,
        baseline_j=baseline_j,
        computational_j=computational_j,
        baseline_ratio=None if nothing_drawn else energy_share_ratio(baseline_j, inference_j),
        computational_ratio=None if nothing_drawn else energy_share_ratio(computational_j, inference_j),
        rate_hz=inference_rate_hz(duration_s),
    )
