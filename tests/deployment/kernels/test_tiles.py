"""Tiles: the order of weights goes there and back, and what a core or a layer cannot take is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.compression.quantise import Rescale
from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.deployment.kernels.mapped import with_mapping
from costmodel.deployment.kernels.shapes import line_type, reason_against
from costmodel.deployment.kernels.tiles import MOST, LineType, Tile, parts_of, tile_of_order, tiled_weights, untiled_weights
from costmodel.deployment.model_file import write_model_file
from costmodel.deployment.model_reading import read_model_file
from costmodel.errors import FormatError, LimitError, SpecError
from costmodel.sources.catalogue import load_network
from costmodel.specs.devices.kernel_core import CORES, tile_register_count
from costmodel.specs.running.mapping import mapping_of
from costmodel.validation.validating import expect_network

PLAIN = st.builds(Tile, st.integers(1, MOST), st.integers(1, MOST), st.sampled_from(list(LineType)), st.booleans(), st.just(0))
PAIRS = st.builds(
    Tile,
    st.integers(1, MOST),
    st.integers(1, MOST // 2).map(lambda pairs: 2 * pairs),
    st.just(LineType.UINT8),
    st.booleans(),
    st.integers(1, MOST),
)
TILES = PLAIN | PAIRS


@pytest.fixture(scope="module")
def pruned() -> DeployedNetwork:
    return expect_network(load_network("cifar-aap-pruned"), Variant.INT8, seed=1).deployed


@given(TILES)
def test_a_weight_order_names_its_tile(tile: Tile) -> None:
    assert 0 < tile.weight_order < 2 ** (22 if tile.swar else 16)
    assert tile_of_order(tile.weight_order) == tile


IN_PAIRS = 1 | 2 << 6 | 1 << 12 | 5 << 16


@pytest.mark.parametrize(
    "order",
    [
        0,
        5,
        64,
        1 | 1 << 6 | 3 << 12,
        1 | 1 << 6 | 1 << 14,
        IN_PAIRS | 1 << 6,
        IN_PAIRS | 1 << 13,
        IN_PAIRS & ~(1 << 12),
        IN_PAIRS | 64 << 16,
    ],
)
def test_an_order_that_names_no_tile_is_refused(order: int) -> None:
    with pytest.raises(FormatError, match=f"weight order {order} names no tile"):
        tile_of_order(order)


@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), TILES)
def test_weights_go_into_a_tiles_order_and_back(groups: int, out: int, channels: int, rows: int, columns: int, tile: Tile) -> None:
    shape = (groups * out, channels, rows, columns)
    weights = np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)
    tiles = groups * sum(tile.in_pairs(length) for _, length in parts_of(out, tile.filters))
    held = tuple(place % 3 > 0 for place in range(tiles))
    ordered = tiled_weights(weights, groups, tile, held)
    assert ordered.nbytes == tile.stored_bytes(groups, out, channels * rows * columns)
    again, told = untiled_weights(ordered, shape, groups, tile)
    np.testing.assert_array_equal(again, weights)
    assert told == held
    if tile.swar:
        return
    # The first filters of the first tile lie side by side.
    side_by_side = min(out, tile.filters)
    np.testing.assert_array_equal(ordered[:side_by_side], weights[:side_by_side, 0, 0, 0])


@pytest.mark.parametrize("core", CORES)
def test_a_mapped_network_is_read_back_from_its_model_file(pruned: DeployedNetwork, core: str) -> None:
    mapped = with_mapping(pruned, mapping_of("blocked-output-stationary(pixels=4, filters=2)"), CORES[core])
    written = write_model_file(mapped)
    again = read_model_file(written)
    assert write_model_file(again) == written
    assert [layer.tile for layer in again.layers] == [layer.tile for layer in mapped.layers]
    for layer, plain in zip(again.layers, pruned.layers, strict=True):
        if plain.weights is not None:
            np.testing.assert_array_equal(layer.weights, plain.weights)


def test_inputs_after_a_rectifier_are_unsigned_where_signed_bytes_cost_more(pruned: DeployedNetwork) -> None:
    by_name = {layer.name: layer for layer in pruned.layers}
    assert line_type(pruned, by_name["conv1"], signed_bytes=False) is LineType.INT16
    assert line_type(pruned, by_name["conv2"], signed_bytes=False) is LineType.UINT8
    assert line_type(pruned, by_name["conv1"], signed_bytes=True) is LineType.INT8


def test_a_tile_that_does_not_fit_the_registers_says_what_would_spill(pruned: DeployedNetwork) -> None:
    assert tile_register_count(4, 2) == 14
    words = r"conv1: a tile of 4 pixels x 4 filters takes 24 registers of the 14 that arm has: 10 of its values would spill"
    with pytest.raises(LimitError, match=words):
        with_mapping(pruned, mapping_of("blocked-output-stationary(pixels=4, filters=4)"), CORES["arm"])
    with_mapping(pruned, mapping_of("blocked-output-stationary(pixels=4, filters=4)"), CORES["riscv"])


def test_a_layer_that_no_kernel_can_be_made_for_is_named_with_the_reason(pruned: DeployedNetwork) -> None:
    layers = tuple(replace(layer, rescales=(Rescale(2**30, 1),)) if layer.name == "conv2" else layer for layer in pruned.layers)
    grown = replace(pruned, layers=layers)
    with pytest.raises(
        SpecError, match=r"conv2: blocked.* cannot serve it: a factor of its results is 1 or more.*map it output-stationary"
    ):
        with_mapping(grown, mapping_of("blocked-output-stationary(pixels=4, filters=2)"), CORES["riscv"])
    with pytest.raises(SpecError, match="conv1: the firmware chooses between layers blocked and output stationary, found row-stationary"):
        with_mapping(pruned, mapping_of("row-stationary"), CORES["riscv"])
    pool = next(layer for layer in pruned.layers if layer.name == "pool1")
    assert reason_against(pruned, pool) == "it is neither a convolution nor linear"
