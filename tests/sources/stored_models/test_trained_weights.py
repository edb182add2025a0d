"""Whose trained weights belong to a network, and how far their accuracy may be trusted for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from costmodel.errors import InputError
from costmodel.evaluation.accuracies import known_accuracy
from costmodel.results.trust import Trust
from costmodel.sources.catalogue import load_network
from costmodel.sources.model_loading import load_model
from costmodel.sources.stored_models.model_folder import read_manifest, write_model
from costmodel.sources.stored_models.packaged_models import packaged_model_folder, packaged_model_names, trained_from
from costmodel.sources.stored_models.trained_weights import trained_weights_of
from costmodel.specs.base import with_changes
from costmodel.specs.layers import DataType


@pytest.mark.parametrize("name", packaged_model_names())
def test_a_packaged_model_is_its_own(name: str) -> None:
    found = trained_weights_of(None, load_network(name))
    assert found is not None
    assert (found.manifest.name, found.own) == (name, True)
    accuracy = known_accuracy(found.manifest, load_network(name), own=True)
    assert accuracy is not None
    assert accuracy.trust is Trust.MEASURED
    assert accuracy.right_count == round(accuracy.top1_ratio * accuracy.image_count)


def test_a_network_of_the_zoo_has_the_weights_of_its_types() -> None:
    network = load_network("cifar-aap-pruned")
    found = trained_weights_of("esp32-deck", network)
    assert found is not None
    assert (found.manifest.name, found.own) == ("trained-pruned-int8", False)
    # The deck's activations are floats: nobody counted these weights so.
    accuracy = known_accuracy(found.manifest, network, own=False)
    assert accuracy is not None
    assert accuracy.trust is Trust.ASSUMED
    int8 = with_changes(network, {"types": with_changes(network.types, {"activation": DataType.INT8})})
    as_int8 = known_accuracy(found.manifest, int8, own=False)
    assert as_int8 is not None
    assert as_int8.trust is Trust.MEASURED


def test_another_network_of_the_name_has_none() -> None:
    network = load_network("cifar-aap-pruned")
    wider = with_changes(network, {"input": (3, 34, 34)})
    assert trained_weights_of(None, wider) is None
    assert trained_weights_of(None, with_changes(wider, {"name": "trained-pruned-int8"})) is None
    assert trained_weights_of(None, load_network("resnet8")) is None


def test_a_model_folder_is_its_own(tmp_path: Path) -> None:
    model = load_model("trained-pruned-int8")
    folder = tmp_path / "mine"
    write_model(replace(model, network=with_changes(model.network, {"name": "mine"})), folder)
    found = trained_weights_of(str(folder), load_network(str(folder)))
    assert found is not None
    assert (found.manifest.name, found.own) == ("mine", True)
    # A scenario's file names it from where it lies.
    scenario = tmp_path / "mine.scenario.yaml"
    scenario.write_text("name: asked\nnetwork: mine\ndevice: esp32-wroom\n", encoding="utf-8")
    assert trained_weights_of(str(scenario), load_network(str(folder))) == found
    write_model(replace(model, network=with_changes(model.network, {"name": "mine"}), accuracies=()), folder)
    uncounted = trained_weights_of(str(folder), load_network(str(folder)))
    assert uncounted is not None
    assert known_accuracy(uncounted.manifest, load_network(str(folder)), own=True) is None


def test_other_weights_have_no_accuracy(tmp_path: Path) -> None:
    model = load_model("trained-pruned-int8")
    folder = tmp_path / "mine"
    write_model(replace(model, network=with_changes(model.network, {"name": "mine"})), folder)
    with (folder / "weights.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match=r"is not what manifest\.json says"):
        trained_weights_of(str(folder), load_network(str(folder)))


@pytest.mark.parametrize("name", packaged_model_names())
def test_a_packaged_model_is_the_network_that_it_says_it_was_trained_from(name: str) -> None:
    manifest, network = read_manifest(packaged_model_folder(name)), load_network(name)
    assert manifest.origin is not None
    zoo = manifest.origin.settings["network"]
    assert name in trained_from(zoo)
    shapes = [(step.kind, step.lowered.output) for step in network.steps]
    assert shapes == [(step.kind, step.lowered.output) for step in load_network(zoo).steps]
    # It costs what its numbers take: int8 throughout, or floats.
    whole = DataType.INT8 if manifest.weight_quantisations else DataType.FLOAT32
    assert (network.types.activation, network.types.weight) == (whole, whole)
