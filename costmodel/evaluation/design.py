"""A design: everything a cost depends on, as plain numbers or columns."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, cast

from costmodel.columns import Number
from costmodel.evaluation.battery.inputs import BoardNumbers, CellNumbers, board_numbers, cell_numbers, plain, remembering
from costmodel.evaluation.battery.uncertainty import Read
from costmodel.evaluation.storage.memory_numbers import (
    DeviceNumbers,
    FlashNumbers,
    MemoryNumbers,
    flash_numbers,
    memory_numbers,
)
from costmodel.latency.rates import TapRates
from costmodel.provenance import Constant, is_recording, leaf
from costmodel.specs.counting import Dataflow, Granularity, Taps
from costmodel.specs.devices.power import IDLE, PowerProfile
from costmodel.specs.layers import ARITHMETIC_TYPE
from costmodel.specs.lowering import Step, lower_network
from costmodel.specs.network import Network, TensorBytes
from costmodel.specs.running.mapping import DATAFLOWS, ChosenDataflow, Mapping, check_layers, mapping_of
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


class LayerRecord:
    """A layer as plain attributes, so that any of its numbers may be a column or remember its origin."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)


_UNKNOWN: Final = Constant(cast(Any, None), "", None, None, "not given")
"""What a number is read from where the scenario does not give it."""
_DESCRIPTIVE = frozenset({"name", "kind", "inputs", "output", "output_type", "weight_type", "bias"})


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
        What each number beside the network becomes, by its path in the scenario: the one list of what a sweep may vary there. Left out, its
        value; while formulas are being recorded, a number that remembers its path and source.
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
        layers=_layers(network),
        sources=network.sources,
        input_shape=tuple(_plain(extent, f"input[{axis}]", network) for axis, extent in enumerate(network.input)),
        sizes=sizes_of(network),
        input_bytes=_plain(network.input_bytes, "input.element_bytes", network),
        mac_pj=tuple(mac_pj[ARITHMETIC_TYPE[kind]] for kind in network.output_types),
        dataflows=_dataflows(network, mapping_of(dataflow)),
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


def _plain(value: int, name: str, network: Network) -> int:
    return leaf(value, name, f"network {network.name}") if is_recording() else value


def sizes_of(network: Network) -> tuple[TensorBytes, ...]:
    """Return the element sizes of a network's layers; while formulas are being recorded, they remember the network's."""
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


def _dataflows(network: Network, mapping: Mapping) -> tuple[ChosenDataflow, ...]:
    check_layers([mapping], network.convolutions, network.name, network.linear_layers)
    chosen = tuple(mapping.of(layer.name) for layer in network.ordered)
    if not is_recording():
        return chosen
    return tuple(
        one._replace(
            values=tuple(
                leaf(value, f"dataflow.{parameter.name}", f"dataflow {mapping}")
                for parameter, value in zip(DATAFLOWS[one.name].parameters, one.values, strict=True)
            )
        )
        for one in chosen
    )


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
        if name in _DESCRIPTIVE or name in layer.structure or value is None:
            fields[name] = value
        elif isinstance(value, tuple):
            fields[name] = tuple(_plain(part, f"{label}[{place}]", network) for place, part in enumerate(value))
        else:
            fields[name] = _plain(value, label, network)
    return fields
