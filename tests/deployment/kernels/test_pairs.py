"""Pairs of filters whose sums share a register: held exactly where no input can carry one out of its half, refused by name elsewhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.dataflows.closed_forms.blocked_output_stationary import stored_words
from costmodel.deployment.deployed import DeployedNetwork, Variant
from costmodel.deployment.kernels.mapped import with_mapping
from costmodel.deployment.kernels.pairs import held_tiles, pair_split
from costmodel.deployment.kernels.tiles import LineType, Tile
from costmodel.errors import LimitError, SpecError
from costmodel.specs.axis import Axis
from costmodel.specs.devices.kernel_core import CORES
from costmodel.specs.network import Network
from costmodel.specs.operations import CONV2D
from costmodel.specs.running.mapping import WORD_BYTES, mapping_of
from costmodel.specs.work import LoopNest
from costmodel.validation.validating import expect_network


def network(out_channels: int = 4, groups: int = 1, dilation: int = 1, rectified: bool = True) -> DeployedNetwork:
    layers = [
        {"kind": "conv2d", "name": "before", "out_channels": 2 * groups, "kernel": 1},
        *([{"kind": "relu", "name": "relu"}] if rectified else []),
        {"kind": "conv2d", "name": "c", "out_channels": out_channels, "kernel": (2, 3), "groups": groups, "dilation": dilation},
    ]
    made = Network.model_validate({"name": "n", "input": "1x6x9", "types": {"input": "int8"}, "layers": layers})
    return expect_network(made, Variant.INT8, 1).deployed


def mapped(deployed: DeployedNetwork, tile: str, core: str = "arm") -> DeployedNetwork:
    return with_mapping(deployed, mapping_of(f"output-stationary[c=blocked-output-stationary({tile})]"), CORES[core])


@given(st.integers(1, 400), st.integers(1, 63))
def test_groups_of_taps_make_up_a_run(length: int, group: int) -> None:
    split = pair_split(length, group)
    assert split.group * (split.turn_groups * split.turns + split.left_groups) + split.rest == length
    assert split.rest < group
    assert (split.groups - 1) * group < length <= split.groups * group
    assert split.turn_taps <= max(16, 2 * group)


@pytest.mark.parametrize("dilation", [1, 2])
@given(data=st.data())
def test_pairs_are_held_where_no_input_carries_a_sum_out_of_its_half(dilation: int, data: st.DataObject) -> None:
    deployed = network(dilation=dilation)
    layer = next(one for one in deployed.layers if one.name == "c")
    weights = np.array(data.draw(st.lists(st.integers(-128, 127), min_size=48, max_size=48)), np.int8).reshape(4, 2, 2, 3)
    swar = data.draw(st.integers(1, 7))
    tile = Tile(2, 2, LineType.UINT8, False, swar)
    expected = []
    for first in (0, 2):
        sums = []
        for filter_, row in product((first, first + 1), range(2)):
            runs = [weights[filter_, :, row, column] for column in range(3)] if dilation > 1 else [weights[filter_, :, row].T.ravel()]
            for run in runs:
                for begin in range(0, len(run), swar):
                    part = [int(weight) for weight in run[begin : begin + swar]]
                    sums += [127 * sum(weight for weight in part if weight > 0), 127 * sum(weight for weight in part if weight < 0)]
        expected.append(min(sums) >= -(2**15) and max(sums) < 2**15)
    assert held_tiles(deployed, replace(layer, weights=weights), tile) == tuple(expected)


@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_words_in_the_file_are_those_of_the_closed_form(groups: int, out: int, channels: int, rows: int, columns: int, pairs: int) -> None:
    nest = LoopNest(CONV2D, groups, out, channels, Axis(9, rows), Axis(9, columns))
    tile = Tile(1, 2 * pairs, LineType.UINT8, False, 3)
    assert tile.stored_bytes(groups, out, channels * rows * columns) == WORD_BYTES * stored_words(nest, tile.filters, tile.swar)


@pytest.mark.parametrize(
    ("deployed", "tile", "words"),
    [
        (network(), "pixels=2, filters=3, swar=4", "a tile of 3 filters has no pairs; take an even number, or leave swar out"),
        (network(out_channels=2, groups=2), "pixels=2, filters=2, swar=4", "a group has 1 filter, fewer than a tile"),
        (network(rectified=False), "pixels=2, filters=2, swar=4", "its inputs may lie below their zero point"),
        (network(), "pixels=2, filters=2, swar=6", "of no pair do halves of a register hold the sums of 6 taps.*take fewer taps"),
    ],
)
def test_a_layer_whose_filters_cannot_go_in_pairs_is_named_with_the_reason(deployed: DeployedNetwork, tile: str, words: str) -> None:
    full = tuple(replace(one, weights=np.full_like(one.weights, 127)) if one.name == "c" else one for one in deployed.layers)
    with pytest.raises(SpecError, match=rf"^c: blocked-output-stationary\({tile}\) cannot serve it: {words}"):
        mapped(replace(deployed, layers=full), tile)


def test_a_tile_of_pairs_takes_the_registers_that_a_tap_needs() -> None:
    mapped(network(out_channels=8), "pixels=4, filters=2, swar=2")
    with pytest.raises(LimitError, match="a tile of 8 pixels x 4 filters takes 22 registers of the 14"):
        mapped(network(out_channels=8), "pixels=8, filters=4, swar=2")
