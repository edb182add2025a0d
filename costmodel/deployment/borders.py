"""A model without the conversions at its borders: what a device runs that is given steps, and hands on steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from costmodel.specs.base import with_changes
from costmodel.specs.layers import DataType
from costmodel.specs.lowering import NETWORK_INPUT
from costmodel.specs.model import Model
from costmodel.specs.operations import CONVERT

_BYTES: Final = frozenset({DataType.INT8, DataType.UINT8})
"""Types of steps; what is not signed is deployed as signed steps of the same numbers."""


def without_borders(model: Model) -> Model:
    """Return a model that takes and makes bytes where real numbers are quantised on the way in, and real again on the way out.

    Parameters
    ----------
    model : Model
        Any; one without such conversions is returned as it is.

    Returns
    -------
    Model
        Its input in the scale of what was quantised, its outputs in their own.
    """
    network = model.network
    types = dict(zip((step.name for step in network.steps), network.output_types, strict=True))
    converts = [step for step in network.steps if step.operation is CONVERT]
    read = {source for step in network.steps for source in step.sources}
    first = [step for step in converts if step.sources == (-1,) and types[step.name] in _BYTES]
    readers = sum(-1 in step.sources for step in network.steps)
    entry = first[0].name if len(first) == readers == 1 and network.types.input is DataType.FLOAT32 else None
    exits = {
        step.name
        for at, step in enumerate(network.steps)
        if step in converts and at not in read and types[step.name] is DataType.FLOAT32 and step.sources[0] >= 0
        and types[network.steps[step.sources[0]].name] in _BYTES
    }  # fmt: skip
    gone = exits | ({entry} if entry is not None else set())
    if not gone or len(gone) == len(network.layers):
        return model
    layers = [_reading(layer, reads, entry) for layer, reads in _named(network.ordered, network.sources) if layer.name not in gone]
    changes: dict[str, Any] = {"layers": tuple(layers)}
    quantisations = {name: found for name, found in model.quantisations.items() if name not in gone}
    if entry is not None:
        changes["types"] = with_changes(network.types, {"input": types[entry]})
        if entry in model.quantisations:
            quantisations[NETWORK_INPUT] = model.quantisations[entry]
    return replace(model, network=with_changes(network, changes), quantisations=quantisations)


def _named(layers: Sequence[Any], sources: Sequence[tuple[int, ...]]) -> list[tuple[Any, list[str]]]:
    return [
        (layer, [NETWORK_INPUT if source < 0 else layers[source].name for source in reads])
        for layer, reads in zip(layers, sources, strict=True)
    ]


def _reading(layer: Any, reads: Sequence[str], entry: str | None) -> Any:
    return with_changes(layer, {"inputs": tuple(NETWORK_INPUT if name == entry else name for name in reads)})
