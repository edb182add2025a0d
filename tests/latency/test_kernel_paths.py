"""Paths through a kernel library, and the regressors of each against the loops they count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.latency.kernel_paths import KernelPath, kernel_regressors, path_of
from costmodel.specs.axis import Axis
from costmodel.specs.operations import AVG_POOL2D, CONV2D, LINEAR, RELU
from costmodel.specs.work import Elementwise, LoopNest, View


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    kernel, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    before, after = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    shortest = max(1, dilation * (kernel - 1) + 1 - before - after)
    return Axis(H=draw(st.integers(shortest, shortest + 8)), K=kernel, s=draw(st.integers(1, 3)), p=before, q=after, d=dilation)


@st.composite
def convolutions(draw: st.DrawFn) -> LoopNest:
    return LoopNest(CONV2D, draw(st.integers(1, 3)), draw(st.integers(1, 9)), draw(st.integers(1, 21)), draw(axes()), draw(axes()), True)


def walked(nest: LoopNest) -> dict[str, int]:
    """The loops of the kernels, one turn at a time."""
    found = dict.fromkeys(("quad_mac", "odd_filter_mac", "remainder_mac", "copied_byte", "copy_run", "filled_run"), 0)
    found |= dict.fromkeys(("output", "pixel", "sixteen_mac", "rest_quad_mac", "weight", "mac"), 0)
    h, w = nest.h, nest.w
    for row in range(h.output):
        for column in range(w.output):
            found["pixel"] += 1
            for _group in range(nest.groups):
                window = 0
                for kernel_row in range(h.K):
                    for kernel_column in range(w.K):
                        at = row * h.s + kernel_row * h.d - h.p, column * w.s + kernel_column * w.d - w.p
                        inside = 0 <= at[0] < h.H and 0 <= at[1] < w.H
                        found["copy_run" if inside else "filled_run"] += 1
                        found["copied_byte"] += nest.in_channels if inside else 0
                        window += nest.in_channels
                for filter_place in range(nest.out_channels):
                    lone = filter_place == nest.out_channels - 1 and nest.out_channels % 2 == 1
                    whole = window - window % 4
                    found["odd_filter_mac"] += window if lone else 0
                    found["quad_mac"] += 0 if lone else whole
                    found["remainder_mac"] += 0 if lone else window - whole
                    found["sixteen_mac"] += window - window % 16
                    found["rest_quad_mac"] += (window % 16) - (window % 16) % 4
                    found["output"] += 1
                    found["mac"] += window
    found["weight"] = nest.groups * nest.out_channels * nest.in_channels * h.K * w.K
    return found | {"layer": 1}


@given(convolutions())
def test_regressors_are_what_the_loops_do(nest: LoopNest) -> None:
    assert kernel_regressors(nest)._asdict() == walked(nest)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 21)), min_size=1, max_size=6), axes(), axes())
def test_columns_of_channels_give_what_each_gives(channels: list[tuple[int, int]], h: Axis, w: Axis) -> None:
    filters, inputs = (np.array(column) for column in zip(*channels, strict=True))
    together = kernel_regressors(LoopNest(CONV2D, 1, filters, inputs, h, w))
    for place, (filter_count, input_count) in enumerate(channels):
        alone = kernel_regressors(LoopNest(CONV2D, 1, filter_count, input_count, h, w))
        for name, column in together._asdict().items():
            assert np.broadcast_to(column, len(channels))[place] == getattr(alone, name), name


ONE = Axis(H=9, K=1, s=1, p=0, q=0, d=1)
THREE = Axis(H=9, K=3, s=1, p=1, q=1, d=1)


@pytest.mark.parametrize(
    ("nest", "path"),
    [
        (LoopNest(CONV2D, 1, 4, 4, ONE, ONE), KernelPath.POINTWISE),
        (LoopNest(CONV2D, 1, 4, 4, ONE._replace(s=2), ONE), KernelPath.ONE_ROW),
        (LoopNest(CONV2D, 1, 4, 4, ONE, THREE), KernelPath.ONE_ROW),
        (LoopNest(CONV2D, 1, 4, 4, THREE, ONE), KernelPath.GENERAL),
        (LoopNest(CONV2D, 4, 1, 1, THREE, THREE), KernelPath.DEPTHWISE),
        (LoopNest(CONV2D, 1, 4, 1, THREE, THREE), KernelPath.GENERAL),
        (LoopNest(LINEAR, 1, 4, 9, ONE, ONE), KernelPath.LINEAR),
        (LoopNest(AVG_POOL2D, 4, 1, 1, THREE, THREE), KernelPath.POOLING),
        (Elementwise(RELU, 1, 9), KernelPath.ELEMENTWISE),
        (View(RELU), None),
    ],
)
def test_a_layer_takes_its_path(nest: LoopNest | Elementwise | View, path: KernelPath | None) -> None:
    assert path_of(nest) is path
