"""Every figure that is named can be explained: down to sources, with an equation that gives the number beside it, in its unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from equation_text import COUNTED, Numbers, evaluate, parse

from costmodel.errors import UnknownNameError
from costmodel.evaluation.evaluating import evaluate as evaluated
from costmodel.evaluation.explained.explaining import explain, explanation_of, recorded_figures, recorded_result
from costmodel.evaluation.explained.result_figures import distinct
from costmodel.evaluation.figures import Figure
from costmodel.measurement.captures.trace_chunk import Trace
from costmodel.measurement.synthetic_trace import SyntheticTrace, synthetic_chunks
from costmodel.measurement.trace_analysis import analyse_trace
from costmodel.provenance import origin_of
from costmodel.results.conclusions.explanation import Explanation
from costmodel.results.runs.trace import TraceSummary
from costmodel.sources.catalogue import load_network, load_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.battery import BatteryModelName
from costmodel.specs.scenario import Scenario

PRINTED = 2e-5
"""Share by which six printed digits may put a printed equation's value off, of the largest number in it."""


def scenario_of(name: str) -> Scenario:
    deck = load_scenario("esp32-deck")
    if name == "esp32-deck":
        return deck
    if name in set(BatteryModelName):
        asleep = {"battery": "18650", "states": "esp32-module", "sleep": "deep", "period_s": 60.0, "temperature_degc": 3.0}
        board = {"network": "cifar-aap-pruned", "device": "esp32-wroom", "duration_s": 0.32}
        return load_scenario({"name": "asleep", **board, **asleep, "model": name})
    uncalibrated = {"calibration": None, "calibration_network": None}
    return with_changes(deck, {"network": load_network(name), **uncalibrated})


ASKED = [
    *(("esp32-deck", dataflow) for dataflow in Dataflow),
    pytest.param(("resnet8", Dataflow.ROW_STATIONARY), marks=pytest.mark.slow),
    ("ds-cnn", Dataflow.OUTPUT_STATIONARY),
]
ASKED += [(model.value, Dataflow.OUTPUT_STATIONARY) for model in BatteryModelName]


@pytest.fixture(scope="module", params=ASKED, ids=lambda asked: f"{asked[0]}-{asked[1].value}")
def figures(request: pytest.FixtureRequest) -> dict[str, Figure]:
    name, dataflow = request.param
    return recorded_figures(scenario_of(name), dataflow)


@pytest.fixture(scope="module")
def explanations(figures: dict[str, Figure]) -> dict[str, Explanation]:
    """Of every figure that is not 0, made once."""
    return {name: explanation_of(name, figure, figures) for name, figure in distinct(figures).items() if figure.value}


def nodes(node: Explanation) -> Iterator[Explanation]:
    yield node
    for part in node.inputs:
        yield from nodes(part)


