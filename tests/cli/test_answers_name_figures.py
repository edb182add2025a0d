"""Cells of answers name their figures: what any command prints is what `explain` explains, and equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from costmodel.cli.app import main, run_command
from costmodel.cli.output import answers_taken
from costmodel.evaluation.explained.explaining import recorded_figures, recorded_result
from costmodel.evaluation.explained.result_figures import every_number
from costmodel.evaluation.figures import Figure
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
STUDY = """\
name: s
axes:
  - {path: layers.conv1.out_channels, values: [8, 25]}
  - {path: layers.conv2.out_channels, values: [8, 25]}
objectives: [{minimise: energy.memory}, {maximise: battery.duty_life}]
constraints: [memory.ram < 1000000]
keep: all
columns: [memory.ram, latency.total, conv1.energy]
"""
GIVEN_IN_REPORTS = {"Output", "Stage", "Value", "Unit", "At boot"}
ANSWERS = {
    "plan resnet8": {"stage", "from stage", "to stage", "from B"},
    "plan ds-cnn --strategy streaming": {"stage", "from stage", "to stage", "from B"},
    "map cifar-aap-pruned --core arm": {},
    "count --network ds-cnn": {},
    "count conv2d --input 25x16x16 --out-channels 51 --kernel 3 --padding 1": {},
    "predict ds-cnn --device esp32-wroom --device nrf52840": {},
    "cacti table --node 40": {"size", "width", "node", "temperature"},
    "cacti compare": {"width"},
    "diff resnet8 ds-cnn --device esp32-wroom": {},
    "reproduce": {"published"},
    "report": GIVEN_IN_REPORTS,
    "report --network mobilenet-v1-0.25 --device nrf52840 --schedule streaming": GIVEN_IN_REPORTS,
    "report --network ds-cnn --device esp32-wroom --battery 18650 --sleep deep --period 60": {
        "Output",
        "Stage",
        "Value",
        "Unit",
        "At boot",
    },
}
"""Commands whose answers hold figures, and the columns of each that state what was given, or count stages."""
A_NUMBER = re.compile(r"[+-]?[\d.,]+( (%|x|times|[kMGmunpµ]?(J|s|W|A|B|Hz|Wh|h|d)|KiB|MiB|days?|years?|min))?")
"""Text that is nothing but a number, perhaps with its unit."""
NOTHING = {"", "–", "unknown"}
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


def titled(document: Document) -> Iterator[tuple[str, Cell]]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield from ((column.title, cell) for row in block.rows for column, cell in zip(block.columns, row.typed, strict=False))
            elif isinstance(block, Facts):
                yield from ((fact.label, fact.cell) for fact in block.items)


def is_number(cell: Cell) -> bool:
    """Whether a cell shows a number that is not the whole, 100 %, that shares are of."""
    if isinstance(cell.value, str):
        return A_NUMBER.fullmatch(cell.value) is not None
    return cell.value is not None and not (cell.form in (Form.SHARE, Form.FINE_SHARE) and cell.value == 1.0)


def recorded_answer(command: str) -> tuple[Answer, dict[str, Figure]]:
    answers: list[Answer] = []

    def make() -> Any:
        answers.append(answer_to(command))
        return answers[0].content if answers[0].explained is None else answers[0].explained

    owner = command.split()[0]
    figures = recorded_result(make, owner)
    # A report's cells name their figures without the command that prints them.
    return answers[0], figures | {name.removeprefix(f"{owner}."): figure for name, figure in figures.items()}


@pytest.mark.parametrize("command", ANSWERS)
def test_every_number_that_a_command_prints_is_a_figure_that_explain_knows(command: str) -> None:
    answer, figures = recorded_answer(command)
    if command.startswith("map") and any(cell.value == "unknown" for _, cell in titled(answer.document)):
        assert "code_bytes" not in " ".join(figures), "code is told where the core's compiler is installed"
    seen = 0
    for title, cell in titled(answer.document):
        if cell.value is None or cell.value in NOTHING:
            continue
        if cell.figure:
            seen += 1
            assert cell.figure in figures, f"{cell.figure} is printed under {title!r}, and explain does not know it"
            if not isinstance(cell.value, str) and cell.dataflow in ("", answer_dataflow(answer)) and not title.endswith("access"):
                assert cell.value == figures[cell.figure].value, cell.figure
        elif is_number(cell) and title not in ANSWERS[command]:
            raise AssertionError(f"{cell.text} is printed under {title!r} and names no figure")
    assert seen > 5


def answer_dataflow(answer: Answer) -> str:
    """The dataflow whose figures go by plain names in a report."""
    return str(answer.content.dataflows[0].dataflow) if hasattr(answer.content, "dataflows") else ""


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


def test_figures_of_a_sweeps_designs_are_explained_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(STUDY, encoding="utf-8")
    answer, figures = recorded_answer(f"sweep {study} --out {tmp_path / 'found'}")
    for title, cell in titled(answer.document):
        if cell.figure:
            assert cell.figure in figures, cell.figure
        else:
            # What is left are values of axes, and files.
            assert not is_number(cell) or title.startswith("layers."), (title, cell.value)
    assert main(["explain", "designs.0.energy.memory", "--of", f"sweep {study} --out {tmp_path / 'again'}"]) == 0
    assert "layers.conv1.out_channels" in capsys.readouterr().out


def test_a_printed_figure_is_explained_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"{BATTERY} energy"
    figure = next(cell.figure for cell in cells(answer_to(command).document) if cell.figure)
    assert main(["explain", figure, "--of", command]) == 0
    assert figure in capsys.readouterr().out
