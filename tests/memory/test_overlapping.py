"""Results over inputs that are done with: a depthwise convolution takes a channel beside its map, and nothing is overwritten too early."""

from __future__ import annotations

import pytest
from random_graphs import random_graphs

from costmodel.errors import SpecError
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.memory.strategy_check import check_strategy_plan
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.sources.catalogue import load_network
from costmodel.specs.network import Network
from costmodel.specs.running.strategy import MemoryStrategy as Strategy


def planned(network: Network, strategy: Strategy = Strategy.OVERLAPPING) -> StrategyPlan:
    return plan_strategy(strategy, subject_of(network))[0]


def bottleneck(stride: int = 1) -> Network:
    """An inverted bottleneck: a wide map in the middle, which a depthwise convolution goes through channel by channel."""
    layers = [
        {"name": "expand", "kind": "conv2d", "out_channels": 24, "kernel": 1},
        {"name": "depthwise", "kind": "conv2d", "out_channels": 24, "kernel": 3, "padding": 1, "groups": 24, "stride": stride},
        {"name": "project", "kind": "conv2d", "out_channels": 4, "kernel": 1},
    ]
    types = {"input": "int8", "activation": "int8"}
    return load_network({"name": "bottleneck", "input": [4, 8, 8], "types": types, "layers": layers})


@pytest.mark.parametrize("stride", [1, 2])
def test_a_depthwise_convolution_takes_a_channel_beside_its_map(stride: int) -> None:
    network = bottleneck(stride)
    plan = planned(network)
    check_strategy_plan(plan, network)
    assert plan.is_optimal
    # Expanding reads 4 channels and writes 24; the depthwise convolution needs 24 and one channel of its own.
    assert plan.total_bytes == 28 * 64
    by_layer = {stage.layers[0]: stage.live_bytes for stage in plan.stages}
    assert by_layer["depthwise"] == 24 * 64 + (64 if stride == 1 else 16)
    apart = planned(network, Strategy.ARENA_IN_PLACE).total_bytes
    assert apart is not None
    assert apart == (48 if stride == 1 else 30) * 64


def test_random_plans_pass_the_check_and_save() -> None:
    found, lower = 0, 0
    for network in random_graphs(120, 67):
        plan = planned(network)
        if plan.total_bytes is None:
            assert plan.reason == "no layer's kernel lets its result begin inside what it is made from"
            continue
        check_strategy_plan(plan, network)
        assert plan.bound_bytes is not None
        assert plan.total_bytes >= plan.bound_bytes
        apart = planned(network, Strategy.HILL_CLIMBING).total_bytes
        assert apart is not None
        found += 1
        lower += plan.total_bytes < apart
    assert found > 40
    assert lower > 10


def test_a_result_one_byte_too_near_is_refused() -> None:
    network = bottleneck()
    plan = planned(network)
    pieces = {piece.name: piece for piece in plan.pieces}
    wide, made = pieces["expand"], pieces["depthwise"]
    assert wide.offset_bytes is not None
    assert made.offset_bytes is not None
    assert wide.offset_bytes - made.offset_bytes >= 64
    near = made.model_copy(update={"offset_bytes": wide.offset_bytes - 63})
    moved = tuple(near if piece is made else piece for piece in plan.pieces)
    height = max((piece.offset_bytes or 0) + piece.size_bytes for piece in moved)
    with pytest.raises(SpecError, match=r"expand \(tensor\) and depthwise \(tensor\) are alive together and share bytes"):
        check_strategy_plan(plan.model_copy(update={"pieces": moved, "total_bytes": height}), network)
