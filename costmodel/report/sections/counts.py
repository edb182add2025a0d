"""Accesses layer by layer: under the scenario's convention, with what firmware executes beside."""

from __future__ import annotations

from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Content, Paragraph, Row, Section, Table
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, TENSOR_READS, TENSOR_WRITES, AccessCounts
from costmodel.results.evaluation import DataflowEvaluation, Evaluation, LayerEvaluation
from costmodel.specs.counting import Taps

_GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Tensor reads", TENSOR_READS),
    ("Tensor writes", TENSOR_WRITES),
    ("Scratch reads", SCRATCH_READS),
    ("Scratch writes", SCRATCH_WRITES),
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
    silent = [layer.name for layer in evaluation.dataflows[0].layers if not counted(layer)]
    left_out = f"Fused, folded or a view, and so without a count: {', '.join(silent)}." if silent else ""
    return Section("counts", "Accesses, layer by layer", (*blocks, *((Paragraph(left_out),) if left_out else ())))


def counted(layer: LayerEvaluation) -> bool:
    """Tell whether a layer does anything of its own: a fused or folded one and a view do not."""
    return any(layer.counts) or any(layer.valid_counts)


def group_count(counts: AccessCounts, names: tuple[str, ...]) -> int:
    """Return the sum of some counters."""
    total: int = sum(getattr(counts, name) for name in names)
    return total


def _executes(evaluation: Evaluation) -> bool:
    return evaluation.counting.taps is Taps.VALID and evaluation.counting.bias


def _layers_table(evaluation: Evaluation) -> Table:
    layers = [layer for layer in evaluation.dataflows[0].layers if counted(layer)]
    rows = [
        Row(
            (
                layer.name,
                layer.kind,
                "x".join(str(extent) for extent in layer.output_shape),
                Cell(layer.parameter_count, Form.COUNT, f"{layer.name}.parameters"),
                Cell(layer.counts.mac_count, Form.COUNT, f"{layer.name}.mac_count"),
                Cell(layer.valid_counts.mac_count, Form.COUNT),
                *_pixels(layer),
            )
        )
        for layer in layers
    ]
    valid = sum(layer.valid_counts.mac_count for layer in layers)
    total = evaluation.dataflows[0].counts.mac_count
    totals = (
        Cell(evaluation.parameter_count, Form.COUNT, "network.parameters"),
        Cell(total, Form.COUNT, "network.mac_count"),
        Cell(valid, Form.COUNT),
    )
    rows.append(Row(("all", "", "", *totals, "", ""), total=True))
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
        tuple(rows),
        "MAC: multiply-accumulate. An interior pixel of a convolution has all its taps on real input; a boundary pixel does not.",
    )


def _pixels(layer: LayerEvaluation) -> tuple[Content, Content]:
    if not layer.interior_pixel_count + layer.boundary_pixel_count:
        return "", ""
    return Cell(layer.interior_pixel_count, Form.COUNT), Cell(layer.boundary_pixel_count, Form.COUNT)


def _accesses_table(answer: DataflowEvaluation, evaluation: Evaluation, beside: bool) -> Table:
    groups = [(title, names) for title, names in _GROUPS if any(group_count(layer.counts, names) for layer in answer.layers)]
    columns = [_LAYER]
    for title, _ in groups:
        columns += [Column(title), Column("executed")] if beside else [Column(title)]
    rows = [Row((layer.name, *_cells(layer.counts, layer.valid_counts, groups, beside))) for layer in answer.layers if counted(layer)]
    valid = AccessCounts(*(sum(parts) for parts in zip(*(layer.valid_counts for layer in answer.layers), strict=True)))
    rows.append(Row(("all", *_cells(answer.counts, valid, groups, beside)), total=True))
    convention = f"{evaluation.counting.taps.value} taps{'' if evaluation.counting.bias else ', biases not counted'}"
    note = f"Under the scenario's convention ({convention}); executed: valid taps and biases, as firmware runs it."
    return Table(f"{answer.dataflow.value}: accesses of single elements", tuple(columns), tuple(rows), note if beside else "")


def _cells(counts: AccessCounts, valid: AccessCounts, groups: list[tuple[str, tuple[str, ...]]], beside: bool) -> list[Cell]:
    cells = []
    for _, names in groups:
        cells.append(Cell(group_count(counts, names), Form.COUNT))
        if beside:
            cells.append(Cell(group_count(valid, names), Form.COUNT))
    return cells


def _counters_table(answer: DataflowEvaluation) -> Table:
    names = [name for name, value in answer.counts._asdict().items() if value and not name.startswith("scratch")]
    columns = (_LAYER, *(Column(name.removesuffix("_count").replace("_", " ")) for name in names))

    def cells(counts: AccessCounts, owner: str) -> list[Cell]:
        return [Cell(getattr(counts, name), Form.COUNT, f"{owner}.{name}", answer.dataflow.value) for name in names]

    rows = [Row((layer.name, *cells(layer.counts, layer.name))) for layer in answer.layers if counted(layer)]
    rows.append(Row(("all", *cells(answer.counts, "network")), total=True))
    return Table(f"{answer.dataflow.value}: every counter", columns, tuple(rows), supplementary=True)
