"""The goldens of COUNTING.md, against the closed forms and the execution alike."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.dataflows.counting import count_work
from costmodel.dataflows.executed.execution import LayerTensors, execute_work
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import POINT, AdaptiveAxis, Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.operations import CONV2D, LINEAR, MAX_POOL2D
from costmodel.specs.running.mapping import ChosenDataflow, blocked
from costmodel.specs.work import LoopNest

OS, RS, WS, IS, NLR = Dataflow
VALID, NOMINAL = Taps


def small(stride: int) -> LoopNest:
    axis = Axis(5, 3, stride, 1, 1)
    return LoopNest(CONV2D, 1, 3, 2, axis, axis, True)


def executed(nest: LoopNest, dataflow: Dataflow | ChosenDataflow, taps: Taps) -> AccessCounts:
    generator = np.random.default_rng(7)
    channels = nest.groups * nest.out_channels
    tensors = LayerTensors(
        (generator.integers(-8, 8, (nest.groups * nest.in_channels, nest.h.H, nest.w.H)),),
        generator.integers(-8, 8, (channels, nest.in_channels, nest.h.K, nest.w.K)),
        generator.integers(-8, 8, channels),
    )
    return execute_work(nest, tensors, dataflow, taps).counts


# mac, input_read, weight_read, bias_read, output_read, output_write, psum_read and psum_write, boundary_check
TABLE = [
    (OS, 1, VALID, (1014, 1014, 1014, 75, 0, 75, 0, 864)),
    (OS, 1, NOMINAL, (1350, 1350, 1350, 75, 0, 75, 0, 864)),
    (RS, 1, VALID, (1014, 390, 234, 15, 0, 75, 465, 0)),
    (RS, 1, NOMINAL, (1350, 450, 270, 15, 0, 75, 525, 0)),
    (OS, 2, VALID, (294, 294, 294, 27, 0, 27, 0, 432)),
    (RS, 2, VALID, (294, 210, 126, 9, 0, 27, 153, 0)),
    (WS, 1, VALID, (1014, 1014, 54, 3, 0, 75, 1089, 0)),
    (WS, 1, NOMINAL, (1350, 1350, 54, 3, 0, 75, 1425, 0)),
    (IS, 1, VALID, (1014, 50, 1014, 3, 0, 75, 1089, 0)),
    (IS, 1, NOMINAL, (1350, 98, 1350, 3, 0, 75, 1425, 0)),
    (NLR, 1, VALID, (1014, 1014, 1014, 75, 1014, 1089, 0, 0)),
    (NLR, 1, NOMINAL, (1350, 1350, 1350, 75, 1350, 1425, 0, 0)),
]


@pytest.mark.parametrize("way", ["closed form", "execution"])
@pytest.mark.parametrize(("dataflow", "stride", "taps", "golden"), TABLE)
def test_golden(way: str, dataflow: Dataflow, stride: int, taps: Taps, golden: tuple[int, ...]) -> None:
    nest = small(stride)
    counts = count_work(nest, dataflow, taps) if way == "closed form" else executed(nest, dataflow, taps)
    mac, inputs, weights, bias, output_reads, output_writes, psums, checks = golden
    scratch = {OS: (1, 4), RS: (3, 5 + 3 + 4 * (5 if stride == 1 else 3)), WS: (2, 1 + 4 * 25), IS: (2, 1 + 4 * 75), NLR: (0, 0)}
    expected = AccessCounts(
        mac_count=mac,
        input_read_count=inputs,
        weight_read_count=weights,
        bias_read_count=bias,
        output_read_count=output_reads,
        output_write_count=output_writes,
        psum_read_count=psums,
        psum_write_count=psums,
        boundary_check_count=checks,
        scratch_buffer_count=scratch[dataflow][0],
        scratch_bytes=scratch[dataflow][1],
    )
    if dataflow is RS:
        expected = expected._replace(
            input_row_read_count=mac, weight_row_read_count=mac, input_row_write_count=inputs, weight_row_write_count=weights
        )
    assert counts == expected


def pruned(channels: int, out_channels: int, side: int) -> LoopNest:
    axis = Axis(side, 3, 1, 1, 1)
    return LoopNest(CONV2D, 1, out_channels, channels, axis, axis, True)


CIFAR_AAP_PRUNED_RS = [
    ((3, 25, 32), (225_600, 21_150, 251_200)),
    ((25, 51, 16), (938_400, 175_950, 951_456)),
]


@pytest.mark.parametrize(("layer", "golden"), CIFAR_AAP_PRUNED_RS)
def test_row_stationary_counts_of_the_pruned_network(layer: tuple[int, int, int], golden: tuple[int, int, int]) -> None:
    counts = count_work(pruned(*layer), RS, VALID)
    assert (counts.input_read_count, counts.weight_read_count, counts.psum_read_count) == golden
    assert counts.psum_write_count == counts.psum_read_count


def test_row_stationary_execution_of_the_pruned_network() -> None:
    layer, golden = CIFAR_AAP_PRUNED_RS[0]
    counts = executed(pruned(*layer), RS, VALID)
    assert (counts.input_read_count, counts.weight_read_count, counts.psum_read_count) == golden
    assert counts == count_work(pruned(*layer), RS, VALID)


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", list(Dataflow))
def test_execution_of_the_largest_layer_equals_its_closed_form(dataflow: Dataflow) -> None:
    layer, _ = CIFAR_AAP_PRUNED_RS[1]
    assert executed(pruned(*layer), dataflow, VALID) == count_work(pruned(*layer), dataflow, VALID)


def test_a_7x7_input_has_25_interior_and_24_boundary_pixels() -> None:
    axis = Axis(7, 3, 1, 1, 1)
    nest = LoopNest(CONV2D, 1, 1, 1, axis, axis)
    assert axis.interior**2 == 25
    assert axis.output**2 - axis.interior**2 == 24
    for taps in Taps:
        assert count_work(nest, OS, taps).boundary_check_count == executed(nest, OS, taps).boundary_check_count == 24 * 9


@pytest.mark.parametrize(("extent", "parts"), [(8, 2), (7, 2)])
def test_an_adaptive_plane_has_64_taps(extent: int, parts: int) -> None:
    axis = AdaptiveAxis(extent, parts)
    nest = LoopNest(MAX_POOL2D, 5, 1, 1, axis, axis)
    tensors = LayerTensors((np.ones((5, extent, extent), np.int64),))
    ran = execute_work(nest, tensors, OS)
    assert ran.counts == count_work(nest, OS)
    assert ran.counts.input_read_count == ran.counts.operation_count == 5 * 64
    assert ran.counts.output_write_count == 5 * 4


def depthwise(channels: int, height: int, width: int, stride: int) -> LoopNest:
    return LoopNest(CONV2D, channels, 1, 1, Axis(height, 3, stride, 1, 1), Axis(width, 3, stride, 1, 1), True)


# mac, input_read, weight_read, bias_read, output_write, input_row_read, input_row_write, scratch_bytes
BLOCKED_TABLE = [
    # 3 filters in tiles of 2, 5 columns in tiles of 4: V_h 13, 15 executed columns of taps a row
    (small(1), (4, 2), VALID, (1170, 50, 468, 30, 75, 780, 62, 42)),
    (small(1), (4, 2), NOMINAL, (1350, 70, 540, 30, 75, 900, 82, 42)),
    (small(1), (1, 1), VALID, (1170, 50, 1170, 75, 75, 1170, 62, 42)),
    (small(2), (4, 3), VALID, (378, 50, 126, 9, 27, 126, 62, 42)),
    (depthwise(3, 5, 4, 1), (4, 2), VALID, (468, 60, 117, 15, 60, 468, 66, 18)),
    # 35 pixels of a whole map in tiles of 4, 3 filters in tiles of 2: no line buffer
    (LoopNest(CONV2D, 1, 3, 2, Axis(5, 1), Axis(7, 1), True), (4, 2), VALID, (210, 140, 54, 27, 105, 0, 0, 0)),
    (LoopNest(LINEAR, 1, 6, 10, POINT, POINT, True), (4, 4), VALID, (60, 20, 60, 6, 6, 0, 0, 0)),
    # pairs share words: of 3 filters 2 do, whose tile begins with a word that each of 5 rows reads; 13*2*2*3 = 156 words a filter or pair
    (small(1), (4, 2, 5), VALID, (1170, 50, 317, 30, 75, 780, 62, 42)),
    # 4 and then 2 filters in tiles of 4: 2 + 1 words a tap, and a word each of both tiles
    (LoopNest(LINEAR, 1, 6, 10, POINT, POINT, True), (4, 4, 2), VALID, (60, 20, 32, 6, 6, 0, 0, 0)),
]


@pytest.mark.parametrize("way", ["closed form", "execution"])
@pytest.mark.parametrize(("nest", "tile", "taps", "golden"), BLOCKED_TABLE)
def test_golden_of_a_blocked_layer(way: str, nest: LoopNest, tile: tuple[int, ...], taps: Taps, golden: tuple[int, ...]) -> None:
    if way == "closed form":
        counts = count_work(nest, blocked(*tile), taps)
    elif nest.operation is LINEAR:
        tensors = LayerTensors(
            (np.arange(nest.in_channels),), np.ones((nest.out_channels, nest.in_channels), int), np.arange(nest.out_channels)
        )
        counts = execute_work(nest, tensors, blocked(*tile), taps).counts
    else:
        counts = executed(nest, blocked(*tile), taps)
    mac, inputs, weights, bias, outputs, row_reads, row_writes, scratch = golden
    assert counts == AccessCounts(
        mac_count=mac,
        input_read_count=inputs,
        weight_read_count=weights,
        bias_read_count=bias,
        output_write_count=outputs,
        input_row_read_count=row_reads,
        input_row_write_count=row_writes,
        scratch_buffer_count=1 if scratch else 0,
        scratch_bytes=scratch,
    )


def test_loads_of_a_tile_of_the_pruned_network_come_down_to_one_half_and_one_quarter() -> None:
    counts = count_work(pruned(25, 51, 16), blocked(4, 2), VALID)
    assert (counts.mac_count, counts.input_row_read_count, counts.weight_read_count) == (2_815_200, 1_435_200, 703_800)
    assert counts.scratch_bytes == 1_350
    assert count_work(pruned(3, 25, 32), blocked(4, 2), VALID).scratch_bytes == 306


def test_a_1x1_with_a_stride_is_buffered_like_any_other() -> None:
    counts = count_work(LoopNest(CONV2D, 1, 2, 3, Axis(4, 1, 2), Axis(4, 1, 2)), blocked(2, 2), VALID)
    assert (counts.input_read_count, counts.input_row_write_count, counts.input_row_read_count, counts.scratch_bytes) == (24, 24, 12, 12)
