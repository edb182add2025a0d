"""A dataflow with parameters, thrown away afterwards, goes the whole way: read, counted, executed, reported, explained, swept, compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import costmodel
from costmodel.cli.app import main
from costmodel.columns import ceil_div
from costmodel.dataflows.closed_forms.output_stationary import output_stationary_counts
from costmodel.dataflows.closed_forms.terms import SOURCE, SYMBOLS, convolution_terms
from costmodel.dataflows.counting import CLOSED_FORMS, count_work
from costmodel.dataflows.executed.counted_memory import Operand
from costmodel.dataflows.executed.execution import EXECUTIONS, LayerTensors, execute_work
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES, Convolution
from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.explaining import explain
from costmodel.provenance import FORMULAS, formula
from costmodel.results.counts import AccessCounts
from costmodel.results.evaluation import Evaluation
from costmodel.sources.catalogue import load_network, load_scenario
from costmodel.specs.base import with_changes
from costmodel.specs.counting import CountingConvention, Dataflow, Taps
from costmodel.specs.running.mapping import DATAFLOWS, ChosenDataflow, DataflowKind, DataflowParameter, Mapping, mapping_of
from costmodel.specs.scenario import Scenario
from costmodel.specs.work import LoopNest
from costmodel.sweeps.engine.overflow import upper_bound
from costmodel.sweeps.engine.running import sweep
from costmodel.validation.comparing import predicted_counts

BLOCKED = "filter-blocked"
"""As output stationary, but an input is read once for each block of filters: it is kept while the block's filters use it."""


def blocked_terms(nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int, filters: int, skew: int) -> dict[str, Any]:
    terms = convolution_terms(nest, taps, bias, input_bytes, weight_bytes)
    return terms | {"F": filters, "skew": skew}


def blocked_counts(nest: LoopNest, taps: Taps, bias: bool, input_bytes: int, weight_bytes: int, filters: int, skew: int) -> AccessCounts:
    plain = output_stationary_counts(nest, taps, bias, input_bytes, weight_bytes)
    blocks = ceil_div(nest.out_channels, filters)
    per_filter = plain.mac_count // nest.out_channels
    return plain._replace(
        input_read_count=per_filter * blocks,
        boundary_check_count=0,
        scratch_buffer_count=1,
        scratch_bytes=(filters + skew) * ACCUMULATOR_BYTES,
    )


def run_blocked(c: Convolution, filters: int, skew: int) -> None:
    c.memory.scratch(Operand.PSUM, filters + skew, ACCUMULATOR_BYTES)
    for group in range(c.groups):
        for first in range(0, c.out_channels, filters):
            block = range(group * c.out_channels + first, group * c.out_channels + min(first + filters, c.out_channels))
            for oh, row_taps in enumerate(c.rows):
                for ow, column_taps in enumerate(c.columns):
                    sums = {channel: c.bias.read(channel) for channel in block}
                    for ic in range(c.in_channels):
                        for kh, ih, row_inside in row_taps:
                            for kw, iw, column_inside in column_taps:
                                if not (row_inside and column_inside) and not c.nominal:
                                    continue
                                inside = row_inside and column_inside
                                address = c.input_at(group * c.in_channels + ic, ih, iw)
                                element = c.input.read(address) if inside else c.input.read_padding()
                                for channel in block:
                                    sums[channel] += element * c.weight.read(c.weight_at(channel, ic, kh, kw))
                                    c.memory.mac_count += 1
                    for channel in block:
                        c.output.write(c.output_at(channel, oh, ow), sums[channel])


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(
        DATAFLOWS, BLOCKED, DataflowKind(BLOCKED, (DataflowParameter("filters", maximum=64), DataflowParameter("skew", 0, 9, 0)))
    )
    declared = formula(
        id="counts.filter_blocked",
        equation={"input_read_count": "G*ceil(OC/F)*IC*V_h*V_w"},
        symbols=SYMBOLS | {"F": "filters of a block", "skew": "accumulators left free"},
        unit="accesses",
        source=SOURCE,
        terms=blocked_terms,
    )(blocked_counts)
    monkeypatch.setitem(CLOSED_FORMS, BLOCKED, declared)
    monkeypatch.setitem(EXECUTIONS, BLOCKED, run_blocked)
    yield BLOCKED
    del FORMULAS["counts.filter_blocked"]


