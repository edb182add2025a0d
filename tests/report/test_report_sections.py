"""What a report says, for the reference deployment and for any other scenario."""

from __future__ import annotations

import pytest

from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.document import Document, Facts, Illustration, Paragraph, Remarks, Section, Table
from costmodel.report.figures.drawing import draw_svg
from costmodel.report.formats.as_html import html_page
from costmodel.report.formats.as_markdown import markdown_text
from costmodel.report.reporting import report_document
from costmodel.results.evaluation import Evaluation
from costmodel.sources.catalogue import load_scenario, names
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.scenario import MemoryAccounting, Scenario


def section(document: Document, name: str) -> Section:
    return next(part for part in document.sections if part.id == name)


def words(part: Section) -> str:
    return " ".join(block.text for block in part.blocks if isinstance(block, Paragraph))


def tables(part: Section) -> list[Table]:
    return [block for block in part.blocks if isinstance(block, Table)]


def document_of(scenario: Scenario) -> Document:
    answer = evaluate(scenario)
    return report_document(answer, scenario, grounds_of(scenario, answer), "1.2.3")


def test_both_placements_of_the_scratch_rows_stand_side_by_side(deck_document: Document) -> None:
    part = section(deck_document, "verdict")
    assert "The verdict depends on where the scratch rows live" in words(part)
    (table,) = tables(part)
    assert [row.texts[:5] for row in table.rows] == [
        ("output-stationary", "42.67", "best", "42.67", "4.69×"),
        ("row-stationary", "88.17", "2.07×", "9.11", "best"),
    ]


def test_the_published_energies_of_both_convolutions_are_there(deck_document: Document) -> None:
    output_stationary, row_stationary = tables(section(deck_document, "energy"))
    cells = {row.texts[0]: row.texts for row in output_stationary.rows} | {f"rs {row.texts[0]}": row.texts for row in row_stationary.rows}
    assert (cells["conv1"][6], cells["conv2"][6]) == ("8.23", "33.89")
    assert (cells["rs conv1"][6], cells["rs conv1"][4]) == ("16.91", "1.74")
    assert (cells["rs conv2"][6], cells["rs conv2"][4]) == ("70.72", "6.83")


@pytest.mark.parametrize("scenario", ["esp32-deck", {"name": "s", "network": "resnet8", "device": "esp32-s3-wroom-1-n8"}], ids=str)
def test_each_figure_of_a_report_is_the_one_that_explain_explains(scenario: str | dict[str, str]) -> None:
    asked = load_scenario(scenario)
    explained = {dataflow.value: recorded_figures(asked, dataflow) for dataflow in asked.dataflows}
    first = asked.dataflows[0].value
    cells = [
        cell
        for part in document_of(asked).sections
        for block in part.blocks
        for cell in (
            *(cell for row in getattr(block, "rows", ()) for cell in row.typed),
            *(fact.cell for fact in (block.items if isinstance(block, Facts) else ())),
        )
        if cell.figure
    ]
    assert len({cell.figure for cell in cells}) > 40
    for cell in cells:
        figure = explained[cell.dataflow or first][cell.figure]
        assert (cell.value is None) == (figure.value is None), cell
        if cell.value is not None:
            assert cell.value == pytest.approx(figure.value, rel=1e-12), cell
        assert cell.unit == (figure.unit or "1"), cell


def test_single_elements_are_counted_as_such_and_their_energy_is_said_to_be_packed() -> None:
    scenario = load_scenario("esp32-deck")
    convention = with_changes(scenario.counting, {"granularity": "element", "block_bytes": None})
    asked = with_changes(scenario, {"counting": convention})
    answer = evaluate(asked)
    first = answer.dataflows[0]
    assert first.accesses == first.counts
    assert first.energy == evaluate(scenario).dataflows[0].energy
    document = report_document(answer, asked, grounds_of(asked, answer), "1.2.3")
    assert "single elements, their energy with elements of 4 bytes packed into accesses of 64 bytes" in " ".join(document.lead)
    table = tables(section(document, "energy"))[0]
    assert table.caption == "output-stationary: accesses of single elements and dynamic energy"
    assert table.rows[0].texts[:3] == ("conv1", "1,382,400", "25,600")
    assert "packed into accesses of 64 bytes" in table.note


