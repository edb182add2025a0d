"""The model file: written, read back equal, and never believed where it is damaged."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.deployment.deploy import deploy
from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.deployment.model_file import HEADER, LAYER, TENSOR, model_hash, with_checksum, write_model_file
from costmodel.deployment.model_reading import read_model_file
from costmodel.deployment.parameters import random_input, random_model
from costmodel.errors import FormatError, InputError, LimitError
from costmodel.sources.catalogue import load_network, names
from costmodel.specs.network import Network
from costmodel.validation.firmware_plan import firmware_plan
from costmodel.validation.random_layers import random_networks


def deployed(network: Network, variant: Variant, seed: int = 1) -> DeployedNetwork:
    return deploy(random_model(network, seed), variant, random_input(network, seed), firmware_plan(network, variant))


def example(seed: int = 0, variant: Variant = Variant.INT8) -> bytes:
    return write_model_file(deployed(next(iter(random_networks(1, seed))), variant))


def test_records_have_the_sizes_the_documentation_states() -> None:
    assert (HEADER.size, TENSOR.size, LAYER.size) == (64, 32, 112)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), variant=st.sampled_from(list(Variant)))
def test_a_file_read_back_writes_the_same_bytes(seed: int, variant: Variant) -> None:
    network = deployed(next(iter(random_networks(1, seed))), variant, seed)
    data = write_model_file(network)
    again = read_model_file(data)
    assert write_model_file(again) == data
    assert (again.name, again.variant, again.tensors) == (network.name, network.variant, network.tensors)
    for mine, other in zip(network.layers, again.layers, strict=True):
        assert (mine.name, mine.kernel, mine.inputs, mine.output, mine.height) == (
            other.name,
            other.kernel,
            other.inputs,
            other.output,
            other.height,
        )
        assert (mine.weight_quantisation, mine.bias_quantisation, mine.rescales) == (
            other.weight_quantisation,
            other.bias_quantisation,
            other.rescales,
        )
        for a, b in ((mine.weights, other.weights), (mine.bias, other.bias)):
            assert (a is None) == (b is None)
            if a is not None and b is not None:
                assert a.shape == b.shape
                assert a.dtype == b.dtype
                assert np.array_equal(a, b)


@pytest.mark.parametrize("name", [name for name in names("networks") if name not in ("resnet18", "resnet20")])
@pytest.mark.parametrize("variant", list(Variant))
def test_every_network_of_the_zoo_can_be_deployed(name: str, variant: Variant) -> None:
    network = load_network(name)
    data = write_model_file(deployed(network, variant))
    assert len(read_model_file(data).layers) == len(network.steps)


def test_the_pruned_network_has_the_decks_bytes_of_parameters() -> None:
    network = deployed(load_network("cifar-aap-pruned"), Variant.FLOAT32)
    assert network.parameter_bytes == 28_576


def test_a_file_may_be_followed_by_another() -> None:
    first, second = example(1), example(2)
    assert write_model_file(read_model_file(first + second)) == first
    assert len(first) % 8 == 0


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_is_a_format_error(data: st.DataObject) -> None:
    whole = example(data.draw(st.integers(0, 5)), data.draw(st.sampled_from(list(Variant))))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FormatError):
        read_model_file(whole[:cut])
    damaged = bytearray(whole)
    damaged[cut] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FormatError):
        read_model_file(bytes(damaged))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_hostile_fields_with_a_right_checksum_are_input_errors_at_worst(data: st.DataObject) -> None:
    whole = bytearray(example(data.draw(st.integers(0, 5))))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(16, min(len(whole) - 4, HEADER.size + 3 * TENSOR.size + 3 * LAYER.size)))
        struct.pack_into("<I", whole, place, data.draw(st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2**31, 2**32 - 1]))))
    with contextlib.suppress(InputError):
        read_model_file(with_checksum(bytes(whole)))


def test_messages_say_what_was_found_and_expected() -> None:
    whole = example()
    for data, words in (
        (b"", "0 bytes"),
        (b"RIFF" + whole[4:], "b'RIFF'"),
        (whole[:4] + b"\x01" + whole[5:], "format version 1, expected 2; pack the network again"),
        (whole[:-8], "are there"),
        (whole[:-1] + bytes([whole[-1] ^ 255]), f"the file states {model_hash(whole)}"),
    ):
        with pytest.raises(FormatError, match=words):
            read_model_file(data)


def test_a_name_too_long_for_the_firmware_is_refused() -> None:
    network = Network.model_validate({"name": "n" * 200, "input": 4, "layers": [{"kind": "relu", "name": "r"}]})
    longer = deployed(network, Variant.INT8)
    write_model_file(longer)
    with pytest.raises(LimitError, match="207 bytes"):
        write_model_file(replace(longer, name="n" * 208))
