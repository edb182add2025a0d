"""Cells of answers name their figures: what `battery`, `trace` and `sweep` print is what `explain` explains, and equal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from costmodel.cli.app import main, run_command
from costmodel.cli.output import answers_taken
from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.evaluation.explained.result_figures import every_number
from costmodel.measurement.captures.trace_chunk import Trace
from costmodel.measurement.synthetic_trace import SyntheticTrace, synthetic_chunks
from costmodel.measurement.trace_analysis import analyse_trace
from costmodel.report.answer import Answer
from costmodel.report.cells import Cell, Form
from costmodel.report.document import Document, Facts, Table
from costmodel.report.sections.trace import trace_section
from costmodel.specs.devices.battery import BatteryModelName
from costmodel.sweeps.engine.running import sweep

BATTERY = "battery --battery 18650 --states esp32-module --sleep deep --rate 1/min --duration 300ms --samples 200 --model"
READ_OFF = {Form.PLAIN, Form.COUNT}
"""Cells in these forms may be text, or counts of what was read, which nothing is computed for."""


def cells(document: Document) -> Iterator[Cell]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield from (cell for row in block.rows for cell in row.typed)
            elif isinstance(block, Facts):
                yield from (fact.cell for fact in block.items)


def answer_to(command: str) -> Answer:
    with answers_taken() as taken:
        assert run_command(command.split()) == 0
    return taken[-1]


def hold(document: Document, numbers: dict[str, float], unnamed: frozenset[str] = frozenset()) -> None:
    named = [cell for cell in cells(document) if cell.figure]
    assert len(named) > 10
    for cell in named:
        assert cell.value is None or cell.value == numbers[cell.figure], cell.figure
    for cell in cells(document):
        if cell.form not in READ_OFF and cell.form not in unnamed and cell.value is not None:
            assert cell.figure, f"{cell.value} {cell.unit} is printed and named by no figure"


@pytest.mark.parametrize("model", BatteryModelName)
def test_every_number_of_a_battery_answer_is_a_figure_of_it(model: str) -> None:
    answer = answer_to(f"{BATTERY} {model}")
    # The ends of an input's range stand with the constants, in units of everyday size.
    ranges = frozenset({Form.CURRENT, Form.TIME, Form.POWER, Form.JOULES})
    hold(answer.document, {f"battery.{name}": value for name, _, value in every_number(answer.content)}, ranges)


def test_every_number_of_a_trace_is_a_figure_of_it() -> None:
    recipe = SyntheticTrace(span_s=4.0)
    found = analyse_trace(Trace("synthetic", "synthetic", "sample", synthetic_chunks(recipe)), recipe.supply_v, "given")
    document = Document("", (), (trace_section(found.summary, found.curve),), "")
    # Percentiles stand under the share of the time they are of.
    hold(document, {f"trace.{name}": value for name, _, value in every_number(found.summary)}, frozenset({Form.CURRENT}))


def test_figures_of_a_sweep_are_those_of_its_designs(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(
        "name: s\naxes: [{path: layers.conv1.out_channels, values: [8, 25]}]\nkeep: all\n"
        "columns: [energy.memory, memory.ram, battery.duty_life, latency.total, conv1.energy, period_s]\n",
        encoding="utf-8",
    )
    answer = answer_to(f"sweep {study} --out {tmp_path / 'found'}")
    table = next(block for block in answer.document.sections[0].blocks if isinstance(block, Table))
    designs = sweep(study)
    for row, printed in enumerate(table.rows):
        scenario = designs.scenario(row)
        known = recorded_figures(scenario, scenario.dataflows[0])
        named = {cell.figure: cell.value for cell in printed.typed if cell.figure}
        assert set(named) >= {"energy.memory", "memory.ram", "conv1.energy"}
        assert "period_s" not in named
        for figure, value in named.items():
            assert value == pytest.approx(known[figure].value, rel=1e-12), figure


def test_a_printed_figure_is_explained_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"{BATTERY} energy"
    figure = next(cell.figure for cell in cells(answer_to(command).document) if cell.figure)
    assert main(["explain", figure, "--of", command]) == 0
    assert figure in capsys.readouterr().out
