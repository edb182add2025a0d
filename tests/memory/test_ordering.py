"""The order of layers that keeps the least alive: the best of all orders, proven where the sets of finished layers can be followed."""

from __future__ import annotations

import itertools
import random

import pytest
from arena_instances import branches

from costmodel.memory.ordering import OrderProblem, best_order, peak_of_order


def drawn(count: int, seed: int, reach: int) -> OrderProblem:
    draw = random.Random(seed)
    reads = [tuple({draw.randrange(max(0, at - reach), at) for _ in range(draw.choice([1, 1, 2]))}) if at else () for at in range(count)]
    sizes = tuple(draw.randrange(1, 100) for _ in range(count))
    return OrderProblem(sizes, tuple(reads), frozenset({count - 1}), 10, frozenset({0}))


def runs(problem: OrderProblem, order: tuple[int, ...]) -> bool:
    at = {layer: place for place, layer in enumerate(order)}
    return all(at[read] < at[layer] for layer, reads in enumerate(problem.reads) for read in reads)


@pytest.mark.parametrize("seed", range(40))
def test_no_order_has_less(seed: int) -> None:
    problem = drawn(7, seed, 5) if seed % 2 else branches(3, 2, seed)
    found = best_order(problem)
    count = len(problem.sizes)
    least = min(peak_of_order(problem, order) for order in itertools.permutations(range(count)) if runs(problem, order))
    assert found.is_proven
    assert runs(problem, found.order)
    assert found.peak_bytes == peak_of_order(problem, found.order) == least


def test_branches_of_a_thousand_sets_are_proven_and_better_than_as_written() -> None:
    problem = branches(5, 5, 3)
    found = best_order(problem)
    assert found.is_proven
    assert found.peak_bytes < peak_of_order(problem, tuple(range(len(problem.sizes))))


def test_beyond_the_sets_that_are_followed_nothing_is_proven() -> None:
    problem = branches(6, 6, 3)
    found = best_order(problem, most_states=50)
    assert not found.is_proven
    assert runs(problem, found.order)
    assert found.peak_bytes == peak_of_order(problem, found.order) >= best_order(problem).peak_bytes
