"""Generated kernels on the emulated cores: every counter, load and store as the closed form has it, in fewer instructions."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocked_layers import blocked_networks

from costmodel.deployment.deployed import Variant
from costmodel.results.runs.comparison import FirmwareComparison
from costmodel.sources.catalogue import load_network
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import kernel_core
from costmodel.specs.network import Network
from costmodel.validation.firmware_plan import predicted_counts
from costmodel.validation.mapping_choice import validate_mapped
from costmodel.validation.mapping_search import search_mapping
from costmodel.validation.validating import Target, Workbench, expect_network, validate

pytestmark = pytest.mark.emulator

INSTRUCTIONS_PER_VALID_MAC = {"xtensa": 3.4, "riscv": 2.9, "arm": 2.2}
"""Most that conv1 and conv2 of the pruned network may take together, line buffers and requantisation included."""
LARGE = 100_000
"""Instructions of a layer whose prediction is held against them."""
ODD = Network.model_validate(
    {
        "name": "odd",
        "input": "3x11x9",
        "types": {"input": "int8"},
        "layers": [
            {"kind": "conv2d", "name": "strided", "out_channels": 7, "kernel": (3, 2), "stride": 2, "padding": [1, 0, 2, 1]},
            {"kind": "relu", "name": "relu1"},
            {"kind": "conv2d", "name": "depthwise", "out_channels": 7, "groups": 7, "kernel": 3, "padding": 1},
            {"kind": "conv2d", "name": "pointwise", "out_channels": 9, "kernel": 1},
            {"kind": "relu", "name": "relu2"},
            {"kind": "conv2d", "name": "dilated", "out_channels": 6, "groups": 3, "kernel": 2, "dilation": 2, "bias": False},
            {"kind": "flatten", "name": "flat"},
            {"kind": "linear", "name": "fc", "out_features": 5},
        ],
    }
)
TILE = "blocked-output-stationary(pixels=4, filters=2)"


@pytest.fixture(scope="module")
def compared(target: str, firmware: Path, cache: Path) -> FirmwareComparison:
    pruned = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, seed=1)
    return validate_mapped([pruned], "best", [Target(target)], Workbench(firmware, cache))


def test_every_counter_output_load_and_store_is_as_predicted(compared: FirmwareComparison) -> None:
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    (run,) = compared.runs
    assert "conv2=blocked-output-stationary" in run.dataflow
    tensors = [tensor for layer in run.layers if layer.activity for tensor in layer.activity.tensors]
    assert sum(tensor.measured_load_count for tensor in tensors) > 1_500_000


def test_convolutions_take_fewer_instructions_than_the_best_public_kernels(compared: FirmwareComparison, target: str) -> None:
    valid = predicted_counts(load_network("cifar-aap-pruned"), Variant.INT8, Dataflow.OUTPUT_STATIONARY)
    pairs = [(layer, counts) for layer, counts in zip(compared.runs[0].layers, valid, strict=True) if layer.kind == "conv2d"]
    instructions = sum(layer.activity.instruction_count for layer, _ in pairs if layer.activity)
    assert instructions / sum(counts.mac_count for _, counts in pairs) <= INSTRUCTIONS_PER_VALID_MAC[target]


def test_the_search_predicts_instructions_of_layers_it_was_not_fitted_to(compared: FirmwareComparison, target: str) -> None:
    found = search_mapping(expect_network(load_network("cifar-aap-pruned"), Variant.INT8, seed=1), kernel_core(target))
    took = {layer.name: layer.activity.instruction_count for layer in compared.runs[0].layers if layer.activity}
    large = [one for one in found.layers if took[one.name] >= LARGE]
    assert {one.name for one in large} >= {"conv1", "conv2"}
    for one in large:
        assert one.choices[0].instruction_count == pytest.approx(took[one.name], rel=0.05), one.name


@pytest.mark.slow
def test_fifty_random_layers_make_the_loads_and_stores_that_are_predicted(target: str, firmware: Path, cache: Path) -> None:
    compared = validate(list(blocked_networks(50, 17, target)), [Target(target)], Workbench(firmware, cache))
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert len(compared.runs) == 50
    assert all(layer.activity is not None for run in compared.runs for layer in run.layers)


def test_strides_groups_dilation_and_odd_paddings_are_as_predicted(target: str, firmware: Path, cache: Path) -> None:
    odd = expect_network(ODD, Variant.INT8, seed=4)
    compared = validate_mapped([odd], TILE, [Target(target)], Workbench(firmware, cache))
    assert [str(mismatch) for mismatch in compared.mismatches] == []
