"""Interpolation between sizes states the error it is found to have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.energy.sram_interpolation import SizePoint, between_sizes, interpolated, left_out_error_ratio
from costmodel.errors import MissingError


@given(st.floats(0.1, 3), st.floats(0.01, 100), st.integers(2049, 8191))
def test_a_power_law_is_met_exactly_and_without_error(exponent: float, scale: float, size: int) -> None:
    points = [SizePoint(bytes_, scale * bytes_**exponent) for bytes_ in (2048, 4096, 8192)]
    if size == 4096:
        size += 1
    found = interpolated(points, size)
    assert found.value == pytest.approx(scale * size**exponent, rel=1e-9)
    assert found.error_ratio == pytest.approx(0, abs=1e-9)


def test_the_error_bound_is_that_of_the_worst_left_out_row() -> None:
    points = [SizePoint(1, 1.0), SizePoint(2, 3.0), SizePoint(4, 4.0), SizePoint(8, 8.0)]
    # Left out, 2 is predicted as 2.0 (a third short); 4 is predicted as sqrt(24).
    assert left_out_error_ratio(points) == pytest.approx(1 / 3)
    assert between_sizes(points[1], points[3], 4) == pytest.approx(24**0.5)


def test_no_error_can_be_measured_on_two_rows() -> None:
    with pytest.raises(MissingError, match="needs 3"):
        interpolated([SizePoint(1, 1.0), SizePoint(4, 2.0)], 2)


@pytest.mark.parametrize("size", [1, 8, 16])
def test_nothing_is_extrapolated(size: int) -> None:
    with pytest.raises(MissingError, match="1 to 8"):
        interpolated([SizePoint(1, 1.0), SizePoint(2, 2.0), SizePoint(8, 8.0)], size)