def test_every_figure_remembers_what_it_was_made_of(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        assert not figure.value or origin_of(figure.value) is not None, f"{name} comes from nowhere"


def test_every_figures_unit_is_its_formulas(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        origin = origin_of(figure.value)
        if origin is None or origin.record is None:
            continue
        unit = origin.record.formula.unit
        counted = figure.unit in COUNTED and unit in COUNTED
        assert unit == figure.unit or counted or unit.startswith("the "), f"{name} is in {figure.unit}, its formula gives {unit}"


def test_every_explanation_ends_in_sources(explanations: dict[str, Explanation]) -> None:
    for name, explanation in explanations.items():
        for node in nodes(explanation):
            # Passes over a tensor, or a dense layer's group: whole numbers of the definition itself.
            assert node.source or not node.value or node.value in range(1, 9), f"{name}: {node.name} = {node.value} has no source"


def test_every_printed_equation_gives_the_number_beside_it(explanations: dict[str, Explanation]) -> None:
    seen: set[str] = set()
    for name, explanation in explanations.items():
        for node in nodes(explanation):
            if not node.substituted or node.substituted in seen:
                continue
            seen.add(node.substituted)
            given = evaluate(parse(node.substituted), {}, Numbers())
            value: Any = node.value
            scale = max([abs(value), *(abs(float(text.replace(",", ""))) for text in numbers_in(node.substituted) if value)])
            assert abs(given - value) <= (PRINTED * scale if isinstance(value, float) else 0), f"{name}: {node.substituted} is not {value}"


def numbers_in(text: str) -> list[str]:
    """Terms of sums alone: a difference of large numbers is known to their last digit."""
    return re.findall(r"(?<![\d.,e])\d[\d,]*\.?\d*(?:e-?\d+)?", text) if re.fullmatch(r"[\d.,e +-]*", text) else []


def test_figures_of_findings_are_explained() -> None:
    deck = load_scenario("esp32-deck")
    known = recorded_figures(deck, deck.dataflows[0])
    for finding in evaluated(deck).findings:
        assert set(finding.figures) <= set(known), finding.id


def test_a_figure_is_found_by_its_place_in_the_json_too() -> None:
    found = explain(load_scenario("esp32-deck"), "dataflows.output-stationary.energy_bounds.tensor_low_pj")
    assert found.substituted == "458,254*77.8 + 3,039*157.5"
    assert {part.source.partition(":")[0] for part in found.inputs} >= {"kornak2025deck"}


def test_an_unknown_figure_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"energy\.memory"):
        explain(load_scenario("esp32-deck"), "energy.memry")


def test_figures_of_a_capture_are_explained_down_to_what_was_read_off_it() -> None:
    recipe = SyntheticTrace(span_s=4.0)

    def summary() -> TraceSummary:
        return analyse_trace(Trace("synthetic", "synthetic", "sample", synthetic_chunks(recipe)), recipe.supply_v, "given").summary

    figures = recorded_result(summary, "trace")
    found = explanation_of("trace.computational.mean", figures["trace.computational.mean"], figures)
    assert (found.equation, found.unit) == ("m = sum(x_i) / n", "J")
    assert {node.source for node in nodes(found) if not node.inputs} >= {"measured: read off the capture"}
    for node in nodes(found):
        if node.substituted:
            assert float(evaluate(parse(node.substituted), {}, Numbers())) == pytest.approx(node.value, rel=1e-4)


def test_one_quantity_under_two_names_is_one_figure() -> None:
    deck = load_scenario("esp32-deck")
    known = recorded_figures(deck, deck.dataflows[0])
    names = {"battery.usable_j": "battery.usable_energy", "battery.duty_w": "battery.duty_power", "memory.ram_bytes": "memory.ram"}
    assert all(known[name] is known[home] for name, home in names.items())
    assert explain(deck, "battery.usable_j").substituted == explain(deck, "battery.usable_energy").substituted


def test_an_explanation_of_a_network_of_hundreds_of_layers_stays_small() -> None:
    """Where buffers lie follows from one another, layer by layer: told anew for each, that would be millions of steps."""
    layers = [{"name": f"c{place}", "kind": "conv2d", "out_channels": 2, "kernel": 1} for place in range(400)]
    network = {"name": "long", "input": "2x2x2", "layers": layers}
    fields = {"memory_energy": "deck-printed", "compute_energy": "horowitz-45nm"}
    scenario = load_scenario({"name": "long", "network": network, "device": "esp32-wroom", **fields})
    found = explain(scenario, "memory.ram")
    levels, step_count, below = 0, 0, [found]
    while below:
        levels, step_count = levels + 1, step_count + len(below)
        below = [part for one in below for part in one.inputs]
    assert levels == 3
    assert 1 < step_count < 10_000
    assert found.equation
    assert found.substituted
    # A figure that few stand on is told down to its constants.
    constant = explain(scenario, "c0.energy")
    while constant.inputs:
        constant = constant.inputs[-1]
    assert constant.source