def test_what_does_not_fit_is_a_failure_in_word_and_tone() -> None:
    scenario = load_scenario({"name": "large", "network": "resnet18", "device": "esp32-wroom"})
    (remarks,) = section(document_of(scenario), "findings").blocks
    assert isinstance(remarks, Remarks)
    told = [(remark.label, remark.tone) for remark in remarks.items if "does not fit" in remark.headline]
    assert told == [("✗ fails", "fails")] * 2


def test_nominal_counts_stand_beside_what_firmware_executes(deck_document: Document) -> None:
    layers = tables(section(deck_document, "counts"))[0]
    rows = {row.texts[0]: row.texts for row in layers.rows}
    assert rows["conv1"][4:6] == ("691,200", "662,700")
    assert rows["conv2"][4:6] == ("2,937,600", "2,697,900")
    assert rows["all"][3] == "28,576"


def test_totals_are_the_sums_of_their_columns(deck_document: Document) -> None:
    for part in deck_document.sections:
        for table in tables(part):
            if not table.rows[-1].total:
                continue
            for place, column in enumerate(table.columns):
                cells = [row.texts[place] for row in table.rows]
                if column.number and not column.unit and all(cell.replace(",", "").isdigit() for cell in cells):
                    numbers = [int(cell.replace(",", "")) for cell in cells]
                    assert numbers[-1] == sum(numbers[:-1]), f"{table.caption}: {column.title}"


def test_memory_power_and_battery_are_the_published_ones(deck_document: Document) -> None:
    memory = words(section(deck_document, "memory"))
    assert "152.13 KiB (155,784 B) in 5 buffers" in memory
    assert "27.91 KiB in RAM" in memory
    cells = {cell for table in tables(section(deck_document, "power")) for row in table.rows for cell in row.texts}
    assert {"183.1 mW", "216.3 mW", "69.2 mJ", "58.6 mJ", "10.6 mJ", "17.7 h", "198,952", "3.12 Hz", "20.9 h", "1,252", "0.53 %"} <= cells
    assert any("3.83 Wh usable" in table.caption for table in tables(section(deck_document, "power")))


def test_times_say_what_they_were_calibrated_on_and_what_was_not(deck_document: Document) -> None:
    said = words(section(deck_document, "latency"))
    assert "Output-stationary: 313.3 ms, calibrated on 2 convolutions of cifar-aap-pruned (esp32-wroom-deck), on this very network" in said
    assert "Row-stationary: not calibrated" in said
    assert "No cycles are given" in said
    assert "two unknowns fit two figures always" in said


def test_each_constant_stands_with_its_source_at_the_end(deck: Scenario, deck_document: Document) -> None:
    assert deck_document.sections[-1].id == "assumptions"
    constants, heap, formulas, publications = tables(deck_document.sections[-1])
    rows = {row.texts[0]: row.texts for row in constants.rows}
    assert rows["memory_energy.read_pj"][1:4] == ("91.9", "pJ", "77.8 to 91.9007")
    assert rows["battery.capacity_ah"][1] == "1"
    assert all(row.texts[-1] and row.texts[-1] != "given by the user" for row in constants.rows)
    assert any(row.texts[0] == "energy.dynamic" for row in formulas.rows)
    assert [row.texts[1] for row in heap.rows] == [f"{region.size_bytes:,}" for region in deck.device.heap_regions] + ["–"]
    assert all(row.texts[-1] for row in heap.rows)
    assert {"kornak2025deck", "horowitz2014", "espressif_esp_idf"} <= {row.texts[0] for row in publications.rows}


def test_what_a_device_borrows_is_said_in_its_report() -> None:
    said = words(section(document_of(load_scenario({"name": "any", "network": "ds-cnn", "device": "stm32f746zg"})), "assumptions"))
    assert "Device stm32f746zg: ST STM32F746ZG" in said
    assert "memory energies are borrowed from the ESP32's" in said
    assert "Source: st_cmsis_device: cmsis_device_f7" in said


