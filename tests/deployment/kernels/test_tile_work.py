"""What a kernel does, counted by its generator, is what the closed form counts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from costmodel.dataflows.counting import count_work
from costmodel.deployment.deployed import Kernel
from costmodel.deployment.kernels.shapes import AxisShape, KernelShape
from costmodel.deployment.kernels.tile_source import steps_each_tap, taps_of_turn, tile_function, turns_of
from costmodel.deployment.kernels.tile_work import EACH_TILE, SignCounts, TileWork, tile_work
from costmodel.deployment.kernels.tiles import LineType, Tile
from costmodel.sources.kernel_instructions import load_kernel_instructions
from costmodel.specs.axis import Axis
from costmodel.specs.devices.kernel_core import CORES
from costmodel.specs.operations import CONV2D
from costmodel.specs.running.mapping import blocked
from costmodel.specs.work import LoopNest

AXES = st.builds(
    AxisShape, st.integers(4, 9), st.integers(1, 3), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3), st.integers(1, 2)
).map(lambda axis: axis._replace(dilation=1) if axis.kernel == 1 else axis)
TILES = st.builds(
    Tile, st.integers(1, 6), st.integers(1, 6), st.sampled_from(list(LineType)), st.booleans(), st.sampled_from((0, 0, 1, 2, 5))
)
SHAPES = st.builds(
    KernelShape,
    tile=st.builds(
        Tile, st.integers(1, 6), st.integers(1, 6), st.sampled_from(list(LineType)), st.booleans(), st.sampled_from((0, 0, 1, 2, 5))
    ),
    kernel=st.just(Kernel.CONV2D),
    groups=st.integers(1, 3),
    in_channels=st.integers(1, 4),
    out_channels=st.integers(1, 7),
    h=AXES,
    w=AXES,
    relu=st.booleans(),
    bias=st.booleans(),
    input_zero_point=st.just(0),
    output_zero_point=st.just(0),
    low=st.just(-128),
    high=st.just(127),
    rescale_step=st.just(1),
)


def strided_onto_itself() -> KernelShape:
    """A 1x1 whose padding makes up for its stride: as many outputs as inputs, which are not its pixels."""
    axis = AxisShape(4, 1, 2, 0, 3, 1)
    return KernelShape(Tile(1, 1, LineType.INT8, False), Kernel.CONV2D, 1, 1, 1, axis, axis, False, False, 0, 0, -128, 127, 1)


@given(SHAPES)
@example(strided_onto_itself())
def test_work_and_scratch_are_those_of_the_closed_form(shape: KernelShape) -> None:
    def axis(of: AxisShape) -> Axis:
        return Axis(of.extent, of.kernel, of.stride, of.before, of.after, of.dilation)

    nest = LoopNest(CONV2D, shape.groups, shape.out_channels, shape.in_channels, axis(shape.h), axis(shape.w), True)
    counts = count_work(nest, blocked(shape.tile.pixels, shape.tile.filters, shape.tile.swar), input_bytes=shape.tile.line.size_bytes)
    work = tile_work(shape).total
    assert work.mac_count == counts.mac_count
    taps = counts.input_read_count if shape.on_map else counts.input_row_read_count
    assert work.load_count + work.head_count == taps + counts.weight_read_count
    assert work.factor_count * shape.bias == work.bias_count == counts.bias_read_count * shape.bias
    assert work.accumulator_count == counts.output_write_count
    rectified = work.rectified_above_count + work.rectified_rest_count
    assert (rectified, work.signed_below_count + work.signed_rest_count)[not shape.relu] == counts.output_write_count
    assert work.filled_count == (0 if shape.on_map else counts.input_read_count)
    assert shape.scratch_bytes == counts.scratch_bytes


@given(SHAPES)
def test_what_differs_by_tile_adds_up_to_what_all_tiles_do(shape: KernelShape) -> None:
    work = tile_work(shape, SignCounts(3, 1))
    by_unit: Counter[str] = Counter()
    pairs = 0
    for name, count in work.by_tile.items():
        unit, size = name.split(" ")
        pixels, filters = map(int, size.split("x"))
        assert (pixels, filters) <= (shape.tile.pixels, shape.tile.filters)
        by_unit[unit] += count
        pairs += count * pixels * filters if unit in ("tap", "pair_tap") else 0
    assert pairs == work.total.mac_count
    assert by_unit["turn"] + by_unit["pair_turn"] == work.total.turn_count
    assert by_unit["visit"] + by_unit["pair_visit"] == work.total.visit_count
    assert by_unit["row_tile"] + by_unit["map_tile"] + by_unit["pair_tile"] == work.total.tile_count
    assert by_unit["rectified_tile"] + by_unit["signed_tile"] + by_unit["pair_tile"] == work.total.tile_count
    assert by_unit["pair_tile"] == work.total.pair_tile_count
    assert set(by_unit) <= set(EACH_TILE)
    assert (work.total.rectified_above_count, work.total.signed_below_count) == ((3, 0) if shape.relu else (0, 1))


@given(st.integers(1, 4000))
def test_a_loop_over_taps_takes_four_to_sixteen_a_turn(length: int) -> None:
    turns = turns_of(length)
    assert (turns == 0) == (length <= 12)
    if turns:
        assert 4 <= length // turns <= 19
        assert 0 <= length - turns * taps_of_turn(length) < taps_of_turn(length)


@pytest.mark.parametrize("core", CORES)
def test_rates_of_every_core_cost_more_for_more_work(core: str) -> None:
    rates = load_kernel_instructions(core).instructions
    assert {name for name in rates if " " not in name} <= set(TileWork._fields)
    assert {name.split(" ")[0] for name in rates if " " in name} <= set(EACH_TILE)
    assert rates["mac_count"] >= 0.9
    assert rates["load_count"] >= 0.9
    small, large = (sum(rates.get(name, 0) * number for name, number in tile_work(example(core, out)).regressors.items()) for out in (4, 8))
    assert small < large < 2.1 * small


def example(core: str, out_channels: int) -> KernelShape:
    axis = AxisShape(16, 3, 1, 1, 1, 1)
    tile = Tile(4, 2, LineType.UINT8, not CORES[core].signed_bytes)
    return KernelShape(tile, Kernel.CONV2D, 1, 16, out_channels, axis, axis, True, True, 0, 0, 0, 127, 1)


def test_taps_of_a_large_map_move_the_address_on() -> None:
    axis = AxisShape(25, 1, 1, 0, 0, 1)
    shape = KernelShape(Tile(4, 2, LineType.UINT8, True), Kernel.CONV2D, 1, 64, 64, axis, axis, True, True, 0, 0, 0, 127, 1)
    assert steps_each_tap(shape, 16)
    assert not steps_each_tap(shape._replace(h=axis._replace(extent=1), w=axis._replace(extent=3)), 16)
    text = "\n".join(tile_function(shape, "k", 4, 2))
    assert text.count("tap += 625;") == 16
