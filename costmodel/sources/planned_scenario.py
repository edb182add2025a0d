"""The scenario that `plan` asks about: a network on a device, with other element types where they are wanted."""

from __future__ import annotations

from typing import Any, Final

from costmodel.errors import SpecError, UnknownNameError
from costmodel.sources.catalogue import load_network
from costmodel.sources.scenario_changes import DEFAULT_DEVICE, ScenarioChanges, changed_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.devices.hardware import Device, HeapAllocator
from costmodel.specs.layers import DataType
from costmodel.specs.network import Network
from costmodel.specs.scenario import Scenario

OLDEST_IDF: Final = (4, 3)
"""First version whose heap is a two-level segregated fit."""
KEEPS_ROUNDED_IDF: Final = (5, 4)
"""First version that keeps the size it searched for, instead of cutting the block back to the request."""
POISONING_BYTES: Final = {"none": 0, "light": 12, "comprehensive": 12}
"""What each kind of heap poisoning adds to a block."""


def planned_scenario(
    network: str | Network,
    device: str | None = None,
    *,
    activation: str | None = None,
    pooled: str | None = None,
    static_bytes: int | None = None,
    radio: str | None = None,
    idf: str | None = None,
    poisoning: str | None = None,
) -> Scenario:
    """Return a network on a device.

    Parameters
    ----------
    network : str or Network
        Packaged name or file, or the network itself.
    device : str, optional
        Packaged name or file.
    activation : str, optional
        Element type of the activations; a layer's own come first.
    pooled : str, optional
        Element type of what poolings leave.
    static_bytes : int, optional
        Static data of the program.
    radio : str, optional
        Radio beside the network.
    idf : str, optional
        Version of ESP-IDF, which decides how its malloc rounds.
    poisoning : str, optional
        Heap poisoning it is built with: none, light or comprehensive.

    Returns
    -------
    Scenario
        With the defaults of any scenario.

    Raises
    ------
    InputError
        If a name is unknown or a value does not fit.
    """
    changes = ScenarioChanges(network=network, device=DEFAULT_DEVICE if device is None else device, static_bytes=static_bytes, radio=radio)
    scenario = changed_scenario(None, changes)
    if idf is not None or poisoning is not None:
        allocator = espressif_allocator(scenario.device, idf, poisoning)
        scenario = with_changes(scenario, {"device": with_changes(scenario.device, {"allocator": allocator})})
    if activation is None and pooled is None:
        return scenario
    return with_changes(scenario, {"network": retyped(load_network(network), activation, pooled)})


def espressif_allocator(device: Device, idf: str | None, poisoning: str | None) -> HeapAllocator:
    """Return how malloc of a version of ESP-IDF rounds on a device.

    Parameters
    ----------
    device : Device
        One whose allocator is ESP-IDF's.
    idf : str or None
        Version, such as 5.4; None leaves the device's.
    poisoning : str or None
        `none`, `light` or `comprehensive`; None leaves the device's.

    Returns
    -------
    HeapAllocator
        From 5.4 on it keeps the size it searched for; with poisoning each block is 12 bytes larger.

    Raises
    ------
    InputError
        If the device's allocator is another, or version or poisoning are not known.

    Notes
    -----
    Source: espressif_esp_idf, espressif_tlsf.
    """
    if "espressif" not in device.allocator.source:
        raise SpecError(f"--idf, --poisoning: the allocator of {device.name} is not that of ESP-IDF")
    changes: dict[str, object] = {}
    if idf is not None:
        parts = idf.strip().removeprefix("v").split(".")
        if len(parts) < 2 or not all(part.isdecimal() and len(part) < 4 for part in parts):
            raise SpecError(f"--idf: expected a version like 5.4, found {idf[:40]!r}")
        version = tuple(map(int, parts))
        if version < OLDEST_IDF:
            raise SpecError(f"--idf: before 4.3 the heap has another allocator, found {idf}")
        changes["trims"] = version < KEEPS_ROUNDED_IDF
    if poisoning is not None:
        if poisoning not in POISONING_BYTES:
            raise UnknownNameError("--poisoning", poisoning, POISONING_BYTES, "a kind of heap poisoning")
        changes["poisoning_bytes"] = POISONING_BYTES[poisoning]
    return with_changes(device.allocator, changes)


def retyped(network: Network, activation: str | None, pooled: str | None) -> Network:
    """Return a network whose tensors have other element types, where a layer does not say its own."""
    types: dict[str, Any] = {}
    for field, option, text in (("activation", "--activation", activation), ("pooled", "--pooled", pooled)):
        if text is None:
            continue
        known = {each.value: each for each in DataType}
        if text not in known:
            raise UnknownNameError(option, text, known, "an element type")
        types[field] = known[text]
    return with_changes(network, {"types": with_changes(network.types, types)})