NETWORK = {
    "name": "net",
    "input": "2x6x5",
    "layers": [
        {"kind": "conv2d", "name": "conv1", "out_channels": 6, "kernel": 3, "padding": 1},
        {"kind": "relu", "name": "relu1"},
        {"kind": "conv2d", "name": "conv2", "out_channels": 4, "kernel": 3, "groups": 2},
        {"kind": "flatten", "name": "flat"},
        {"kind": "linear", "name": "fc", "out_features": 3},
    ],
}


def scenario(dataflows: Any, **fields: Any) -> Scenario:
    return load_scenario({"name": "s", "network": NETWORK, "device": "esp32-wroom", "dataflows": dataflows} | fields)


@pytest.mark.parametrize(
    "written", [f"{BLOCKED}(filters=4)", "filter_blocked( filters = 4 )", {BLOCKED: {"filters": 4}}, {BLOCKED: {"filters": 4, "skew": 0}}]
)
def test_every_written_form_of_a_mapping_reads_the_same(blocked: str, written: Any) -> None:
    mapping = mapping_of(written)
    assert mapping == mapping.value == f"{blocked}(filters=4, skew=0)"
    assert mapping_of(mapping) is mapping
    assert mapping.of("conv1") == ChosenDataflow(blocked, (4, 0))


@pytest.mark.parametrize("dataflow", list(Dataflow))
def test_a_plain_name_stays_a_plain_string(dataflow: Dataflow) -> None:
    mapping = mapping_of(dataflow.value)
    assert mapping == dataflow
    assert {mapping: 1}[dataflow] == 1
    assert json.loads(scenario([dataflow.value]).model_dump_json())["dataflows"] == [dataflow.value]
    assert mapping_of({dataflow.value: None}) == mapping_of({"default": dataflow.value}) == dataflow


def test_a_mapping_of_layers_reads_the_same_as_text_and_as_fields(blocked: str) -> None:
    fields = {"default": "row-stationary", "layers": {"conv2": {blocked: {"filters": 2}}, "conv1": "output-stationary"}}
    mapping = mapping_of(fields)
    assert mapping == f"row-stationary[conv1=output-stationary, conv2={blocked}(filters=2, skew=0)]"
    assert mapping_of(str(mapping)).layers == mapping.layers
    asked = scenario([fields])
    assert Scenario.model_validate_json(asked.model_dump_json()) == asked
    assert Scenario.model_validate_json(asked.model_dump_json()).dataflows[0].layers == mapping.layers


@given(
    st.dictionaries(st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.\-/]{0,8}\Z"), st.sampled_from(list(Dataflow)), max_size=4),
    st.sampled_from(list(Dataflow)),
)
def test_text_and_mapping_come_back_from_each_other(layers: dict[str, Dataflow], default: Dataflow) -> None:
    mapping = Mapping(ChosenDataflow(default.value), [(layer, ChosenDataflow(one.value)) for layer, one in layers.items()])
    again = mapping_of(str(mapping))
    assert (again, again.default, again.layers) == (mapping, mapping.default, mapping.layers)


