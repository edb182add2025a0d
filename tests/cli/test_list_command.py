"""`list` shows everything that is packaged, with the figures one chooses by."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from costmodel.cli.app import main
from costmodel.deployment.parameters import random_model
from costmodel.sources.catalogue import KINDS, load_network, names
from costmodel.sources.stored_models import packaged_models
from costmodel.sources.stored_models.model_folder import write_model
from costmodel.specs.base import with_changes
from costmodel.specs.trained.model_manifest import Accuracy, Judge


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["terminal", "json", "csv", "markdown"])
def test_each_kind_lists_all_its_names_in_each_format(kind: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind, "--format", form]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in names(kind))
    if form == "json":
        # Runtimes are listed with each device they are known on.
        told = [row["runtime"] if kind == "runtimes" else row["name"] for row in json.loads(shown)]
        assert (list(dict.fromkeys(told)) if kind == "runtimes" else told) == list(names(kind))


def test_without_a_kind_everything_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {kind: list(names(kind)) for kind in KINDS}


def test_networks_show_parameters_and_multiply_accumulates(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "networks", "--format", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["resnet18"]["parameters"] == 11_689_512
    assert rows["resnet18"]["valid_macs"] == 1_680_390_912
    assert rows["resnet18"]["nominal_macs"] == 1_814_073_344


def test_trained_models_are_listed_with_their_accuracy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accuracies = tuple(
        Accuracy(images="test", image_count=10_000, variant=variant, judge=judge, top1_ratio=share)
        for variant, judge, share in (("float32", Judge.PYTORCH, 0.8), ("int8", Judge.FIRMWARE, 0.79))
    )
    own = random_model(with_changes(load_network("cifar-aap-pruned"), {"name": "mine"}), 1)
    write_model(replace(own, accuracies=accuracies), tmp_path / "mine")
    monkeypatch.setattr(packaged_models, "_folder", lambda: tmp_path)
    packaged_models.packaged_model_names.cache_clear()
    try:
        assert main(["list", "models", "--format", "json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        assert (row["name"], row["float32_accuracy_ratio"], row["int8_accuracy_ratio"]) == ("mine", 0.8, 0.79)
        # Its name is taken wherever a network's is.
        assert main(["count", "--network", "mine", "--format", "json"]) == 0
        assert main(["report", "mine", "--format", "json"]) == 0
        capsys.readouterr()
        assert main(["count", "--network", "mien"]) == 2
        assert "did you mean 'mine'" in capsys.readouterr().err
    finally:
        packaged_models.packaged_model_names.cache_clear()


def test_no_packaged_model_is_named_like_a_network() -> None:
    assert not set(packaged_models.packaged_model_names()) & set(names("networks"))


def test_without_a_model_it_is_said_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packaged_models, "_folder", lambda: tmp_path / "none")
    packaged_models.packaged_model_names.cache_clear()
    try:
        assert main(["list", "models", "--format", "json"]) == 0
    finally:
        packaged_models.packaged_model_names.cache_clear()
    told = capsys.readouterr()
    assert json.loads(told.out) == []
    assert "`costmodel compress` makes one" in told.err
