"""Rates fitted around what they are expected to be."""

from __future__ import annotations

import numpy as np
import pytest

from costmodel.errors import SpecError
from costmodel.latency.expected_rates import ExpectedRate, fit_expected

COUNTS = [[1000, 10, 0], [500, 80, 0], [2000, 5, 0], [100, 90, 0]]
TRUE = np.array([2.0, 30.0, 0.0])


def test_what_layers_tell_apart_is_found_and_what_they_do_not_stays_expected() -> None:
    measured = np.array(COUNTS) @ TRUE
    expected = [ExpectedRate(1, 5), ExpectedRate(10, 50), ExpectedRate(7, 3)]
    np.testing.assert_allclose(fit_expected(COUNTS, measured.tolist(), expected, 1e-6), [2, 30, 7], rtol=1e-6)


def test_the_less_a_rate_may_differ_the_nearer_it_stays() -> None:
    measured = (np.array(COUNTS) @ TRUE).tolist()
    held, free = (fit_expected(COUNTS, measured, [ExpectedRate(1, spread), ExpectedRate(10, 50), ExpectedRate(7, 3)], 0.01)[0]
                  for spread in (1e-6, 5))  # fmt: skip
    assert held == pytest.approx(1, abs=1e-4)
    assert free == pytest.approx(2, abs=1e-2)


def test_what_is_not_above_zero_is_refused() -> None:
    with pytest.raises(SpecError, match="should be above 0"):
        fit_expected([[1]], [0.0], [ExpectedRate(1, 1)], 0.01)