@pytest.mark.parametrize(
    ("written", "error", "words"),
    [
        ("row-stationry", UnknownNameError, r"'row-stationry' is not one of the choices \(did you mean 'row-stationary'\?\)"),
        (f"{BLOCKED}(filter=4)", UnknownNameError, r"'filter' is not a parameter of this dataflow \(did you mean 'filters'\?\)"),
        ("row-stationary(filters=4)", UnknownNameError, "'filters' is not a parameter of this dataflow"),
        (BLOCKED, SpecError, r"filters is not given; write filter-blocked\(filters=\.\.\.\)"),
        ({BLOCKED: {"filters": 65}}, SpecError, "filters should be a whole number from 1 to 64, found 65"),
        ({BLOCKED: {"filters": True}}, SpecError, "found True"),
        (f"{BLOCKED}(filters=many)", SpecError, "found many"),
        (f"{BLOCKED}(4)", SpecError, "expected parameter=value"),
        ({"default": BLOCKED + "(filters=1)", "layer": {}}, UnknownNameError, "did you mean 'layers'"),
        ({"row-stationary": {}, "input-stationary": {}}, SpecError, "expected one dataflow"),
        (7, SpecError, "expected a dataflow"),
        ("row-stationary[conv1]", SpecError, "layer=dataflow"),
        ("", UnknownNameError, "one of the choices"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said_in_a_line(blocked: str, written: Any, error: type[InputError], words: str) -> None:
    with pytest.raises(error, match=words) as told:
        mapping_of(written)
    assert "\n" not in str(told.value)
    with pytest.raises(ValidationError):
        Scenario.model_validate({"name": "s", "dataflows": [written]})


def test_a_mapping_for_a_layer_that_is_not_there_names_the_nearest() -> None:
    wrong = {"default": "row-stationary", "layers": {"conv3": "output-stationary"}}
    with pytest.raises(UnknownNameError, match=r"'conv3' is not a convolution of net \(did you mean 'conv[12]'\?\)"):
        scenario([wrong])
    with pytest.raises(UnknownNameError, match="'fc' is not a convolution of net"):
        scenario([{"default": "row-stationary", "layers": {"fc": "output-stationary"}}])


@pytest.mark.parametrize("taps", list(Taps))
@pytest.mark.parametrize("filters", [1, 2, 3, 6, 64])
def test_counts_are_what_an_execution_counts(blocked: str, filters: int, taps: Taps) -> None:
    net = load_network(NETWORK)
    chosen = mapping_of({blocked: {"filters": filters, "skew": 1}}).of("conv1")
    generator = np.random.default_rng(filters)
    for step, layer in zip(net.steps, net.ordered, strict=True):
        if step.name not in net.convolutions:
            continue
        shape = step.operation.shape_of_weights(layer, step.inputs)
        assert shape is not None
        tensors = LayerTensors(
            (generator.integers(-9, 9, step.inputs[0]),), generator.integers(-9, 9, shape), generator.integers(-9, 9, shape[0])
        )
        ran = execute_work(step.lowered.work, tensors, chosen, taps)
        plain = execute_work(step.lowered.work, tensors, Dataflow.OUTPUT_STATIONARY, taps)
        np.testing.assert_array_equal(ran.output, plain.output)
        assert ran.counts == count_work(step.lowered.work, chosen, taps)


def test_each_layer_is_counted_under_its_own_dataflow(blocked: str) -> None:
    mixed = {"default": "row-stationary", "layers": {"conv2": {blocked: {"filters": 2}}}}
    first, second, third = evaluate(scenario([mixed, "row-stationary", {blocked: {"filters": 2}}])).dataflows
    counts = [{layer.name: layer.counts for layer in one.layers} for one in (first, second, third)]
    assert counts[0]["conv1"] == counts[1]["conv1"] != counts[2]["conv1"]
    assert counts[0]["conv2"] == counts[2]["conv2"] != counts[1]["conv2"]
    traced = scenario([mixed], counting={"granularity": "block_traced"})
    assert evaluate(traced).dataflows[0].dataflow == first.dataflow


def test_a_report_names_it_and_its_json_loads_back(blocked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = scenario([{blocked: {"filters": 2}}, "row-stationary"])
    answer = evaluate(asked)
    assert Evaluation.model_validate_json(answer.model_dump_json()) == answer
    assert json.loads(answer.model_dump_json())["dataflows"][1]["dataflow"] == "row-stationary"
    file = tmp_path / "net.yaml"
    file.write_text(json.dumps(NETWORK), encoding="utf-8")
    command = ["report", "--network", str(file), "--dataflow", f"{blocked}(filters=2, skew=0), row-stationary"]
    assert main(command) == 0
    assert f"{blocked}(filters=2, skew=0)" in capsys.readouterr().out
    assert main(["count", "--network", str(file), "--dataflow", f"row-stationary[conv2={blocked}(filters=3)]", "--format", "csv"]) == 0
    assert f"row-stationary[conv2={blocked}(filters=3, skew=0)]" in capsys.readouterr().out
    assert main(["count", "--network", str(file), "--dataflow", "row-stationary[conv4=row-stationary]"]) == 2
    assert "'conv4' is not a convolution of net (did you mean" in capsys.readouterr().err


def test_explain_knows_the_parameters(blocked: str) -> None:
    asked = scenario([{blocked: {"filters": 4}}])
    text = explain(asked, "conv1.energy").model_dump_json()
    assert "G*ceil(OC/F)*IC*V_h*V_w" in text
    assert "dataflow.filters" in text


def test_a_parameter_is_an_axis_and_each_row_is_what_a_report_says(blocked: str) -> None:
    base = scenario([{"default": {blocked: {"filters": 4}}, "layers": {"conv2": {blocked: {"filters": 1}}}}])
    study = {
        "name": "blocks",
        "keep": "all",
        "base": base,
        "axes": [
            {"path": "dataflow.filters", "values": [1, 2, 3, 6]},
            {"path": "dataflow.conv2.filters", "values": [1, 2]},
            {"path": "layers.conv1.out_channels", "values": [4, 6]},
        ],
        "columns": ["network.input_read_count", "energy.memory"],
    }
    answer = sweep(study)
    assert len(answer) == 16
    columns = answer.columns()
    for row in range(len(answer)):
        found = evaluate(answer.scenario(row)).dataflows[0]
        assert columns["network.input_read_count"][row] == found.counts.input_read_count
        assert columns["energy.memory"][row] == pytest.approx(found.energy.memory_pj, rel=1e-12)
    with pytest.raises(SpecError, match="filters should be a whole number from 1 to 64, found 65"):
        sweep(study | {"axes": [{"path": "dataflow.filters", "values": [1, 65]}]})
    with pytest.raises(UnknownNameError, match="did you mean 'filters'"):
        sweep(study | {"axes": [{"path": "dataflow.filter", "values": [1, 2]}]})
    chosen = sweep(study | {"axes": [{"path": "dataflow", "values": ["row-stationary", f"{blocked}(filters=2)"]}]})
    assert len(chosen) == 2


def test_what_no_test_has_bounded_is_computed_in_python_ints(blocked: str) -> None:
    from costmodel.evaluation.design import design_of

    asked = scenario([{blocked: {"filters": 4}}])
    assert upper_bound(design_of(asked, asked.dataflows[0], None)) is None
    assert upper_bound(design_of(asked, Dataflow.ROW_STATIONARY, None)) is not None


def test_the_firmwares_counts_are_predicted_a_layer_at_a_time(blocked: str) -> None:
    from costmodel.deployment.deployed import Variant

    net = load_network(NETWORK)
    mixed = predicted_counts(net, Variant.INT8, mapping_of(f"output-stationary[conv2={blocked}(filters=2)]"))
    plain = predicted_counts(net, Variant.INT8, Dataflow.OUTPUT_STATIONARY)
    other = predicted_counts(net, Variant.INT8, mapping_of(f"{blocked}(filters=2)"))
    assert [one == two for one, two in zip(mixed, plain, strict=True)] == [True, True, False, True, True]
    assert mixed[2] == other[2]


def test_one_layer_is_counted_by_its_text(blocked: str) -> None:
    layer = {"kind": "conv2d", "name": "c", "out_channels": 4, "kernel": 3}
    assert (
        costmodel.count(layer, (2, 5, 5), f"{blocked}(filters=4)").input_read_count * 4
        == costmodel.count(layer, (2, 5, 5)).input_read_count
    )


def test_all_stays_the_five_packaged_dataflows(blocked: str) -> None:
    from costmodel.cli.options import mappings_chosen

    assert mappings_chosen("--dataflow", ["all"]) == tuple(Dataflow)
    assert with_changes(CountingConvention(), {}) == CountingConvention()
