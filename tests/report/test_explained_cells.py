"""Every cell of a report that names a figure is explained, and shows the number that is explained; so does every key figure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.cells import Cell
from costmodel.report.document import Document, Fact, Facts, Table
from costmodel.report.reporting import report_document
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.scenario import Scenario, Storage


def flash_scenario() -> Scenario:
    return with_changes(load_scenario("esp32-deck"), {"weights_in": Storage.FLASH})


@pytest.fixture(scope="module", params=["deck", "weights in flash"])
def asked(request: pytest.FixtureRequest) -> Scenario:
    return load_scenario("esp32-deck") if request.param == "deck" else flash_scenario()


def document_of(scenario: Scenario) -> Document:
    evaluation = evaluate(scenario)
    return report_document(evaluation, scenario, grounds_of(scenario, evaluation), "1.2.3")


def blocks(document: Document) -> Iterator[object]:
    for section in document.sections:
        yield from section.blocks


def cells(document: Document) -> Iterator[Cell]:
    for block in blocks(document):
        if isinstance(block, Table):
            for row in block.rows:
                yield from row.typed
        elif isinstance(block, Facts):
            yield from (fact.cell for fact in block.items)


def test_every_named_cell_is_explained_and_equal(asked: Scenario) -> None:
    known = {dataflow.value: recorded_figures(asked, dataflow) for dataflow in asked.dataflows}
    named = [cell for cell in cells(document_of(asked)) if cell.figure]
    assert len(named) > 50
    for cell in named:
        figures = known[cell.dataflow or asked.dataflows[0].value]
        assert cell.figure in figures, f"{cell.figure} is printed and not explained"
        assert cell.value == figures[cell.figure].value, cell.figure


def test_every_key_figure_names_what_explains_it(asked: Scenario) -> None:
    facts: list[Fact] = [fact for block in blocks(document_of(asked)) if isinstance(block, Facts) for fact in block.items]
    assert facts
    assert not [fact.label for fact in facts if fact.cell.value is not None and not fact.cell.figure]


def test_what_a_dataflow_costs_through_flash_is_explained() -> None:
    figures = recorded_figures(flash_scenario(), Dataflow.OUTPUT_STATIONARY)
    assert figures["energy.flash"].value > 0
    assert figures["energy.memory"].value > figures["energy.flash"].value
    assert "dataflows.output-stationary.flash_path.hit_count" in figures
