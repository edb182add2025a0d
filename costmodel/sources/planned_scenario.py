"""The scenario that `plan` asks about: a network on a device, with other element types where they are wanted."""

from __future__ import annotations

from typing import Any

from costmodel.errors import UnknownNameError
from costmodel.sources.catalogue import load_network
from costmodel.sources.scenario_changes import DEFAULT_DEVICE, ScenarioChanges, changed_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.layers import DataType
from costmodel.specs.network import Network
from costmodel.specs.scenario import Scenario


def planned_scenario(
    network: str,
    device: str | None = None,
    *,
    activation: str | None = None,
    pooled: str | None = None,
    static_bytes: int | None = None,
    radio: str | None = None,
) -> Scenario:
    """Return a network on a device.

    Parameters
    ----------
    network : str
        Packaged name or file.
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

    Returns
    -------
    Scenario
        With the defaults of any scenario.

    Raises
    ------
    InputError
        If a name is unknown or a value does not fit.
    """
    changes = ScenarioChanges(network=network, device=device or DEFAULT_DEVICE, static_bytes=static_bytes, radio=radio)
    scenario = changed_scenario(None, changes)
    if activation is None and pooled is None:
        return scenario
    return with_changes(scenario, {"network": retyped(load_network(network), activation, pooled)})


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
