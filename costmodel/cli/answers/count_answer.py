"""The answer of `costmodel count`: counters of each layer under each dataflow, in tables and as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from costmodel.cli.answers.tables import Cell, Grid, write_answer
from costmodel.evaluation.layers.counted_layers import CountedLayer, counted_layers
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, TENSOR_READS, TENSOR_WRITES, AccessCounts
from costmodel.specs.counting import CountingConvention, Dataflow, Granularity
from costmodel.specs.lowering import shape_text
from costmodel.specs.network import Network


def write_counts(
    network: Network, layer: str | None, dataflows: Sequence[Dataflow], convention: CountingConvention, output_format: str
) -> None:
    """Count and write to standard output.

    Parameters
    ----------
    network : Network
        What is counted.
    layer : str or None
        Only this layer of it.
    dataflows : sequence of Dataflow
        Side by side.
    convention : CountingConvention
        What counts.
    output_format : str
        As the user gave it.
    """
    counted = {dataflow: counted_layers(network, dataflow, convention, layer) for dataflow in dataflows}
    first = counted[dataflows[0]]
    grids = [_layer_grid(first[0], counted, convention)] if len(first) == 1 else _network_grids(network, counted, convention)
    write_answer(output_format, grids, _payload(network, counted, convention), _records(counted))


def convention_text(convention: CountingConvention) -> str:
    """Return a counting convention in words."""
    taps = f"{convention.taps.value} taps"
    bias = "biases counted" if convention.bias else "biases not counted"
    if convention.granularity is Granularity.ELEMENT:
        return f"{taps}, {bias}, accesses of one element"
    how = "packed" if convention.granularity is Granularity.BLOCK_PACKED else "traced through one block a tensor"
    size = f", {convention.element_bytes}-byte elements" if convention.element_bytes else ""
    return f"{taps}, {bias}, accesses of {convention.block_bytes}-byte blocks, {how}{size}"


def _layer_grid(layer: CountedLayer, counted: Mapping[Dataflow, Sequence[CountedLayer]], convention: CountingConvention) -> Grid:
    columns = [layers[0].counts for layers in counted.values()]
    rows: list[tuple[Cell, ...]] = [
        (_title(name), *values) for name, values in zip(AccessCounts._fields, zip(*columns, strict=True), strict=True) if any(values)
    ]
    step = layer.step
    inputs = " and ".join(shape_text(shape) for shape in step.inputs)
    title = f"{step.name}: {step.kind}, {inputs} -> {shape_text(step.lowered.output)}"
    note = _note(convention) if rows else "No work of its own: fused, folded, or a view of the same elements."
    return Grid(title, ("", *(dataflow.value for dataflow in counted)), tuple(rows), note)


def _network_grids(network: Network, counted: Mapping[Dataflow, Sequence[CountedLayer]], convention: CountingConvention) -> list[Grid]:
    grids = []
    for dataflow, layers in counted.items():
        working = [layer for layer in layers if any(layer.counts)]
        columns = {
            title: values
            for title, names in _COLUMNS.items()
            if any(values := [sum(getattr(layer.counts, name) for name in names) for layer in working])
        }
        rows: list[tuple[Cell, ...]] = [
            (layer.step.name, *(values[place] for values in columns.values())) for place, layer in enumerate(working)
        ]
        rows.append(("total", *(sum(values) for values in columns.values())))
        note = f"{_note(convention)} Each counter by itself: --layer, --format csv or json."
        grids.append(Grid(f"{network.name}, {dataflow.value}", ("layer", *columns), tuple(rows), note, total=True))
    return grids


_COLUMNS: Final = {
    "mac": ("mac_count",),
    "pooling operation": ("operation_count",),
    "tensor read": TENSOR_READS,
    "tensor write": TENSOR_WRITES,
    "scratch read": SCRATCH_READS,
    "scratch write": SCRATCH_WRITES,
    "boundary check": ("boundary_check_count",),
}
"""Columns of a network's table, and the counters each sums up."""


def _note(convention: CountingConvention) -> str:
    words = convention_text(convention)
    return f"{words[:1].upper()}{words[1:]}."


def _title(name: str) -> str:
    return name.removesuffix("_count").replace("_", " ")


_SUMMED: Final = tuple(name for name in AccessCounts._fields if not name.startswith("scratch"))
"""Counters that a network has in all."""


def _payload(
    network: Network,
    counted: Mapping[Dataflow, Sequence[CountedLayer]],
    convention: CountingConvention,
) -> dict[str, Any]:
    steps = [layer.step for layer in next(iter(counted.values()))]
    return {
        "schema_version": 1,
        "network": network.name,
        "counting": convention.model_dump(mode="json"),
        "layers": [
            {
                "name": step.name,
                "kind": step.kind,
                "input_shapes": [list(shape) for shape in step.inputs],
                "output_shape": list(step.lowered.output),
                "parameter_count": step.lowered.weight_count + step.lowered.bias_count,
                "counts": {dataflow.value: layers[place].counts._asdict() for dataflow, layers in counted.items()},
            }
            for place, step in enumerate(steps)
        ],
        # Scratch is each layer's own and is used again by the next: a sum of it would mean nothing.
        "total": {
            dataflow.value: {name: sum(getattr(layer.counts, name) for layer in layers) for name in _SUMMED}
            for dataflow, layers in counted.items()
        },
    }


def _records(counted: Mapping[Dataflow, Sequence[CountedLayer]]) -> Grid:
    rows: list[tuple[Cell, ...]] = [
        (layer.step.name, layer.step.kind, dataflow.value, *layer.counts) for dataflow, layers in counted.items() for layer in layers
    ]
    return Grid("counts", ("layer", "kind", "dataflow", *AccessCounts._fields), tuple(rows))
