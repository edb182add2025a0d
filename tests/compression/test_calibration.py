"""Scales from real activations: the largest magnitude, a percentile, the least squared error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.compression.calibration import BINS, MagnitudeHistogram
from costmodel.errors import SpecError
from costmodel.specs.trained.training_recipe import CalibrationMethod


def histogram_of(*tensors: np.ndarray) -> MagnitudeHistogram:
    histogram = MagnitudeHistogram()
    for tensor in tensors:
        histogram.add(tensor)
    return histogram


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), min_size=1, max_size=5), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_that_of_all_magnitudes_within_a_bin(tensors: list[list[float]], percentile: float) -> None:
    histogram = histogram_of(*[np.array(tensor) for tensor in tensors])
    magnitudes = np.sort(np.abs(np.concatenate([np.array(tensor) for tensor in tensors])))
    found = histogram.clipping_magnitude(CalibrationMethod.PERCENTILE, percentile)
    exact = magnitudes[max(int(np.ceil(percentile * len(magnitudes))) - 1, 0)]
    # Bins grow by doubling, so the widest is two to a bin of the largest magnitude.
    assert exact - 1e-9 <= found + 2 * magnitudes[-1] / BINS
    assert found <= exact + 2 * magnitudes[-1] / BINS + 1e-9
    assert histogram.clipping_magnitude(CalibrationMethod.MIN_MAX) == magnitudes[-1]


def test_one_outlier_moves_the_largest_magnitude_and_not_the_others() -> None:
    values = np.random.default_rng(3).normal(0, 1, 200_000)
    values[7] = 20.0
    histogram = histogram_of(values)
    clip = {method: histogram.clipping_magnitude(method) for method in CalibrationMethod}
    assert clip[CalibrationMethod.MIN_MAX] == 20.0
    assert 3.5 < clip[CalibrationMethod.PERCENTILE] < 4.5
    assert clip[CalibrationMethod.MSE] < 14.0

    def error(limit: float) -> float:
        return float(np.mean((values - np.clip(np.rint(values * 127 / limit), -127, 127) * limit / 127) ** 2))

    assert error(clip[CalibrationMethod.MSE]) < min(error(clip[CalibrationMethod.MIN_MAX]), error(clip[CalibrationMethod.PERCENTILE]))


def test_zeros_have_a_scale_and_what_is_not_finite_none() -> None:
    assert histogram_of(np.zeros(4)).quantisation(CalibrationMethod.MSE).scales == (1.0,)
    with pytest.raises(SpecError, match="not finite"):
        histogram_of(np.array([1.0, np.inf]))
