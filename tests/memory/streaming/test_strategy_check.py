"""Plans in stages pass a check that shares nothing with planning, and what is wrong with a plan is named."""

from __future__ import annotations

from typing import Any

import pytest
from random_graphs import random_graphs

from costmodel.errors import SpecError
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.memory.strategy_check import check_strategy_plan
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.sources.catalogue import load_network, names
from costmodel.specs.network import Network
from costmodel.specs.running.strategy import MemoryStrategy as Strategy

ELSEWHERE = (Strategy.SUM, Strategy.PEAK_LIVE, Strategy.PING_PONG, Strategy.STATIC_IN_PLACE)
"""Strategies without an arena, whose plans are checked where they are made."""
IN_AN_ARENA = [strategy for strategy in Strategy if strategy not in ELSEWHERE]


@pytest.mark.parametrize("strategy", IN_AN_ARENA)
def test_plans_of_random_graphs_hold(strategy: Strategy) -> None:
    held = 0
    for network in random_graphs(120, 17):
        plan = plan_strategy(strategy, subject_of(network))[0]
        if plan.total_bytes is not None:
            check_strategy_plan(plan, network)
            assert plan.bound_bytes is not None
            assert plan.bound_bytes <= plan.total_bytes
            assert StrategyPlan.model_validate_json(plan.model_dump_json()) == plan
            held += 1
    assert held > 2


@pytest.mark.parametrize("name", names("networks"))
def test_plans_of_the_zoo_hold(name: str) -> None:
    network = load_network(name)
    subject = subject_of(network)
    for strategy in IN_AN_ARENA:
        plan = plan_strategy(strategy, subject)[0]
        if plan.total_bytes is not None:
            check_strategy_plan(plan, network)


def changed(plan: StrategyPlan, piece: int, **fields: Any) -> StrategyPlan:
    pieces = list(plan.pieces)
    pieces[piece] = pieces[piece].model_copy(update=fields)
    return plan.model_copy(update={"pieces": tuple(pieces)})


@pytest.mark.parametrize(
    ("piece", "fields", "told"),
    [
        (1, {"offset_bytes": 4}, "pool1 (ring) and pool2 (running row) are alive together and share bytes"),
        (1, {"offset_bytes": 3}, "pool1 lies at 3, no multiple of its 4-byte elements"),
        (2, {"size_bytes": 800}, "aap takes 816 B, its piece has 800 B"),
        (2, {"last_stage": 0}, "aap is needed from stage 1 to 2, its piece is there from 1 to 1"),
        (4, {"name": "fc3"}, "fc1 has no piece"),
        (0, {"offset_bytes": 6_000}, "its height is 6,248 B, expected 6,300 B"),
    ],
)
def test_what_is_wrong_is_named(piece: int, fields: dict[str, Any], told: str) -> None:
    network = load_network("cifar-aap-pruned")
    plan = plan_strategy(Strategy.PIXEL_STREAMING, subject_of(network))[0]
    with pytest.raises(SpecError) as found:
        check_strategy_plan(changed(plan, piece, **fields), network)
    assert told in str(found.value)


def test_what_leaves_the_network_has_its_piece_though_it_is_made_as_it_streams() -> None:
    layers = [{"name": name, "kind": "conv2d", "out_channels": 2, "kernel": 3} for name in ("a", "b")]
    network = Network.model_validate({"name": "n", "input": "2x8x8", "layers": layers})
    plan = plan_strategy(Strategy.PIXEL_STREAMING, subject_of(network))[0]
    check_strategy_plan(plan, network)
    assert [stage.layers for stage in plan.stages] == [("a", "b")]
    place = next(at for at, piece in enumerate(plan.pieces) if piece.name == "b")
    with pytest.raises(SpecError, match="b takes 32 B, its piece has 31 B"):
        check_strategy_plan(changed(plan, place, size_bytes=31), network)


def test_the_input_takes_its_elements_bytes() -> None:
    network = load_network({"name": "n", "input": [3, 4, 4], "types": {"input": "float32"}, "layers": [{"name": "f", "kind": "flatten"}]})
    plan = plan_strategy(Strategy.HILL_CLIMBING, subject_of(network))[0]
    check_strategy_plan(plan, network)
    with pytest.raises(SpecError, match="input takes 192 B, its piece has 191 B"):
        check_strategy_plan(changed(plan, 0, size_bytes=191), network)


def test_a_mean_that_is_summed_where_it_will_lie_takes_words_there() -> None:
    """A tensor of five bytes that stays lies before it; sums of int8 are read as words of four bytes."""
    layers = [
        {"name": "kept", "kind": "conv2d", "out_channels": 1, "kernel": 2},
        {"name": "read", "kind": "conv2d", "out_channels": 3, "kernel": 1, "inputs": ["input"]},
        {"name": "made", "kind": "conv2d", "out_channels": 4, "kernel": 1},
        {"name": "mean", "kind": "avg_pool2d", "kernel": 2, "stride": 2},
    ]
    types = dict.fromkeys(("input", "weight", "activation"), "int8")
    network = Network.model_validate({"name": "n", "input": "3x2x6", "types": types, "layers": layers})
    plan = plan_strategy(Strategy.FUSED_ROWS, subject_of(network))[0]
    check_strategy_plan(plan, network)
    place, mean = next((at, piece) for at, piece in enumerate(plan.pieces) if piece.name == "mean")
    assert any("mean" in stage.scattered for stage in plan.stages)
    assert (mean.size_bytes, mean.element_bytes) == (4 * 3 * 4, 4)
    with pytest.raises(SpecError, match="mean has elements of 4 B, its piece of 1 B"):
        check_strategy_plan(changed(plan, place, element_bytes=1), network)


def test_an_order_that_does_not_run_is_named() -> None:
    network = load_network("cifar-aap-pruned")
    plan = plan_strategy(Strategy.ARENA_IN_PLACE, subject_of(network))[0]
    backwards = plan.model_copy(update={"stages": plan.stages[::-1]})
    with pytest.raises(SpecError, match="aap runs before pool2, which it reads"):
        check_strategy_plan(backwards, network)
    left_out = plan.model_copy(update={"stages": plan.stages[:-1]})
    with pytest.raises(SpecError, match="fc2 runs 0 times"):
        check_strategy_plan(left_out, network)
