"""Numbers of a scenario that may become columns: found by their path, read from the base, put into a scenario."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from costmodel.errors import SpecError, UnknownNameError
from costmodel.evaluation.battery.uncertainty import Read
from costmodel.evaluation.design import design_of
from costmodel.evaluation.network_numbers import read_input, read_layer
from costmodel.provenance import Constant
from costmodel.specs.base import with_changes
from costmodel.specs.network import Network
from costmodel.specs.operations import OPERATIONS
from costmodel.specs.running.mapping import DATAFLOWS
from costmodel.specs.running.mapping import Mapping as DataflowMapping
from costmodel.specs.scenario import Scenario
from costmodel.specs.spec_paths import PathEnd, end_of, with_values_at

_LAYER_FIELDS: Final = frozenset(field for operation in OPERATIONS.values() for field in operation.sweepable)
_NETWORK: Final = "network."
_GEOMETRY: Final = 0
_WIDTH: Final = 1
_BESIDE: Final = 2


class DesignField(NamedTuple):
    """One number of a design."""

    path: str
    """As a study names it: `layers.conv1.kernel.rows`, `input.channels`, `dataflow.pixels`, `battery.capacity_ah`."""
    rank: int = _BESIDE
    """How much of a cost depends on it: geometry 0, widths 1, everything else 2. What decides least varies fastest."""

    @property
    def of_network(self) -> bool:
        """Whether it is a number of a layer or of the input."""
        return self.path.startswith(("layers.", "input."))

    @property
    def of_dataflow(self) -> bool:
        """Whether it is a parameter of a dataflow."""
        return self.path.startswith("dataflow.")

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.of_network or self.of_dataflow or self.path.endswith("_bytes")

    @property
    def spec_path(self) -> str:
        """Where a scenario has it."""
        return f"{_NETWORK}{self.path}" if self.of_network else self.path


def _numbers(reads: Callable[[Read], object]) -> dict[str, Constant]:
    """Return what is read that a sweep may vary, by its path: the design itself says which numbers they are."""
    found: dict[str, Constant] = {}

    def read(constant: Constant, path: str, _words: str) -> Any:
        if path:
            found[path] = constant
        return constant.value

    reads(read)
    return found


def design_numbers(scenario: Scenario) -> dict[str, Constant]:
    """Return every number that a cost reads and a sweep may vary, by its path.

    Parameters
    ----------
    scenario : Scenario
        The base.

    Returns
    -------
    dict
        Path to constant; its value is None where the scenario does not give the number.
    """
    return _numbers(lambda read: design_of(scenario, scenario.dataflows[0], None, read))


def short_path(path: str) -> str:
    """Return a path without the prefix that may be left out: `network.layers.conv1` is `layers.conv1`."""
    for prefix in ("network.layers.", "network.input", "network.types."):
        if path.startswith(prefix):
            return path.removeprefix(_NETWORK)
    return path


def places_of(path: str, scenario: Scenario) -> tuple[DesignField, ...]:
    """Find the numbers of a design that a path stands for.

    Parameters
    ----------
    path : str
        `layers.conv1.out_channels`, `layers.*.kernel`, `layers.conv1.padding.top`, `input.rows`, `battery.capacity_ah`, `period_s`.
    scenario : Scenario
        Whose network has the layers.

    Returns
    -------
    tuple of DesignField
        Empty where the path is no such number; it may still be a field that takes a name or a choice.

    Raises
    ------
    SpecError
        If the number exists by name but the scenario does not give what holds it.
    """
    head, _, rest = short_path(path).partition(".")
    if head == "layers":
        return _layer_places(rest, scenario.network)
    if head == "input" and rest:
        declared = _numbers(lambda read: read_input(scenario.network, read))
        asked = [f"input.{name}" for name in (("rows", "columns") if rest == "extent" else (rest,))]
        return tuple(DesignField(found, _GEOMETRY) for found in asked if found in declared)
    if head == "dataflow" and rest:
        return _dataflow_places(rest, scenario)
    if path in design_numbers(scenario):
        return (DesignField(path),)
    if rest and head in Scenario.model_fields and getattr(scenario, head) is None:
        raise SpecError(f"{path}: the base scenario has no {head}; set {head} first")
    return ()


def split_layer_path(rest: str, network: Network) -> tuple[str, str]:
    """Divide what follows `layers.` into the layer's name and its field: either may have dots.

    Parameters
    ----------
    rest : str
        `conv1.padding.top`, `stack1.conv2.out_channels`, `*.kernel`.
    network : Network
        Whose layers they are.

    Returns
    -------
    tuple of str
        Name or pattern, and field; the longest name that any layer has and whose field that layer may have.
    """
    words = rest.split(".")
    splits = [(".".join(words[:at]), ".".join(words[at:])) for at in range(len(words) - 1, 0, -1)]
    named = [(pattern, field, matching_layers(pattern, network)) for pattern, field in splits]
    for pattern, field, layers in named:
        if any(field.partition(".")[0] in type(layer).model_fields for layer in layers):
            return pattern, field
    known = next(((pattern, field) for pattern, field, layers in named if layers), None)
    if known is not None:
        return known
    # No such layer: what the name should have been can be told best without a part of a field.
    guessed = [(pattern, field) for pattern, field in splits if field.partition(".")[0] in _LAYER_FIELDS]
    return (guessed or splits or [(rest, "")])[-1 if guessed else 0]


def matching_layers(pattern: str, network: Network) -> list[Any]:
    """Return the layers whose name fits a pattern."""
    return [layer for layer in network.layers if fnmatch.fnmatchcase(layer.name, pattern)]


def _layer_places(rest: str, network: Network) -> tuple[DesignField, ...]:
    pattern, field_path = split_layer_path(rest, network)
    field, _, part = field_path.partition(".")
    if field not in _LAYER_FIELDS:
        return ()
    layers = matching_layers(pattern, network)
    if not layers:
        raise UnknownNameError("layers", pattern, [layer.name for layer in network.layers], f"a layer of {network.name}")
    places: list[DesignField] = []
    for layer in layers:
        if field not in type(layer).model_fields or layer.taken(field) is None:
            continue
        parts = layer.parts_of(field)
        if parts and part and part not in parts:
            raise UnknownNameError(f"layers.{pattern}.{field}", part, parts, "a part of it")
        whole = f"layers.{layer.name}.{field}"
        asked = [f"{whole}.{name}" for name in parts if part in ("", name)] or [whole]
        declared = _layer_numbers(layer, network)
        if not all(found in declared for found in asked):
            return ()
        places += [DesignField(found, _GEOMETRY if parts else _WIDTH) for found in asked]
    if not places:
        fields = sorted({name for layer in layers for name in type(layer).model_fields})
        raise UnknownNameError(f"layers.{pattern}", field, fields, f"a field of {', '.join(sorted({layer.kind for layer in layers}))}")
    return tuple(places)


def _layer_numbers(layer: Any, network: Network) -> dict[str, Constant]:
    return _numbers(lambda read: read_layer(layer, network, read))


def _dataflow_places(rest: str, scenario: Scenario) -> tuple[DesignField, ...]:
    mapping = scenario.dataflows[0]
    layer, _, parameter = rest.rpartition(".")
    if layer and layer not in mapping.layers:
        raise UnknownNameError("dataflow", layer, mapping.layers, f"a layer with a dataflow of its own in {mapping}")
    mapping.of(layer).place_of(parameter)
    return (DesignField(f"dataflow.{rest}", _WIDTH),)


def known_paths(scenario: Scenario) -> Iterator[str]:
    """Yield the path of every number that may become a column, a field of several numbers as one."""
    yield from dict.fromkeys(_field_path(path, scenario) for path in design_numbers(scenario))


def _field_path(path: str, scenario: Scenario) -> str:
    end = end_of(scenario, f"{_NETWORK}{path}") if path.startswith("layers.") else None
    return path.removesuffix(f".{end.part}") if end is not None and end.part else path


def base_value(place: DesignField, scenario: Scenario) -> int | float | None:
    """Return what the base scenario has at a place; None where it has nothing."""
    if place.of_dataflow:
        layer, parameter = _dataflow_words(place)
        chosen = scenario.dataflows[0].of(layer)
        return int(chosen.values[chosen.place_of(parameter)])
    if not place.of_network:
        return design_numbers(scenario)[place.path].value
    end = spec_end(place, scenario)
    value = end.holder.taken(end.field)
    number: int | float | None = value[end.holder.parts_of(end.field).index(end.part)] if end.part else value
    return number


def spec_end(place: DesignField, scenario: Scenario) -> PathEnd:
    """Return the spec that has a place's field, and the field."""
    found = end_of(scenario, place.spec_path)
    if found is None:
        raise UnknownNameError("field", place.path, design_numbers(scenario), "a number of the scenario")
    return found


