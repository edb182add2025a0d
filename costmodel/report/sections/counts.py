"""Accesses layer by layer: under the scenario's convention, with what firmware executes beside."""

from __future__ import annotations

from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Content, Paragraph, Row, Section, Table
from costmodel.report.sections.layers import layer_rows
from costmodel.results.counts import AccessCounts, grouped_count
from costmodel.results.evaluation import DataflowEvaluation, Evaluation, LayerEvaluation, LayersTogether
from costmodel.results.graphs.layer_blocks import LayerBlock
from costmodel.specs.counting import Taps

_GROUPS: Final = (
    ("Tensor reads", "tensor_read_count"),
    ("Tensor writes", "tensor_write_count"),
    ("Scratch reads", "scratch_read_count"),
    ("Scratch writes", "scratch_write_count"),
)
"""Counters that are shown as one."""
_LAYER: Final = Column("Layer", number=False)


def counts_section(evaluation: Evaluation) -> Section:
    """Return the layers with their multiply-accumulates, and the accesses of each dataflow.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    Section
        One table of layers, one table of accesses a dataflow, and every counter as supplement.
    """
    beside = not _executes(evaluation)
    blocks = [_layers_table(evaluation)]
    blocks += [_accesses_table(answer, evaluation, beside) for answer in evaluation.dataflows]
    blocks += [_counters_table(answer) for answer in evaluation.dataflows]
    silent = [layer.name for layer in evaluation.dataflows[0].layers if not layer.works]
    left_out = f"Fused, folded or a view, and so without a count: {', '.join(silent)}." if silent else ""
    return Section("counts", "Accesses, layer by layer", (*blocks, *((Paragraph(left_out),) if left_out else ())))


def _executes(evaluation: Evaluation) -> bool:
    return evaluation.counting.taps is Taps.VALID and evaluation.counting.bias


def _layers_table(evaluation: Evaluation) -> Table:
    runs, working = evaluation.dataflows[0], evaluation.dataflows[0].working
    own = f"dataflows.{runs.dataflow.value}"

    def one(place: int) -> tuple[Content, ...]:
        layer = working[place]
        return (
            layer.name,
            layer.kind,
            "x".join(str(extent) for extent in layer.output_shape),
            Cell(layer.parameter_count, Form.COUNT, f"{layer.name}.parameters"),
            Cell(layer.counts.mac_count, Form.COUNT, f"{layer.name}.mac_count"),
            Cell(layer.valid_counts.mac_count, Form.COUNT, f"{own}.layers.{layer.name}.valid_counts.mac_count"),
            *_pixels(layer, f"{own}.layers.{layer.name}"),
        )

    def together(block: LayerBlock) -> tuple[Content, ...]:
        found, owner = runs.together(block), f"{own}.blocks.{block.name}"
        return (
            Cell(found.parameter_count, Form.COUNT, f"{owner}.parameter_count"),
            Cell(found.counts.mac_count, Form.COUNT, f"{owner}.counts.mac_count"),
            Cell(found.valid_counts.mac_count, Form.COUNT, f"{owner}.valid_counts.mac_count"),
            *("", ""),
        )

    totals = (
        Cell(evaluation.parameter_count, Form.COUNT, "network.parameters"),
        Cell(runs.counts.mac_count, Form.COUNT, "network.mac_count"),
        Cell(runs.valid_counts.mac_count, Form.COUNT, f"{own}.valid_counts.mac_count"),
    )
    columns = (
        _LAYER,
        Column("Kind", number=False),
        Column("Output", number=False),
        Column("Parameters"),
        Column(f"MACs, {evaluation.counting.taps.value}"),
        Column("MACs, executed"),
        Column("Interior pixels"),
        Column("Boundary pixels"),
    )
    return Table(
        "Layers",
        columns,
        (*layer_rows(_names(runs), one, together), Row(("all", "", "", *totals, "", ""), total=True)),
        "MAC: multiply-accumulate. An interior pixel of a convolution has all its taps on real input; a boundary pixel does not.",
        of_layers=True,
    )


def _names(answer: DataflowEvaluation) -> list[str]:
    return [layer.name for layer in answer.working]


def _pixels(layer: LayerEvaluation, owner: str) -> tuple[Content, Content]:
    if not layer.is_convolution:
        return "", ""
    return (
        Cell(layer.interior_pixel_count, Form.COUNT, f"{owner}.interior_pixel_count"),
        Cell(layer.boundary_pixel_count, Form.COUNT, f"{owner}.boundary_pixel_count"),
    )


def _accesses_table(answer: DataflowEvaluation, evaluation: Evaluation, beside: bool) -> Table:
    groups = [(title, group) for title, group in _GROUPS if any(grouped_count(layer.counts, group) for layer in answer.layers)]
    columns = [_LAYER]
    for title, _ in groups:
        columns += [Column(title), Column("executed")] if beside else [Column(title)]
    dataflow = answer.dataflow.value

    def cells(part: LayerEvaluation | LayersTogether | DataflowEvaluation, owner: str) -> list[Cell]:
        kinds = ("counts", "valid_counts") if beside else ("counts",)
        return [
            Cell(grouped_count(getattr(part, kind), group), Form.COUNT, f"{owner}.{kind}.{group}", dataflow)
            for _, group in groups
            for kind in kinds
        ]

    own, working = f"dataflows.{dataflow}", answer.working
    rows = layer_rows(
        _names(answer),
        lambda place: (working[place].name, *cells(working[place], f"{own}.layers.{working[place].name}")),
        lambda block: tuple(cells(answer.together(block), f"{own}.blocks.{block.name}")),
    )
    convention = f"{evaluation.counting.taps.value} taps{'' if evaluation.counting.bias else ', biases not counted'}"
    note = f"Under the scenario's convention ({convention}); executed: valid taps and biases, as firmware runs it."
    total = Row(("all", *cells(answer, own)), total=True)
    caption = f"{dataflow}: accesses of single elements"
    return Table(caption, tuple(columns), (*rows, total), note if beside else "", of_layers=True)


def _counters_table(answer: DataflowEvaluation) -> Table:
    names = [name for name, value in answer.counts._asdict().items() if value and not name.startswith("scratch")]
    columns = (_LAYER, *(Column(name.removesuffix("_count").replace("_", " ")) for name in names))

    def cells(counts: AccessCounts, owner: str) -> list[Cell]:
        return [Cell(getattr(counts, name), Form.COUNT, f"{owner}.{name}", answer.dataflow.value) for name in names]

    working, blocks = answer.working, f"dataflows.{answer.dataflow.value}.blocks"
    rows = layer_rows(
        _names(answer),
        lambda place: (working[place].name, *cells(working[place].counts, working[place].name)),
        lambda block: tuple(cells(answer.together(block).counts, f"{blocks}.{block.name}.counts")),
    )
    total = Row(("all", *cells(answer.counts, "network")), total=True)
    return Table(f"{answer.dataflow.value}: every counter", columns, (*rows, total), supplementary=True, of_layers=True)
