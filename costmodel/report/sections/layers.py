"""Every layer in one table: time and memory energy under each dataflow, for both places the scratch rows can live in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Content, Row, Section, Table
from costmodel.report.quantities import Scale, energy_scale, time_scale
from costmodel.results.evaluation import DataflowEvaluation, Evaluation, LayerEvaluation, LayersTogether
from costmodel.results.graphs.layer_blocks import LayerBlock, layer_blocks

_PLACEMENTS: Final = ("SRAM", "registers")


class _Scales(NamedTuple):
    energy: Scale
    time: Scale | None
    """None where no layer has a time."""


def layers_section(evaluation: Evaluation) -> Section:
    """Return the layers side by side.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    Section
        One table; a large network's is folded by block.
    """
    answers = evaluation.dataflows
    runs = answers[0]
    timed = any(layer.duration_s for layer in runs.layers)
    scales = _Scales(
        energy_scale(value for answer in answers for value in (answer.energy.memory_pj, answer.energy.tensor_pj)),
        time_scale([runs.latency.total_s or 0.0]) if timed else None,
    )

    working = [answer.working for answer in answers]

    def row(place: int) -> tuple[Content, ...]:
        parts = [own[place] for own in working]
        layer = parts[0]
        return (layer.name, layer.kind, "x".join(map(str, layer.output_shape)), *_numbers(answers, parts, scales, layer.name))

    def summed(block: LayerBlock) -> tuple[Content, ...]:
        return _numbers(answers, [answer.together(block) for answer in answers], scales, block.name)

    rows = layer_rows([layer.name for layer in working[0]], row, summed)
    total = Row(("all", "", "", *_totals(answers, scales)), total=True)
    time = (Column("Time", scales.time.unit),) if scales.time else ()
    energies = tuple(
        Column(f"Memory energy, {answer.dataflow.value}, rows in {place}", scales.energy.unit, view=(answer.dataflow.value, place))
        for answer in answers
        for place in _PLACEMENTS
    )
    columns = (
        Column("Layer", number=False),
        Column("Kind", number=False),
        Column("Output", number=False),
        Column("MACs"),
        *time,
        *energies,
    )
    note = "Rows: scratch rows (partial sums, row buffers). In registers they cost nothing."
    return Section(
        "layers",
        "Layer by layer",
        (Table("Where it goes: time and memory energy of each layer", columns, (*rows, total), note, of_layers=True),),
    )


def layer_rows(
    names: Sequence[str], cells: Callable[[int], tuple[Content, ...]], summed: Callable[[LayerBlock], tuple[Content, ...]]
) -> tuple[Row, ...]:
    """Return a row a layer, those of a large network below the row of their block.

    Parameters
    ----------
    names : sequence of str
        Of the layers.
    cells : callable
        Returns the cells of a layer, by its place among the names.
    summed : callable
        Returns the numbers of a block's layers together, which stand flush right in its row.

    Returns
    -------
    tuple of Row
        In running order.
    """
    if len(names) < DataflowEvaluation.blocks_from:
        return tuple(Row(cells(at)) for at in range(len(names)))
    rows: list[Row] = []
    for block in layer_blocks(names):
        if len(block.places) == 1:
            rows.append(Row(cells(block.places[0])))
            continue
        numbers = summed(block)
        words = len(cells(block.places[0])) - len(numbers) - 1
        key = f"{len(rows)}"
        rows.append(Row((f"{block.name} ({len(block.places)} layers)", *[""] * words, *numbers), block=key))
        rows += [Row(cells(at), of=key) for at in block.places]
    return tuple(rows)


def _numbers(
    answers: Sequence[DataflowEvaluation], parts: Sequence[LayerEvaluation | LayersTogether], scales: _Scales, name: str
) -> tuple[Content, ...]:
    """Multiply-accumulates, time and energies of a layer or a block, under each dataflow."""
    runs = answers[0]

    def figure(answer: DataflowEvaluation, own: str, of_block: str) -> str:
        return f"dataflows.{answer.dataflow.value}.blocks.{name}.{of_block}" if isinstance(parts[0], LayersTogether) else f"{name}.{own}"

    found: list[Content] = [Cell(parts[0].counts.mac_count, Form.COUNT, figure(runs, "mac_count", "counts.mac_count"))]
    if scales.time is not None:
        time = figure(runs, "time", "duration_s")
        found.append(Cell(parts[0].duration_s or 0.0, Form.TIME, time, runs.dataflow.value, scales.time))
    for answer, part in zip(answers, parts, strict=True):
        dataflow = answer.dataflow.value
        found.append(Cell(part.energy.memory_pj, Form.ENERGY, figure(answer, "energy", "energy.memory_pj"), dataflow, scales.energy))
        found.append(Cell(part.energy.tensor_pj, Form.ENERGY, figure(answer, "tensor_energy", "energy.tensor_pj"), dataflow, scales.energy))
    return tuple(found)


def _totals(answers: Sequence[DataflowEvaluation], scales: _Scales) -> tuple[Content, ...]:
    runs = answers[0]
    found: list[Content] = [Cell(runs.counts.mac_count, Form.COUNT, "network.mac_count")]
    if scales.time is not None:
        found.append(Cell(runs.latency.total_s, Form.TIME, "latency.total", runs.dataflow.value, scales.time))
    for answer in answers:
        dataflow = answer.dataflow.value
        found.append(Cell(answer.energy.memory_pj, Form.ENERGY, "energy.memory", dataflow, scales.energy))
        found.append(Cell(answer.energy.tensor_pj, Form.ENERGY, "energy.tensors", dataflow, scales.energy))
    return tuple(found)
