"""The goldens of COUNTING.md, against the closed forms and the execution alike."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.dataflows.counting import count_work
from costmodel.dataflows.executed.execution import LayerTensors, execute_work
from costmodel.results.counts import AccessCounts
from costmodel.specs.axis import AdaptiveAxis, Axis
from costmodel.specs.counting import Dataflow, Taps
from costmodel.specs.operations import CONV2D, MAX_POOL2D
from costmodel.specs.work import LoopNest

OS, RS, WS, IS, NLR = Dataflow
VALID, NOMINAL = Taps


def small(stride: int) -> LoopNest:
    axis = Axis(5, 3, stride, 1, 1)
    return LoopNest(CONV2D, 1, 3, 2, axis, axis, True)


def executed(nest: LoopNest, dataflow: Dataflow, taps: Taps) -> AccessCounts:
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
