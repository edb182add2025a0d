"""Results that are written over what they are made from: the check of plans, and the lead that plans keep, against memory byte by byte."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from costmodel.memory.overlapping import lead_bytes
from costmodel.memory.strategy_check import _pooled_behind, _written_behind
from costmodel.specs.network import Network

BYTES = {"int8": 1, "int16": 2, "float32": 4}
types = st.sampled_from(sorted(BYTES))


def network(shape: tuple[int, int, int], source: str, target: str, **layer: Any) -> Network:
    return Network.model_validate(
        {"name": "n", "input": shape, "types": {"input": source}, "layers": [{"name": "l", "output_type": target, **layer}]}
    )


def lost(reads: Sequence[set[int]], lead: int, input_bytes: int, output_bytes: int, whole_bytes: int) -> bool:
    """Whether a result, written from 0 on, lies over an element at `lead` or later that is still read, or ends behind them all."""
    written = 0
    for elements in reads:
        if any(lead + element * input_bytes < written for element in elements):
            return True
        written += output_bytes
    return written > lead + whole_bytes


def least_lead(reads: Sequence[set[int]], input_bytes: int, output_bytes: int, whole_bytes: int) -> int:
    leads = range(len(reads) * output_bytes + 1)
    return bisect_left(leads, True, key=lambda lead: not lost(reads, lead, input_bytes, output_bytes, whole_bytes))


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(0, 1), st.integers(0, 1)),
    st.booleans(),
    types,
    types,
)
def test_a_pooling_may_write_behind_what_it_still_reads_and_no_nearer(
    shape: tuple[int, int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    adaptive: bool,
    source: str,
    target: str,
) -> None:
    assume(adaptive or all(extent + 2 * pad >= own > pad for extent, own, pad in zip(shape[1:], kernel, padding, strict=True)))
    layer = {"kind": "adaptive_avg_pool2d", "output_size": kernel}
    if not adaptive:
        layer = {"kind": "max_pool2d", "kernel": kernel, "stride": stride, "padding": padding}
    net = network(shape, source, target, **layer)
    channels, rows, columns = shape
    _, made_rows, made_columns = net.steps[0].lowered.output

    def window(axis: int, at: int) -> list[int]:
        if adaptive:
            return list(range(at * shape[axis + 1] // kernel[axis], -(-(at + 1) * shape[axis + 1] // kernel[axis])))
        first = at * stride[axis] - padding[axis]
        return [place for place in range(first, first + kernel[axis]) if 0 <= place < shape[axis + 1]]

    reads = [
        {(channel * rows + row) * columns + column for row in window(0, at_row) for column in window(1, at_column)}
        for channel in range(channels)
        for at_row in range(made_rows)
        for at_column in range(made_columns)
    ]
    sizes, whole = net.tensor_bytes[0], channels * rows * columns * BYTES[source]
    lead = least_lead(reads, BYTES[source], BYTES[target], whole)
    assert _pooled_behind(net.steps[0], sizes, lead, 0)
    assert _pooled_behind(net.steps[0], sizes, 100 + lead, 100)
    assert not lead or not _pooled_behind(net.steps[0], sizes, lead - 1, 0)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), types, types)
def test_a_convolution_may_write_a_channel_before_the_group_that_it_is_made_from(
    groups: int, read: int, made: int, stride: int, source: str, target: str
) -> None:
    """Each of its elements reads all channels of the group; the lead that plans keep is the least there is."""
    shape = (groups * read, 3, 2)
    net = network(shape, source, target, kind="conv2d", out_channels=groups * made, groups=groups, kernel=1, stride=stride)
    step, sizes = net.steps[0], net.tensor_bytes[0]
    _, made_rows, made_columns = step.lowered.output
    plane = made_rows * made_columns
    whole = groups * made * plane * BYTES[target]
    ends = [(channel + 1) * plane * BYTES[target] for channel in range(groups * made)]
    begins = [channel // made * read * 6 * BYTES[source] for channel in range(groups * made)]
    lead = max(end - begin for end, begin in zip(ends, begins, strict=True))
    assert _written_behind(net, 0, lead, 0)
    assert _written_behind(net, 0, 100 + lead, 100)
    assert not _written_behind(net, 0, lead - 1, 0)
    assert lead_bytes(step, sizes) == (lead if lead < whole else None)


@pytest.mark.parametrize(("groups", "made", "planes"), [(1, 4, None), (4, 4, 1), (4, 8, 5), (2, 4, 2), (2, 2, 1)])
def test_the_lead_of_a_convolution_of_four_channels(groups: int, made: int, planes: int | None) -> None:
    """Of two results a channel, eight planes are written while the first three that were read make room."""
    net = network((4, 3, 2), "int8", "int8", kind="conv2d", out_channels=made, groups=groups, kernel=1)
    assert lead_bytes(net.steps[0], net.tensor_bytes[0]) == (None if planes is None else 6 * planes)
