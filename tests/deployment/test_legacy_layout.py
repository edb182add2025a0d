"""The deck's raw layout and the header it replaced, with the deck's two ratios."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.deployment import legacy_layout as legacy
from costmodel.deployment.deploy import deploy
from costmodel.deployment.deployed import Variant
from costmodel.deployment.parameters import random_input, random_model
from costmodel.errors import SpecError
from costmodel.sources.catalogue import load_network
from costmodel.validation.firmware_plan import firmware_plan


def arrays(variant: Variant = Variant.FLOAT32) -> tuple[legacy.RawArray, ...]:
    network = load_network("cifar-aap-pruned")
    return legacy.raw_arrays(deploy(random_model(network, 7), variant, random_input(network, 7), firmware_plan(network, variant)))


def test_the_raw_layout_is_the_decks_28576_bytes_biases_before_weights() -> None:
    found = arrays()
    assert [array.name for array in found][:4] == ["conv1bias", "conv1weight", "conv2bias", "conv2weight"]
    assert [array.values.size for array in found] == [25, 675, 51, 11_475, 76, 15_504, 10, 760]
    assert len(legacy.as_raw_bytes(found)) == 28_576


def test_the_raw_layout_is_split_by_its_sizes() -> None:
    found = arrays()
    split = legacy.read_raw_bytes(legacy.as_raw_bytes(found), {array.name: array.values.size for array in found})
    for array in found:
        assert np.array_equal(split[array.name], array.values)
    with pytest.raises(SpecError, match="28576 bytes, its arrays add up to 3"):
        legacy.read_raw_bytes(legacy.as_raw_bytes(found), {"conv1bias": 3})


def test_header_text_is_the_decks() -> None:
    text = legacy.as_header_text((legacy.RawArray("conv1bias", np.array([8, 6, -9, -5], np.int8)),))
    assert text == "int conv1bias_size=4;\nint8_t conv1bias[]={8,6,-9,-5};\n"


def test_weights_save_about_what_the_deck_prints() -> None:
    # 96/28 = 3.43 for trained weights; normally distributed ones have a few more short numbers.
    compared = legacy.compared_sizes(arrays())
    assert compared.raw_bytes == 28_576
    assert compared.saving_ratio == pytest.approx(legacy.PUBLISHED_WEIGHTS_RATIO, rel=0.06)


def test_an_image_saves_what_the_deck_prints() -> None:
    # Evenly spread int8 values take 3.64 characters each, separators included: the deck's 11,204 bytes follow from 3,072 of them.
    pixels = np.random.default_rng(7).integers(-128, 128, 3_072).astype(np.int8)
    compared = legacy.compared_sizes((legacy.image_array(pixels),))
    assert compared.raw_bytes == 3_072
    assert compared.saving_ratio == pytest.approx(legacy.PUBLISHED_IMAGE_RATIO, rel=0.01)


def test_four_byte_biases_have_no_raw_layout() -> None:
    with pytest.raises(SpecError, match="float32 variant"):
        arrays(Variant.INT8)
