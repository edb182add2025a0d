"""Generated kernels on the emulated cores: every counter, load and store as the closed form has it, in fewer instructions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from blocked_layers import blocked_networks, paired_networks

from costmodel.deployment.deployed import Variant
from costmodel.deployment.kernels.mapped import unheld_pairs
from costmodel.results.runs.comparison import FirmwareComparison
from costmodel.sources.catalogue import load_network
from costmodel.specs.counting import Dataflow
from costmodel.specs.devices.kernel_core import kernel_core
from costmodel.specs.network import Network
from costmodel.validation.comparing import expect
from costmodel.validation.deployables import deployable
from costmodel.validation.firmware_plan import predicted_counts
from costmodel.validation.mapping_choice import mapped_expected, validate_mapped
from costmodel.validation.mapping_search import search_mapping
from costmodel.validation.targets import emulators
from costmodel.validation.targets.compiling import EXACT_FLAGS
from costmodel.validation.validating import Target, Workbench, expect_network, validate

pytestmark = pytest.mark.emulator

INSTRUCTIONS_PER_VALID_MAC = {"xtensa": 3.4, "riscv": 2.9, "arm": 2.2}
"""Most that conv1 and conv2 of the pruned network may take together, line buffers and requantisation included."""
PAIRED_PER_VALID_MAC = {"xtensa": 2.7, "riscv": 2.3, "arm": 1.9}
"""The same of conv2 alone, its filters in pairs."""
LARGE = 100_000
"""Instructions of a layer whose prediction is held against them."""
SMALL = 10_000
"""The same of a packaged kernel's."""
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
PAIRS = "blocked-output-stationary(pixels=4, filters=2, swar=5)"


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
def test_pairs_of_the_second_convolution_take_fewer_instructions_still(target: str, firmware: Path, cache: Path) -> None:
    """Trained weights halved, so that no pair falls back."""
    trained = deployable("trained-pruned-int8", 1).expected(Variant.INT8, None)
    layers = tuple(
        replace(layer, weights=(layer.weights // 2).astype("i1")) if layer.name == "conv2" and layer.weights is not None else layer
        for layer in trained.deployed.layers
    )
    plain = expect(trained.network, replace(trained.deployed, layers=layers), trained.image)
    mapped = mapped_expected(plain, f"output-stationary[conv2={PAIRS}]", kernel_core(target))
    assert unheld_pairs(mapped.deployed) == {"conv2": (0, 25)}
    compared = validate([mapped], [Target(target)], Workbench(firmware, cache))
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    layer = next(layer for layer in compared.runs[0].layers if layer.name == "conv2")
    assert layer.activity is not None
    valid = next(
        counts
        for step, counts in zip(
            trained.network.steps, predicted_counts(trained.network, Variant.INT8, Dataflow.OUTPUT_STATIONARY), strict=True
        )
        if step.name == "conv2"
    )
    assert layer.activity.instruction_count / valid.mac_count <= PAIRED_PER_VALID_MAC[target]


@pytest.mark.slow
def test_packaged_kernels_take_the_instructions_that_are_predicted(target: str, firmware: Path, cache: Path) -> None:
    pruned = expect_network(load_network("cifar-aap-pruned"), Variant.INT8, seed=1)
    found = search_mapping(pruned, kernel_core(target))
    compared = validate([pruned], [Target(target)], Workbench(firmware, cache))
    plain = next(run for run in compared.runs if run.dataflow == Dataflow.OUTPUT_STATIONARY)
    took = {layer.name: layer.activity.instruction_count for layer in plain.layers if layer.activity}
    large = [layer for layer in found.layers if took[layer.name] >= SMALL]
    assert {layer.name for layer in large} >= {"conv1", "conv2", "fc1"}
    for layer in large:
        assert layer.plain_instruction_count == pytest.approx(took[layer.name], rel=0.005), layer.name


@pytest.mark.slow
@pytest.mark.parametrize("tile", [TILE, PAIRS], ids=["single", "pairs"])
def test_less_optimisation_costs_little(tile: str, target: str, firmware: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ESP-IDF builds with -Og unless told otherwise; explicit scalars barely notice."""
    trained = deployable("trained-pruned-int8", 1).expected(Variant.INT8, None)
    swar = tile.replace("swar=5", "swar=3")
    took = []
    for level in ("-O2", "-Og"):
        monkeypatch.setattr(emulators, "EXACT_FLAGS", tuple(level if flag == "-O2" else flag for flag in EXACT_FLAGS))
        compared = validate_mapped([trained], f"output-stationary[conv2={swar}]", [Target(target)], Workbench(firmware, cache))
        # Counters and outputs are those of either build; loads of operands too, but for those that a compiler makes anew.
        assert [str(mismatch) for mismatch in compared.mismatches if "loads" not in str(mismatch)] == []
        took += [layer.activity.instruction_count for layer in compared.runs[0].layers if layer.name == "conv2" and layer.activity]
    assert took[1] <= 1.10 * took[0]


@pytest.mark.slow
def test_fifty_random_layers_make_the_loads_and_stores_that_are_predicted(target: str, firmware: Path, cache: Path) -> None:
    compared = validate(list(blocked_networks(50, 17, target)), [Target(target)], Workbench(firmware, cache))
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert len(compared.runs) == 50
    assert all(layer.activity is not None for run in compared.runs for layer in run.layers)


def test_strides_groups_dilation_odd_paddings_and_pairs_are_as_predicted(target: str, firmware: Path, cache: Path) -> None:
    """All in one firmware: tiles of pairs that halves hold, and some that fall back."""
    odd = mapped_expected(expect_network(ODD, Variant.INT8, seed=4), TILE, kernel_core(target))
    paired = list(paired_networks(4, 28, target))
    assert any(apart for expected in paired for apart, _ in unheld_pairs(expected.deployed).values())
    compared = validate([odd, *paired], [Target(target)], Workbench(firmware, cache))
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert all(layer.activity is not None for run in compared.runs for layer in run.layers)
