"""Shares of variance against functions whose decomposition is known."""

import numpy as np
import pytest

from costmodel.sweeps.running import sweep
from costmodel.sweeps.sensitivity import grid_shares, scatter_shares


def by_axis(shares):
    return {share.axis: share for share in shares}


def test_an_additive_function_has_no_interactions():
    a, b = np.arange(4.0)[:, None, None], 2.0 * np.arange(4.0)[None, :, None]
    shares = by_axis(grid_shares(np.broadcast_to(a + b, (4, 4, 3)), ("a", "b", "c")))
    assert shares["a"].first == pytest.approx(0.2)
    assert shares["b"].first == pytest.approx(0.8)
    assert shares["a"].total == pytest.approx(0.2)
    assert shares["c"].total == pytest.approx(0.0)


def test_a_pure_interaction_shows_in_totals_only():
    signs = np.array([-1.0, 1.0])
    shares = by_axis(grid_shares(signs[:, None] * signs[None, :], ("a", "b")))
    assert shares["a"].first == pytest.approx(0.0)
    assert shares["a"].total == pytest.approx(1.0)


def test_scattered_designs_give_nearly_the_same_first_order_shares():
    draw = np.random.default_rng(5)
    a, b = draw.random(50_000), draw.integers(0, 5, 50_000)
    shares = by_axis(scatter_shares(a + b, {"a": a, "b": b}))
    assert shares["b"].first == pytest.approx(2.0 / (2.0 + 1 / 12), abs=0.01)
    assert shares["a"].first == pytest.approx((1 / 12) / (2.0 + 1 / 12), abs=0.01)


def test_an_objective_that_does_not_vary_has_no_shares():
    assert grid_shares(np.ones((3, 3)), ("a", "b")) == ()
    assert grid_shares(np.array([[1.0, np.inf]]), ("a", "b")) == ()


def test_choices_and_numbers_share_one_decomposition():
    study = {
        "name": "s",
        "axes": [
            {"path": "counting.taps", "values": ["valid", "nominal"]},
            {"name": "w", "path": "layers.conv1.out_channels", "values": [4, 8, 16]},
        ],
        "objectives": [{"minimise": "network.mac_count"}],
    }
    (explained,) = sweep(study).explained
    shares = by_axis(explained.shares)
    assert explained.designs == 6
    assert shares["w"].first > 0.9 > shares["counting.taps"].first > 0
    assert sum(share.first for share in explained.shares) <= 1.0
