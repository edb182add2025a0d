"""Scenario in, evaluation out: the reference deployment, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

import costmodel
from costmodel.errors import MissingError, SpecError
from costmodel.evaluation.composition import Cost, cost
from costmodel.evaluation.design import design_of
from costmodel.evaluation.evaluating import cost_of, evaluate
from costmodel.evaluation.network_numbers import LayerRecord
from costmodel.report.words.reason_words import reason_text, reasons_in_words
from costmodel.results.conclusions.finding import FindingKind
from costmodel.results.conclusions.reason import ReasonKind, reason
from costmodel.results.evaluation import Evaluation
from costmodel.results.timing.latency import Condition
from costmodel.sources.catalogue import load_network
from costmodel.specs.base import with_changes
from costmodel.specs.counting import CountingConvention, Dataflow, Granularity, Taps
from costmodel.specs.layers import Softmax
from costmodel.specs.scenario import Scenario
from costmodel.units import NS_PER_S, PJ_PER_UJ

REFERENCE = costmodel.load_scenario("esp32-deck")


@pytest.fixture(scope="module")
def reference() -> Evaluation:
    return evaluate(REFERENCE)


def energies(evaluation: Evaluation, dataflow: int, layer: str) -> tuple[float, float]:
    found = next(candidate for candidate in evaluation.dataflows[dataflow].layers if candidate.name == layer)
    return round(found.energy.memory_pj / PJ_PER_UJ, 2), round(found.energy.tensor_pj / PJ_PER_UJ, 2)


def test_both_placements_of_scratch_rows(reference: Evaluation) -> None:
    assert energies(reference, 0, "conv1") == (8.23, 8.23)
    assert energies(reference, 0, "conv2") == (33.89, 33.89)
    assert energies(reference, 1, "conv1") == (16.91, 1.74)
    assert energies(reference, 1, "conv2") == (70.72, 6.83)


def test_totals_equal_the_sum_of_their_parts(reference: Evaluation) -> None:
    for answer in reference.dataflows:
        for field in ("tensor_pj", "scratch_pj", "compute_pj"):
            assert getattr(answer.energy, field) == pytest.approx(sum(getattr(layer.energy, field) for layer in answer.layers), rel=1e-12)
        for counter, total in answer.counts._asdict().items():
            assert total == sum(getattr(layer.counts, counter) for layer in answer.layers), counter


def test_json_loads_back_equal(reference: Evaluation) -> None:
    assert Evaluation.model_validate_json(reference.model_dump_json()) == reference


def test_calibrated_rates_of_the_deck(reference: Evaluation) -> None:
    latency = reference.dataflows[0].latency
    assert latency.rates is not None
    assert round(latency.rates.interior_tap_s * NS_PER_S, 1) == 75.4
    assert round(latency.rates.boundary_tap_s * NS_PER_S, 1) == 110.9
    assert round(latency.rates.other_tap_s * NS_PER_S, 1) == 210.5
    assert latency.rates.interior_tap_cycles is None, "the deck does not state its clock"
    assert latency.fitted
    assert latency.measurement_count == 2
    readings = {
        fit.name: (round(fit.first_s * NS_PER_S, 1), round(fit.second_s * NS_PER_S, 1), fit.credible) for fit in latency.alternatives
    }
    assert readings["interior tap and valid boundary tap"] == (75.1, 171.8, True)
    assert readings["valid tap and boundary check"] == (75.3, 62.3, True)
    assert readings["valid tap and output"][1:] == (-237.6, False)


def test_row_stationary_is_not_calibrated(reference: Evaluation) -> None:
    latency = reference.dataflows[1].latency
    assert latency.total_s is None
    assert reason_text(latency.basis).startswith("not calibrated")
    assert all(layer.duration_s is None for layer in reference.dataflows[1].layers)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"types": {"activation": "int8"}}, "float32 activations"),
        ({"types": {"activation": "float32", "weight": "int16"}}, "int8 weights"),
    ],
)
def test_another_data_type_is_not_calibrated(change: dict[str, object], says: str) -> None:
    network = with_changes(REFERENCE.network, change)
    latency = evaluate(with_changes(REFERENCE, {"network": network})).dataflows[0].latency
    assert latency.total_s is None
    assert says in reason_text(latency.basis)


def test_without_a_duration_the_reason_is_given() -> None:
    scenario = with_changes(REFERENCE, {"duration_s": None, "calibration": None, "calibration_network": None})
    answer = evaluate(scenario)
    assert answer.duration_s is None
    assert answer.battery is None
    assert answer.leakage_pj is None
    assert answer.missing["duration_s"] == reason(ReasonKind.DURATION_NOT_GIVEN)
    assert answer.missing["battery"].values == {"needed": "duration"}


def test_what_a_calibration_was_not_measured_under_is_named() -> None:
    def conditions(**changes: object) -> list[tuple[Condition, str | None]]:
        answer = evaluate(with_changes(REFERENCE, {"duration_s": None, "observed_heap": None, **changes}))
        return [(unmet.condition, unmet.layer) for unmet in answer.dataflows[0].latency.conditions]

    assert conditions() == []
    assert conditions(weights_in="flash") == [(Condition.WEIGHTS_ELSEWHERE, None)]
    assert conditions(network=load_network("cifar-baseline")) == [(Condition.FAR_LARGER, "fc1")]
    softmax = with_changes(REFERENCE.network, {"layers": (*REFERENCE.network.layers, Softmax(name="last", kind="softmax"))})
    assert conditions(network=softmax) == [(Condition.KIND_NOT_MEASURED, "last")]


def test_beyond_what_was_measured_no_time_is_given() -> None:
    def answered(**changes: object) -> Evaluation:
        return evaluate(with_changes(REFERENCE, {"duration_s": None, "observed_heap": None, **changes}))

    assert answered().duration_s == pytest.approx(0.31333)
    for changes in ({"weights_in": "flash"}, {"network": load_network("cifar-baseline")}):
        beyond = answered(**changes)
        latency = beyond.dataflows[0].latency
        assert (latency.total_s, latency.calibration, beyond.duration_s, beyond.battery) == (None, None, None, None)
        assert {layer.duration_s for layer in beyond.dataflows[0].layers} == {None}
        assert reason_text(latency.basis).startswith("not calibrated")
        assert FindingKind.BEYOND_CALIBRATION in {finding.id for finding in beyond.findings}


def test_a_sweep_gives_no_time_to_designs_beyond_what_was_measured() -> None:
    axes = [{"path": "layers.conv1.out_channels", "values": [25, 100, 400, 1000]}]
    study = {"name": "far", "set": {"duration_s": None}, "axes": axes, "columns": ["latency.total", "conv1.time"], "keep": "all"}
    answer = costmodel.sweep(study)
    columns = answer.columns()
    told = [evaluate(answer.scenario(row)) for row in range(4)]
    totals = [found.dataflows[0].latency.total_s for found in told]
    assert [value is None for value in totals] == [False, False, True, True]
    assert [value != value for value in columns["latency.total"].tolist()] == [False, False, True, True]
    assert columns["latency.total"][:2].tolist() == pytest.approx(totals[:2], rel=1e-12)
    assert [value != value for value in columns["conv1.time"].tolist()] == [False, False, True, True]


def test_a_duration_measured_on_another_device_is_withheld() -> None:
    copied = {name: getattr(REFERENCE, name) for name in Scenario.model_fields if name not in ("duration_device", "calibration", "states")}
    fields = {**copied, "calibration": None, "calibration_network": None, "device": "nrf52840", "observed_heap": None}
    edited = costmodel.load_scenario(fields)
    assert edited.duration_device == "esp32-wroom"
    found = evaluate(edited)
    assert (found.duration_s, found.battery, found.leakage_pj) == (None, None, None)
    assert "measured on esp32-wroom and says nothing of nrf52840" in reasons_in_words(found)["duration_s"]
    with pytest.raises(MissingError, match="measured on esp32-wroom"):
        costmodel.estimate_battery(with_changes(edited, {"power": with_changes(REFERENCE.power, {"device": "nrf52840"})}))
    # A duration of its own is taken, also where it happens to be as long.
    own = with_changes(edited, {"duration_s": 0.32})
    assert (own.duration_device, evaluate(own).duration_s) == (None, 0.32)
    assert costmodel.load_scenario({**fields, "duration_s": 0.32}).duration_device is None


def test_measured_duration_comes_before_the_calibrated_one(reference: Evaluation) -> None:
    assert reference.duration_s == 0.32
    assert reference.dataflows[0].latency.total_s == pytest.approx(0.31333)
    calibrated = evaluate(with_changes(REFERENCE, {"duration_s": None}))
    assert calibrated.duration_s == pytest.approx(0.31333)
    assert [each.kind for each in calibrated.duration_basis] == [ReasonKind.CALIBRATED]


def test_blocks_of_another_width_than_the_memory_are_refused() -> None:
    counting = CountingConvention(block_bytes=32)
    with pytest.raises(SpecError, match="only multiplies accesses of its own width"):
        evaluate(with_changes(REFERENCE, {"counting": counting}))


def test_an_inference_longer_than_its_period_is_refused() -> None:
    with pytest.raises(SpecError, match="longer than its period"):
        evaluate(with_changes(REFERENCE, {"period_s": 0.1}))


def test_a_board_that_draws_nothing_has_no_increase_and_endless_life() -> None:
    power = {"supply_v": 5.0, "idle_a": 0.0, "active_a": 0.0}
    answer = evaluate(with_changes(REFERENCE, {"power": power}))
    assert answer.power is not None
    assert answer.power.increase_ratio is None
    assert answer.battery is not None
    assert answer.battery.continuous_life_s is None
    Evaluation.model_validate_json(answer.model_dump_json())


def test_active_below_idle_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least idle_a"):
        with_changes(REFERENCE, {"power": {"supply_v": 5.0, "idle_a": 0.2, "active_a": 0.1}})


def test_block_traced_has_no_closed_form_but_evaluates() -> None:
    convention = CountingConvention(taps=Taps.VALID, granularity=Granularity.BLOCK_TRACED)
    network = costmodel.Network(
        name="tiny",
        input=(2, 6, 6),
        layers=(costmodel.Conv2d(name="conv", out_channels=3, kernel=3, padding=1), costmodel.MaxPool2d(name="pool", kernel=2)),
    )
    scenario = with_changes(REFERENCE, {"network": network, "counting": convention})
    with pytest.raises(SpecError, match="no closed form"):
        cost(design_of(scenario, Dataflow.OUTPUT_STATIONARY, None))
    seen: list[str] = []
    answer = evaluate(scenario, lambda layer, done, total: seen.append(layer))
    assert set(seen) == {"conv", "pool"}
    packed = evaluate(with_changes(scenario, {"counting": CountingConvention()}))
    assert answer.dataflows[0].counts == packed.dataflows[0].counts
    assert answer.dataflows[0].accesses.input_read_count != packed.dataflows[0].accesses.input_read_count


def test_columns_give_what_scalars_give() -> None:
    widths = np.array([8, 25, 32, 64], dtype=np.int64)
    design = design_of(REFERENCE, Dataflow.ROW_STATIONARY, None)
    layers = tuple(
        LayerRecord({**{name: getattr(layer, name) for name in type(layer).model_fields}, "out_channels": widths})
        if layer.name == "conv1"
        else layer
        for layer in design.layers
    )
    columns = cost(design._replace(layers=layers))
    for place, width in enumerate(widths.tolist()):
        own = tuple(with_changes(layer, {"out_channels": width}) if layer.name == "conv1" else layer for layer in REFERENCE.network.layers)
        single = scalar_cost(with_changes(REFERENCE, {"network": with_changes(REFERENCE.network, {"layers": own})}))
        assert columns.parameter_count[place] == single.parameter_count
        assert columns.energy_pj[place] == pytest.approx(single.energy_pj, rel=1e-12)
        for accounting, found in columns.memory.items():
            assert np.broadcast_to(found.tensor_buffer_bytes, widths.shape)[place] == single.memory[accounting].tensor_buffer_bytes


def scalar_cost(scenario: Scenario) -> Cost:
    return cost_of(with_changes(scenario, {"dataflows": [Dataflow.ROW_STATIONARY]}), Dataflow.ROW_STATIONARY)[1]


def test_findings_lead_with_the_verdict_and_name_the_suspicious(reference: Evaluation) -> None:
    found = {finding.id: finding for finding in reference.findings}
    order = [finding.id for finding in reference.findings]
    assert order[:3] == ["memory.heap", "battery.idle_dominates", "energy.share_of_board"]
    assert order.index("verdict.dataflow") < order.index("energy.leakage_suspicious")
    assert found["energy.leakage_suspicious"].values["idle_ratio"] == pytest.approx(0.357, abs=0.001)
    boundary = found["latency.boundary"].values
    assert (boundary["small"], boundary["large"], boundary["mac_ratio"]) == ("conv1", "conv2", 4.25)
    assert boundary["time_ratio"] == pytest.approx(4.46, abs=0.01)


def test_absurd_sizes_are_exact_or_refused() -> None:
    huge = costmodel.count(costmodel.Linear(name="fc", out_features=10**12), (10**12,))
    assert huge.mac_count == 10**24
    with pytest.raises(ValidationError, match="1099511627776"):
        costmodel.Linear(name="fc", out_features=2**41)
