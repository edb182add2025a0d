"""Models that ship: each reads whole, says where it comes from, stays small, and its firmware is its reference to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.deployment.deployed import Variant
from costmodel.sources.catalogue import load_network, names
from costmodel.sources.stored_models.model_folder import read_manifest, read_model
from costmodel.sources.stored_models.packaged_models import packaged_model_folder, packaged_model_names
from costmodel.specs.quantisation import Quantisation
from costmodel.validation.deployables import deployable
from costmodel.validation.image_runs import run_images
from costmodel.validation.validating import Workbench

MOST_BYTES = {"int8": 64_000, "float32": 260_000}
WHOLE = {"trained-baseline-int8": 700_000}
"""The network that nothing was removed from."""
ALL_MODELS_BYTES = 1_300_000


def variant_of(name: str) -> str:
    return "int8" if name.endswith("-int8") else "float32"


def test_there_are_models_and_none_is_named_like_a_network_of_the_zoo() -> None:
    assert "trained-pruned-int8" in packaged_model_names()
    assert not set(packaged_model_names()) & set(names("networks"))


@pytest.mark.parametrize("name", packaged_model_names())
def test_a_model_says_where_it_comes_from(name: str) -> None:
    manifest, model = read_manifest(packaged_model_folder(name)), read_model(packaged_model_folder(name))
    assert manifest.name == model.network.name == name
    assert manifest.origin is not None
    assert manifest.origin.recipe == "best"
    told = next(each for each in manifest.accuracies if each.images == "test" and each.variant == variant_of(name))
    assert told.image_count == 10_000
    assert 0.5 < told.top1_ratio < told.top3_ratio < 1.0
    assert set(model.parameters) == {layer.name for layer in model.network.layers if layer.kind in ("conv2d", "linear")}


@pytest.mark.parametrize("name", packaged_model_names())
def test_a_model_is_small(name: str) -> None:
    assert sum(file.stat().st_size for file in packaged_model_folder(name).iterdir()) <= WHOLE.get(name, MOST_BYTES[variant_of(name)])


def test_all_models_together_are_small() -> None:
    sizes = [file.stat().st_size for name in packaged_model_names() for file in packaged_model_folder(name).iterdir()]
    assert sum(sizes) <= ALL_MODELS_BYTES


@pytest.mark.firmware
@pytest.mark.parametrize("name", [name for name in packaged_model_names() if name.endswith("-int8")])
def test_the_firmware_of_a_model_is_its_reference(name: str, bench: Workbench) -> None:
    held = deployable(name, 1)
    draw = np.random.default_rng(17)
    images = draw.integers(0, 256, (100, 32, 32, 3)).astype(np.uint8)
    run = run_images(held.expected(Variant.INT8, None), images, np.arange(100) % 10, "abcdefghij", bench, input_scale=held.input_scale)
    assert run.compared_count == run.equal_count == 100


def test_the_pruned_model_has_the_parameters_the_deck_prints() -> None:
    network = read_model(packaged_model_folder("trained-pruned-int8")).network
    assert network.parameter_count == load_network("cifar-aap-pruned").parameter_count == 28_576


def test_integers_of_an_int8_model_are_integers() -> None:
    model = read_model(packaged_model_folder("trained-pruned-int8"))
    for name, quantisation in model.weight_quantisations.items():
        assert isinstance(quantisation, Quantisation)
        weight = model.parameters[name].weight
        steps = weight / np.array(quantisation.scales).reshape(-1, *(1,) * (weight.ndim - 1))
        assert np.abs(steps - np.round(steps)).max() < 1e-3
        assert np.abs(np.round(steps)).max() <= 127