def with_numbers(scenario: Scenario, numbers: Mapping[DesignField, int | float]) -> Scenario:
    """Return a scenario with numbers in their places, checked as if it had been written so.

    Parameters
    ----------
    scenario : Scenario
        The base.
    numbers : mapping
        Each field to its number.

    Returns
    -------
    Scenario
        What `evaluate` and `report` read.
    """
    mapping, *others = scenario.dataflows
    for place, number in numbers.items():
        mapping = with_parameter(mapping, place, int(number)) if place.of_dataflow else mapping
    written = {place.spec_path: int(number) if place.of_network else number for place, number in numbers.items() if not place.of_dataflow}
    changed = with_values_at(scenario, written)
    return changed if mapping is scenario.dataflows[0] else with_changes(changed, {"dataflows": (mapping, *others)})


def with_parameter(mapping: DataflowMapping, place: DesignField, number: int) -> DataflowMapping:
    """Return a mapping with another value of a parameter, or raise SpecError naming the parameter's limits."""
    layer, parameter = _dataflow_words(place)
    chosen = mapping.of(layer)
    at = chosen.place_of(parameter)
    checked = DATAFLOWS[chosen.name].parameters[at].checked(chosen.name, number)
    changed = chosen._replace(values=(*chosen.values[:at], checked, *chosen.values[at + 1 :]))
    if layer:
        return DataflowMapping(mapping.default, {**mapping.layers, layer: changed}.items())
    return DataflowMapping(changed, mapping.layers.items())


def _dataflow_words(place: DesignField) -> tuple[str, str]:
    """Divide the path of a dataflow's parameter into the layer's name, empty for the network's own, and the parameter's."""
    layer, _, parameter = place.path.removeprefix("dataflow.").rpartition(".")
    return layer, parameter
