"""The climb itself: which orders it goes on from, when it is shaken, and where it ends, held to a script of heights."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from costmodel.memory.arenas import climbing
from costmodel.memory.arenas.climbing import climbed, iterations_for
from costmodel.memory.arenas.fitting import Fitted, Meeting, Problem


def problem(count: int, bound_bytes: int = 0) -> Problem:
    return Problem((1,) * count, (1,) * count, ((),) * count, ((0, 0),) * count, bound_bytes)


@dataclass
class Climb:
    """What a climb over scripted heights did."""

    left: list[int] = field(default_factory=list)
    """Which arena each new order was made from: 0 is the portfolio's, then in the order they were filled."""
    shaken: dict[int, int] = field(default_factory=dict)
    """After how many orders the search was shaken, and from which arena."""
    ended: int = -1
    """The arena it gave."""


@pytest.fixture
def climb(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Climb]:
    def run(heights: Iterator[int], limit: int, *, start: int = 10, count: int = 3, bound_bytes: int = 0) -> Climb:
        made = Climb()
        filled: list[Fitted] = []

        def fill(height: int) -> Fitted:
            filled.append(Fitted(height, (len(filled),), (len(filled),)))
            return filled[-1]

        def neighbour(problem: Problem, current: Fitted, draw: random.Random) -> list[int]:
            made.left.append(current.order[0])
            return []

        def shaken(best: Fitted, draw: random.Random) -> list[int]:
            made.shaken[len(made.left)] = best.order[0]
            return []

        monkeypatch.setattr(climbing, "best_of_portfolio", lambda problem: fill(start))
        monkeypatch.setattr(climbing, "fitted", lambda problem, order: fill(next(heights)))
        monkeypatch.setattr(climbing, "_neighbour", neighbour)
        monkeypatch.setattr(climbing, "_shaken", shaken)
        made.ended = climbed(problem(count, bound_bytes), iterations=limit).order[0]
        return made

    return run


def test_it_goes_on_from_what_is_as_low_and_keeps_the_first_of_the_lowest(climb: Callable[..., Climb]) -> None:
    made = climb(iter([10, 12, 9, 9, 11]), 5)
    assert made.left == [0, 1, 1, 3, 4]
    assert made.ended == 3


def test_what_is_no_lower_for_long_is_shaken_from_the_best(climb: Callable[..., Climb]) -> None:
    """A share of 0.15 of the orders, and never fewer than twenty."""
    assert list(climb(iter([12] * 300), 200).shaken) == [31, 62, 93, 124, 155, 186]
    assert list(climb(iter([12] * 300), 100).shaken) == [21, 42, 63, 84]
    # Going sideways is no progress.
    assert list(climb(iter([10] * 300), 100).shaken) == [21, 42, 63, 84]


def test_a_lower_one_begins_the_count_anew(climb: Callable[..., Climb]) -> None:
    made = climb(iter([12] * 20 + [8] + [12] * 200), 60)
    assert made.shaken == {42: 21}
    assert made.ended == 21


@pytest.mark.parametrize(("bound_bytes", "count", "tried"), [(10, 3, 0), (9, 3, 7), (9, 2, 0), (11, 3, 0)])
def test_it_ends_at_the_bound_and_where_no_order_matters(bound_bytes: int, count: int, tried: int, climb: Callable[..., Climb]) -> None:
    assert len(climb(iter([10] * 20), 7, bound_bytes=bound_bytes, count=count).left) == tried


def test_it_ends_as_soon_as_the_bound_is_reached(climb: Callable[..., Climb]) -> None:
    assert climb(iter([12, 8, 12, 12]), 4, bound_bytes=8).left == [0, 0]


@pytest.mark.parametrize(("count", "orders"), [(0, 4_000), (1, 4_000), (29, 4_000), (60, 2_000), (240, 500), (400, 300), (1_000, 300)])
def test_so_many_orders_are_tried_that_a_problem_of_any_size_takes_about_as_long(count: int, orders: int) -> None:
    assert iterations_for(problem(count)) == orders


def test_what_stands_at_the_top_or_meets_it_comes_earlier() -> None:
    """Block 2 ends at the height, and 4 is alive with it; the others have no part in how high it is."""
    meetings: list[tuple[Meeting, ...]] = [()] * 6
    meetings[2], meetings[4] = (Meeting(4, 5, 3),), (Meeting(2, 3, 5),)
    asked = Problem((5, 1, 5, 2, 3, 2), (1,) * 6, tuple(meetings), ((0, 0),) * 6, 0)
    current = Fitted(8, (0, 0, 3, 5, 0, 0), (5, 0, 4, 1, 2, 3))
    moved = set()
    for seed in range(300):
        order = climbing._neighbour(asked, current, random.Random(seed))
        assert sorted(order) == list(range(6))
        changed = [block for at, block in enumerate(current.order) if order[at] != block]
        without = {block: [each for each in order if each != block] for block in (2, 4)}
        earlier = [
            block
            for block, left in without.items()
            if left == [each for each in current.order if each != block] and order.index(block) < current.order.index(block)
        ]
        swapped = len(changed) in (0, 2) and (not changed or {2, 4} & set(changed))
        assert earlier or swapped, order
        moved |= set(earlier)
    assert moved == {2, 4}


@pytest.mark.parametrize(("count", "swaps"), [(5, 2), (29, 2), (40, 4)])
def test_a_shake_swaps_a_tenth_of_the_blocks_and_two_at_least(count: int, swaps: int) -> None:
    class Counted(random.Random):
        drawn = 0

        def randrange(self, *arguments: int) -> int:
            self.drawn += 1
            return super().randrange(*arguments)

    draw = Counted(1)
    order = climbing._shaken(Fitted(1, (), tuple(range(count))), draw)
    assert draw.drawn == 2 * swaps
    assert sorted(order) == list(range(count))
