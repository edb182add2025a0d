"""The composition: a design to its cost. It stands here once, and serves one design and a million."""

from __future__ import annotations

import math
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
from costmodel.columns import Number, any_true, as_floats, chosen, is_column
from costmodel.energy.access_energy import leakage_energy_pj
from costmodel.errors import SpecError
from costmodel.evaluation.battery.inputs import BoardNumbers
from costmodel.evaluation.battery.lives import BatteryCost, battery_cost
from costmodel.evaluation.design import Design
from costmodel.evaluation.energy_range import EnergyRange, energy_range
from costmodel.evaluation.layers.layer_cost import LayerCost, Reach, is_convolution, layer_cost, timed_tap_count, with_rates
from costmodel.evaluation.layers.staged_layers import staged_layers
from costmodel.evaluation.storage.device_fit import fits_flash, fits_heap
from costmodel.evaluation.storage.ram_use import ram_bytes, scratch_in_ram_bytes
from costmodel.evaluation.storage.tensors import Tensors, tensors_of
from costmodel.memory.lifetimes import Lifetimes
from costmodel.memory.strategies import Accounted
from costmodel.results.counts import AccessCounts
from costmodel.results.totals import increase_ratio, total_of
from costmodel.specs.counting import Granularity
from costmodel.specs.scenario import MemoryAccounting


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


class Cost(NamedTuple):
    """Everything a design costs: energy and its bounds, tensors and fit, time, power, life and drains."""

    design: Design
    """What was asked."""
    layers: tuple[LayerCost, ...]
    tensor_pj: Number
    """Dynamic energy of tensors, scratch rows in registers: SRAM, and where weights are read from flash the cache and the lines fetched."""
    scratch_pj: Number
    """What scratch rows add where they live in the same memory."""
    energy_pj: Number
    """Both together: the memories' dynamic energy."""
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
    def running(self) -> tuple[LayerCost, ...]:
        """Cost of each step that runs, in the order and as often as the schedule says."""
        return tuple(self.layers[step] for step in self.tensors.schedule.running)

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

    @property
    def flash_pj(self) -> Number:
        """Of the memories' energy what weights read from flash take: reads of the cache, and lines fetched."""
        return 0.0 if self.design.flash is None else total_of([layer.flash_pj for layer in self.layers])

    @property
    def bounds(self) -> EnergyRange:
        """How far the memories' energy may lie from its nominal value."""
        return energy_range(self.layers, self.design.memory, self.design.flash)

    @property
    def scratch_bytes(self) -> Number:
        """Largest scratch of any layer that is memory."""
        return scratch_in_ram_bytes(self.design, self.layers)

    @property
    def ram_bytes(self) -> Number | None:
        """RAM in all; None where the accounting does not apply."""
        return ram_bytes(self.design, self.layers, self.tensors)

    @property
    def fits_heap(self) -> Number | None:
        """Whether the device's heap holds what lives in RAM; None where it states none."""
        return fits_heap(self.design, self.layers, self.tensors)

    @property
    def fits_flash(self) -> Number:
        """Whether the device's flash holds what of weights and input lives there."""
        return fits_flash(self.design, self.tensors)

    @property
    def fits(self) -> Number | None:
        """Whether the device holds the network; None where it states no heap."""
        heap = self.fits_heap
        return None if heap is None else heap & self.fits_flash


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
    tensors = tensors_of(design) if other is None else other.tensors
    stages = () if tensors.planned is None else tensors.planned.stages
    staged = staged_layers(tensors.steps, design.sizes, stages, design.taps, bias=design.bias) if stages and other is None else {}
    each = zip(tensors.steps, design.sizes, design.mac_pj, design.dataflows, strict=True)
    layers = tuple(
        [
            layer_cost(step, sizes, mac_pj, dataflow, design, None if traced is None else traced[place], staged.get(place))
            if other is None or (is_convolution(step) and other.layers[place].staged is None)
            else with_rates(other.layers[place], design)
            for place, (step, sizes, mac_pj, dataflow) in enumerate(each)
        ]
    )
    if design.reach:
        layers = _timed_within(layers, design.reach)
    # What runs, as often as the schedule says: a merged step never, a step of several stages in each.
    running = [layers[step] for step in tensors.schedule.running]
    tensor_pj = total_of([layer.tensor_pj for layer in running])
    scratch_pj = total_of([layer.scratch_pj for layer in running])
    # One core: the steps of a stage take turns, so that a stage lasts as long as all of them.
    latency_s = None if design.rates is None else as_floats(total_of([layer.duration_s for layer in running]))
    duration_s = latency_s if design.duration_s is None else design.duration_s
    if other is not None and duration_s is other.duration_s:
        power, battery = other.power, other.battery
    else:
        power = None if design.board is None else power_cost(design.board, duration_s)
        battery = None
        if design.cell is not None and design.board is not None and duration_s is not None:
            battery = battery_cost(design.cell, design.board, duration_s, design.period_s, design.rest)
    return Cost(
        design=design,
        layers=layers,
        tensor_pj=tensor_pj,
        scratch_pj=scratch_pj,
        energy_pj=total_of([tensor_pj, scratch_pj]),
        compute_pj=total_of([layer.compute_pj for layer in running]),
        tensors=tensors,
        latency_s=latency_s,
        duration_s=duration_s,
        leakage_pj=None if duration_s is None else leakage_energy_pj(design.memory.leakage_w, duration_s),
        power=power,
        battery=battery,
    )


def _timed_within(layers: tuple[LayerCost, ...], reach: Reach) -> tuple[LayerCost, ...]:
    """Return layers without times where one of them lies beyond what was measured: NaN for such designs of a column."""
    limits = dict(reach)
    beyond: Number = False
    for layer in layers:
        beyond = beyond | (timed_tap_count(layer) > limits.get(layer.step.kind, 0))
    if not any_true(beyond):
        return layers
    unknown = chosen(beyond, math.nan, 0.0)
    return tuple([layer if layer.duration_s is None else layer._replace(duration_s=layer.duration_s + unknown) for layer in layers])


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
