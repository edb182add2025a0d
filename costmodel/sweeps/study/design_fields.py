"""Numbers of a scenario that may become columns: found by their path, read from the base, put into a scenario."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from costmodel.errors import SpecError, UnknownNameError
from costmodel.evaluation.design import design_of
from costmodel.provenance import Constant
from costmodel.specs.base import with_changes
from costmodel.specs.network import Network
from costmodel.specs.operations import OPERATIONS
from costmodel.specs.running.mapping import DATAFLOWS
from costmodel.specs.running.mapping import Mapping as DataflowMapping
from costmodel.specs.scenario import Scenario
from costmodel.specs.spec_paths import holder_at, with_value_at

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "kernel": ("rows", "columns"),
    "stride": ("rows", "columns"),
    "dilation": ("rows", "columns"),
    "output_size": ("rows", "columns"),
    "padding": ("top", "bottom", "left", "right"),
    "input": ("channels", "rows", "columns"),
}
_LAYER_FIELDS: Final = frozenset(field for operation in OPERATIONS.values() for field in operation.sweepable)
_GEOMETRY: Final = ("input", "kernel", "stride", "padding", "dilation", "output_size")


class DesignField(NamedTuple):
    """One number of a design."""

    owner: str
    """`layer`, `input`, `dataflow`, or `scenario` for any number beside the network."""
    layer: str
    """Name of the layer, for owner `layer`; for owner `dataflow` of the layer whose dataflow it is, empty for the network's."""
    field: str
    """Of the layer or the input; of the scenario, the whole path."""
    part: int
    """Position in a field of several numbers; -1 for a lone number."""

    @property
    def text(self) -> str:
        """The place as a dotted path."""
        if self.owner == "dataflow":
            head = f"dataflow.{self.layer}." if self.layer else "dataflow."
        else:
            head = f"layers.{self.layer}." if self.owner == "layer" else ""
        return f"{head}{self.field}" + (f".{PARTS[self.field][self.part]}" if self.part >= 0 else "")

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.owner in ("layer", "input", "dataflow") or self.field.endswith("_bytes")

    @property
    def rank(self) -> int:
        """How much of a cost depends on it: geometry 0, widths 1, everything else 2. What decides least varies fastest."""
        return 0 if self.field in _GEOMETRY else 1 if self.owner in ("layer", "dataflow") else 2


def scenario_numbers(scenario: Scenario) -> dict[str, Constant]:
    """Return every number beside the network that a cost reads, by its path: the design itself says which they are.

    Parameters
    ----------
    scenario : Scenario
        The base.

    Returns
    -------
    dict
        Path to constant; its value is None where the scenario does not give the number.
    """
    found: dict[str, Constant] = {}

    def read(constant: Constant, path: str, _words: str) -> Any:
        if path:
            found[path] = constant
        return constant.value

    design_of(scenario, scenario.dataflows[0], None, read)
    return found


def short_path(path: str) -> str:
    """Return a path without the prefix that may be left out: `network.layers.conv1` is `layers.conv1`."""
    for prefix in ("network.layers.", "network.input", "network.types."):
        if path.startswith(prefix):
            return path.removeprefix("network.")
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
        parts = PARTS["input"] if len(scenario.network.input) == 3 else ("features",)
        return tuple(DesignField("input", "", "input", part) for part, name in enumerate(parts) if rest in (name, "extent" if part else ""))
    if head == "dataflow" and rest:
        return _dataflow_places(rest, scenario)
    if path in scenario_numbers(scenario):
        return (DesignField("scenario", "", path, -1),)
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
        if getattr(layer, field, None) is None and not (field == "stride" and hasattr(layer, field)):
            continue
        if field == "groups" and getattr(layer, field) == 1:
            # Whether the time is calibrated depends on there being groups at all: that is a choice, not a column.
            return ()
        if field not in PARTS:
            places.append(DesignField("layer", layer.name, field, -1))
            continue
        if part and part not in PARTS[field]:
            raise UnknownNameError(f"layers.{pattern}.{field}", part, PARTS[field], "a part of it")
        places += [DesignField("layer", layer.name, field, at) for at, name in enumerate(PARTS[field]) if part in ("", name)]
    if not places:
        fields = sorted({name for layer in layers for name in type(layer).model_fields})
        raise UnknownNameError(f"layers.{pattern}", field, fields, f"a field of {', '.join(sorted({layer.kind for layer in layers}))}")
    return tuple(places)


