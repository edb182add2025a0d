"""What a sweep may vary is what a design reads: axes, filled designs, scenarios and the leaves of `explain` follow from one declaration."""

import numpy as np
import pytest

from costmodel.evaluation.design import design_of
from costmodel.provenance import origin_of, recording
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.operations import OPERATIONS
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.engine.design_columns import filled
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.study.design_fields import base_value, design_numbers, known_paths, places_of, with_numbers

DECK = load_scenario("esp32-deck")
RESNET = load_scenario({"name": "r", "network": "resnet8", "device": "esp32-wroom"})
BLOCKED = load_scenario(
    {"name": "b", "network": "resnet8", "device": "esp32-wroom", "dataflows": ["blocked-output-stationary(pixels=4, filters=2)"]}
)
STRAIGHT = {
    "name": "pooled",
    "network": {
        "name": "n",
        "input": "3x16x16",
        "layers": [
            {"name": "conv1", "kind": "conv2d", "out_channels": 4, "kernel": 3},
            {"name": "pool1", "kind": "max_pool2d", "kernel": 2},
        ],
    },
    "device": "esp32-wroom",
}


@pytest.mark.parametrize("scenario", [DECK, RESNET, BLOCKED], ids=lambda scenario: scenario.name)
def test_every_number_a_design_reads_is_an_axis_of_its_own_value(scenario: Scenario) -> None:
    numbers = design_numbers(scenario)
    assert {"input.rows", "period_s", "memory_energy.read_pj"} < set(numbers)
    assert any(path.startswith("layers.") for path in numbers)
    for path, constant in numbers.items():
        (place,) = places_of(path, scenario)
        assert place.path == path
        assert base_value(place, scenario) == constant.value
    for path in known_paths(scenario):
        assert places_of(path, scenario), path
    given = {place: value for path in numbers for place in places_of(path, scenario) if (value := base_value(place, scenario)) is not None}
    assert with_numbers(scenario, given).network.steps == scenario.network.steps
    base = design_of(scenario, scenario.dataflows[0], None)
    assert filled(base, scenario, {places_of("input.rows", scenario)[0]: scenario.network.input[1]}) == base


def test_fields_a_row_lets_vary_are_axes_and_others_are_not() -> None:
    for layer in RESNET.network.layers:
        found = {path.split(".")[-1] for path in known_paths(RESNET) if path.rpartition(".")[0] == f"layers.{layer.name}"}
        ungrouped = {"groups"} if getattr(layer, "groups", None) == 1 else set()
        assert found == set(OPERATIONS[layer.kind].sweepable) - ungrouped, layer.name


def test_leaves_of_explain_go_by_the_path_an_axis_takes() -> None:
    with recording():
        design = design_of(DECK, DECK.dataflows[0], None)
    read = [*design.input_shape, *(number for layer in design.layers for value in vars(layer).values() for number in _numbers(value))]
    leaves = {found.name for number in read if (found := origin_of(number)) is not None}
    declared = {path for path in design_numbers(DECK) if path.startswith(("layers.", "input."))}
    # A stride that is left to its kernel is the kernel's.
    left = {f"layers.{layer.name}.{field}" for layer in DECK.network.layers for field in layer.left_to if getattr(layer, field) is None}
    assert {path for path in declared if path.rpartition(".")[0] not in left} <= leaves
    assert left
    assert {"layers.conv1.kernel.rows", "layers.conv1.padding.top", "layers.conv1.groups", "input.channels"} <= leaves


def _numbers(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def test_a_stride_left_to_its_kernel_follows_it_where_one_of_its_numbers_varies() -> None:
    """Columns read the other number from the swept kernel, and so does the scenario of a row."""
    axes = [{"path": "layers.pool1.kernel", "values": [2, 3]}, {"path": "layers.pool1.stride.rows", "values": [1, 2]}]
    answer = sweep({"name": "s", "base": STRAIGHT, "axes": axes, "keep": "all", "columns": ["pool1.output_write_count"]})
    found = answer.columns()["pool1.output_write_count"]
    for row in range(len(answer)):
        scenario = answer.scenario(row)
        kernel, stride = scenario.network.layers[1].kernel, scenario.network.layers[1].stride
        assert stride[1] == kernel[1]
        out = [(14 - kernel[at]) // stride[at] + 1 for at in range(2)]
        assert found[row] == 4 * out[0] * out[1]
    assert len(np.unique(found)) == 4


def test_numbers_are_written_together_though_one_alone_would_not_fit() -> None:
    places = [places_of(path, RESNET) for path in ("layers.conv1.out_channels", "layers.stack1.conv2.out_channels")]
    changed = with_numbers(RESNET, {place: 24 for (place,) in places})
    assert [layer.out_channels for layer in changed.network.layers if layer.name in ("conv1", "stack1.conv2")] == [24, 24]
