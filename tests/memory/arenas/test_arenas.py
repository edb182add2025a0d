"""Arenas of graphs that branch: climbing comes near the bound, the search proves, and the greedy plan is TensorFlow Lite Micro's."""

from __future__ import annotations

import importlib.util

import pytest
from arena_instances import branchy
from random_graphs import random_graphs

from costmodel.memory.arenas.climbing import climbed
from costmodel.memory.arenas.fitting import Problem, best_of_portfolio, fitted, problem_of
from costmodel.memory.arenas.proving import proven
from costmodel.memory.lifetimes import Lifetimes
from costmodel.memory.network_strategies import plan_strategy, subject_of
from costmodel.memory.placement import blocks_of, sizes_of
from costmodel.memory.strategies import lower_bound
from costmodel.memory.tflm.greedy import aligned_bytes
from costmodel.sources.catalogue import load_network, names
from costmodel.specs.running.strategy import MemoryStrategy as Strategy

needs_ortools = pytest.mark.skipif(importlib.util.find_spec("ortools") is None, reason="needs OR-Tools: pip install costmodel[exact]")


def problem_in(lives: Lifetimes) -> Problem:
    blocks = blocks_of(lives, with_input=True)
    return problem_of(blocks, sizes_of(lives, blocks), int(lower_bound(lives, in_place=True, with_input=True)))


def check(problem: Problem, offsets: tuple[int, ...], height: int) -> None:
    for at, meetings in enumerate(problem.meetings):
        assert offsets[at] % problem.alignments[at] == 0
        for met in meetings:
            below = offsets[at] + met.own_bytes <= offsets[met.block]
            assert below or offsets[met.block] + met.other_bytes <= offsets[at]
    assert height == max(offset + size for offset, size in zip(offsets, problem.sizes, strict=True))


def test_climbing_comes_within_a_hundredth_of_the_bound() -> None:
    above, largest_first = [], []
    for seed in range(12):
        problem = problem_in(branchy(60, seed))
        found = climbed(problem)
        check(problem, found.offsets, found.height_bytes)
        assert found == climbed(problem)
        assert found.height_bytes <= best_of_portfolio(problem).height_bytes
        above.append(found.height_bytes / problem.bound_bytes - 1)
        by_size = sorted(range(60), key=lambda at, sizes=problem.sizes: -sizes[at])
        largest_first.append(fitted(problem, by_size).height_bytes / problem.bound_bytes - 1)
    assert sum(above) / len(above) < 0.01
    assert sum(largest_first) / len(largest_first) > 0.03


def test_five_hundred_buffers_are_placed() -> None:
    problem = problem_in(branchy(500, 3, skip=0.6))
    found = climbed(problem, iterations=20)
    check(problem, found.offsets, found.height_bytes)


@needs_ortools
def test_the_search_proves_what_climbing_leaves_open() -> None:
    for count, skip, seed in ((30, 0.3, 22), (30, 0.5, 8)):
        lives = branchy(count, seed, skip)
        blocks = blocks_of(lives, with_input=True)
        problem = problem_in(lives)
        start = climbed(problem, iterations=100)
        assert start.height_bytes > problem.bound_bytes
        found = proven(lives, blocks, sizes_of(lives, blocks), problem.bound_bytes, iterations=100)
        check(problem, found.fitted.offsets, found.fitted.height_bytes)
        assert found.is_proven
        assert found.fitted.height_bytes == problem.bound_bytes


@needs_ortools
@pytest.mark.slow
def test_sixty_buffers_are_proven() -> None:
    for seed in range(15):
        lives = branchy(60, seed)
        blocks = blocks_of(lives, with_input=True)
        assert proven(lives, blocks, sizes_of(lives, blocks), problem_in(lives).bound_bytes).is_proven


@pytest.mark.parametrize("name", names("networks"))
def test_every_arena_of_the_zoo_is_optimal(name: str) -> None:
    subject = subject_of(load_network(name))
    bounds = [plan_strategy(strategy, subject)[0] for strategy in (Strategy.HILL_CLIMBING, Strategy.EXACT)]
    assert all(plan.is_optimal for plan in bounds)


def test_the_greedy_plan_is_the_micro_interpreters() -> None:
    """Its head for the networks of the MLPerf Tiny benchmark, every size rounded up to 16 bytes."""
    heads = {name: plan_strategy(Strategy.GREEDY, subject_of(load_network(name)))[0] for name in ("ds-cnn", "resnet8", "mobilenet-v1-0.25")}
    assert {name: aligned_bytes(plan.total_bytes or 0) for name, plan in heads.items()} == {
        "ds-cnn": 16_000,
        "resnet8": 49_152,
        "mobilenet-v1-0.25": 73_728,
    }


def test_strategies_for_branches_hold_on_random_graphs() -> None:
    lower = 0
    for network in random_graphs(60, 31):
        subject = subject_of(network)
        climbing = plan_strategy(Strategy.HILL_CLIMBING, subject)[0]
        reordered = plan_strategy(Strategy.REORDERED, subject)[0]
        assert climbing.total_bytes is not None
        arena = plan_strategy(Strategy.ARENA_IN_PLACE, subject)[0].total_bytes
        assert arena is not None
        if reordered.total_bytes is not None:
            assert reordered.order_is_proven
            lower += reordered.total_bytes < climbing.total_bytes
        else:
            assert reordered.reason == "a chain has one order"
    assert lower > 0
