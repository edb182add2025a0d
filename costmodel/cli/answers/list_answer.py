"""The tables of `costmodel list`: each kind of packaged data with its key figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from costmodel.cli.answers.tables import Cell, Grid
from costmodel.dataflows.counting import count_work
from costmodel.sources.catalogue import KINDS, load_named, names
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.devices.hardware import Device, MemoryEnergy
from costmodel.specs.devices.power import PowerStates
from costmodel.specs.lowering import shape_text
from costmodel.specs.network import Network


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
    header, figures = _TABLES.get(kind, ((), lambda _: ()))
    loaded = [load_named(kind, name) for name in known]
    rows = tuple((name, *figures(spec), getattr(spec, "description", "")) for name, spec in zip(known, loaded, strict=True))
    return Grid(kind, ("name", *header, "description"), rows)


def _network(network: Network) -> tuple[Cell, ...]:
    macs = [sum(count_work(step.lowered.work, Dataflow.OUTPUT_STATIONARY, taps).mac_count for step in network.steps) for taps in Taps]
    return shape_text(network.input), network.parameter_count, *macs, network.types.activation.value


def _device(device: Device) -> tuple[Cell, ...]:
    regions = [region.size_bytes for region in device.heap_regions]
    return device.core, device.flash_bytes, device.sram_bytes, sum(regions), max(regions, default=0), device.calibration


def _power_states(states: PowerStates) -> tuple[Cell, ...]:
    return states.inference.current_a.value, states.idle.current_a.value, ", ".join(sleep.name for sleep in states.sleeps)


def _memory(memory: MemoryEnergy) -> tuple[Cell, ...]:
    return memory.access_bytes, memory.capacity_bytes, memory.read_pj.value, memory.write_pj.value, memory.leakage_w.value


_TABLES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Any], tuple[Cell, ...]]]]] = {
    "networks": (("input", "parameters", "valid macs", "nominal macs", "activation"), _network),
    "devices": (("core", "flash bytes", "sram bytes", "heap bytes", "largest region bytes", "calibration"), _device),
    "memories": (("access bytes", "capacity bytes", "read pj", "write pj", "leakage w"), _memory),
    "compute": (("int8 mac pj", "float32 mac pj"), lambda compute: (compute.int8_mac_pj.value, compute.float32_mac_pj.value)),
    "calibrations": (("device", "network", "dataflow"), lambda found: (found.device, found.network, found.dataflow.value)),
    "power_states": (("inference a", "idle a", "sleeps"), _power_states),
    "batteries": (("voltage v", "capacity ah"), lambda battery: (battery.voltage_v.value, battery.capacity_ah.value)),
    "duty_cycles": (("period s", "phases"), lambda cycle: (cycle.period_s.value, ", ".join(phase.state for phase in cycle.phases))),
    "scenarios": (("network", "device"), lambda scenario: (scenario.network.name, scenario.device.name)),
}
"""For each kind, the titles of its figures and the function that takes them from a spec; a kind without is listed by name alone."""
