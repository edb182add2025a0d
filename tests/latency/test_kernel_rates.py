"""Fits of rates to measured layers: recovered where the times follow them, never below zero, errors from shapes left out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.errors import SpecError
from costmodel.latency.kernel_rates import fit_path, path_cycles

NAMES = ("quad_mac", "output", "layer")


def rows(seed: int, count: int = 60) -> list[list[int]]:
    draw = random.Random(seed)
    return [[draw.randrange(1_000, 1_000_000), draw.randrange(100, 20_000), 1] for _ in range(count)]


@given(st.integers(0, 1_000), st.floats(0.5, 20.0), st.floats(0.0, 200.0))
def test_rates_that_made_the_times_are_found(seed: int, per_mac: float, per_output: float) -> None:
    counts = rows(seed)
    cycles = [per_mac * mac + per_output * output + 1_000.0 for mac, output, _ in counts]
    fit = fit_path(NAMES, counts, cycles, [str(row) for row in counts])
    assert fit.cycles["quad_mac"] == pytest.approx(per_mac, rel=1e-6)
    assert fit.cycles["output"] == pytest.approx(per_output, rel=1e-6, abs=1e-6)
    assert fit.p90_error_ratio < 1e-6


def test_a_rate_that_would_be_negative_is_zero() -> None:
    counts = rows(1)
    cycles = [3.0 * mac - 0.5 * output + 50_000.0 for mac, output, _ in counts]
    assert fit_path(NAMES, counts, cycles, [str(row) for row in counts]).cycles["output"] == 0.0


def test_the_interval_holds_four_shapes_in_five_that_were_not_fitted() -> None:
    draw = random.Random(5)
    counts = rows(2, 600)
    cycles = [(3.0 * mac + 40.0 * output) * draw.lognormvariate(0.0, 0.08) for mac, output, _ in counts]
    fit = fit_path(NAMES, counts[:300], cycles[:300], [str(row) for row in counts[:300]])
    held = 0
    for row, measured in zip(counts[300:], cycles[300:], strict=True):
        middle = sum(fit.cycles[name] * count for name, count in zip(NAMES, row, strict=True))
        held += middle * fit.low_ratio <= measured <= middle * fit.high_ratio
    assert 0.75 <= held / 300 <= 0.87


def test_too_few_shapes_and_times_of_nothing_are_refused() -> None:
    with pytest.raises(SpecError, match="at least 5 shapes, found 2"):
        fit_path(("layer",), [[1]] * 6, [1.0] * 6, ["a", "b"] * 3)
    with pytest.raises(SpecError, match="above 0"):
        fit_path(("layer",), [[1]] * 6, [0.0] * 6, list("abcdef"))


def test_what_has_no_rate_costs_nothing() -> None:
    from costmodel.latency.kernel_paths import KernelRegressors

    counts = KernelRegressors(*range(1, 14))
    assert path_cycles({"quad_mac": 2.0, "layer": 3.0}, counts) == 2.0 * counts.quad_mac + 3.0 * counts.layer
