"""Energy of memory and arithmetic, dynamic and leakage apart."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import BarPanel, BarSeries, LayerBars
from costmodel.report.document import Column, Illustration, Paragraph, Row, Section, Table
from costmodel.report.layer_blocks import layer_blocks
from costmodel.report.quantities import (
    Scale,
    count_text,
    energy_scale,
    energy_text,
    power_text,
    sentence,
    time_text,
    times_text,
)
from costmodel.report.sections.counts import counted, group_count
from costmodel.results.counts import SCRATCH_READS, SCRATCH_WRITES, TENSOR_READS, TENSOR_WRITES
from costmodel.results.evaluation import DataflowEvaluation, EnergySplit, Evaluation, LayerEvaluation
from costmodel.specs.counting import Granularity
from costmodel.specs.scenario import Scenario, Storage

MOST_BARS = 10
"""Layers a figure shows one by one; from more on, blocks of them."""


def energy_section(evaluation: Evaluation, scenario: Scenario) -> Section:
    """Return the energies layer by layer, then leakage and arithmetic.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    scenario : Scenario
        What was asked, for the sources of the energies.

    Returns
    -------
    Section
        One table a dataflow, one figure, and the terms that stand apart in words.
    """
    answers = evaluation.dataflows
    scale = energy_scale(value for answer in answers for value in (answer.energy.memory_pj, answer.energy.compute_pj))
    tables = tuple(_energy_table(answer, evaluation, scale) for answer in answers)
    words = tuple(Paragraph(text) for text in _terms(evaluation, scenario))
    return Section("energy", "Energy", (*words, _bars(evaluation, scale), *tables))


def _terms(evaluation: Evaluation, scenario: Scenario) -> list[str]:
    """The range of the memory's energy, and the terms that stand apart, one sentence each."""
    told = [_range_text(evaluation), _flash_text(evaluation, scenario), _leakage_text(evaluation), _compute_text(evaluation, scenario)]
    return [text for text in told if text]


def _range_text(evaluation: Evaluation) -> str:
    runs = evaluation.dataflows[0]
    low, high = runs.energy_bounds.memory_low_pj, runs.energy_bounds.memory_high_pj
    if low is None or high is None:
        return ""
    return (
        f"The ranges of the access energies put the memory's dynamic energy ({runs.dataflow.value}) between {energy_text(low)} and"
        f" {energy_text(high)}; the reasons stand with the constants."
    )


def _flash_text(evaluation: Evaluation, scenario: Scenario) -> str:
    if scenario.weights_in is not Storage.FLASH:
        return ""
    runs = evaluation.dataflows[0]
    flash = runs.flash_weights
    if flash is None:
        return "Weights live in flash, but no energy of a flash read is known for this device: each read is charged like one of SRAM."
    path = runs.flash_path
    span = "" if flash.fill_low_pj is None else f" ({energy_text(flash.fill_low_pj)} to {energy_text(flash.fill_high_pj)})"
    hits = "" if path is None else f", and reads of the cache in place of the SRAM's {energy_text(path.hit_pj)}"
    return (
        f"Weights live in flash: {count_text(flash.fill_count)} lines are fetched through the cache ({flash.flash}), which takes"
        f" {energy_text(flash.fill_pj)}{span}{hits}, {runs.dataflow.value}. Both are part of the memory's energy wherever it stands here"
        " and in sweeps: in the tables' tensors, the comparison of dataflows and the share of the board."
    )


def _energy_table(answer: DataflowEvaluation, evaluation: Evaluation, scale: Scale) -> Table:
    columns = (
        Column("Layer", number=False),
        Column("Tensor reads"),
        Column("Tensor writes"),
        Column("Scratch accesses"),
        Column("Tensors", scale.unit),
        Column("Scratch rows", scale.unit),
        Column("Memory", scale.unit),
        Column("Share"),
        Column("Arithmetic", scale.unit),
    )
    whole = answer.energy.memory_pj
    name = answer.dataflow.value
    rows = [Row((layer.name, *_cells(layer, whole, scale, _layer_names(name, layer.name)))) for layer in answer.layers if counted(layer)]
    rows.append(Row(("all", *_cells(answer, whole, scale, _total_names(name))), total=True))
    return Table(
        f"{answer.dataflow.value}: {access_text(evaluation)} and dynamic energy",
        columns,
        tuple(rows),
        "Memory = tensors + scratch rows, where the rows live in the same SRAM; with rows in registers only the tensors' column remains."
        + (" Weights are read from flash through its cache." if answer.flash_path is not None else "")
        + _packing_text(evaluation),
    )


def access_text(evaluation: Evaluation) -> str:
    """Return what one of the accesses that are shown is."""
    if evaluation.counting.granularity is Granularity.ELEMENT:
        return "accesses of single elements"
    return f"accesses of {evaluation.access_bytes} bytes"


def _packing_text(evaluation: Evaluation) -> str:
    if evaluation.counting.granularity is not Granularity.ELEMENT:
        return ""
    return f" The energy is that of the same elements packed into accesses of {evaluation.access_bytes} bytes, the memory's width."


