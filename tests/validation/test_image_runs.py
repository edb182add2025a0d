"""A model over a test set: the firmware in batches is the firmware, agrees with the reference, and every share is counted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from costmodel.cli.app import main
from costmodel.deployment.deployed import Variant
from costmodel.deployment.parameters import random_model
from costmodel.deployment.reference import run_reference
from costmodel.errors import ShapeError
from costmodel.sources.catalogue import load_network
from costmodel.sources.stored_models.model_folder import write_model
from costmodel.sources.stored_models.packaged_models import packaged_model_names
from costmodel.specs.counting import Dataflow
from costmodel.specs.network import Network
from costmodel.specs.quantisation import symmetric_quantisation
from costmodel.validation.deployables import deployable
from costmodel.validation.image_runs import run_images
from costmodel.validation.validating import Target, Workbench, validate

pytestmark = pytest.mark.firmware

LAYERS = [
    {"kind": "conv2d", "name": "conv", "out_channels": 5, "kernel": 3, "stride": 2, "padding": 1},
    {"kind": "relu", "name": "relu"},
    {"kind": "adaptive_avg_pool2d", "name": "mean", "output_size": 2},
    {"kind": "flatten", "name": "flat"},
    {"kind": "linear", "name": "scores", "out_features": 4},
]


def write_small_model(folder: Path) -> str:
    network = Network.model_validate({"name": "small", "input": [3, 16, 16], "layers": LAYERS})
    scales = {"input": symmetric_quantisation(1 / 64), "conv": symmetric_quantisation(0.03), "scores": symmetric_quantisation(0.02)}
    write_model(replace(random_model(network, 4), quantisations=scales), folder)
    return str(folder)


def drawn(count: int, rows: int = 16) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(8)
    return draw.integers(0, 256, (count, rows, rows, 3)).astype(np.uint8), np.arange(count) % 4


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("dataflow", [Dataflow.OUTPUT_STATIONARY, Dataflow.ROW_STATIONARY])
def test_the_firmware_agrees_with_the_reference_on_every_image(
    variant: Variant, dataflow: Dataflow, bench: Workbench, tmp_path: Path
) -> None:
    held = deployable(write_small_model(tmp_path / "model"), 1)
    expected = held.expected(variant, None)
    images, labels = drawn(403)
    told: list[tuple[str, int, int]] = []
    run = run_images(
        expected, images, labels, "abcd", bench, input_scale=held.input_scale, dataflow=dataflow, told=lambda *each: told.append(each)
    )
    assert run.equal
    assert run.compared_count == run.equal_count == 403
    answers = []
    for image in images:
        steps = (image.transpose(2, 0, 1).astype(np.int64) - 128).astype(np.int8)
        answers.append(int(np.argmax(run_reference(expected.deployed, steps)[-1])))
    assert run.top1_ratio == np.mean(np.array(answers) == labels)
    assert [sum(row) for row in run.confusion_count] == [int((labels == label).sum()) for label in range(4)]
    assert sum(run.confusion_count[label][label] for label in range(4)) == round(run.top1_ratio * 403)
    assert run.top1_ratio <= run.top3_ratio <= 1
    assert [image.image_index for image in run.checked] == [0, 1, 2, 3]
    assert ("firmware", 403, 403) in told


def test_images_and_classes_have_to_fit(bench: Workbench, tmp_path: Path) -> None:
    held = deployable(write_small_model(tmp_path / "model"), 1)
    expected = held.expected(Variant.INT8, None)
    with pytest.raises(ShapeError, match=r"takes \(3, 16, 16\), the images are \(3, 8, 8\)"):
        run_images(expected, *drawn(4, 8), "abcd", bench, input_scale=1 / 64)
    with pytest.raises(ShapeError, match="has 4 outputs, the images 3 classes"):
        run_images(expected, *drawn(4), "abc", bench, input_scale=1 / 64)


def test_validate_runs_a_test_set_and_draws_one_image_a_class(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COSTMODEL_CACHE", str(tmp_path / "cache"))
    images, labels = drawn(40)
    arrays = {"train_images": images, "train_labels": labels, "test_images": images, "test_labels": labels}
    np.savez(tmp_path / "data.npz", **arrays, classes=np.array(["left", "right", "up", "down"]))
    model = write_small_model(tmp_path / "model")
    asked = ["validate", "--network", model, "--data", str(tmp_path / "data.npz"), "--cache", str(bench.cache)]
    assert main([*asked, "--picture", str(tmp_path / "check.png"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["image_count"], told["equal_count"], told["classes"]) == (40, 40, ["left", "right", "up", "down"])
    with Image.open(tmp_path / "check.png") as picture:
        assert picture.width > 500
    assert main([*asked, "--images", "8"]) == 0
    shown = capsys.readouterr().out
    assert "Equal to the reference" in shown
    assert "The first image of each class" in shown
    assert main([*asked, "--target", "xtensa"]) == 2
    assert "a test set runs on this machine" in capsys.readouterr().err


def test_a_models_own_weights_run_on_a_picture(bench: Workbench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_small_model(tmp_path / "model")
    Image.fromarray(drawn(1)[0][0]).save(tmp_path / "photo.png")
    assert main(["validate", "--network", model, "--image", str(tmp_path / "photo.png"), "--cache", str(bench.cache)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Outputs are equal to the last bit" in shown
    assert "weights are random" not in shown
    held = deployable(model, 1)
    np.testing.assert_array_equal(held.input_of(tmp_path / "photo.png") * 64 + 128, drawn(1)[0][0].transpose(2, 0, 1))


def test_a_network_without_weights_gets_those_of_the_seed() -> None:
    held = deployable("cifar-aap-pruned", 7)
    assert not held.trained
    np.testing.assert_array_equal(
        held.model.parameters["fc2"].weight, random_model(load_network("cifar-aap-pruned"), 7).parameters["fc2"].weight
    )


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.parametrize("target", [Target.XTENSA, Target.RISCV, Target.ARM])
def test_twenty_images_are_bit_exact_on_each_emulated_core(target: Target, bench: Workbench, tmp_path: Path) -> None:
    held = deployable(write_small_model(tmp_path / "model"), 1)
    images = (drawn(20)[0].transpose(0, 3, 1, 2).astype(np.float32) - 128) / 64
    comparison = validate([held.expected(Variant.INT8, image) for image in images], [target], bench)
    assert comparison.equal
    assert len(comparison.runs) == 20 * 2


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.parametrize("name", [name for name in packaged_model_names() if name.endswith("-int8")])
@pytest.mark.parametrize("target", [Target.XTENSA, Target.RISCV, Target.ARM])
def test_twenty_images_of_a_shipped_model_are_bit_exact_on_each_emulated_core(target: Target, name: str, bench: Workbench) -> None:
    held = deployable(name, 1)
    for image in (drawn(20, 32)[0].transpose(0, 3, 1, 2).astype(np.float32) - 128) / 64:
        # One a run: a model file of this size leaves room for one.
        assert validate([held.expected(Variant.INT8, image)], [target], bench).equal
