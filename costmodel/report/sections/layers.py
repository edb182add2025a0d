"""Every layer in one table: time and memory energy under each dataflow, for both places the scratch rows can live in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Content, Row, Section, Table
from costmodel.report.layer_blocks import layer_blocks
from costmodel.report.quantities import Scale, energy_scale, time_scale
from costmodel.report.sections.counts import counted
from costmodel.results.evaluation import DataflowEvaluation, Evaluation, LayerEvaluation

FOLDED_FROM: Final = 20
"""Layers from which a table is folded by block."""
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
        time_scale([sum(layer.duration_s or 0.0 for layer in runs.layers)]) if timed else None,
    )
    places = [place for place, layer in enumerate(runs.layers) if counted(layer)]

    def numbers(some: Sequence[int], owner: str) -> tuple[Content, ...]:
        return _numbers(answers, some, scales, owner)

    def row(place: int) -> tuple[Content, ...]:
        layer = runs.layers[place]
        return (layer.name, layer.kind, "x".join(map(str, layer.output_shape)), *numbers([place], layer.name))

    rows = layer_rows(
        [runs.layers[place].name for place in places], lambda at: row(places[at]), lambda ats: numbers([places[at] for at in ats], "")
    )
    total = Row(("all", "", "", *numbers(places, "")), total=True)
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
    names: Sequence[str], cells: Callable[[int], tuple[Content, ...]], summed: Callable[[Sequence[int]], tuple[Content, ...]]
) -> tuple[Row, ...]:
    """Return a row a layer, those of a large network below the row of their block.

    Parameters
    ----------
    names : sequence of str
        Of the layers.
    cells : callable
        Returns the cells of a layer, by its place among the names.
    summed : callable
        Returns the numbers of several layers together, which stand flush right in the row of their block.

    Returns
    -------
    tuple of Row
        In running order.
    """
    if len(names) < FOLDED_FROM:
        return tuple(Row(cells(at)) for at in range(len(names)))
    rows: list[Row] = []
    for block in layer_blocks(names):
        if len(block.places) == 1:
            rows.append(Row(cells(block.places[0])))
            continue
        numbers = summed(block.places)
        words = len(cells(block.places[0])) - len(numbers) - 1
        key = f"{len(rows)}"
        rows.append(Row((f"{block.name} ({len(block.places)} layers)", *[""] * words, *numbers), block=key))
        rows += [Row(cells(at), of=key) for at in block.places]
    return tuple(rows)


def _numbers(answers: Sequence[DataflowEvaluation], places: Sequence[int], scales: _Scales, owner: str) -> tuple[Content, ...]:
    """Multiply-accumulates, time and energies of some layers together; each is explained by its name where it is one layer's."""

    def layers(answer: DataflowEvaluation) -> list[LayerEvaluation]:
        return [answer.layers[place] for place in places]

    def figure(name: str) -> str:
        return f"{owner}.{name}" if owner else ""

    runs = answers[0]
    found: list[Content] = [Cell(sum(layer.counts.mac_count for layer in layers(runs)), Form.COUNT, figure("mac_count"))]
    if scales.time is not None:
        found.append(
            Cell(sum(layer.duration_s or 0.0 for layer in layers(runs)), Form.TIME, figure("time"), runs.dataflow.value, scales.time)
        )
    for answer in answers:
        name = answer.dataflow.value
        memory, tensor = (sum(getattr(layer.energy, of) for layer in layers(answer)) for of in ("memory_pj", "tensor_pj"))
        found.append(Cell(memory, Form.ENERGY, figure("energy"), name, scales.energy))
        found.append(Cell(tensor, Form.ENERGY, figure("tensor_energy"), name, scales.energy))
    return tuple(found)
