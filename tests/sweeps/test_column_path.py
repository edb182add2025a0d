"""The column path gives what `evaluate` gives: whole numbers exactly, others to 1e-12."""

import numpy as np
import pytest

from costmodel.errors import InputError
from costmodel.evaluation.evaluating import cost_of, evaluate
from costmodel.specs.scenario import MemoryAccounting
from costmodel.sweeps.engine.running import sweep

EVALUATED = {
    "energy.memory": lambda e: e.dataflows[0].energy.tensor_pj + e.dataflows[0].energy.scratch_pj,
    "energy.tensors": lambda e: e.dataflows[0].energy.tensor_pj,
    "energy.compute": lambda e: e.dataflows[0].energy.compute_pj,
    "energy.leakage": lambda e: e.leakage_pj,
    "latency.total": lambda e: e.dataflows[0].latency.total_s,
    "battery.duty_life": lambda e: e.battery.duty_life_s,
    "battery.continuous_life": lambda e: e.battery.continuous_life_s,
    "power.inference_energy": lambda e: e.power.inference_j,
    "network.parameters": lambda e: e.parameter_count,
    "network.weight_bytes": lambda e: e.weight_bytes,
    "network.mac_count": lambda e: e.dataflows[0].counts.mac_count,
    "network.input_read_count": lambda e: e.dataflows[0].counts.input_read_count,
    "network.weight_read_count": lambda e: e.dataflows[0].counts.weight_read_count,
    "network.psum_write_count": lambda e: e.dataflows[0].counts.psum_write_count,
    "network.boundary_check_count": lambda e: e.dataflows[0].counts.boundary_check_count,
    "conv2.accesses.input_read_count": lambda e: layer(e, "conv2").accesses.input_read_count,
    "fc1.mac_count": lambda e: layer(e, "fc1").counts.mac_count,
}


def layer(evaluation, name):
    return next(one for one in evaluation.dataflows[0].layers if one.name == name)


def refused(answer):
    """Designs whose layers do not fit, or whose inference outlasts its period."""
    left = dict(answer.survivors)
    return answer.evaluated - left["power.active_a >= power.idle_a"]


def assert_rows_equal_evaluate(answer, figures):
    columns = answer.columns()
    for row in range(len(answer)):
        found = evaluate(answer.scenario(row))
        for name, read in figures.items():
            expected, column = read(found), columns[name]
            if isinstance(expected, int):
                assert column[row] == expected, (name, row)
            else:
                assert column[row] == pytest.approx(expected, rel=1e-12, abs=0), (name, row)


WIDTHS_AND_GEOMETRY = [
    {"path": "layers.conv1.out_channels", "range": {"start": 1, "stop": 64}},
    {"path": "layers.conv2.out_channels", "range": {"start": 1, "stop": 128}},
    {"path": "layers.fc1.out_features", "range": {"start": 1, "stop": 128}},
    {"path": "layers.conv1.kernel", "values": [1, 2, 3, 5, 7]},
    {"path": "layers.conv2.kernel.rows", "values": [1, 3, 4]},
    {"path": "layers.conv1.stride", "values": [1, 2, 3]},
    {"path": "layers.conv*.padding", "values": [0, 1, 2]},
    {"path": "layers.conv2.dilation", "values": [1, 2]},
    {"path": "layers.pool1.kernel", "values": [2, 3]},
    {"path": "layers.pool1.stride", "values": [1, 2, 3]},
    {"path": "layers.pool1.padding", "values": [0, 1]},
    {"path": "input.extent", "range": {"start": 8, "stop": 80}},
    {"path": "period_s", "log_range": {"start": 60.0, "stop": 86400.0}},
    {"path": "battery.capacity_ah", "range": {"start": 0.1, "stop": 3.0}},
    {"path": "memory_energy.read_pj", "range": {"start": 1.0, "stop": 100.0}},
]


@pytest.mark.slow
def test_a_thousand_random_designs_equal_evaluate():
    study = {
        "name": "random",
        "set": {"counting.block_bytes": None, "counting.element_bytes": None, "counting.bias": True},
        "axes": [
            {
                "path": "dataflow",
                "values": ["output-stationary", "row-stationary", "weight-stationary", "input-stationary", "no-local-reuse"],
            },
            {"path": "counting.taps", "values": ["valid", "nominal"]},
            *WIDTHS_AND_GEOMETRY,
        ],
        "sample": {"designs": 160, "seed": 7},
        "keep": "all",
        "columns": [
            "network.mac_count",
            "network.psum_write_count",
            "energy.memory",
            "energy.compute",
            "network.parameters",
            "network.weight_bytes",
            "network.boundary_check_count",
            "conv2.accesses.input_read_count",
            "fc1.mac_count",
            "network.input_read_count",
            "network.weight_read_count",
            "energy.tensors",
            "battery.duty_life",
        ],
    }
    answer = sweep(study)
    assert len(answer) + refused(answer) == 1600
    assert len(answer) >= 1000
    # Without a duration of its own only output-stationary is timed, and lives are compared where they are.
    assert_rows_equal_evaluate(answer, {name: EVALUATED[name] for name in study["columns"] if name != "battery.duty_life"})


