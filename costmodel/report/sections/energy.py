"""Energy of memory and arithmetic, dynamic and leakage apart."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.report.cells import Cell, Form
from costmodel.report.charts import BarPanel, BarSeries, LayerBars
from costmodel.report.document import Column, Content, Illustration, Paragraph, Row, Section, Table
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
from costmodel.report.sections.layers import layer_rows
from costmodel.results.counts import AccessCounts, grouped_count
from costmodel.results.evaluation import DataflowEvaluation, EnergySplit, Evaluation
from costmodel.results.graphs.layer_blocks import LayerBlock, layer_blocks
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
    bars = (_bars(evaluation, scale),) if evaluation.dataflows[0].working else ()
    return Section("energy", "Energy", (*words, *bars, *tables))


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
    name, shares, working = answer.dataflow.value, answer.energy_shares, answer.working

    def one(place: int) -> tuple[Content, ...]:
        layer = working[place]
        return (layer.name, *_cells(layer.accesses, layer.energy, shares.get(layer.name), scale, _layer_names(name, layer.name)))

    def together(block: LayerBlock) -> tuple[Content, ...]:
        found = answer.together(block)
        return _cells(found.accesses, found.energy, None, scale, _block_names(name, block.name))

    rows = [*layer_rows([layer.name for layer in working], one, together)]
    whole = 1.0 if shares else None
    rows.append(Row(("all", *_cells(answer.accesses, answer.energy, whole, scale, _total_names(name))), total=True))
    return Table(
        f"{answer.dataflow.value}: {access_text(evaluation)} and dynamic energy",
        columns,
        tuple(rows),
        "Memory = tensors + scratch rows, where the rows live in the same SRAM; with rows in registers only the tensors' column remains."
        + (" Weights are read from flash through its cache." if answer.flash_path is not None else "")
        + _packing_text(evaluation),
        of_layers=True,
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


def _cells(accesses: AccessCounts, energy: EnergySplit, share: float | None, scale: Scale, names: _Names) -> tuple[Cell, ...]:
    def counted(group: str) -> Cell:
        return Cell(grouped_count(accesses, group), Form.COUNT, f"{names.owner}.accesses.{group}", names.dataflow)

    def scaled(value_pj: float, figure: str) -> Cell:
        return Cell(value_pj, Form.ENERGY, figure, names.dataflow, scale)

    return (
        counted("tensor_read_count"),
        counted("tensor_write_count"),
        counted("scratch_access_count"),
        scaled(energy.tensor_pj, names.tensors),
        scaled(energy.scratch_pj, names.scratch),
        scaled(energy.memory_pj, names.memory),
        Cell(share, Form.SHARE, names.share, names.dataflow),
        scaled(energy.compute_pj, names.compute),
    )


class _Names(NamedTuple):
    """What `explain` calls the numbers of a row."""

    dataflow: str
    owner: str
    """What its accesses are of."""
    tensors: str
    scratch: str
    memory: str
    share: str
    """Empty for the whole."""
    compute: str


def _layer_names(dataflow: str, layer: str) -> _Names:
    own = f"dataflows.{dataflow}"
    energies = (f"{layer}.tensor_energy", f"{layer}.scratch_energy", f"{layer}.energy", f"{own}.energy_shares.{layer}")
    return _Names(dataflow, f"{own}.layers.{layer}", *energies, f"{layer}.compute_energy")


def _block_names(dataflow: str, block: str) -> _Names:
    own = f"dataflows.{dataflow}.blocks.{block}"
    energies = (f"{own}.energy.tensor_pj", f"{own}.energy.scratch_pj", f"{own}.energy.memory_pj", "")
    return _Names(dataflow, own, *energies, f"{own}.energy.compute_pj")


def _total_names(dataflow: str) -> _Names:
    return _Names(dataflow, f"dataflows.{dataflow}", "energy.tensors", "energy.scratch", "energy.memory", "", "energy.compute")


def _leakage_text(evaluation: Evaluation) -> str:
    power = power_text(evaluation.leakage_w)
    if evaluation.leakage_pj is None:
        return f"Leakage is listed separately: {power} for as long as the memory is powered; without a duration it has no energy."
    dynamic, times = evaluation.dataflows[0].energy.memory_pj, evaluation.leakage_ratio
    over = f"{power} over {time_text(evaluation.duration_s)} is {energy_text(evaluation.leakage_pj)}"
    ratio = f", {times_text(times)} the dynamic {energy_text(dynamic)}" if times is not None else ""
    return f"Leakage is listed separately: {over}{ratio} of {evaluation.dataflows[0].dataflow.value}."


def _compute_text(evaluation: Evaluation, scenario: Scenario) -> str:
    energy: EnergySplit = evaluation.dataflows[0].energy
    macs = count_text(evaluation.dataflows[0].counts.mac_count)
    return (
        f"Arithmetic is its own term: {macs} multiply-accumulates take {energy_text(energy.compute_pj)} ({scenario.compute_energy.source})."
    )


def _bars(evaluation: Evaluation, scale: Scale) -> Illustration:
    bars = _bar_groups(evaluation)
    names = tuple(block.name for block in bars)
    accesses, energies = [], []
    for answer in evaluation.dataflows:
        groups = [answer.together(block) for block in bars]
        dataflow = answer.dataflow.value
        reads = [grouped_count(group.accesses, "tensor_access_count") for group in groups]
        rows = [grouped_count(group.accesses, "scratch_access_count") for group in groups]
        texts = tuple(count_text(grouped_count(group.accesses, "access_count")) for group in groups)
        accesses.append(BarSeries(dataflow, dataflow, tuple(map(float, reads)), tuple(map(float, rows)), texts))
        solid = tuple(scale.shown(group.energy.tensor_pj) for group in groups)
        light = tuple(scale.shown(group.energy.scratch_pj) for group in groups)
        energies.append(BarSeries(dataflow, dataflow, solid, light, tuple(scale.number(group.energy.memory_pj) for group in groups)))
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
    of = "layer" if all(len(block.places) == 1 for block in bars) else "block of layers"
    caption = f"Accesses and dynamic energy of each {of}. Light: scratch rows, which cost only where they live in the same SRAM."
    return Illustration("energy_per_layer", caption, f"Bars of accesses and energy for {', '.join(names)}. In all: {said}.", chart)


def _bar_groups(evaluation: Evaluation) -> list[LayerBlock]:
    """Return the layers of each bar in running order: a layer, or in a large network a block of them."""
    names = [layer.name for layer in evaluation.dataflows[0].working]
    if len(names) <= MOST_BARS:
        return [LayerBlock(name, (place,)) for place, name in enumerate(names)]
    return list(layer_blocks(names))
