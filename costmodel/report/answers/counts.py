"""Counters of each layer under each dataflow, in tables and as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell
from costmodel.report.document import Content, Paragraph, Table, plain_table
from costmodel.report.sections.summary import decided_text, left_out_text
from costmodel.results.counted_layer import CountedLayer, surplus_of
from costmodel.results.counts import AccessCounts, grouped_count
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
    tables = [_layer_table(first[0], counted, convention)] if len(first) == 1 else _network_tables(network, counted, totals, convention)
    said = [Paragraph(text) for text in (left_out_text(network.left_out), decided_text(network.decided)) if text]
    content, explained = (_content(network, counted, totals, convention, told) for told in (_plain, _itself))
    return answer_of([*said, *tables], content, _records(counted), explained)


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
    columns = {dataflow.value: layers[0].counts for dataflow, layers in counted.items()}
    rows: list[tuple[Content, ...]] = [
        (_title(name), *(Cell(getattr(counts, name), figure=_figure(0, own, name)) for own, counts in columns.items()))
        for name in AccessCounts._fields
        if any(getattr(counts, name) for counts in columns.values())
    ]
    step = layer.step
    inputs = " and ".join(shape_text(shape) for shape in step.inputs)
    title = f"{step.name}: {step.kind}, {inputs} -> {shape_text(step.lowered.output)}"
    note = f"{_note(convention)}{_surplus(counted, 0)}" if rows else "No work of its own: fused, folded, or a view of the same elements."
    return plain_table(title, ("counter", *(dataflow.value for dataflow in counted)), rows, note)


def _figure(place: int, dataflow: str, counter: str) -> str:
    return f"count.layers.{place}.counts.{dataflow}.{counter}"


def _network_tables(network: Network, counted: Counted, totals: Totals, convention: CountingConvention) -> list[Table]:
    tables = []
    for dataflow, layers in counted.items():
        own, whole = dataflow.value, AccessCounts(**totals[dataflow])
        columns = {title: group for title, group in _COLUMNS.items() if grouped_count(whole, group)}
        rows: list[tuple[Content, ...]] = [
            (
                layer.step.name,
                *(Cell(grouped_count(layer.counts, group), figure=_figure(place, own, group)) for group in columns.values()),
            )
            for place, layer in enumerate(layers)
            if any(layer.counts)
        ]
        rows.append(("total", *(Cell(grouped_count(whole, group), figure=f"count.total.{own}.{group}") for group in columns.values())))
        note = f"{_note(convention)}{_surplus({dataflow: layers})} Each counter by itself: --layer, --format csv or json."
        tables.append(plain_table(f"{network.name}, {own}", ("layer", *columns), rows, note, total=True))
    return tables


_COLUMNS: Final = {
    "mac": "mac_count",
    "pooling operation": "operation_count",
    "tensor read": "tensor_read_count",
    "tensor write": "tensor_write_count",
    "scratch read": "scratch_read_count",
    "scratch write": "scratch_write_count",
    "boundary check": "boundary_check_count",
}
"""Columns of a network's table, and the counter, or the group of counters, each tells."""


def _note(convention: CountingConvention) -> str:
    words = convention_text(convention)
    return f"{words[:1].upper()}{words[1:]}."


def _surplus(counted: Counted, place: int | None = None) -> str:
    """Say how many multiply-accumulates fall on columns of the padding, of one layer or of all."""
    parts = []
    for dataflow, layers in counted.items():
        chosen = surplus_of(layers if place is None else layers[place : place + 1])
        if chosen.surplus_mac_count:
            told = f"{chosen.surplus_mac_count:,} of its {chosen.mac_count:,} mac"
            parts.append(f" {dataflow.value}: {told} are on columns of zero padding.")
    return "".join(parts)


def _title(name: str) -> str:
    return name.removesuffix("_count").replace("_", " ")


def _plain(counts: AccessCounts) -> dict[str, Any]:
    """Counts as JSON has them."""
    return counts._asdict()


def _itself(counts: AccessCounts) -> AccessCounts:
    """Counts as `explain` walks them."""
    return counts


def _content(
    network: Network,
    counted: Counted,
    totals: Totals,
    convention: CountingConvention,
    told: Callable[[AccessCounts], Any],
) -> dict[str, Any]:
    first = next(iter(counted.values()))
    return {
        "schema_version": 1,
        "network": network.name,
        "at_least": bool(network.left_out),
        "left_out": list(network.left_out),
        "decided": list(network.decided),
        "counting": convention.model_dump(mode="json"),
        "layers": [
            {
                "name": layer.step.name,
                "kind": layer.step.kind,
                "input_shapes": [list(shape) for shape in layer.step.inputs],
                "output_shape": list(layer.step.lowered.output),
                "parameter_count": layer.parameter_count,
                "counts": {dataflow.value: told(layers[place].counts) for dataflow, layers in counted.items()},
                "surplus_mac_count": {dataflow.value: layers[place].surplus_mac_count for dataflow, layers in counted.items()},
            }
            for place, layer in enumerate(first)
        ],
        # Scratch is each layer's own, and has no total.
        "total": {dataflow.value: dict(total) if told is _plain else told(AccessCounts(**total)) for dataflow, total in totals.items()},
    }


def _records(counted: Counted) -> Table:
    rows: list[tuple[Content, ...]] = [
        (layer.step.name, layer.step.kind, dataflow.value, *layer.counts) for dataflow, layers in counted.items() for layer in layers
    ]
    return plain_table("counts", ("layer", "kind", "dataflow", *AccessCounts._fields), rows)
