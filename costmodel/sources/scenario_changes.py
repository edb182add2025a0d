"""A scenario from a file or a packaged one, with what is changed in it, and without what such a change makes untrue."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from costmodel.errors import MissingError, Mistakes, UnknownNameError
from costmodel.sources.catalogue import (
    is_path,
    load_battery,
    load_device,
    load_memory_energy,
    load_network,
    load_power_states,
    load_scenario,
    names,
)
from costmodel.sources.name_matching import matched_name, matching_names
from costmodel.sources.network_references import names_a_network, reference_in_scenario, reference_of_network
from costmodel.sources.stored_models.packaged_models import packaged_model_names
from costmodel.specs.base import with_changes
from costmodel.specs.counting import CountingConvention, Granularity, Taps
from costmodel.specs.devices.battery import BatteryModelName
from costmodel.specs.devices.hardware import Device
from costmodel.specs.devices.power import PowerProfile
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import Mapping as DataflowMapping
from costmodel.specs.running.schedule import ScheduleName
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
    schedule: ScheduleName | None = None


def leaves_rest_open(scenario: str | None, changes: ScenarioChanges) -> bool:
    """Tell whether neither an option nor a scenario's file says how the board rests: a network is asked about by itself."""
    alone = changes.network is not None if scenario is None else changes.network is None and names_a_network(scenario)
    return alone and changes.sleep is None


def named_parts(scenario: str | None, network: str | None, device: str | None) -> tuple[str | None, str | None]:
    """Return what names the network and the device that a command is about.

    Parameters
    ----------
    scenario, network, device : str or None
        As `changed_scenario` takes them.

    Returns
    -------
    str or None, str or None
        Each a packaged name or a path; None where it is written out in the scenario's file.
    """
    start = REFERENCE_SCENARIO if scenario is None and network is None else scenario
    alone = start is None or (network is None and names_a_network(start))
    where = DEFAULT_DEVICE if start is None or alone else reference_in_scenario(start, "device")
    return network or (None if start is None else reference_of_network(start)), device or where


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
    if scenario is not None and not scenario.strip():
        # A shell's variable that is not set: the reference deployment is not what was meant.
        raise MissingError(f"scenario: expected a name or a path, found {scenario!r}; left out, it is {REFERENCE_SCENARIO}")
    if scenario is not None and changes.network is None and names_a_network(scenario):
        scenario, changes = None, changes._replace(network=scenario)
    if scenario is None and changes.network is not None:
        # Every name that is wrong is told, not only the first.
        fields = _changed_fields(
            changes._replace(device=DEFAULT_DEVICE if changes.device is None else changes.device), CountingConvention(), None
        )
        alone = load_scenario({"name": f"{fields['network'].name}-on-{fields['device'].name}"} | fields)
        # How often is said, how it rests is not: whatever reads the scenario finds the rest that the answer assumes.
        if alone.states is None or changes.period_s is None or changes.sleep is not None:
            return alone
        return with_changes(alone, {"sleep": alone.states.deepest_rest})
    start = load_scenario(_scenario_named(REFERENCE_SCENARIO if scenario is None else scenario))
    if not any(change is not None for change in changes):
        return start
    fields = {name: getattr(start, name) for name in Scenario.model_fields} | {"description": _description(start, changes)}
    said = _changed_fields(changes, start.counting, start.power)
    gone = _no_longer_true(start, changes, said.get("device"))
    for name in gone:
        fields.pop(name)
    if "power" in gone:
        said |= {"power": power} if (power := _power(changes, None)) is not None else {}
    return load_scenario(fields | said)


def _scenario_named(reference: str) -> str:
    """A path as it is, a name as it is packaged; where it is none, the nearest may also be a network."""
    if is_path(reference):
        return reference
    known = names("scenarios")
    if not matching_names(reference, known):
        raise UnknownNameError("scenario or network", reference, (*known, *names("networks"), *packaged_model_names()), "packaged")
    return matched_name("scenario", reference, known, "packaged")


def _no_longer_true(start: Scenario, changes: ScenarioChanges, device: Device | None) -> set[str]:
    """Fields that were measured on, or belong to, what is now replaced."""
    gone: set[str] = set()
    if changes.network is not None or changes.device is not None:
        gone |= {"duration_s", "duration_device", "observed_heap"}
    if changes.schedule is not None and changes.schedule is not start.schedule:
        gone |= {"duration_s", "duration_device", "observed_heap"}
    if changes.duration_s is not None:
        gone.add("duration_device")
    if device is not None and device != start.device:
        gone |= {"memory_energy", "flash_energy", "cache_energy", "compute_energy", "calibration", "calibration_network", "power", "states"}
    return gone


def _changed_fields(changes: ScenarioChanges, counting: CountingConvention, power: PowerProfile | None) -> dict[str, Any]:
    network, device, memory, battery, states = changes.network, changes.device, changes.memory_energy, changes.battery, changes.states
    mistakes = Mistakes()
    fields: dict[str, Any] = {
        "network": None if network is None else mistakes.of(lambda: load_network(network)),
        "device": None if device is None else mistakes.of(lambda: load_device(device)),
        "dataflows": changes.dataflows,
        "memory_energy": None if memory is None else mistakes.of(lambda: load_memory_energy(memory, environment=os.environ)),
        "battery": None if battery is None else mistakes.of(lambda: load_battery(battery)),
        "counting": _counting(changes, counting),
        "power": mistakes.of(lambda: _power(changes, power)),
        "duration_s": changes.duration_s,
        "period_s": changes.period_s,
        "states": None if states is None else mistakes.of(lambda: load_power_states(states)),
        "sleep": changes.sleep,
        "temperature_degc": changes.temperature_degc,
        "model": changes.model,
        "static_bytes": changes.static_bytes,
        "radio": changes.radio,
        "schedule": changes.schedule,
    }
    mistakes.refuse()
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
