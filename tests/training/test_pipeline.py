"""The pipeline on a small data set made from a seed.

It learns, each stage leaves a model, and a run that was stopped ends in the same bits.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from costmodel.errors import CostModelError, InputError
from costmodel.sources.stored_models.model_folder import read_model
from costmodel.specs.network import Network
from costmodel.specs.trained.training_recipe import Fit, Quantising, TrainingRecipe
from costmodel.training.images.image_set import DataSet, held_out
from costmodel.training.images.synthetic import synthetic_set
from costmodel.training.pipeline import Progress, StageResult, compress, stages_of

pytestmark = [pytest.mark.usefixtures("torch_here"), pytest.mark.long]

NETWORK = Network.model_validate(
    {
        "name": "stripes",
        "input": [3, 32, 32],
        "layers": [
            {"kind": "conv2d", "name": "conv1", "out_channels": 10, "kernel": 5, "stride": 2, "padding": 2},
            {"kind": "relu", "name": "relu1"},
            {"kind": "max_pool2d", "name": "pool1", "kernel": 2},
            {"kind": "conv2d", "name": "conv2", "out_channels": 16, "kernel": 3, "padding": 1},
            {"kind": "relu", "name": "relu2"},
            {"kind": "flatten", "name": "flatten"},
            {"kind": "linear", "name": "fc1", "out_features": 24},
            {"kind": "relu", "name": "relu3"},
            {"kind": "linear", "name": "fc2", "out_features": 10},
        ],
    }
)
FIT = {"batch_count": 100, "rate_ratio": 0.05, "average_ratio": 0.9, "decay_ratio": 1e-4}
RECIPE = TrainingRecipe.model_validate(
    {
        "name": "small",
        "normalised": True,
        "train_before_pooling": False,
        "train": {"epoch_count": 6, **FIT},
        "pool": {"output_size": 2},
        "prune": {"convolution_ratio": 0.2, "linear_ratio": 0.4},
        "fine_tune": {"epoch_count": 2, **FIT, "rate_ratio": 0.01},
        "quantise": {"calibration_count": 200, "tune": {"epoch_count": 1, "optimiser": "adam", "rate_ratio": 2e-4, "batch_count": 100}},
    }
)


@pytest.fixture(scope="module")
def data() -> DataSet:
    return synthetic_set(1_500, 300)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def results(data: DataSet, run_folder: Path) -> list[StageResult]:
    return list(compress(RECIPE, NETWORK, data, run_folder))


def shares(results: list[StageResult]) -> dict[str, float]:
    return {result.stage: result.model.accuracies[0].top1_ratio for result in results}


def test_each_stage_leaves_a_model_that_is_right(results: list[StageResult]) -> None:
    found = shares(results)
    assert list(found) == ["pooled", "pruned", "fine-tuned", "quantised"]
    assert found["pooled"] > 0.9
    assert found["fine-tuned"] > 0.85
    assert found["quantised"] > found["fine-tuned"] - 0.03
    widths = [layer.out_channels for layer in results[-1].model.network.layers if layer.kind == "conv2d"]
    assert widths == [8, 12]
    assert set(results[-1].model.weight_quantisations) == {"conv1", "conv2", "fc1", "fc2"}
    assert results[-1].model.origin is not None
    assert results[-1].model.origin.data_sha256 == synthetic_set(1_500, 300).sha256


class StoppedError(Exception):
    """Stands for a power cut."""


def stopped_after(data: DataSet, folder: Path, stage: str, done: int) -> None:
    def told(progress: Progress) -> None:
        if progress.stage == stage and progress.done == done:
            raise StoppedError

    with pytest.raises(StoppedError):
        list(compress(RECIPE, NETWORK, data, folder, told=told))


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(results: list[StageResult], data: DataSet, tmp_path: Path) -> None:
    stopped_after(data, tmp_path, "pooled", 4)
    stopped_after(data, tmp_path, "fine-tuned", 1)
    told: list[Progress] = []
    again = list(compress(RECIPE, NETWORK, data, tmp_path, told=told.append))
    assert {progress.stage for progress in told} == {"fine-tuned", "quantised"}
    for first, second in zip(results, again, strict=True):
        for name, own in first.model.parameters.items():
            np.testing.assert_array_equal(own.weight, second.model.parameters[name].weight)
    assert shares(results) == shares(again)


RESTARTED = TrainingRecipe.model_validate(
    {"name": "restarted", "normalised": True, "train": {"epoch_count": 2, **FIT, "restarts": [{"epoch_count": 2, "rate_ratio": 0.02}]}}
)


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_run_stopped_around_a_restart_goes_on_to_the_same_bits(done: int, data: DataSet, tmp_path: Path) -> None:
    whole = next(iter(compress(RESTARTED, NETWORK, data, tmp_path / "whole"))).model
    told: list[Progress] = []

    def stopped(progress: Progress) -> None:
        told.append(progress)
        if progress.done == done:
            raise StoppedError

    with pytest.raises(StoppedError):
        next(iter(compress(RESTARTED, NETWORK, data, tmp_path / "stopped", told=stopped)))
    assert {progress.total for progress in told} == {4}
    again = next(iter(compress(RESTARTED, NETWORK, data, tmp_path / "stopped"))).model
    for name, own in whole.parameters.items():
        np.testing.assert_array_equal(own.weight, again.parameters[name].weight)
    assert whole.accuracies == again.accuracies


def test_a_rate_rises_and_falls_in_every_cycle() -> None:
    from costmodel.training.pytorch.fitting import rate_at

    restarts = [{"epoch_count": 4, "rate_ratio": 0.02}, {"epoch_count": 1}]
    settings = Fit.model_validate({"epoch_count": 2, "rate_ratio": 0.1, "warm_up_ratio": 0.5, "restarts": restarts})
    assert settings.total_count == 7
    assert [(each.first_epoch, each.epoch_count, each.rate_ratio) for each in settings.cycles] == [(0, 2, 0.1), (2, 4, 0.02), (6, 1, 0.1)]
    found = [rate_at(settings, step, 2) for step in range(1, 15)]
    low = 1e-4
    shares = [*(0.5, 1, 0.5, low), *(0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, low), *(1, low)]
    np.testing.assert_allclose(found, np.array([0.1] * 4 + [0.02] * 8 + [0.1] * 2) * shares)
    # Without one, it is the schedule over all passes.
    alone = settings.model_copy(update={"restarts": ()})
    assert [rate_at(alone, step, 2) for step in range(1, 5)] == found[:4]


def test_another_seed_is_another_run(data: DataSet, tmp_path: Path) -> None:
    one = RECIPE.model_copy(update={"prune": None, "fine_tune": None, "quantise": None, "pool": None, "seed": 1})
    short = one.model_copy(update={"train": one.train.model_copy(update={"epoch_count": 1})})
    first = next(iter(compress(short, NETWORK, data, tmp_path)))
    second = next(iter(compress(short.model_copy(update={"seed": 2}), NETWORK, data, tmp_path)))
    assert not np.array_equal(first.model.parameters["conv1"].weight, second.model.parameters["conv1"].weight)


def test_choices_are_made_on_images_held_out(data: DataSet, tmp_path: Path) -> None:
    rest, kept = held_out(data.train, 200)
    assert len(rest) + len(kept) == len(data.train)
    short = RECIPE.model_copy(update={"held_out_count": 200, "pool": None, "prune": None, "fine_tune": None, "quantise": None})
    short = short.model_copy(update={"train": RECIPE.train.model_copy(update={"epoch_count": 1})})
    accuracy = next(iter(compress(short, NETWORK, data, tmp_path))).model.accuracies[0]
    assert (accuracy.images, accuracy.image_count) == ("held-out", 200)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_epoch(data: DataSet, tmp_path: Path) -> None:
    # Each step takes the weights to minus nine times themselves.
    train = {"epoch_count": 6, "batch_count": 100, "rate_ratio": 10.0, "decay_ratio": 1.0, "schedule": "constant"}
    wild = TrainingRecipe.model_validate({"name": "wild", "train": train})
    with pytest.raises(CostModelError, match="the loss is not a number in epoch"):
        list(compress(wild, NETWORK, data, tmp_path))
    assert not (tmp_path / "trained").exists()


def test_weights_alone_leave_activations_as_floats(data: DataSet, tmp_path: Path) -> None:
    changes = {"prune": None, "fine_tune": None, "quantise": {"weights_only": True, "per_channel": False}}
    recipe = TrainingRecipe.model_validate(RECIPE.model_dump() | changes | {"train": {"epoch_count": 2, **FIT}})
    last = list(compress(recipe, NETWORK, data, tmp_path))[-1].model
    assert not last.quantised
    assert set(last.quantisations) == {"input"}
    assert {len(each.scales) for each in last.weight_quantisations.values()} == {1}
    assert last.accuracies[0].variant == "int8-weights"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train": None, "pool": None}, "without train it needs a network that has its weights"),
        ({"train": None}, "a pooled network has to be trained; give train"),
        ({"train": None, "pool": None, "prune": None, "fine_tune": None, "quantise": None}, "it does nothing"),
        ({"prune": {"layers": {"conv1": 0.99}}}, "conv1: a ratio of 0.99 leaves nothing of 10 channels"),
        ({"prune": {"criterion": "batch-norm", "linear_ratio": 0.5}}, "rank by l1"),
    ],
)
def test_a_recipe_that_cannot_be_run_is_refused(changes: dict[str, object], told: str, data: DataSet, tmp_path: Path) -> None:
    recipe = TrainingRecipe.model_validate(RECIPE.model_dump() | {"train": {"epoch_count": 0}} | changes)
    with pytest.raises(InputError, match=told):
        list(compress(recipe, NETWORK, data, tmp_path))


def test_network_and_data_have_to_fit(data: DataSet, tmp_path: Path) -> None:
    ten = replace(data, classes=(*data.classes, "eleventh"))
    with pytest.raises(InputError, match=r"has outputs \(10,\), the data has 11 classes"):
        next(compress(RECIPE, NETWORK, ten, tmp_path))


def test_stages_are_named_in_order() -> None:
    assert stages_of(RECIPE) == ("pooled", "pruned", "fine-tuned", "quantised")


@pytest.fixture
def teacher(results: list[StageResult]) -> object:
    from costmodel.training.pytorch.judging import float_scores

    model = results[0].model
    return lambda images: float_scores(model.network, model.parameters, images)


def test_a_teacher_is_learned_from(teacher: object, data: DataSet, tmp_path: Path) -> None:
    recipe = TrainingRecipe.model_validate(
        {"name": "student", "train": {"epoch_count": 4, **FIT}, "normalised": True, "teacher": {"model": "given", "view_count": 2}}
    )
    student = next(iter(compress(recipe, NETWORK, data, tmp_path, teacher=teacher))).model
    assert student.accuracies[0].top1_ratio > 0.85
    assert read_model(tmp_path / "trained").origin.settings["teacher"]["model"] == "given"


def test_a_teacher_is_asked_once_for_runs_of_every_seed(teacher: Any, data: DataSet, tmp_path: Path) -> None:
    asked: list[int] = []

    def counted(images: NDArray[np.uint8]) -> Any:
        asked.append(len(images))
        return teacher(images)

    recipe = TrainingRecipe.model_validate(
        {"name": "student", "train": {"epoch_count": 1, **FIT}, "teacher": {"model": "given", "view_count": 2}}
    )
    told: list[Progress] = []
    next(iter(compress(recipe, NETWORK, data, tmp_path / "one", teacher=counted, cache=tmp_path, told=told.append)))
    assert sum(asked) == 256 + 2 * len(data.train)
    assert [(each.done, each.total) for each in told if each.stage == "the teacher's outputs"] == [(1, 2), (2, 2)]
    asked.clear()
    other = recipe.model_copy(update={"seed": 5})
    next(iter(compress(other, NETWORK, data, tmp_path / "two", teacher=counted, cache=tmp_path)))
    assert sum(asked) == 256
    # A kept file that was cut short is not believed.
    kept = next((tmp_path / "teachers").iterdir())
    kept.write_bytes(kept.read_bytes()[:1000])
    next(iter(compress(other, NETWORK, data, tmp_path / "three", teacher=counted, cache=tmp_path)))
    assert sum(asked) == 256 + 256 + 2 * len(data.train)


def test_a_teacher_that_does_not_fit_is_refused(data: DataSet, tmp_path: Path) -> None:
    recipe = TrainingRecipe.model_validate({"name": "student", "train": {"epoch_count": 1, **FIT}, "teacher": {"model": "given"}})
    for answer, told in (((7,), "has 10 classes"), ((10,), "scores that are no numbers")):
        with pytest.raises(InputError, match=told):
            next(
                iter(
                    compress(recipe, NETWORK, data, tmp_path, teacher=lambda images, answer=answer: np.full((len(images), *answer), np.nan))
                )
            )


def test_what_a_later_stage_changes_leaves_earlier_stages_as_they_are(results: list[StageResult], data: DataSet, run_folder: Path) -> None:
    told: list[Progress] = []
    changed = RECIPE.model_copy(update={"quantise": Quantising(calibration_count=200, per_channel=False), "description": "another"})
    again = list(compress(changed, NETWORK, data, run_folder, told=told.append))
    assert not told
    assert [each.stage for each in again] == [each.stage for each in results]
    assert len(again[-1].model.weight_quantisations["conv1"].scales) == 1
    np.testing.assert_array_equal(again[2].model.parameters["fc1"].weight, results[2].model.parameters["fc1"].weight)
