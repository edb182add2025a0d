"""A scenario from a file or a packaged one, with what is changed in it, and without what such a change makes untrue."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from costmodel.errors import MissingError
from costmodel.sources.catalogue import (
    load_battery,
    load_device,
    load_memory_energy,
    load_network,
    load_power_states,
    load_scenario,
)
from costmodel.sources.network_references import names_a_network
from costmodel.specs.counting import CountingConvention, Granularity, Taps
from costmodel.specs.devices.battery import BatteryModelName
from costmodel.specs.devices.power import PowerProfile
from costmodel.specs.mapping import Mapping as DataflowMapping
from costmodel.specs.network import Network
from costmodel.specs.scenario import Scenario

REFERENCE_SCENARIO: Final = "esp32-deck"
"""What is reported where neither a scenario nor a network is given."""
DEFAULT_DEVICE: Final = "esp32-wroom"
"""Where a network given alone runs."""


class ScenarioChanges(NamedTuple):
    """What is changed in a scenario; None where nothing is."""

    network: str | Network | None = None
    device: str | None = None
    dataflows: tuple[DataflowMapping, ...] | None = None
    taps: Taps | None = None
    granularity: Granularity | None = None
    bias: bool | None = None
    memory_energy: str | None = None
    battery: str | None = None
    supply_v: float | None = None
    idle_a: float | None = None
    active_a: float | None = None
    duration_s: float | None = None
    period_s: float | None = None
    states: str | None = None
    sleep: str | None = None
    temperature_degc: float | None = None
    model: BatteryModelName | None = None
    static_bytes: int | None = None
    radio: str | None = None


def changed_scenario(scenario: str | None, changes: ScenarioChanges) -> Scenario:
    """Return the scenario a command is about.

    Parameters
    ----------
    scenario : str or None
        Packaged name or path. Left out, a network given alone starts from the defaults of any scenario, and without one the reference
        deployment stands.
    changes : ScenarioChanges
        What options say; they come before the scenario's own fields.

    Returns
    -------
    Scenario
        Complete; its description names what was changed.

    Raises
    ------
    InputError
        If a name is unknown or a value does not fit.
    """
    if scenario is not None and changes.network is None and names_a_network(scenario):
        scenario, changes = None, changes._replace(network=scenario)
    if scenario is None and changes.network is not None:
        network, device = load_network(changes.network), load_device(changes.device or DEFAULT_DEVICE)
        fields: dict[str, Any] = {"name": f"{network.name}-on-{device.name}", "network": network, "device": device}
        said = changes._replace(network=None, device=None)
        return load_scenario(fields | _changed_fields(said, CountingConvention(), None))
    start = load_scenario(scenario or REFERENCE_SCENARIO)
    if not any(change is not None for change in changes):
        return start
    fields = {name: getattr(start, name) for name in Scenario.model_fields} | {"description": _description(start, changes)}
    gone = _no_longer_true(start, changes)
    for name in gone:
        fields.pop(name)
    return load_scenario(fields | _changed_fields(changes, start.counting, None if "power" in gone else start.power))


def _no_longer_true(start: Scenario, changes: ScenarioChanges) -> set[str]:
    """Fields that were measured on, or belong to, what is now replaced."""
    gone: set[str] = set()
    if changes.network is not None or changes.device is not None:
        gone |= {"duration_s", "duration_device", "observed_heap"}
    if changes.duration_s is not None:
        gone.add("duration_device")
    if changes.device is not None and load_device(changes.device) != start.device:
        gone |= {"memory_energy", "flash_energy", "cache_energy", "compute_energy", "calibration", "calibration_network", "power", "states"}
    return gone


def _changed_fields(changes: ScenarioChanges, counting: CountingConvention, power: PowerProfile | None) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "network": None if changes.network is None else load_network(changes.network),
        "device": None if changes.device is None else load_device(changes.device),
        "dataflows": changes.dataflows,
        "memory_energy": None if changes.memory_energy is None else load_memory_energy(changes.memory_energy, environment=os.environ),
        "battery": None if changes.battery is None else load_battery(changes.battery),
        "counting": _counting(changes, counting),
        "power": _power(changes, power),
        "duration_s": changes.duration_s,
        "period_s": changes.period_s,
        "states": None if changes.states is None else load_power_states(changes.states),
        "sleep": changes.sleep,
        "temperature_degc": changes.temperature_degc,
        "model": changes.model,
        "static_bytes": changes.static_bytes,
        "radio": changes.radio,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _counting(changes: ScenarioChanges, counting: CountingConvention) -> Mapping[str, Any] | None:
    said = {"taps": changes.taps, "granularity": changes.granularity, "bias": changes.bias}
    fields = {name: getattr(counting, name) for name in CountingConvention.model_fields}
    fields |= {name: value for name, value in said.items() if value is not None}
    # A block is as wide as the memory's access: another memory, or no blocks at all, has no use for the scenario's width.
    if changes.granularity is Granularity.ELEMENT or changes.memory_energy is not None or changes.device is not None:
        fields["block_bytes"] = None
    return fields


def _power(changes: ScenarioChanges, power: PowerProfile | None) -> Mapping[str, Any] | None:
    said = {"supply_v": changes.supply_v, "idle_a": changes.idle_a, "active_a": changes.active_a}
    given = {name: value for name, value in said.items() if value is not None}
    if not given:
        return None
    # What is given is measured on the board that is asked about, whatever the others were measured on.
    fields = given if power is None else {name: getattr(power, name) for name in said} | given
    missing = [name for name, field in PowerProfile.model_fields.items() if field.is_required() and name not in fields]
    if missing:
        options = " and ".join(f"--{name.partition('_')[0]}" for name in missing)
        raise MissingError(f"power: {options} not given; the board's power needs --supply [V], --idle [A] and --active [A]")
    return fields


def _description(start: Scenario, changes: ScenarioChanges) -> str:
    said = ", ".join(f"{name} {_said(value)}" for name, value in changes._asdict().items() if value is not None)
    return f"{start.description} Changed by options: {said}.".strip()


def _said(value: object) -> str:
    if isinstance(value, Network):
        return value.name
    if isinstance(value, tuple):
        return " and ".join(str(part) for part in value)
    return {True: "counted", False: "not counted"}.get(value, str(value)) if isinstance(value, bool) else f"{value}"