def _cells(part: LayerEvaluation | DataflowEvaluation, whole_pj: float, scale: Scale, names: _Names) -> tuple[Cell, ...]:
    accesses, energy = part.accesses, part.energy

    def scaled(value_pj: float, figure: str) -> Cell:
        return Cell(value_pj, Form.ENERGY, figure, names.dataflow, scale)

    return (
        Cell(group_count(accesses, TENSOR_READS), Form.COUNT),
        Cell(group_count(accesses, TENSOR_WRITES), Form.COUNT),
        Cell(group_count(accesses, SCRATCH_READS + SCRATCH_WRITES), Form.COUNT),
        scaled(energy.tensor_pj, names.tensors),
        scaled(energy.scratch_pj, names.scratch),
        scaled(energy.memory_pj, names.memory),
        Cell(energy.memory_pj / whole_pj if whole_pj else None, Form.SHARE),
        scaled(energy.compute_pj, names.compute),
    )


class _Names(NamedTuple):
    """What `explain` calls the energies of a row."""

    dataflow: str
    tensors: str
    scratch: str
    memory: str
    compute: str


def _layer_names(dataflow: str, layer: str) -> _Names:
    return _Names(dataflow, f"{layer}.tensor_energy", f"{layer}.scratch_energy", f"{layer}.energy", f"{layer}.compute_energy")


def _total_names(dataflow: str) -> _Names:
    return _Names(dataflow, "energy.tensors", "energy.scratch", "energy.memory", "energy.compute")


def _leakage_text(evaluation: Evaluation) -> str:
    power = power_text(evaluation.leakage_w)
    if evaluation.leakage_pj is None:
        return f"Leakage is listed separately: {power} for as long as the memory is powered; without a duration it has no energy."
    dynamic = evaluation.dataflows[0].energy.memory_pj
    over = f"{power} over {time_text(evaluation.duration_s)} is {energy_text(evaluation.leakage_pj)}"
    ratio = f", {times_text(evaluation.leakage_pj / dynamic)} the dynamic {energy_text(dynamic)}" if dynamic else ""
    return f"Leakage is listed separately: {over}{ratio} of {evaluation.dataflows[0].dataflow.value}."


def _compute_text(evaluation: Evaluation, scenario: Scenario) -> str:
    energy: EnergySplit = evaluation.dataflows[0].energy
    macs = count_text(evaluation.dataflows[0].counts.mac_count)
    return (
        f"Arithmetic is its own term: {macs} multiply-accumulates take {energy_text(energy.compute_pj)} ({scenario.compute_energy.source})."
    )


def _bars(evaluation: Evaluation, scale: Scale) -> Illustration:
    bars = _bar_groups(evaluation)
    names = tuple(name for name, _ in bars)
    accesses, energies = [], []
    for answer in evaluation.dataflows:
        groups = [[answer.layers[place] for place in places] for _, places in bars]
        solid = tuple(float(sum(group_count(layer.accesses, TENSOR_READS + TENSOR_WRITES) for layer in group)) for group in groups)
        light = tuple(float(sum(group_count(layer.accesses, SCRATCH_READS + SCRATCH_WRITES) for layer in group)) for group in groups)
        texts = tuple(count_text(round(a + b)) for a, b in zip(solid, light, strict=True))
        accesses.append(BarSeries(answer.dataflow.value, answer.dataflow.value, solid, light, texts))
        tensor = [sum(layer.energy.tensor_pj for layer in group) for group in groups]
        scratch = [sum(layer.energy.scratch_pj for layer in group) for group in groups]
        texts = tuple(scale.number(a + b) for a, b in zip(tensor, scratch, strict=True))
        solid, light = tuple(map(scale.shown, tensor)), tuple(map(scale.shown, scratch))
        energies.append(BarSeries(answer.dataflow.value, answer.dataflow.value, solid, light, texts))
    panels = (
        BarPanel(sentence(access_text(evaluation)).rstrip("."), tuple(accesses)),
        BarPanel(f"Dynamic energy [{scale.unit}]", tuple(energies)),
    )
    scratch_name = "scratch rows, if in SRAM" if any(any(series.light) for series in energies) else ""
    chart = LayerBars(names, panels, "tensors", scratch_name)
    said = "; ".join(
        f"{answer.dataflow.value} {scale.text(answer.energy.memory_pj)}, {scale.text(answer.energy.tensor_pj)} of it tensors"
        for answer in evaluation.dataflows
    )
    of = "layer" if all(len(places) == 1 for _, places in bars) else "block of layers"
    caption = f"Accesses and dynamic energy of each {of}. Light: scratch rows, which cost only where they live in the same SRAM."
    return Illustration("energy_per_layer", caption, f"Bars of accesses and energy for {', '.join(names)}. In all: {said}.", chart)


def _bar_groups(evaluation: Evaluation) -> list[tuple[str, tuple[int, ...]]]:
    """Return name and layers of each bar in running order: a layer, or in a large network a block of them."""
    layers = evaluation.dataflows[0].layers
    busy = [place for place, layer in enumerate(layers) if counted(layer)]
    if len(busy) <= MOST_BARS:
        return [(layers[place].name, (place,)) for place in busy]
    blocks = layer_blocks([layers[place].name for place in busy])
    return [(block.name, tuple(busy[at] for at in block.places)) for block in blocks]
