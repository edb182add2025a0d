"""Counters of each layer under each dataflow, in tables and as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from costmodel.report.answer import Answer, answer_of
from costmodel.report.document import Content, Paragraph, Table, plain_table
from costmodel.report.sections.summary import decided_text, left_out_text
from costmodel.results.counted_layer import CountedLayer
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, TENSOR_READS, TENSOR_WRITES, AccessCounts
from costmodel.specs.counting import CountingConvention, Granularity
from costmodel.specs.network import Network
from costmodel.specs.running.mapping import Mapping as DataflowMapping
from costmodel.specs.shapes import shape_text

Counted = Mapping[DataflowMapping, Sequence[CountedLayer]]
Totals = Mapping[DataflowMapping, Mapping[str, int]]


def counts_answer(network: Network, counted: Counted, totals: Totals, convention: CountingConvention) -> Answer:
    """Return the counters of a network's layers, or of one layer, side by side.

    Parameters
    ----------
    network : Network
        What was counted.
    counted : mapping of a network's mapping to sequence of CountedLayer
        The same layers under each dataflow.
    totals : mapping of a network's mapping to mapping of str to int
        Counters of all layers together.
    convention : CountingConvention
        What counted.

    Returns
    -------
    Answer
        Every counter of a layer alone; of a network, groups of them.
    """
    first = next(iter(counted.values()))
    tables = [_layer_table(first[0], counted, convention)] if len(first) == 1 else _network_tables(network, counted, convention)
    said = [Paragraph(text) for text in (left_out_text(network.left_out), decided_text(network.decided)) if text]
    return answer_of([*said, *tables], _content(network, counted, totals, convention), _records(counted))


def convention_text(convention: CountingConvention) -> str:
    """Return a counting convention in words."""
    taps = f"{convention.taps.value} taps"
    bias = "biases counted" if convention.bias else "biases not counted"
    if convention.granularity is Granularity.ELEMENT:
        return f"{taps}, {bias}, accesses of one element"
    how = "packed" if convention.granularity is Granularity.BLOCK_PACKED else "traced through one block a tensor"
    size = f", {convention.element_bytes}-byte elements" if convention.element_bytes else ""
    return f"{taps}, {bias}, accesses of {convention.block_bytes}-byte blocks, {how}{size}"


def _layer_table(layer: CountedLayer, counted: Counted, convention: CountingConvention) -> Table:
    columns = [layers[0].counts for layers in counted.values()]
    rows: list[tuple[Content, ...]] = [
        (_title(name), *values) for name, values in zip(AccessCounts._fields, zip(*columns, strict=True), strict=True) if any(values)
    ]
    step = layer.step
    inputs = " and ".join(shape_text(shape) for shape in step.inputs)
    title = f"{step.name}: {step.kind}, {inputs} -> {shape_text(step.lowered.output)}"
    note = f"{_note(convention)}{_surplus(counted, 0)}" if rows else "No work of its own: fused, folded, or a view of the same elements."
    return plain_table(title, ("", *(dataflow.value for dataflow in counted)), rows, note)


def _network_tables(network: Network, counted: Counted, convention: CountingConvention) -> list[Table]:
    tables = []
    for dataflow, layers in counted.items():
        working = [layer for layer in layers if any(layer.counts)]
        columns = {
            title: values
            for title, names in _COLUMNS.items()
            if any(values := [sum(getattr(layer.counts, name) for name in names) for layer in working])
        }
        rows: list[tuple[Content, ...]] = [
            (layer.step.name, *(values[place] for values in columns.values())) for place, layer in enumerate(working)
        ]
        rows.append(("total", *(sum(values) for values in columns.values())))
        note = f"{_note(convention)}{_surplus({dataflow: layers})} Each counter by itself: --layer, --format csv or json."
        tables.append(plain_table(f"{network.name}, {dataflow.value}", ("layer", *columns), rows, note, total=True))
    return tables


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


def _surplus(counted: Counted, place: int | None = None) -> str:
    """Say how many multiply-accumulates fall on columns of the padding, of one layer or of all."""
    parts = []
    for dataflow, layers in counted.items():
        chosen = layers if place is None else layers[place : place + 1]
        surplus, executed = (sum(layer.surplus_mac_count for layer in chosen), sum(layer.counts.mac_count for layer in chosen))
        if surplus:
            parts.append(f" {dataflow.value}: {surplus:,} of its {executed:,} mac are on columns of zero padding.")
    return "".join(parts)


def _title(name: str) -> str:
    return name.removesuffix("_count").replace("_", " ")


def _content(
    network: Network,
    counted: Counted,
    totals: Totals,
    convention: CountingConvention,
) -> dict[str, Any]:
    steps = [layer.step for layer in next(iter(counted.values()))]
    return {
        "schema_version": 1,
        "network": network.name,
        "at_least": bool(network.left_out),
        "left_out": list(network.left_out),
        "decided": list(network.decided),
        "counting": convention.model_dump(mode="json"),
        "layers": [
            {
                "name": step.name,
                "kind": step.kind,
                "input_shapes": [list(shape) for shape in step.inputs],
                "output_shape": list(step.lowered.output),
                "parameter_count": step.lowered.weight_count + step.lowered.bias_count,
                "counts": {dataflow.value: layers[place].counts._asdict() for dataflow, layers in counted.items()},
                "surplus_mac_count": {dataflow.value: layers[place].surplus_mac_count for dataflow, layers in counted.items()},
            }
            for place, step in enumerate(steps)
        ],
        "total": {dataflow.value: dict(total) for dataflow, total in totals.items()},
    }


def _records(counted: Counted) -> Table:
    rows: list[tuple[Content, ...]] = [
        (layer.step.name, layer.step.kind, dataflow.value, *layer.counts) for dataflow, layers in counted.items() for layer in layers
    ]
    return plain_table("counts", ("layer", "kind", "dataflow", *AccessCounts._fields), rows)