def _dataflow_places(rest: str, scenario: Scenario) -> tuple[DesignField, ...]:
    mapping = scenario.dataflows[0]
    layer, _, parameter = rest.rpartition(".")
    if layer and layer not in mapping.layers:
        raise UnknownNameError("dataflow", layer, mapping.layers, f"a layer with a dataflow of its own in {mapping}")
    mapping.of(layer).place_of(parameter)
    return (DesignField("dataflow", layer, parameter, -1),)


def known_paths(scenario: Scenario) -> Iterator[str]:
    """Yield the path of every number that may become a column."""
    parts = PARTS["input"] if len(scenario.network.input) == 3 else ("features",)
    yield from (f"input.{part}" for part in parts)
    for layer in scenario.network.layers:
        yield from (f"layers.{layer.name}.{field}" for field in OPERATIONS[layer.kind].sweepable)
    mapping = scenario.dataflows[0]
    for name, chosen in (("", mapping.default), *mapping.layers.items()):
        yield from (DesignField("dataflow", name, parameter.name, -1).text for parameter in DATAFLOWS[chosen.name].parameters)
    yield from scenario_numbers(scenario)


def base_value(place: DesignField, scenario: Scenario) -> int | float | None:
    """Return what the base scenario has at a place; None where it has nothing."""
    if place.owner == "scenario":
        return scenario_numbers(scenario)[place.field].value
    if place.owner == "dataflow":
        chosen = scenario.dataflows[0].of(place.layer)
        return int(chosen.values[chosen.place_of(place.field)])
    found, value = holder_of(place, scenario), None
    if place.owner == "input":
        value = found.input
    elif place.field == "stride" and found.stride is None:
        value = found.kernel
    else:
        value = getattr(found, place.field)
    number: int | float | None = value[place.part] if place.part >= 0 else value
    return number


def holder_of(place: DesignField, scenario: Scenario) -> Any:
    """Return the spec that has a place's field."""
    if place.owner == "layer":
        return next(layer for layer in scenario.network.layers if layer.name == place.layer)
    if place.owner == "input":
        return scenario.network
    return _held(place, scenario)[0]


def field_of(place: DesignField, scenario: Scenario) -> str:
    """Return the name of a place's field in the spec that has it."""
    return place.field if place.owner != "scenario" else _held(place, scenario)[1]


def _held(place: DesignField, scenario: Scenario) -> tuple[Any, str]:
    found = holder_at(scenario, place.field)
    if found is None:
        raise UnknownNameError("field", place.field, scenario_numbers(scenario), "a number of the scenario")
    return found


def with_numbers(scenario: Scenario, numbers: Mapping[DesignField, int | float]) -> Scenario:
    """Return a scenario with numbers in their places, checked as if it had been written so.

    Parameters
    ----------
    scenario : Scenario
        The base.
    numbers : mapping
        DesignField to number.

    Returns
    -------
    Scenario
        What `evaluate` and `report` read.
    """
    layers = {layer.name: layer for layer in scenario.network.layers}
    extents = list(scenario.network.input)
    for place, number in numbers.items():
        if place.owner == "layer":
            layers[place.layer] = with_changes(layers[place.layer], {place.field: written(place, layers[place.layer], number)})
        elif place.owner == "input":
            extents[place.part] = int(number)
        elif place.owner == "dataflow":
            mapping, *others = scenario.dataflows
            scenario = with_changes(scenario, {"dataflows": (with_parameter(mapping, place, int(number)), *others)})
        else:
            scenario = with_value_at(scenario, place.field, number)
    network = with_changes(scenario.network, {"layers": tuple(layers.values()), "input": tuple(extents)})
    return with_changes(scenario, {"network": network})


def with_parameter(mapping: DataflowMapping, place: DesignField, number: int) -> DataflowMapping:
    """Return a mapping with another value of a parameter, or raise SpecError naming the parameter's limits."""
    chosen = mapping.of(place.layer)
    at = chosen.place_of(place.field)
    checked = DATAFLOWS[chosen.name].parameters[at].checked(chosen.name, number)
    changed = chosen._replace(values=(*chosen.values[:at], checked, *chosen.values[at + 1 :]))
    if place.layer:
        return DataflowMapping(mapping.default, {**mapping.layers, place.layer: changed}.items())
    return DataflowMapping(changed, mapping.layers.items())


def written(place: DesignField, holder: Any, number: int | float) -> Any:
    """Return a field's value with a number in its place: the number, or a tuple with one part replaced."""
    if place.part < 0:
        return number
    current = getattr(holder, place.field)
    parts = list(holder.kernel if current is None else current)
    parts[place.part] = number
    return tuple(parts)
