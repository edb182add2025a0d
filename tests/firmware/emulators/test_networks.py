"""Networks on the emulated cores: counters equal the closed form, outputs the reference, loads and stores the counters."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from costmodel.deployment.deployed import Variant
from costmodel.errors import LimitError
from costmodel.results.runs.comparison import FirmwareComparison
from costmodel.sources.catalogue import load_network
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.validation.comparing import Expected
from costmodel.validation.firmware_plan import predicted_counts
from costmodel.validation.targets.compiling import Build
from costmodel.validation.targets.emulators import run_on_emulator
from costmodel.validation.targets.host import run_on_host
from costmodel.validation.tensor_accesses import core_activities
from costmodel.validation.validating import Target, Workbench, expect_layers, expect_network, validate

pytestmark = pytest.mark.emulator

INSTRUCTIONS_PER_MAC = {"xtensa": 12.3, "riscv": 7.6, "arm": 5.8}
"""Most that plain output stationary may take on conv1 and conv2, int8, timing build."""
EMULATOR_LIMIT_S = 5.0
"""Most processor time of an emulator for one network with one dataflow, plugin included."""
VARIANTS = (Variant.INT8, pytest.param(Variant.FLOAT32, marks=pytest.mark.slow))
"""None of the three cores has hardware for floats."""


@pytest.fixture(scope="module", params=VARIANTS)
def pruned(request: pytest.FixtureRequest) -> Expected:
    return expect_network(load_network("cifar-aap-pruned"), request.param, seed=1)


@pytest.fixture(scope="module")
def compared(pruned: Expected, target: str, firmware: Path, cache: Path) -> FirmwareComparison:
    return validate([pruned], [Target(target)], Workbench(firmware, cache))


def test_every_counter_output_load_and_store_of_the_deployment_is_as_predicted(compared: FirmwareComparison, pruned: Expected) -> None:
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert [run.dataflow for run in compared.runs] == ["output-stationary", "row-stationary"]
    for run in compared.runs:
        assert len(run.layers) == len(pruned.network.steps)
        # Nothing was compared with nothing: the predicted figures are those of a network that works.
        assert run.measured.mac_count > 3_000_000
        tensors = [tensor for layer in run.layers if layer.activity for tensor in layer.activity.tensors]
        assert sum(tensor.measured_load_count for tensor in tensors) > 6_000_000
        assert sum(tensor.measured_store_count for tensor in tensors) > 40_000


def test_loads_outside_tensors_are_their_own_row(compared: FirmwareComparison) -> None:
    for run in compared.runs:
        convolutions = [layer for layer in run.layers if layer.kind == "conv2d"]
        assert all(layer.activity and layer.activity.other_load_count > 0 for layer in convolutions)


def test_outputs_have_the_bits_of_the_hosts(pruned: Expected, target: str, firmware: Path, cache: Path) -> None:
    emulated = run_on_emulator(target, pruned.model, firmware=firmware, cache=cache, build="counting").log
    host = run_on_host(pruned.model, firmware=firmware, cache=cache)
    outputs = [[line for line in log.splitlines() if b'"event":"end"' in line] for log in (emulated, host)]
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 2
    assert pruned.output.hex().encode() in outputs[0][0]


def test_plain_output_stationary_reaches_its_instruction_count(compared: FirmwareComparison, pruned: Expected, target: str) -> None:
    if pruned.deployed.variant is Variant.FLOAT32:
        return
    layers = [layer for layer in compared.runs[0].layers if layer.name in ("conv1", "conv2")]
    assert len(layers) == 2
    instructions = sum(layer.activity.instruction_count for layer in layers if layer.activity)
    assert instructions / sum(layer.measured.mac_count for layer in layers) <= INSTRUCTIONS_PER_MAC[target]


@pytest.mark.timing
@pytest.mark.parametrize("dataflow", [Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY])
@pytest.mark.parametrize("build", ["counting", "timing"])
def test_emulator_runs_the_deployment_within_its_limit(
    pruned: Expected, build: Build, dataflow: Dataflow, target: str, firmware: Path, cache: Path
) -> None:
    def run() -> float:
        before = os.times().children_user
        run_on_emulator(
            target,
            pruned.model,
            firmware=firmware,
            cache=cache,
            build=build,
            dataflows=[dataflow],
            plugin=build == "timing",
        )
        return os.times().children_user - before

    run()  # builds
    assert run() < EMULATOR_LIMIT_S


@pytest.mark.parametrize("variant", VARIANTS)
def test_fifty_random_layers_are_as_predicted(variant: Variant, target: str, firmware: Path, cache: Path) -> None:
    compared = validate(expect_layers(50, 7, [variant]), [Target(target)], Workbench(firmware, cache))
    assert [str(mismatch) for mismatch in compared.mismatches] == []
    assert len(compared.runs) == 100
    assert {layer.kind for run in compared.runs for layer in run.layers} >= {"conv2d", "linear", "max_pool2d", "add", "softmax"}


def test_network_larger_than_the_static_memory_is_refused(target: str, firmware: Path, cache: Path) -> None:
    wide = Network.model_validate({"name": "wide", "input": "40x50x50", "layers": [{"kind": "softmax", "name": "softmax"}]})
    with pytest.raises(LimitError, match=r"a model needs 200000 bytes of arena, the emulated core has 1[56]\d{4} of 160 KiB"):
        validate([expect_network(wide, Variant.INT8, seed=1)], [Target(target)], Workbench(firmware, cache))


def test_wrong_prediction_is_found(target: str, firmware: Path, cache: Path, pruned: Expected) -> None:
    """The comparison can fail: predictions of the other dataflow differ from what the core did."""
    emulated = run_on_emulator(
        target,
        pruned.model,
        firmware=firmware,
        cache=cache,
        build="timing",
        dataflows=[Dataflow.OUTPUT_STATIONARY],
        plugin=True,
    )
    other = predicted_counts(pruned.network, pruned.deployed.variant, Dataflow.ROW_STATIONARY)
    (activities,) = core_activities(emulated, [other])
    tensors = {tensor.tensor: tensor for tensor in activities[0].tensors}
    assert tensors["input"].measured_load_count > tensors["input"].predicted_load_count
    assert tensors["scratch"].measured_load_count == 0 < tensors["scratch"].predicted_load_count
