"""Shares of variance against functions whose decomposition is known."""

import numpy as np
import pytest

from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.sensitivity import grid_shares, scatter_shares


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
    shares = by_axis(scatter_shares(a + b, {"a": a, "b": b}, drawn=True))
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


def test_designs_that_do_not_fit_leave_shares_of_the_rest():
    """A kernel too large for its input leaves holes in the product, and poolings in place are evaluated apart."""
    study = {
        "name": "s",
        "base": {"name": "b", "network": "mobilenet-v1-0.25", "device": "stm32f746zg"},
        "axes": [
            {"path": "input.extent", "values": [64, 96, 128]},
            {"name": "w", "path": "layers.conv1.out_channels", "values": [4, 8, 16]},
        ],
        "objectives": [{"minimise": "energy.memory"}],
    }
    (explained,) = sweep(study).explained
    # 64 rows are too few for the last pooling, 4 channels for the 8 groups of the layer after them.
    assert explained.designs == 4
    assert by_axis(explained.shares)["input.extent"].first > 0.5
    assert explained.shares[0].total is None
    assert "the 4 designs that fit out of 9, each axis alone" in explained.note


def test_pieces_evaluated_apart_go_back_to_their_places_in_the_product():
    """A stride below the kernel keeps a pooling in place only for some designs: these are evaluated in two pieces."""
    axes = [
        {"name": "s", "path": "layers.pool1.stride", "values": [1, 2, 3]},
        {"name": "c", "path": "layers.conv1.out_channels", "values": [4, 8, 16]},
    ]
    study = {"name": "s", "axes": axes, "objectives": [{"minimise": "memory.ram"}]}
    (explained,) = sweep(study).explained
    columns = sweep(study | {"objectives": [], "keep": "all", "columns": ["memory.ram"]}).columns()
    order = np.lexsort((columns["c"], columns["s"]))
    expected = by_axis(grid_shares(columns["memory.ram"][order].astype(float).reshape(3, 3), ("s", "c")))
    assert {axis: share[1:] for axis, share in by_axis(explained.shares).items()} == {
        axis: pytest.approx(share[1:]) for axis, share in expected.items()
    }


def test_conditions_on_a_large_product_still_show_every_axis(monkeypatch):
    """The first designs of a product have only the first values of its slow axes."""
    from costmodel.sweeps.front import sensitivity

    monkeypatch.setattr(sensitivity, "_DESIGNS", 600)
    study = {
        "name": "s",
        "axes": [
            {"name": "slow", "path": "layers.conv2.out_channels", "range": {"start": 1, "stop": 64}},
            {"name": "fast", "path": "layers.fc1.out_features", "range": {"start": 1, "stop": 64}},
        ],
        "conditions": ["fast <= 2 * slow"],
        "objectives": [{"minimise": "network.mac_count"}],
    }
    (explained,) = sweep(study).explained
    assert by_axis(explained.shares)["slow"].first > 0.9
    assert "of an even grid out of 4,096" in explained.note


def test_an_axis_that_does_nothing_explains_nothing_in_a_small_sample():
    draw = np.random.default_rng(3)
    a, b = draw.random(200), draw.random(200)
    shares = by_axis(scatter_shares(a, {"a": a, "b": b}, drawn=True))
    assert shares["b"].first < 0.1
    assert shares["a"].first > 0.9


def test_an_objective_without_variance_says_so():
    axes = [{"name": "w", "path": "layers.conv1.out_channels", "values": [4, 8, 16]}]
    study = {"name": "s", "axes": axes, "objectives": [{"minimise": "network.input_bytes"}], "columns": ["network.parameters"]}
    (explained,) = sweep(study).explained
    assert explained.shares == ()
    assert explained.note == "network.input_bytes is the same for all 3 designs."


def test_a_product_of_very_many_axes_is_drawn_from(monkeypatch):
    """Two values of each of twenty axes are a million designs already; their decomposition stays small."""
    from costmodel.sweeps.front import sensitivity

    monkeypatch.setattr(sensitivity, "_DESIGNS", 2000)
    paths = ("conv1.out_channels", "conv2.out_channels", "fc1.out_features", "conv1.kernel.rows", "conv1.kernel.columns")
    sides = tuple(f"conv{at}.padding.{side}" for at in (1, 2) for side in ("top", "bottom", "left", "right"))
    study = {
        "name": "s",
        "axes": [{"name": path, "path": f"layers.{path}", "values": [2, 3]} for path in (*paths, *sides)],
        "objectives": [{"minimise": "network.parameters"}],
        "columns": ["network.mac_count"],
    }
    (explained,) = sweep(study).explained
    assert 1500 < explained.designs <= 2000
    assert "designs drawn out of 8,192" in explained.note
    shares = by_axis(explained.shares)
    assert sum(shares[path].first for path in paths) > 0.9
    assert sum(shares[side].first for side in sides) < 0.05