@pytest.mark.parametrize("network", names("networks"))
def test_every_packaged_network_has_a_report(network: str) -> None:
    scenario = load_scenario({"name": "any", "network": network, "device": "esp32-wroom"})
    document = document_of(scenario)
    assert markdown_text(document, {})
    said = words(section(document, "power"))
    assert "Power cannot be told: no supply and currents of the board given: give power (supply_v, idle_a, active_a; --supply" in said
    assert "Battery life cannot be told: needs battery, power" in said
    assert len(section(document, "counts").blocks) >= 3


def test_a_network_of_many_layers_is_shown_by_block() -> None:
    document = document_of(load_scenario({"name": "any", "network": "resnet18", "device": "esp32-wroom"}))
    figure = next(block for block in section(document, "energy").blocks if isinstance(block, Illustration))
    assert figure.chart.layers[1:3] == ("layer1.0", "layer1.1")
    assert len(figure.chart.layers) <= 20
    assert not any("others" in name for name in figure.chart.layers)
    table = tables(section(document, "layers"))[0]
    blocks = [row for row in table.rows if row.block]
    layers = [row for row in table.rows if not row.block and not row.total]
    macs = 3
    assert (
        sum(row.typed[macs].value for row in blocks) + sum(row.typed[macs].value for row in layers if not row.of)
        == table.rows[-1].typed[macs].value
    )
    assert sum(row.typed[macs].value for row in layers) == table.rows[-1].typed[macs].value
    html_page(document, {one.id: draw_svg(one) for one in document.illustrations})


def test_all_five_dataflows_stand_side_by_side(deck: Scenario) -> None:
    document = document_of(with_changes(deck, {"dataflows": tuple(Dataflow)}))
    assert len(tables(section(document, "verdict"))[0].rows) == 5
    for one in document.illustrations:
        draw_svg(one)


def test_one_dataflow_alone_has_no_rival(deck: Scenario) -> None:
    document = document_of(with_changes(deck, {"dataflows": (Dataflow.ROW_STATIONARY,)}))
    assert "Only row-stationary was asked for" in words(section(document, "verdict"))
    assert "best" not in {cell for row in tables(section(document, "verdict"))[0].rows for cell in row.texts}


@pytest.mark.parametrize("accounting", list(MemoryAccounting))
def test_every_accounting_has_its_figure(deck: Scenario, accounting: MemoryAccounting) -> None:
    part = section(document_of(with_changes(deck, {"accounting": accounting})), "memory")
    assert accounting.value in words(part)
    assert sum(row.texts[0].endswith("(used)") for row in tables(part)[0].rows) == 1
    for block in part.blocks:
        if isinstance(block, Illustration):
            draw_svg(block)


def test_an_accounting_that_does_not_apply_says_why() -> None:
    scenario = load_scenario({"name": "any", "network": "resnet8", "device": "esp32-wroom", "accounting": "ping-pong"})
    part = section(document_of(scenario), "memory")
    assert "The accounting ping-pong does not apply: " in words(part)
    assert not any(isinstance(block, Illustration) for block in part.blocks)


def test_a_board_that_draws_nothing_idle_has_no_limit_to_its_life(deck: Scenario) -> None:
    power = deck.power
    assert power is not None
    idle = with_changes(deck, {"power": power.model_copy(update={"idle_a": power.idle_a._replace(value=0.0, low=None, high=None)})})
    document = document_of(idle)
    figure = next(block for block in section(document, "power").blocks if isinstance(block, Illustration))
    assert figure.chart.limit is None
    draw_svg(figure)


def test_one_inference_after_the_other_has_no_second_point(deck: Scenario) -> None:
    document = document_of(with_changes(deck, {"period_s": deck.duration_s}))
    figure = next(block for block in section(document, "power").blocks if isinstance(block, Illustration))
    assert len(figure.chart.marks) == 1


def test_without_findings_there_is_no_heading_for_them(deck: Scenario, deck_evaluation: Evaluation) -> None:
    document = report_document(deck_evaluation.model_copy(update={"findings": ()}), deck, grounds_of(deck, deck_evaluation), "1.2.3")
    assert document.sections[0].id == "figures"
