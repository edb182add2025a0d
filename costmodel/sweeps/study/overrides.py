"""Changes to a scenario by dotted path: the fields that take a name or a choice rather than a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.sources.catalogue import (
    load_battery,
    load_calibration,
    load_compute_energy,
    load_device,
    load_memory_energy,
    load_network,
    load_power_states,
)
from costmodel.sources.documents.validation_errors import found_text, value_complaint
from costmodel.specs.base import Spec, with_changes
from costmodel.specs.devices.hardware import Device
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.study.design_fields import known_paths, matching_layers, places_of, short_path, split_layer_path, with_numbers

_LOADERS: Final[Mapping[str, Callable[..., Spec]]] = {
    "network": load_network,
    "calibration_network": load_network,
    "device": load_device,
    "memory_energy": load_memory_energy,
    "compute_energy": load_compute_energy,
    "battery": load_battery,
    "states": load_power_states,
    "calibration": load_calibration,
}
"""Fields of a scenario that a packaged name, a path or a mapping may stand for."""
_NETWORK_HEADS: Final = ("layers", "types", "input")


def with_override(scenario: Scenario, path: str, value: Any, beside: Path | None = None) -> Scenario:
    """Return a scenario with one field changed.

    Parameters
    ----------
    scenario : Scenario
        What to start from.
    path : str
        Dotted path: `network`, `dataflow`, `counting.taps`, `types.weight`, `layers.*.weight_type`, `battery.capacity_ah`, ...
    value : object
        A number, a choice, a packaged name or a mapping, as the field takes it. A device brings its own memory energies, arithmetic
        energies and calibration; set those after it to keep others.
    beside : Path, optional
        Folder that relative paths in values start from.

    Returns
    -------
    Scenario
        Checked.

    Raises
    ------
    UnknownNameError
        If there is no such field; offers the nearest.
    SpecError
        If the value does not fit.
    """
    check_path(path, scenario)
    try:
        return _changed(scenario, short_path(path), value, beside)
    except ValidationError as error:
        raise value_complaint(error, path) from None


def check_path(path: str, scenario: Scenario) -> None:
    """Refuse a path that leads nowhere.

    Raises
    ------
    UnknownNameError
        With the nearest path.
    """
    if places_of(path, scenario):
        return None
    head, _, rest = short_path(path).partition(".")
    if head in (*_NETWORK_HEADS, "dataflow"):
        holder: Any = scenario.network
        if head == "dataflow" and not rest:
            return None
        if head == "layers":
            return _check_layer_path(rest, scenario)
        known = head if not rest else ""
    else:
        holder, known = scenario, ""
    for part in short_path(path).split("."):
        fields = type(holder).model_fields if isinstance(holder, Spec) else {}
        if part not in fields:
            raise UnknownNameError("field", path, [*_choices(scenario), *known_paths(scenario)], "a field of a scenario")
        holder = getattr(holder, part)
    if known and head != "input":
        raise SpecError(f"{path!r} is a group of fields; name one of them")
    return None


def _check_layer_path(rest: str, scenario: Scenario) -> None:
    pattern, field = split_layer_path(rest, scenario.network)
    layers = matching_layers(pattern, scenario.network)
    if not layers:
        raise UnknownNameError("layers", pattern, [layer.name for layer in scenario.network.layers], f"a layer of {scenario.network.name}")
    fields = {name for layer in layers for name in type(layer).model_fields}
    if field not in fields:
        raise UnknownNameError(f"layers.{pattern}", field, fields, f"a field of {layers[0].name if len(layers) == 1 else 'these layers'}")


def _choices(scenario: Scenario) -> list[str]:
    paths = ["dataflow", "input"]
    for owner, spec in (("", scenario), ("counting.", scenario.counting), ("types.", scenario.network.types)):
        paths += [f"{owner}{name}" for name in type(spec).model_fields]
    return paths


def _changed(scenario: Scenario, path: str, value: Any, beside: Path | None) -> Scenario:
    places = places_of(path, scenario)
    if places and isinstance(value, int | float) and not isinstance(value, bool):
        return with_numbers(scenario, dict.fromkeys(places, value))
    head, _, rest = path.partition(".")
    if head == "dataflow":
        return with_changes(scenario, {"dataflows": (value,)})
    if head == "layers":
        return with_changes(scenario, {"network": _with_layers(scenario, rest, value)})
    if head in _NETWORK_HEADS:
        return with_changes(scenario, {"network": _nested(scenario.network, path, value)})
    if not rest and head in _LOADERS and value is not None:
        return _with_reference(scenario, head, value, beside)
    changed: Scenario = _nested(scenario, path, value)
    return changed


def _with_layers(scenario: Scenario, rest: str, value: Any) -> Spec:
    pattern, field = split_layer_path(rest, scenario.network)
    chosen = {layer.name for layer in matching_layers(pattern, scenario.network) if field in type(layer).model_fields}
    layers = tuple(with_changes(layer, {field: value}) if layer.name in chosen else layer for layer in scenario.network.layers)
    return with_changes(scenario.network, {"layers": layers})


def _with_reference(scenario: Scenario, head: str, value: Any, beside: Path | None) -> Scenario:
    try:
        loaded = _LOADERS[head](value, beside)
    except InputError as error:
        raise type(error)(error.message) if type(error) is SpecError else error from None
    changes: dict[str, Any] = {head: loaded}
    if isinstance(loaded, Device):
        changes |= {
            "memory_energy": load_memory_energy(loaded.memory_energy),
            "compute_energy": load_compute_energy(loaded.compute_energy),
            "calibration": None if loaded.calibration is None else load_calibration(loaded.calibration),
            "observed_heap": None,
            "states": None if loaded.power_states is None else load_power_states(loaded.power_states),
        }
        calibration = changes["calibration"]
        changes["calibration_network"] = None if calibration is None else load_network(calibration.network)
    return with_changes(scenario, changes)


def _nested(spec: Any, path: str, value: Any) -> Any:
    head, _, rest = path.partition(".")
    if not isinstance(spec, Spec):
        raise SpecError(f"{path} takes a number, found {found_text(value)}")
    if not rest:
        return with_changes(spec, {head: value})
    inner = getattr(spec, head)
    if inner is None:
        raise SpecError(f"{path}: the base scenario has no {head}; set {head} first")
    return with_changes(spec, {head: _nested(inner, rest, value)})
