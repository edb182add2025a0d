"""Networks with further inputs, states that stay from run to run, and outputs in their middle: nothing that is there is written over."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from random_graphs import random_graphs

from costmodel.errors import SpecError
from costmodel.memory.lifetimes import lifetimes_of
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.memory.ordering import OrderProblem, best_order, peak_of_order
from costmodel.memory.plan_check import check_plan
from costmodel.memory.planning import plan_network
from costmodel.memory.strategy_check import check_strategy_plan
from costmodel.results.storage.strategy_plan import StrategyPlan
from costmodel.specs.network import Network
from costmodel.specs.running.schedule import layer_by_layer
from costmodel.specs.running.strategy import MemoryStrategy as Strategy
from costmodel.specs.scenario import MemoryAccounting
from costmodel.specs.shapes import element_count

ELSEWHERE = (Strategy.SUM, Strategy.PEAK_LIVE, Strategy.PING_PONG, Strategy.STATIC_IN_PLACE)
"""Strategies without an arena."""


def network(*layers: dict[str, Any], shape: str = "2x8x8") -> Network:
    return Network.model_validate({"name": "n", "input": shape, "layers": layers})


def conv(name: str, source: str, out_channels: int = 2, **more: Any) -> dict[str, Any]:
    return {"kind": "conv2d", "name": name, "inputs": [source], "out_channels": out_channels, "kernel": 1, **more}


def given(kind: str, name: str, *shape: int) -> dict[str, Any]:
    return {"kind": kind, "name": name, "shape": list(shape)}


def planned(strategy: Strategy, net: Network) -> StrategyPlan:
    return plan_strategy(strategy, subject_of(net))[0]


def varied(count: int, seed: int) -> Iterator[Network]:
    """Random networks in which a tensor meets one that was there before, a view of another is an output, and so are some that are read."""
    for number, drawn in enumerate(random_graphs(count, seed)):
        draw = random.Random(f"{seed}-{number}")
        names = ["input", *(step.name for step in drawn.steps)]
        layers = []
        for layer, step in zip(drawn.ordered, drawn.steps, strict=True):
            fields = layer.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
            layers.append(fields | {"kind": layer.kind, "inputs": [names[source + 1] for source in step.sources]})
        place = draw.randrange(len(layers))
        shape = drawn.steps[place].lowered.output
        layers.insert(draw.randint(0, place + 1), given(draw.choice(["extra_input", "kept_state"]), "given", *shape))
        layers.insert(place + 2, {"kind": "add", "name": "met", "inputs": [names[place + 1], "given"]})
        for fields in layers[place + 3 :]:
            fields["inputs"] = ["met" if source == names[place + 1] and draw.random() < 0.5 else source for source in fields["inputs"]]
        layers.insert(0, {"kind": "flatten", "name": "flat_input", "inputs": ["input"]})
        layers.append({"kind": "flatten", "name": "seen", "inputs": [draw.choice(names)]})
        for fields in layers:
            if draw.random() < 0.1 and fields["kind"] not in ("extra_input", "kept_state"):
                fields["output"] = True
        yield Network.model_validate({"name": drawn.name, "input": drawn.input, "types": drawn.types.model_dump(), "layers": layers})


def test_no_plan_writes_over_what_is_there_or_stays() -> None:
    held: dict[Strategy, int] = {}
    for net in varied(40, 23):
        for strategy in Strategy:
            plan = planned(strategy, net)
            if plan.total_bytes is not None and strategy not in ELSEWHERE:
                check_strategy_plan(plan, net)
                assert plan.bound_bytes is not None
                assert plan.bound_bytes <= plan.total_bytes
                held[strategy] = held.get(strategy, 0) + 1
        for accounting in MemoryAccounting:
            laid_out = plan_network(net, accounting)
            if accounting is not MemoryAccounting.PEAK_LIVE and laid_out.tensor_buffer_bytes is not None:
                check_plan(laid_out, net)
    assert min(held.get(strategy, 0) for strategy in (Strategy.OVERLAPPING, Strategy.REORDERED, Strategy.STREAMING)) > 2


@pytest.mark.parametrize("strategy", [Strategy.ARENA_IN_PLACE, Strategy.HILL_CLIMBING, Strategy.GREEDY])
def test_a_further_input_that_is_written_last_is_there_from_the_beginning(strategy: Strategy) -> None:
    """It lies beside the network's input, though nothing of that is left when it is read."""
    net = network(
        conv("a", "input"), conv("b", "a"), given("extra_input", "x", 2, 8, 8), {"kind": "add", "name": "s", "inputs": ["b", "x"]}
    )
    plan = planned(strategy, net)
    check_strategy_plan(plan, net)
    pieces = {piece.name: piece for piece in plan.pieces}
    assert {name: pieces[name].first_stage for name in ("input", "x", "a")} == {"input": -1, "x": -1, "a": 0}
    assert {pieces["input"].offset_bytes, pieces["x"].offset_bytes} <= {0, 128, 256}
    # The further input is alive with each pair of what is read and made.
    assert plan.total_bytes == 3 * 128


