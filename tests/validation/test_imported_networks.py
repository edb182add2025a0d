"""The firmware runs networks that were imported, with their own weights, to the last bit of the reference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.compression.quantise import INT8_MAX
from costmodel.deployment.deployed import Variant
from costmodel.deployment.model_file import write_model_file
from costmodel.deployment.model_reading import read_model_file
from costmodel.deployment.parameters import random_example, random_model
from costmodel.errors import LimitError, SpecError
from costmodel.specs.network import Network
from costmodel.specs.quantisation import Quantisation
from costmodel.validation.deployables import deployable
from costmodel.validation.validating import Target, Workbench, expect_model, expect_network, validate

pytestmark = pytest.mark.firmware
SHARED = Path(os.environ.get("COSTMODEL_SHARED", Path(__file__).parents[3] / "shared"))
MODELS = SHARED / "data" / "models"
REQUIRED = "data" in os.environ.get("COSTMODEL_REQUIRE", "").split(",")
needs_models = pytest.mark.skipif(
    not MODELS.is_dir() and not REQUIRED, reason=f"public models are read from {MODELS}; COSTMODEL_SHARED names another folder"
)
QUICK = ("kws_ref_model", "ad01_int8", "tflm_micro_speech", "tinymaix_cifar10_q", "tinymaix_mnist_valid_q", "more/mltkz__keyword_spotting")
SLOW = ("vww_96_int8", "pretrainedResnet_quant", "more/tmx__mbnet96_0.25_q", "more/tflm__person_detect")


def equal_on_host(names: tuple[str, ...], bench: Workbench) -> None:
    expected = [deployable(str(MODELS / f"{name}.tflite"), 7).expected(Variant.INT8, None) for name in names]
    compared = validate(expected, [Target.HOST], bench)
    assert compared.equal
    assert all(layer.predicted_output_hash for run in compared.runs for layer in run.layers)


@needs_models
@pytest.mark.data
def test_imported_networks_run_on_this_machine(bench: Workbench) -> None:
    equal_on_host(QUICK, bench)


@needs_models
@pytest.mark.data
@pytest.mark.slow
def test_larger_imported_networks_run_on_this_machine(bench: Workbench) -> None:
    equal_on_host(SLOW, bench)


@needs_models
@pytest.mark.data
def test_validate_takes_the_file(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(MODELS / "tinymaix_mnist_valid_q.tflite"), "--cache", str(bench.cache)]) == 0
    told = capsys.readouterr().out
    assert "Every figure equal. Outputs are equal to the last bit." in told
    assert "random" not in told
    assert main(["validate", str(MODELS / "tinymaix_mnist_valid.tflite"), "--cache", str(bench.cache)]) == 2
    assert "did you mean" in capsys.readouterr().err


CLAMPED = {
    "name": "clamped",
    "input": "3x7x7",
    "layers": [
        {"name": "conv", "kind": "conv2d", "out_channels": 5, "kernel": 3, "padding": 1},
        {"name": "relu6", "kind": "clamp", "low": 0, "high": 0.25},
        {"name": "view", "kind": "reshape", "shape": [5, 49, 1]},
        {"name": "mean", "kind": "adaptive_avg_pool2d", "output_size": 1},
        {"name": "other", "kind": "convert"},
        {"name": "squash", "kind": "unary", "function": "logistic", "table": True},
        {"name": "flat", "kind": "flatten"},
        {"name": "fc", "kind": "linear", "out_features": 4},
    ],
}


def test_results_between_bounds_and_means_in_another_scale(bench: Workbench) -> None:
    model = random_model(Network.model_validate(CLAMPED), 3)
    scales = {"conv": 0.01, "relu6": 0.01, "mean": 0.004}
    zeros = {"conv": -20, "relu6": -20, "mean": 7}
    model.quantisations.update({name: Quantisation(scales=(scale,), zero_points=(zeros[name],)) for name, scale in scales.items()})  # type: ignore[attr-defined]
    expected = expect_model(model, Variant.INT8, random_example(model, 5))
    conv, mean = expected.deployed.layers[0], expected.deployed.layers[3]
    assert (conv.relu, conv.highest) == (True, 5)
    assert len(mean.rescales) == 1
    assert validate([expected], [Target.HOST], bench).equal
    again = read_model_file(expected.model)
    assert again.layers[0].highest == 5
    assert write_model_file(again) == expected.model
    assert conv.highest < INT8_MAX


def test_what_the_firmware_does_not_bound_is_told() -> None:
    with pytest.raises(LimitError, match="a model file of floats has no functions"):
        expect_network(Network.model_validate(CLAMPED), Variant.FLOAT32, 1)
    with pytest.raises(LimitError, match="a model file of floats has no largest results"):
        expect_network(Network.model_validate({**CLAMPED, "layers": CLAMPED["layers"][:2]}), Variant.FLOAT32, 1)  # type: ignore[index]
    layers = [{**CLAMPED["layers"][1], "low": -1}]  # type: ignore[index]
    below = Network.model_validate({**CLAMPED, "layers": [CLAMPED["layers"][0], *layers]})  # type: ignore[index]
    with pytest.raises(SpecError, match="found a least result of -1"):
        expect_network(below, Variant.INT8, 1)
