"""Columns into a design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costmodel.columns import Number
from costmodel.evaluation.design import Design, LayerRecord, design_of
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.study.design_fields import DesignField


def filled(design: Design, scenario: Scenario, columns: Mapping[DesignField, Number]) -> Design:
    """Return a design with columns in their places.

    Parameters
    ----------
    design : Design
        Of the base scenario.
    scenario : Scenario
        The base scenario.
    columns : mapping
        DesignField to a number or a column.

    Returns
    -------
    Design
        Ready for `cost`.
    """
    changed: dict[str, dict[str, Any]] = {}
    extents = list(design.input_shape)
    numbers: dict[str, Number] = {}
    layers = {layer.name: layer for layer in design.layers}
    dataflows = {layer.name: dataflow for layer, dataflow in zip(design.layers, design.dataflows, strict=True)}
    for place, column in columns.items():
        if place.owner == "layer":
            fields = changed.setdefault(place.layer, {})
            if place.part < 0:
                fields[place.field] = column
            else:
                fields.setdefault(place.field, _parts(layers[place.layer], place.field))[place.part] = column
        elif place.owner == "input":
            extents[place.part] = column
        elif place.owner == "dataflow":
            own = scenario.dataflows[0].layers
            for name, chosen in dataflows.items():
                if name == place.layer or (not place.layer and name not in own):
                    at = chosen.place_of(place.field)
                    dataflows[name] = chosen._replace(values=(*chosen.values[:at], column, *chosen.values[at + 1 :]))
        else:
            numbers[place.field] = column
    if numbers:
        read = design_of(scenario, scenario.dataflows[0], design.rates, lambda constant, path, _: numbers.get(path, constant.value))
        design = read._replace(accountings=design.accountings, reach=design.reach)
    return design._replace(
        layers=tuple(_record(layer, changed[layer.name]) if layer.name in changed else layer for layer in design.layers),
        input_shape=tuple(extents),
        dataflows=tuple(dataflows.values()),
    )


def _parts(layer: Any, field: str) -> list[Number]:
    found = getattr(layer, field)
    return list(layer.kernel if found is None else found)


def _record(layer: Any, fields: Mapping[str, Any]) -> LayerRecord:
    values = {name: getattr(layer, name) for name in type(layer).model_fields}
    return LayerRecord(values | {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
