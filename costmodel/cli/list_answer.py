"""The tables of `costmodel list`: each kind of packaged data with its key figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from costmodel.cli.tables import Cell, Grid
from costmodel.dataflows.counting import count_work
from costmodel.sources.catalogue import (
    KINDS,
    load_battery,
    load_calibration,
    load_compute_energy,
    load_device,
    load_memory_energy,
    load_network,
    load_power_states,
    load_scenario,
    names,
)
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.lowering import shape_text


def everything_grid() -> Grid:
    """Return the table of all packaged names."""
    return Grid("packaged", ("kind", "name"), tuple((kind, name) for kind in KINDS for name in names(kind)))


def kind_grid(kind: str) -> Grid:
    """Return the table of one kind.

    Parameters
    ----------
    kind : str
        As the user gave it.

    Returns
    -------
    Grid
        One row a name.

    Raises
    ------
    UnknownNameError
        If there is no such kind.
    """
    known = names(kind)
    header, row = _TABLES[kind]
    return Grid(kind, ("name", *header, "description"), tuple((name, *row(name)) for name in known))


def _network(name: str) -> tuple[Cell, ...]:
    network = load_network(name)
    macs = [sum(count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY, taps).mac_count for step in network.steps) for taps in Taps]
    return (shape_text(network.input), network.parameter_count, *macs, network.types.activation.value, network.description)


def _device(name: str) -> tuple[Cell, ...]:
    device = load_device(name)
    regions = [region.size_bytes for region in device.heap_regions]
    return device.core, device.flash_bytes, device.sram_bytes, sum(regions), max(regions, default=0), device.calibration, device.description


def _battery(name: str) -> tuple[Cell, ...]:
    battery = load_battery(name)
    return battery.voltage_v.value, battery.capacity_ah.value, battery.description


def _power_states(name: str) -> tuple[Cell, ...]:
    states = load_power_states(name)
    sleeps = ", ".join(sleep.name for sleep in states.sleeps)
    return states.inference.current_a.value, states.idle.current_a.value, sleeps, states.description


def _memory(name: str) -> tuple[Cell, ...]:
    memory = load_memory_energy(name)
    figures = (memory.read_pj.value, memory.write_pj.value, memory.leakage_w.value)
    return memory.access_bytes, memory.capacity_bytes, *figures, memory.description


def _compute(name: str) -> tuple[Cell, ...]:
    compute = load_compute_energy(name)
    return compute.int8_mac_pj.value, compute.float32_mac_pj.value, compute.description


def _calibration(name: str) -> tuple[Cell, ...]:
    calibration = load_calibration(name)
    return calibration.device, calibration.network, calibration.dataflow.value, calibration.description


def _scenario(name: str) -> tuple[Cell, ...]:
    scenario = load_scenario(name)
    return scenario.network.name, scenario.device.name, scenario.description


_TABLES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[str], tuple[Any, ...]]]]] = {
    "networks": (("input", "parameters", "valid macs", "nominal macs", "activation"), _network),
    "devices": (("core", "flash bytes", "sram bytes", "heap bytes", "largest region bytes", "calibration"), _device),
    "memories": (("access bytes", "capacity bytes", "read pj", "write pj", "leakage w"), _memory),
    "compute": (("int8 mac pj", "float32 mac pj"), _compute),
    "calibrations": (("device", "network", "dataflow"), _calibration),
    "power_states": (("inference a", "idle a", "sleeps"), _power_states),
    "batteries": (("voltage v", "capacity ah"), _battery),
    "scenarios": (("network", "device"), _scenario),
}
"""For each kind, the titles of its figures and the function that finds them for a name."""
