"""A design: everything a cost depends on, as plain numbers or columns."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, cast

from costmodel.columns import Number
from costmodel.evaluation.battery.inputs import BoardNumbers, CellNumbers, board_numbers, cell_numbers, plain, remembering
from costmodel.evaluation.battery.uncertainty import Read
from costmodel.evaluation.network_numbers import read_dataflows, read_input, read_layers, sizes_of
from costmodel.evaluation.storage.memory_numbers import (
    DeviceNumbers,
    FlashNumbers,
    MemoryNumbers,
    flash_numbers,
    memory_numbers,
)
from costmodel.latency.rates import TapRates
from costmodel.provenance import Constant, is_recording, noted
from costmodel.specs.counting import Dataflow, Granularity, Taps
from costmodel.specs.devices.power import IDLE, PowerProfile
from costmodel.specs.layers import ARITHMETIC_TYPE
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.running.mapping import ChosenDataflow, Mapping, mapping_of
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.scenario import MemoryAccounting, Scenario, Storage
from costmodel.specs.shapes import Shape


class Design(NamedTuple):
    """Input of the composition; numbers are ints, floats or columns that broadcast."""

    layers: tuple[Any, ...]
    """Layers in running order: specs, or records with the same attributes."""
    sources: tuple[tuple[int, ...], ...]
    """For each layer, the layers it reads; -1 is the network's input."""
    input_shape: Shape
    sizes: tuple[TensorBytes, ...]
    """For each layer, the element sizes of what it touches."""
    input_bytes: Number
    """Element size of the network's input."""
    mac_pj: tuple[Number, ...]
    """For each layer, the energy of one multiply-accumulate."""
    dataflows: tuple[ChosenDataflow, ...]
    """For each layer, what it runs under if it is a convolution."""
    taps: Taps
    bias: bool
    granularity: Granularity
    element_bytes: Number | None
    """One element size for every operand, or None for each tensor's own."""
    memory: MemoryNumbers
    flash: FlashNumbers | None
    """What weights are read through; None charges them to the memory."""
    weights_in_ram: bool
    input_in_ram: bool
    device: DeviceNumbers
    accounting: MemoryAccounting
    """How buffers share memory, of those accounted for."""
    schedule: ScheduleName = ScheduleName.LAYER_BY_LAYER
    accountings: tuple[MemoryAccounting, ...] = tuple(MemoryAccounting)
    """Ways of sharing memory to account for; a sweep keeps those it needs."""
    rates: TapRates | None = None
    reach: tuple[tuple[str, Number], ...] = ()
    """How many taps a layer of each kind may have for the rates to hold; a column's designs beyond have no time."""
    duration_s: Number | None = None
    """Measured; comes before the rates."""
    board: BoardNumbers | None = None
    cell: CellNumbers | None = None
    period_s: Number | None = None
    rest: str = IDLE
    """What the board does between inferences."""
    network: Network | None = None
    """Whose layers these are; while they and the input are its own, its lowering serves."""


_UNKNOWN: Final = Constant(cast(Any, None), "", None, None, "not given")
"""What a number is read from where the scenario does not give it."""


def design_of(
    scenario: Scenario,
    dataflow: Mapping | Dataflow,
    rates: TapRates | None,
    read: Read | None = None,
    reach: tuple[tuple[str, Number], ...] = (),
) -> Design:
    """Unpack a scenario into a design.

    Parameters
    ----------
    scenario : Scenario
        What the user asks.
    dataflow : Mapping or Dataflow
        One of its dataflows.
    rates : TapRates or None
        Latency rates that hold for this dataflow, or None where it is not calibrated.
    read : callable, optional
        What each number becomes, by its path in the scenario: the one list of what a sweep may vary. Left out, its value; while formulas
        are being recorded, a number that remembers its path and source.
    reach : tuple, optional
        How many taps a layer of each kind may have for the rates to hold.

    Returns
    -------
    Design
        As they were read.
    """
    network, counting = scenario.network, scenario.counting
    read = read or (remembering if is_recording() else plain)
    compute, battery = scenario.compute_energy, scenario.battery
    mac_pj = {
        kind: read(getattr(compute, f"{kind}_mac_pj"), f"compute_energy.{kind}_mac_pj", f"energy of an {kind} multiply-accumulate")
        for kind in {ARITHMETIC_TYPE[kind] for kind in network.output_types}
    }
    element_bytes = Constant(cast(Any, counting.element_bytes), "B", None, None, "counting convention of the scenario")
    return Design(
        layers=read_layers(network, read),
        sources=network.sources,
        input_shape=read_input(network, read),
        sizes=sizes_of(network),
        input_bytes=noted(network.input_bytes, "input.element_bytes", f"network {network.name}"),
        mac_pj=tuple(mac_pj[ARITHMETIC_TYPE[kind]] for kind in network.output_types),
        dataflows=read_dataflows(network, mapping_of(dataflow), read),
        taps=counting.taps,
        bias=counting.bias,
        granularity=counting.granularity,
        element_bytes=read(element_bytes, "counting.element_bytes", "bytes of an element"),
        memory=memory_numbers(scenario.memory_energy, read),
        flash=flash_numbers(scenario, read),
        weights_in_ram=scenario.weights_in is Storage.RAM,
        input_in_ram=scenario.input_in is Storage.RAM,
        device=DeviceNumbers(scenario.device, scenario.observed_heap, scenario.static_bytes, scenario.radio),
        accounting=scenario.shared_by,
        schedule=scenario.schedule,
        rates=rates,
        reach=reach,
        duration_s=read(own_duration(scenario) or _UNKNOWN, "duration_s", "inference duration"),
        board=board_numbers(scenario.states if battery is not None else None, own_power(scenario), read),
        cell=None if battery is None else cell_numbers(battery, scenario.model, scenario.temperature_degc, read),
        period_s=read(scenario.period_s or _UNKNOWN, "period_s", "period"),
        rest=scenario.sleep,
        network=network,
    )


def own_power(scenario: Scenario) -> PowerProfile | None:
    """Return the power of a scenario's board; None where none is given, or it was measured on another device than the scenario's."""
    power = scenario.power
    return None if power is None or power.device not in (None, scenario.device.name) else power


def own_duration(scenario: Scenario) -> Constant | None:
    """Return the measured duration of a scenario; None where none is given, or it was measured on another device than the scenario's."""
    return scenario.duration_s if scenario.duration_device in (None, scenario.device.name) else None
