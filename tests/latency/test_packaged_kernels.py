"""What the packaged kernels go through, in closed form, is what a walk over their outputs and taps goes through."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.latency.packaged_kernels import FUNCTIONS, UNITS, Arithmetic, packaged_work
from costmodel.sources.kernel_instructions import load_packaged_instructions
from costmodel.specs.axis import Axis
from costmodel.specs.devices.kernel_core import CORES
from costmodel.specs.operations import AVG_POOL2D, CONV2D, LINEAR, RELU
from costmodel.specs.work import Elementwise, LoopNest

POINT = Axis(1, 1)
AXES = st.builds(
    Axis,
    st.integers(3, 9),
    st.sampled_from((1, 2, 3, 3, 4)),
    st.integers(1, 3),
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from((1, 1, 2)),
).filter(lambda axis: axis.H + axis.p + axis.q > (axis.K - 1) * axis.d)


def positions(axis: Axis, output: int) -> list[int]:
    return [output * axis.s - axis.p + tap * axis.d for tap in range(axis.K)]


def walked(nest: LoopNest) -> Counter[str]:
    """The loops of firmware/core/conv.inc, one output after another."""
    h, w = nest.h, nest.w
    assert isinstance(h, Axis)
    assert isinstance(w, Axis)
    square = "square_" if h.K == w.K == 3 and h.d == w.d == 1 else ""
    found: Counter[str] = Counter()
    for _ in range(nest.groups * nest.out_channels):
        found["convolution filter"] += 1
        for row in range(h.output):
            found["convolution output_row"] += 1
            rows_inside = [0 <= at < h.H for at in positions(h, row)]
            before = ""
            for column in range(w.output):
                columns_inside = [0 <= at < w.H for at in positions(w, column)]
                inside = all(rows_inside) and all(columns_inside)
                name = f"{square}inside" if inside else f"{square}rim"
                # At the left and at the right rim a stretch begins anew.
                side = name if inside or not all(rows_inside) else f"{name} {positions(w, column)[0] < 0}"
                found[f"{name} stretch"] += side != before
                before = side
                found[f"{name} pixel"] += 1
                found[f"{name} biased"] += bool(nest.bias)
                for _ in range(nest.in_channels):
                    found[f"{name} plane"] += 1
                    for row_inside in rows_inside:
                        if inside and square:
                            continue
                        found[f"{name} row"] += 1
                        found[f"{name} row_outside"] += not row_inside
                        for column_inside in columns_inside:
                            found[f"{name} tap"] += row_inside and column_inside
                            found[f"{name} outside"] += not (row_inside and column_inside)
                            found[f"{name} outside_row"] += not row_inside and not square
    return found


@given(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), AXES, AXES, st.booleans())
def test_counts_are_those_of_a_walk(groups: int, out: int, channels: int, h: Axis, w: Axis, bias: bool) -> None:
    nest = LoopNest(CONV2D, groups, out, channels, h, w, bias)
    found = packaged_work(nest, relu=True, arithmetic=Arithmetic.INT8, signs=(3, 1))
    assert found is not None
    # A window that reaches over both rims is at one of them: which stretch it belongs to is the firmware's to say.
    walk = {name: count for name, count in walked(nest).items() if count and not (wide(w) and name.endswith("stretch"))}
    signs = ("passed", "rectified", "layer", "group")
    assert {name: count for name, count in found.items() if not name.endswith(signs) and not (wide(w) and name.endswith("stretch"))} == walk
    assert found["convolution group"] == groups
    outputs = groups * out * h.output * w.output
    assert sum(count for name, count in found.items() if name.endswith("passed")) == pytest.approx(3)
    assert sum(count for name, count in found.items() if name.endswith("rectified")) == pytest.approx(outputs - 3)


def wide(w: Axis) -> bool:
    return w.interior == 0


def test_linear_layers_and_those_with_zero_points_have_units_of_their_own() -> None:
    nest = LoopNest(LINEAR, 1, 5, 7, POINT, POINT, True)
    plain = packaged_work(nest, relu=False, arithmetic=Arithmetic.INT8, signs=(1, 3))
    assert plain == {"linear tap": 35, "linear pixel": 5, "linear layer": 1, "linear biased": 5, "linear below": 3, "linear rest": 2}
    assert packaged_work(nest, relu=False, arithmetic=Arithmetic.OFFSET, signs=(1, 3)) == {
        f"{name} {Arithmetic.OFFSET}": count for name, count in plain.items()
    }
    assert packaged_work(LoopNest(AVG_POOL2D, 4, 1, 1, Axis(4, 2), Axis(4, 2)), relu=False, arithmetic=Arithmetic.INT8) is None
    assert packaged_work(Elementwise(RELU, 1, 9), relu=True, arithmetic=Arithmetic.INT8) is None


@pytest.mark.parametrize("core", CORES)
def test_rates_of_every_core_know_every_unit(core: str) -> None:
    rates = load_packaged_instructions(core)
    assert rates.median_error_ratio < 0.001
    assert rates.p90_error_ratio < 0.005
    assert rates.float_median_error_ratio is not None
    assert rates.float_median_error_ratio < 0.01
    for unit in rates.instructions:
        function, kind, *arithmetic = unit.split(" ")
        assert function in FUNCTIONS
        assert kind in UNITS
        assert " ".join(arithmetic) in tuple(Arithmetic)
    for nest in (
        LoopNest(CONV2D, 1, 3, 4, Axis(9, 3, 2, 1, 1), Axis(9, 3, 1, 1, 1), True),
        LoopNest(CONV2D, 1, 3, 4, Axis(9, 5, 1, 2, 2), Axis(9, 2, 1, 1, 1), True),
        LoopNest(LINEAR, 1, 5, 7, POINT, POINT, True),
    ):
        for relu in (False, True):
            for arithmetic in Arithmetic:
                if (arithmetic is Arithmetic.FLOAT32_OF_INT8) <= (nest.operation is CONV2D and nest.groups == 1):
                    assert set(packaged_work(nest, relu, arithmetic, zeros=1) or {}) <= set(rates.instructions)
