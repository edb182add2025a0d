"""Every closed form of an axis against counting tap by tap, on scalars and on columns, and at extents no loop could visit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from costmodel.specs.axis import POINT, AdaptiveAxis, Axis

PARTS = ("output", "valid", "nominal", "interior", "touched", "touched_nominal")


def by_brute_force(axis: Axis) -> dict[str, int]:
    outputs = [o for o in range(axis.H + axis.p + axis.q) if o * axis.s + axis.d * (axis.K - 1) < axis.H + axis.p + axis.q]
    taps = [[o * axis.s + k * axis.d - axis.p for k in range(axis.K)] for o in outputs]
    inside = [[0 <= index < axis.H for index in window] for window in taps]
    return {
        "output": len(outputs),
        "valid": sum(map(sum, inside)),
        "nominal": sum(map(len, taps)),
        "interior": sum(map(all, inside)),
        "touched": len({index for window in taps for index in window if 0 <= index < axis.H}),
        "touched_nominal": len({index for window in taps for index in window}),
    }


def axes(extent: int = 14, kernel: int = 7, padding: int = 9) -> st.SearchStrategy[Axis]:
    drawn = st.builds(
        Axis,
        st.integers(1, extent),
        st.integers(1, kernel),
        st.integers(1, 8),
        st.integers(0, padding),
        st.integers(0, padding),
        st.integers(1, 6),
    )
    return drawn.filter(lambda axis: axis.H + axis.p + axis.q > axis.d * (axis.K - 1))


@settings(max_examples=1500, deadline=None)
@given(axes())
@example(Axis(1, 1))
@example(Axis(5, 2, 4))  # stride > kernel
@example(Axis(2, 5, 1, 2, 2))  # kernel > input
@example(Axis(9, 3, 2, 0, 3, 2))  # dilation, asymmetric padding
@example(Axis(3, 2, 1, 9, 9))  # whole windows on padding
@example(Axis(8, 3, 4, 1, 1, 6))  # stride and dilation share a factor
@example(Axis(14, 1, 8, 0, 9))  # the last window begins beyond the input
def test_scalars_equal_brute_force(axis: Axis) -> None:
    assert {part: getattr(axis, part) for part in PARTS} == by_brute_force(axis)


@settings(max_examples=150, deadline=None)
@given(st.lists(axes(), min_size=1, max_size=30))
def test_columns_equal_scalars(rows: list[Axis]) -> None:
    table = Axis(*(np.array(field, dtype=np.int64) for field in zip(*rows, strict=True)))
    for part in PARTS:
        column = np.broadcast_to(getattr(table, part), len(rows))
        assert column.tolist() == [getattr(axis, part) for axis in rows], part


def taps_one_by_one(axis: Axis) -> int:
    """Valid taps, a kernel index at a time: the outputs o with 0 <= o*s + k*d - p < H are consecutive."""
    outputs = (axis.H + axis.p + axis.q - axis.d * (axis.K - 1) - 1) // axis.s + 1
    total = 0
    for k in range(axis.K):
        offset = axis.p - k * axis.d
        first = max(0, -(-offset // axis.s))
        last = min(outputs - 1, (axis.H - 1 + offset) // axis.s)
        total += max(0, last - first + 1)
    return total


@settings(max_examples=200, deadline=None)
@given(
    st.builds(
        Axis,
        st.integers(1, 10**12),
        st.integers(1, 300),
        st.integers(1, 10**6) | st.integers(1, 5),
        st.integers(0, 10**12) | st.integers(0, 50),
        st.integers(0, 10**12) | st.integers(0, 50),
        st.integers(1, 65_535),
    )
)
@example(Axis(10**12, 65_535, 7, 10**9, 10**9 + 1, 65_535))
@example(Axis(2**40, 65_535, 2**40, 2**40, 2**40, 65_535))
def test_huge_extents_are_exact(axis: Axis) -> None:
    assume(axis.H + axis.p + axis.q > axis.d * (axis.K - 1))
    assert axis.valid == taps_one_by_one(axis)
    assert type(axis.valid) is int


@pytest.mark.parametrize("side", [10**12, 2**40, 10**30])
def test_a_trillion_by_hand(side: int) -> None:
    axis = Axis(side, 3, 1, 1, 1)
    assert (axis.output, axis.valid, axis.nominal) == (side, 3 * side - 2, 3 * side)
    assert (axis.interior, axis.touched, axis.touched_nominal) == (side - 2, side, side + 2)


def test_seven_by_three_has_five_interior_outputs() -> None:
    assert Axis(7, 3, 1, 1, 1).interior == 5


@given(st.integers(1, 40), st.integers(1, 40))
def test_adaptive_windows_equal_brute_force(extent: int, parts: int) -> None:
    windows = [range(i * extent // parts, -(-(i + 1) * extent // parts)) for i in range(parts)]
    axis = AdaptiveAxis(extent, parts)
    assert axis.valid == axis.nominal == sum(map(len, windows))
    assert (axis.output, axis.interior) == (parts, parts)
    assert axis.touched == axis.touched_nominal == len({index for window in windows for index in window})


def test_adaptive_columns_equal_scalars() -> None:
    extents, parts = np.arange(1, 21, dtype=np.int64)[:, None], np.arange(1, 21, dtype=np.int64)
    column = AdaptiveAxis(extents, parts).valid
    assert column.tolist() == [[AdaptiveAxis(h, n).valid for n in range(1, 21)] for h in range(1, 21)]


def test_a_fully_connected_layer_is_one_point() -> None:
    assert by_brute_force(POINT) == {part: getattr(POINT, part) for part in PARTS} == dict.fromkeys(PARTS, 1)
