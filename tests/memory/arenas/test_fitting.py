"""Filling an arena in an order, and the orders of the portfolio, by hand."""

import importlib.util
from collections.abc import Sequence

import pytest

from costmodel.memory.arenas import fitting, proving
from costmodel.memory.arenas.fitting import PORTFOLIO, Fitted, Meeting, Problem, best_of_portfolio, fitted
from costmodel.memory.lifetimes import Lifetimes, TensorLife
from costmodel.memory.placement import Sizes, blocks_of, sizes_of


def problem(sizes: Sequence[int], spans: Sequence[tuple[int, int]], bound_bytes: int = 0) -> Problem:
    """Blocks that meet where their stages do."""
    meetings = [
        tuple(
            Meeting(other, sizes[at], sizes[other])
            for other, (begin, end) in enumerate(spans)
            if other != at and begin <= last and first <= end
        )
        for at, (first, last) in enumerate(spans)
    ]
    return Problem(tuple(sizes), (1,) * len(sizes), tuple(meetings), tuple(spans), bound_bytes)


def test_a_block_goes_into_a_gap_that_it_just_fills() -> None:
    """The first is gone when the last comes, and left a gap of four under the second."""
    asked = problem((4, 4, 4, 5), ((0, 1), (0, 3), (3, 3), (3, 3)))
    assert fitted(asked, (0, 1, 2, 3)).offsets == (0, 4, 0, 8)
    assert fitted(asked, (0, 1, 3, 2)).offsets == (0, 4, 0, 8)


def test_offsets_are_whole_multiples_of_their_alignment() -> None:
    asked = problem((3, 4), ((0, 0), (0, 0)))._replace(alignments=(1, 4))
    assert fitted(asked, (0, 1)) == Fitted(8, (0, 4), (0, 1))


@pytest.mark.parametrize(
    ("place", "order"),
    list(
        enumerate(
            [
                "4 1 3 0 2", "1 4 3 0 2", "3 0 2 1 4", "3 0 1 2 4", "3 1 0 4 2", "3 0 1 2 4", "3 0 1 4 2",
                "2 4 1 3 0", "0 1 3 4 2", "4 2 1 3 0", "0 3 1 2 4", "0 1 3 2 4", "1 3 0 4 2", "1 3 0 2 4",
            ]
        )
    ),
)  # fmt: skip
def test_the_portfolios_orders(place: int, order: str) -> None:
    """By size (two), length of life, size and length (three), begin, last end, end, last begin, and by what is met (four)."""
    asked = problem((3, 6, 2, 5, 6), ((0, 3), (3, 4), (5, 7), (0, 4), (5, 5)))
    found = sorted(range(5), key=lambda at: PORTFOLIO[place](asked, at))
    assert " ".join(map(str, found)) == order


@pytest.mark.parametrize(("bound_bytes", "filled"), [(6, 1), (5, len(PORTFOLIO))])
def test_the_first_order_that_reaches_the_bound_ends_it(bound_bytes: int, filled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = []

    def counted(asked: Problem, order: Sequence[int]) -> Fitted:
        orders.append(tuple(order))
        return fitted(asked, order)

    monkeypatch.setattr(fitting, "fitted", counted)
    asked = problem((3, 6, 2, 5, 6), ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4)), bound_bytes)
    # All are as low: the first of them is kept.
    assert best_of_portfolio(asked) == Fitted(6, (0,) * 5, orders[0])
    assert len(orders) == filled


def test_an_arena_at_its_bound_needs_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(name: str) -> None:
        raise AssertionError(f"{name} is not asked for")

    at_bound = Fitted(6, (0,), (0,))
    monkeypatch.setattr(proving.importlib.util, "find_spec", refused)
    monkeypatch.setattr(proving, "problem_of", lambda *arguments: problem((6,), ((0, 0),)))
    monkeypatch.setattr(proving, "climbed", lambda asked, iterations: at_bound)
    found = proving.proven(Lifetimes((), (), ()), (), Sizes((), (), ()), 6)
    assert (found.fitted, found.is_proven) == (at_bound, True)


@pytest.mark.skipif(importlib.util.find_spec("ortools") is None, reason="needs OR-Tools: pip install costmodel[exact]")
def test_what_alignment_keeps_above_the_bound_is_proven() -> None:
    """Six bytes at a multiple of four beside six others: 14, though 12 are alive; the third takes the second's place over."""
    tensors = (TensorLife("a", 6, -1, 1, None, 4), TensorLife("b", 6, 0, 1, None, 4), TensorLife("c", 6, 1, 2, 1, 4))
    lives = Lifetimes(tensors, ("b", "c", "d"), ())
    blocks = blocks_of(lives, with_input=True)
    found = proving.proven(lives, blocks, sizes_of(lives, blocks), 12)
    assert (found.fitted.height_bytes, found.is_proven) == (14, True)


@pytest.mark.skipif(importlib.util.find_spec("ortools") is None, reason="needs OR-Tools: pip install costmodel[exact]")
def test_what_lives_in_one_stage_alone_has_its_place_too() -> None:
    tensors = (TensorLife("a", 6, -1, 0, None, 4), TensorLife("b", 6, 0, 0, None, 4))
    lives = Lifetimes(tensors, ("b",), ())
    blocks = blocks_of(lives, with_input=True)
    found = proving.proven(lives, blocks, sizes_of(lives, blocks), 12)
    assert (found.fitted.height_bytes, found.is_proven) == (14, True)


@pytest.mark.skipif(importlib.util.find_spec("ortools") is None, reason="needs OR-Tools: pip install costmodel[exact]")
def test_between_the_bound_and_the_best_order_the_lowest_is_found() -> None:
    """21 bytes are alive, an order of the portfolio takes 23, and alignment keeps a byte above the bound."""
    spans = ((6, -1, 3, 4), (3, 0, 2, 2), (6, 1, 4, 4), (6, 2, 3, 1), (2, 3, 5, 4), (3, 4, 4, 1), (6, 5, 5, 4))
    tensors = tuple(TensorLife(f"t{at}", size, made, last, None, element) for at, (size, made, last, element) in enumerate(spans))
    lives = Lifetimes(tensors, tuple("abcdef"), ())
    blocks = blocks_of(lives, with_input=True)
    sizes = sizes_of(lives, blocks)
    assert best_of_portfolio(fitting.problem_of(blocks, sizes, 21)).height_bytes == 23
    found = proving.proven(lives, blocks, sizes, 21, iterations=0)
    assert (found.fitted.height_bytes, found.is_proven) == (22, True)


def test_an_arena_of_the_bound_and_the_lowest_there_is_are_sought_for_half_of_the_time_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def searched(lives: object, blocks: object, problem: object, start: Fitted, most_bytes: int, time_limit_s: float, workers: int) -> None:
        asked.append((most_bytes, time_limit_s))

    start = Fitted(9, (0,), (0,))
    monkeypatch.setattr(proving.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(proving, "problem_of", lambda *arguments: problem((6,), ((0, 0),)))
    monkeypatch.setattr(proving, "climbed", lambda asked, iterations: start)
    monkeypatch.setattr(proving, "_searched", searched)
    found = proving.proven(Lifetimes((), (), ()), (), Sizes((), (), ()), 6, time_limit_s=10.0)
    assert asked == [(6, 5.0), (9, 5.0)]
    assert (found.fitted, found.is_proven) == (start, False)
