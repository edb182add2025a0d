"""A design: everything a cost depends on, as plain numbers or columns."""

from __future__ import annotations

from typing import Any, NamedTuple

from costmodel.columns import Number
from costmodel.latency.rates import TapRates
from costmodel.provenance import Constant, is_recording, leaf
from costmodel.specs.counting import Dataflow, Granularity, Taps
from costmodel.specs.layers import ARITHMETIC_TYPE
from costmodel.specs.lowering import Shape, Step, lower_network
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.scenario import MemoryAccounting, Scenario, Storage
from costmodel.specs.schedule import ScheduleName


class MemoryNumbers(NamedTuple):
    """What an access of the memory costs."""

    access_bytes: Number
    read_pj: Number
    write_pj: Number
    leakage_w: Number


class PowerNumbers(NamedTuple):
    """Supply and currents of the board."""

    supply_v: Number
    idle_a: Number
    active_a: Number


class BatteryNumbers(NamedTuple):
    """What the battery holds and what reaches the load."""

    voltage_v: Number
    capacity_ah: Number
    converter_ratio: Number
    discharge_ratio: Number


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
    dataflow: Dataflow
    taps: Taps
    bias: bool
    granularity: Granularity
    element_bytes: Number | None
    """One element size for every operand, or None for each tensor's own."""
    memory: MemoryNumbers
    weights_in_ram: bool
    input_in_ram: bool
    schedule: ScheduleName = ScheduleName.LAYER_BY_LAYER
    accountings: tuple[MemoryAccounting, ...] = tuple(MemoryAccounting)
    """Ways of sharing memory to account for; a sweep keeps those it needs."""
    rates: TapRates | None = None
    duration_s: Number | None = None
    """Measured; comes before the rates."""
    power: PowerNumbers | None = None
    battery: BatteryNumbers | None = None
    period_s: Number | None = None


class LayerRecord:
    """A layer as plain attributes, so that any of its numbers may be a column or remember its origin."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)


_DESCRIPTIVE = frozenset({"name", "kind", "inputs", "output_type", "weight_type", "bias"})


def design_of(scenario: Scenario, dataflow: Dataflow, rates: TapRates | None) -> Design:
    """Unpack a scenario into a design.

    Parameters
    ----------
    scenario : Scenario
        What the user asks.
    dataflow : Dataflow
        One of its dataflows.
    rates : TapRates or None
        Latency rates that hold for this dataflow, or None where it is not calibrated.

    Returns
    -------
    Design
        Plain numbers; while formulas are being recorded, each remembers its name and source.
    """
    network, counting, energies = scenario.network, scenario.counting, scenario.memory_energy
    mac_pj = {
        kind: _number(getattr(scenario.compute_energy, f"{kind}_mac_pj"), f"compute.{kind}_mac_pj")
        for kind in {ARITHMETIC_TYPE[kind] for kind in network.output_types}
    }
    return Design(
        layers=_layers(network),
        sources=network.sources,
        input_shape=tuple(_plain(extent, f"input[{axis}]", network) for axis, extent in enumerate(network.input)),
        sizes=_sizes(network),
        input_bytes=_plain(network.input_bytes, "input.element_bytes", network),
        mac_pj=tuple(mac_pj[ARITHMETIC_TYPE[kind]] for kind in network.output_types),
        dataflow=dataflow,
        taps=counting.taps,
        bias=counting.bias,
        granularity=counting.granularity,
        element_bytes=leaf(counting.element_bytes, "counting.element_bytes", "counting convention of the scenario")
        if is_recording()
        else counting.element_bytes,
        memory=MemoryNumbers(
            leaf(energies.access_bytes, "memory.access_bytes", energies.source) if is_recording() else energies.access_bytes,
            _number(energies.read_pj, "memory.read_pj"),
            _number(energies.write_pj, "memory.write_pj"),
            _number(energies.leakage_w, "memory.leakage_w"),
        ),
        weights_in_ram=scenario.weights_in is Storage.RAM,
        input_in_ram=scenario.input_in is Storage.RAM,
        schedule=scenario.schedule,
        rates=rates,
        duration_s=None if scenario.duration_s is None else _number(scenario.duration_s, "scenario.duration_s"),
        power=_power(scenario),
        battery=_battery(scenario),
        period_s=None if scenario.period_s is None else _number(scenario.period_s, "scenario.period_s"),
    )


def _number(constant: Constant, name: str) -> float:
    return leaf(constant.value, name, constant.source) if is_recording() else constant.value


def _plain(value: int, name: str, network: Network) -> int:
    return leaf(value, name, f"network {network.name}") if is_recording() else value


def _power(scenario: Scenario) -> PowerNumbers | None:
    if (power := scenario.power) is None:
        return None
    return PowerNumbers(
        _number(power.supply_v, "power.supply_v"), _number(power.idle_a, "power.idle_a"), _number(power.active_a, "power.active_a")
    )


def _battery(scenario: Scenario) -> BatteryNumbers | None:
    if (battery := scenario.battery) is None:
        return None
    return BatteryNumbers(
        _number(battery.voltage_v, "battery.voltage_v"),
        _number(battery.capacity_ah, "battery.capacity_ah"),
        _number(battery.converter_ratio, "battery.converter_ratio"),
        _number(battery.discharge_ratio, "battery.discharge_ratio"),
    )


def _sizes(network: Network) -> tuple[TensorBytes, ...]:
    if not is_recording():
        return network.tensor_bytes
    return tuple(
        TensorBytes(*(_plain(size, f"{layer.name}.{name}", network) for name, size in sizes._asdict().items()))
        for layer, sizes in zip(network.ordered, network.tensor_bytes, strict=True)
    )


def steps_of(network: Network) -> tuple[Step, ...]:
    """Return a network's lowered layers; while formulas are being recorded, their numbers remember the network's."""
    if not is_recording():
        return network.steps
    shape = tuple(_plain(extent, f"input[{axis}]", network) for axis, extent in enumerate(network.input))
    return lower_network(_layers(network), network.sources, shape)


def _layers(network: Network) -> tuple[Any, ...]:
    """The layers as they are, or, while recording, as records whose numbers remember their names."""
    if not is_recording():
        return network.ordered
    return tuple(LayerRecord(_traced_fields(layer, network)) for layer in network.ordered)


def _traced_fields(layer: Any, network: Network) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in type(layer).model_fields:
        value = getattr(layer, name)
        label = f"{layer.name}.{name}"
        if name in _DESCRIPTIVE or value is None:
            fields[name] = value
        elif isinstance(value, tuple):
            fields[name] = tuple(_plain(part, f"{label}[{place}]", network) for place, part in enumerate(value))
        else:
            fields[name] = _plain(value, label, network)
    return fields
