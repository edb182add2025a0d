"""The order of layers that keeps the least alive: the best of all orders, proven where the sets of finished layers can be followed."""

from __future__ import annotations

import itertools
import random

import pytest
from arena_instances import branches

from costmodel.memory.ordering import OrderProblem, _Walk, best_order, peak_of_order


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


def test_an_order_that_takes_no_more_than_some_layer_needs_is_not_searched_for() -> None:
    """In a chain a layer's tensor lies beside the one it reads: no set of finished layers has to be followed."""
    chain = OrderProblem((30, 50, 20), ((), (0,), (1,)), frozenset({2}), 10, frozenset({0}))
    found = best_order(chain, most_states=0)
    assert (found.order, found.peak_bytes, found.is_proven) == ((0, 1, 2), 80, True)
    read = chain._replace(input_bytes=90, sizes=(5, 5, 5))
    assert (best_order(read, most_states=0).peak_bytes, best_order(read, most_states=0).is_proven) == (95, True)


def of_branches(sizes: tuple[int, ...], length: int) -> OrderProblem:
    """Branches of layers that each leave as much as they read, from one tensor to a sum."""
    made, reads, ends = [8], [()], []
    for size in sizes:
        for place in range(length):
            made.append(size)
            reads.append((len(made) - 2 if place else 0,))
        ends.append(len(made) - 1)
    return OrderProblem((*made, 5), (*reads, tuple(ends)), frozenset({len(made)}), 2, frozenset({0}))


def test_layers_that_leave_no_more_than_before_run_at_once() -> None:
    """Of four branches of three layers, as many sets are followed as of four layers: not 4**4."""
    problem = of_branches((3, 4, 5, 6), 3)
    assert best_order(problem).peak_bytes == best_order(problem, most_states=21).peak_bytes == 26
    assert [best_order(problem, most_states=states).is_proven for states in (20, 21)] == [False, True]


def test_as_many_sets_are_followed_as_allowed() -> None:
    walk = _Walk(of_branches((3, 4, 5, 6), 3))
    order, states = walk.within(26, 1_000)
    assert order is not None
    assert walk.peak_of(order) == 26
    assert walk.within(26, states) == (order, states)
    assert walk.within(26, states - 1)[0] is None


def test_of_orders_as_good_the_first_as_written_is_kept() -> None:
    """Two branches of equal layers, one of them longer: which of them begins makes no difference."""
    problem = OrderProblem((4,) * 5, ((), (0,), (0,), (1,), (3, 2)), frozenset({4}), 0, frozenset({0}))
    assert peak_of_order(problem, (0, 2, 1, 3, 4)) == peak_of_order(problem, (0, 1, 2, 3, 4)) == 12
    assert best_order(problem).order == (0, 1, 2, 3, 4)