def test_a_state_is_not_overwritten_by_the_pooling_that_reads_it() -> None:
    for kind, in_place in (("kept_state", False), ("extra_input", True)):
        net = network(given(kind, "s", 2, 8, 8), {"kind": "max_pool2d", "name": "p", "inputs": ["s"], "kernel": 2})
        lives = lifetimes_of(net.steps, layer_by_layer(net.steps), net.tensor_bytes, element_count(net.input), net.input_bytes)
        assert [life.in_place_of is not None for life in lives.tensors] == [False, False, in_place]


def test_an_output_in_the_middle_ends_a_stream_and_is_written_over_by_nobody() -> None:
    plain = [conv("a", "input"), conv("b", "a"), conv("c", "b"), {"kind": "max_pool2d", "name": "p", "inputs": ["c"], "kernel": 2}]
    by_flag = network(plain[0], conv("b", "a", output=True), *plain[2:])
    by_view = network(*plain, {"kind": "flatten", "name": "seen", "inputs": ["b"]})
    for net in (by_flag, by_view):
        plan = planned(Strategy.PIXEL_STREAMING, net)
        check_strategy_plan(plan, net)
        assert [stage.layers for stage in plan.stages][:2] == [("a", "b") if net is by_flag else ("a", "b", "seen"), ("c",)]
        assert {piece.name: piece.last_stage for piece in plan.pieces if piece.role == "tensor"}["b"] == 2
    fused = network(*plain[:2], conv("c", "b", output=True), plain[3])
    assert planned(Strategy.FUSED_BANDS, fused).reason == "no pooling follows a layer that only it reads"
    first = network(conv("a", "input", output=True), *plain[1:])
    assert planned(Strategy.PIXEL_STREAMING, first).reason == "a is an output of the network, and stays whole"
    rectified = network(conv("a", "input", output=True), {"kind": "relu", "name": "r", "inputs": ["a"]})
    assert planned(Strategy.OVERLAPPING, rectified).reason == "no layer's kernel lets its result begin inside what it is made from"


def test_what_is_given_comes_first_in_every_order() -> None:
    """Layers 0 and 3 are there before anything runs: the branch that frees the larger of them goes first."""
    problem = OrderProblem((10, 40, 5, 30, 40, 5, 1), ((), (0,), (1,), (), (3,), (4,), (2, 5)), frozenset({6}), given=frozenset({0, 3}))
    found = best_order(problem)
    assert (found.order, found.is_proven) == ((0, 3, 4, 5, 1, 2, 6), True)
    assert found.peak_bytes == peak_of_order(problem, found.order) == 10 + 30 + 40
    assert peak_of_order(problem, (0, 3, 1, 2, 4, 5, 6)) == 10 + 30 + 40


def test_checks_name_what_is_written_over_before_it_is_read_or_although_it_stays() -> None:
    net = network(conv("a", "input"), given("kept_state", "s", 2, 8, 8), {"kind": "add", "name": "t", "inputs": ["a", "s"]}, conv("b", "t"))
    plan = plan_network(net)
    check_plan(plan, net)
    there = {tensor.name: tensor.offset_bytes for tensor in plan.tensors}
    over = [tensor.model_copy(update={"offset_bytes": there["s"]}) if tensor.name == "b" else tensor for tensor in plan.tensors]
    with pytest.raises(SpecError, match="s, which stays to the end, has been overwritten"):
        check_plan(plan.model_copy(update={"tensors": tuple(over)}), net)
    beside = [tensor.model_copy(update={"offset_bytes": there["input"]}) if tensor.name == "s" else tensor for tensor in plan.tensors]
    with pytest.raises(SpecError, match="a reads input, which has been overwritten"):
        check_plan(plan.model_copy(update={"tensors": tuple(beside), "tensor_buffer_bytes": max_end(beside)}), net)


def max_end(tensors: list[Any]) -> int:
    return max(tensor.offset_bytes + tensor.size_bytes for tensor in tensors)