@pytest.mark.parametrize("sampled", [False, True])
def test_grid_and_sample_equal_evaluate_in_every_figure(sampled):
    axes = [
        {"path": "battery.capacity_ah", "values": [0.5, 2.0]},
        {"path": "layers.conv1.out_channels", "values": [1, 7, 25]},
        {"path": "layers.pool1.padding", "values": [0, 1]},
        {
            "name": "kept",
            "range": {"start": 0.25, "stop": 1.0, "step": 0.25},
            "apply": [{"path": "layers.conv2.out_channels", "of_base": True}, {"path": "layers.fc1.out_features", "of_base": True}],
        },
        {"path": "period_s", "values": [30.0, 60.0]},
    ]
    study = {"name": "all", "axes": axes, "keep": "all", "columns": [*EVALUATED, *(f"memory.{one.value}" for one in MemoryAccounting)]}
    if sampled:
        study["sample"] = {"designs": 60, "seed": 3, "kind": "latin"}
    answer = sweep(study)
    assert len(answer) == (60 if sampled else 96)
    assert_rows_equal_evaluate(answer, EVALUATED)
    columns = answer.columns()
    for row in range(len(answer)):
        scenario = answer.scenario(row)
        _, alone = cost_of(scenario, scenario.dataflows[0])
        for accounting in MemoryAccounting:
            assert columns[f"memory.{accounting.value}"][row] == alone.memory[accounting].tensor_buffer_bytes, (accounting, row)


def test_a_product_within_rounding_error_of_a_whole_width_is_that_width():
    axis = {"name": "kept", "values": [0.29], "apply": [{"path": "layers.conv1.out_channels", "of_base": True}]}
    study = {"name": "a", "set": {"layers.conv1.out_channels": 100}, "axes": [axis], "keep": "all", "columns": ["conv1.output_write_count"]}
    assert sweep(study).columns()["conv1.output_write_count"].tolist() == [29 * 32 * 32]


def test_the_measured_duration_of_the_base_is_not_used_for_other_networks():
    answer = sweep(
        {
            "name": "a",
            "axes": [{"path": "layers.conv1.out_channels", "values": [5, 25]}],
            "keep": "all",
            "columns": ["latency.duration", "latency.total"],
        }
    )
    columns = answer.columns()
    assert np.array_equal(columns["latency.duration"], columns["latency.total"])
    assert columns["latency.duration"][0] < columns["latency.duration"][1]
    assert any("measured" in note for note in answer.space.notes)


def test_layers_whose_names_have_dots_vary_and_are_told_like_others():
    """As in the packaged residual networks."""
    study = {
        "name": "r",
        "base": {"name": "b", "network": "resnet8", "device": "esp32-wroom"},
        "axes": [
            {"name": "w", "values": [16, 24], "apply": [{"path": f"layers.{name}.out_channels"} for name in ("conv1", "stack1.conv2")]},
            {"name": "inner", "path": "layers.stack1.conv1.out_channels", "values": [8, 16]},
            {"name": "first", "path": "layers.stack*.conv1.padding.top", "values": [1, 0]},
            {"name": "types", "path": "layers.stack1.conv1.weight_type", "values": ["int8", "float32"]},
        ],
        "constraints": ["stack1.conv1.mac_count > 0"],
        "keep": "all",
        "columns": ["stack1.conv1.mac_count", "stack1.conv1.accesses.weight_read_count", "stack1.add.energy"],
    }
    answer = sweep(study)
    columns = answer.columns()
    assert 0 < len(answer) < answer.evaluated == 16
    for row in range(len(answer)):
        layers = {layer.name: layer for layer in evaluate(answer.scenario(row)).dataflows[0].layers}
        assert columns["stack1.conv1.mac_count"][row] == layers["stack1.conv1"].counts.mac_count
        written = {layer.name: layer for layer in answer.scenario(row).network.layers}
        assert written["stack1.conv1"].out_channels == columns["inner"][row]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("layers.stack1.conv9.out_channels", r"'stack1.conv9' is not a layer of resnet8 \(did you mean 'stack1.conv"),
        ("layers.stack1.conv1.out_chanels", r"layers.stack1.conv1: 'out_chanels' is not a field of stack1.conv1"),
        ("layers.stack1.conv1.padding.tpo", r"layers.stack1.conv1.padding: 'tpo' is not a part of it \(did you mean 'top'"),
        ("layers.stack1.cnv1.padding.top", r"'stack1.cnv1' is not a layer of resnet8"),
        ("layers.conv1", r"not a"),
        ("layers", r"not a|group of fields"),
    ],
)
def test_a_wrong_path_into_a_layer_names_what_is_wrong(path, message):
    base = {"name": "b", "network": "resnet8", "device": "esp32-wroom"}
    with pytest.raises(InputError, match=message):
        sweep({"name": "r", "base": base, "axes": [{"path": path, "values": [1]}], "keep": "all"})
