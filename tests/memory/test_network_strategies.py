"""Strategies as plans of networks: from when to when their pieces are there, and the order that keeps the least alive."""

from __future__ import annotations

import itertools

import pytest
from random_graphs import random_graphs

from costmodel.memory.lifetimes import lifetimes_of
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.memory.strategies import lower_bound
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.sources.catalogue import load_network
from costmodel.sources.planned_scenario import retyped
from costmodel.specs.network import Network
from costmodel.specs.running.schedule import Schedule
from costmodel.specs.running.strategy import MemoryStrategy as Strategy
from costmodel.specs.shapes import element_count


def planned(strategy: Strategy, network: Network) -> StrategyPlan:
    return plan_strategy(strategy, subject_of(network))[0]


@pytest.mark.parametrize(
    ("strategy", "pieces"),
    [
        (Strategy.STATIC_IN_PLACE, {"conv1 / pool1": (-1, 6, 4), "conv2 / pool2": (-1, 6, 4), "aap": (-1, 6, 1), "fc2": (-1, 6, 4)}),
        (Strategy.PING_PONG, {"conv1 / conv2 / aap / fc2": (-1, 6, 4), "pool1 / pool2 / fc1": (-1, 6, 4)}),
        (Strategy.SUM, {"conv1": (-1, 6, 4), "pool1": (-1, 6, 1)}),
        (Strategy.PEAK_LIVE, {"conv1": (0, 1, 4), "pool1": (1, 2, 1), "fc2": (6, 6, 4)}),
        (Strategy.ARENA_IN_PLACE, {"input": (-1, 0, 1), "conv1": (0, 1, 4), "pool1": (1, 2, 1), "fc2": (6, 6, 4)}),
    ],
)
def test_buffers_are_there_from_first_to_last_and_as_wide_as_the_widest_in_them(
    strategy: Strategy, pieces: dict[str, tuple[int, int, int]]
) -> None:
    """Of seven stages; where buffers are static they are there before the first."""
    plan = planned(strategy, retyped(load_network("cifar-aap-pruned"), "int32", "int8"))
    found = {piece.name: (piece.first_stage, piece.last_stage, piece.element_bytes) for piece in plan.pieces}
    assert found.items() >= pieces.items()


def test_the_stages_of_a_plan_say_in_how_many_strips_they_run() -> None:
    network = load_network("cifar-aap-pruned")
    for strategy, count in ((Strategy.PIXEL_STREAMING, 1), (Strategy.STRIPS_2, 2), (Strategy.STRIPS_8, 8)):
        assert [stage.strip_count for stage in planned(strategy, network).stages] == [count, 1, 1]


def test_what_takes_turns_in_a_greedy_plan_lies_where_the_largest_left_room() -> None:
    """The first layer's result is gone when the last one's comes."""
    layers = [conv("a", "input", 4), conv("b", "a", 8), conv("c", "b", 2)]
    plan = planned(Strategy.GREEDY, Network.model_validate({"name": "n", "input": "1x4x4", "layers": layers}))
    assert {piece.name: piece.offset_bytes for piece in plan.pieces} == {"input": 0, "a": 128, "b": 0, "c": 128}


def conv(name: str, source: str, out_channels: int) -> dict[str, object]:
    return {"kind": "conv2d", "name": name, "inputs": [source], "out_channels": out_channels, "kernel": 1}


def test_a_chain_has_one_order_and_a_network_that_is_one_branch_has_several() -> None:
    chain = Network.model_validate({"name": "n", "input": "2x4x4", "layers": [conv("a", "input", 2), conv("b", "a", 3)]})
    assert planned(Strategy.REORDERED, chain).reason == "a chain has one order"
    layers = [conv("a", "input", 2), conv("b", "input", 2), {"kind": "add", "name": "s", "inputs": ["a", "b"]}]
    branch = Network.model_validate({"name": "n", "input": "2x4x4", "layers": layers})
    assert planned(Strategy.REORDERED, branch).order_is_proven


def least_alive(network: Network) -> int:
    """Of all orders that run, the least of what is alive at once."""
    subject = subject_of(network)
    running = [step for block in subject.layout.blocks for step in block.steps]
    least = []
    for order in itertools.permutations(running):
        place = {step: at for at, step in enumerate(order)} | {-1: -1}
        if all(place[source] < place[step] for step in running for source in subject.layout.sources[step]):
            schedule = Schedule(tuple((step,) for step in order))
            elements = element_count(network.input)
            lives = lifetimes_of(network.steps, schedule, network.tensor_bytes, elements, network.input_bytes)
            least.append(int(lower_bound(lives, in_place=False, with_input=True)))
    return min(least)


def test_no_order_of_a_network_keeps_less_alive() -> None:
    """Nothing in place: what an order is chosen by."""
    found = 0
    for network in random_graphs(40, 71):
        plan = planned(Strategy.REORDERED, network)
        if plan.reason is not None or len(plan.stages) > 6:
            continue
        kept = max(stage.live_bytes for stage in plan.stages)
        assert kept <= least_alive(network)
        found += 1
    assert found > 3


def test_wide_layers_wait_until_narrow_ones_have_left_less() -> None:
    """Two branches: the one that leaves least goes first, though it is written last."""
    layers = [
        conv("a", "input", 1),
        conv("wide", "a", 8),
        conv("left", "wide", 6),
        conv("broad", "a", 9),
        conv("right", "broad", 1),
        conv("grown", "right", 6),
        {"kind": "add", "name": "s", "inputs": ["left", "grown"]},
    ]
    network = Network.model_validate({"name": "n", "input": "1x4x4", "layers": layers})
    plan = planned(Strategy.REORDERED, network)
    assert [stage.layers[0] for stage in plan.stages].index("right") < [stage.layers[0] for stage in plan.stages].index("wide")
    assert plan.total_bytes == max(stage.live_bytes for stage in plan.stages) == least_alive(network)
