"""Whether a pooling may overwrite its input, against running it in one block of memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from costmodel.memory.lifetimes import runs_in_place
from costmodel.specs.axis import AdaptiveAxis, Axis
from costmodel.specs.operations import MAX_POOL2D
from costmodel.specs.work import LoopNest


def pooling(h: Axis, w: Axis, channels: int = 1) -> LoopNest:
    return LoopNest(MAX_POOL2D, channels, 1, 1, h, w)


def overwrites_what_is_needed(nest: LoopNest, input_bytes: int, output_bytes: int) -> bool:
    """Run the pooling byte by byte in one memory and see whether an input was clobbered before it was read."""
    h, w = nest.h, nest.w
    intact = np.ones(max(nest.groups * h.H * w.H * input_bytes, nest.groups * h.output * w.output * output_bytes), bool)
    if len(intact) > nest.groups * h.H * w.H * input_bytes:
        return True
    place = 0
    for channel in range(nest.groups):
        for oh in range(h.output):
            for ow in range(w.output):
                for kh in range(h.K):
                    for kw in range(w.K):
                        ih, iw = oh * h.s - h.p + kh * h.d, ow * w.s - w.p + kw * w.d
                        if 0 <= ih < h.H and 0 <= iw < w.H:
                            start = ((channel * h.H + ih) * w.H + iw) * input_bytes
                            if not intact[start : start + input_bytes].all():
                                return True
                intact[place : place + output_bytes] = False
                place += output_bytes
    return False


@st.composite
def poolings(draw: st.DrawFn) -> LoopNest:
    def axis() -> Axis:
        kernel = draw(st.integers(1, 3))
        padding = st.integers(0, 1)
        drawn = Axis(draw(st.integers(1, 8)), kernel, draw(st.integers(1, 3)), draw(padding), draw(padding), draw(st.integers(1, 2)))
        assume(drawn.output >= 1)
        return drawn

    return pooling(axis(), axis(), draw(st.integers(1, 2)))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(poolings(), st.sampled_from([(1, 1), (4, 4), (4, 1), (1, 2), (1, 4), (2, 4)]))
def test_a_pooling_that_may_run_in_place_never_overwrites_what_it_needs(nest: LoopNest, sizes: tuple[int, int]) -> None:
    allowed = runs_in_place(nest, *sizes)
    event(f"in place: {allowed}")
    if allowed:
        assert not overwrites_what_is_needed(nest, *sizes)


@pytest.mark.parametrize("sizes", [(1, 1), (4, 4), (4, 1), (1, 2)])
def test_windows_that_do_not_overlap_run_in_place(sizes: tuple[int, int]) -> None:
    assert runs_in_place(pooling(Axis(8, 2, 2), Axis(8, 2, 2), 3), *sizes)


def test_the_pooling_of_resnet_runs_in_place() -> None:
    assert runs_in_place(pooling(Axis(112, 3, 2, 1, 1), Axis(112, 3, 2, 1, 1), 64), 1, 1)
    assert not overwrites_what_is_needed(pooling(Axis(12, 3, 2, 1, 1), Axis(12, 3, 2, 1, 1), 2), 1, 1)


def test_stride_one_with_padding_does_not() -> None:
    nest = pooling(Axis(5, 3, 1, 1, 1), Axis(5, 3, 1, 1, 1))
    assert not runs_in_place(nest, 1, 1)
    assert overwrites_what_is_needed(nest, 1, 1)


def test_adaptive_windows_do_not() -> None:
    assert not runs_in_place(LoopNest(MAX_POOL2D, 1, 1, 1, AdaptiveAxis(8, 2), AdaptiveAxis(8, 2)), 1, 1)


def test_a_column_runs_in_place_only_where_every_row_does() -> None:
    strides = np.array([1, 2], dtype=np.int64)
    assert not runs_in_place(pooling(Axis(8, 3, strides, 1, 1), Axis(8, 3, strides, 1, 1)), 1, 1)
    assert runs_in_place(pooling(Axis(8, 3, strides + 1, 1, 1), Axis(8, 3, strides + 1, 1, 1)), 1, 1)


@pytest.mark.parametrize(
    ("h", "w", "sizes", "allowed"),
    [
        # The second result of a row lands on what it reads, which begins before its place.
        (Axis(1, 1, 1), Axis(5, 3, 1, 1, 1), (1, 1), False),
        # A column of results, wider than what they are made from: no second one in a row.
        (Axis(6, 2, 2), Axis(3, 3, 1), (1, 2), True),
        # The second row begins with the row of inputs that the first one was written over.
        (Axis(5, 3, 1, 1, 1), Axis(2, 2, 2), (1, 1), False),
        # There is no second row.
        (Axis(2, 3, 1, 1), Axis(8, 2, 2), (1, 1), True),
        # A row of results is as long as a row of inputs, and all of them as long as all inputs.
        (Axis(8, 1, 1), Axis(8, 2, 2), (1, 2), True),
        # It is a byte longer, though a row in all fits.
        (Axis(5, 3, 1), Axis(3, 2, 2, 0, 1), (1, 2), False),
        # The only row of results is longer than the inputs.
        (Axis(1, 1, 1), Axis(3, 2, 2, 0, 1), (1, 2), False),
    ],
)
def test_the_tightest_poolings_run_in_place_and_the_next_do_not(h: Axis, w: Axis, sizes: tuple[int, int], allowed: bool) -> None:
    for channels in (1, 2):
        assert runs_in_place(pooling(h, w, channels), *sizes) == allowed
        assert overwrites_what_is_needed(pooling(h, w, channels), *sizes) != allowed
