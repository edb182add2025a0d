"""Searches against arenas whose optimum is known: rectangles of memory over time, cut to the last byte into buffers."""

from __future__ import annotations

import importlib.util

import pytest
from arena_instances import CAPACITY_BYTES, accelerator, guillotine

from costmodel.memory.arenas.climbing import climbed
from costmodel.memory.arenas.fitting import best_of_portfolio, problem_of
from costmodel.memory.arenas.proving import proven
from costmodel.memory.lifetimes import Lifetimes
from costmodel.memory.placement import blocks_of, sizes_of
from costmodel.memory.strategies import lower_bound

needs_ortools = pytest.mark.skipif(importlib.util.find_spec("ortools") is None, reason="needs OR-Tools: pip install costmodel[exact]")


def reached(lives: Lifetimes, time_limit_s: float) -> bool:
    blocks = blocks_of(lives, with_input=True)
    found = proven(lives, blocks, sizes_of(lives, blocks), CAPACITY_BYTES, time_limit_s=time_limit_s, iterations=100)
    return found.is_proven and found.fitted.height_bytes == CAPACITY_BYTES


@needs_ortools
def test_a_small_full_rectangle_is_found() -> None:
    lives = guillotine(20, 2)
    blocks = blocks_of(lives, with_input=True)
    problem = problem_of(blocks, sizes_of(lives, blocks), CAPACITY_BYTES)
    assert best_of_portfolio(problem).height_bytes >= climbed(problem, iterations=50).height_bytes >= CAPACITY_BYTES
    assert reached(lives, 60.0)


@needs_ortools
@pytest.mark.slow
@pytest.mark.timing
def test_nine_of_ten_full_rectangles_are_found_in_a_minute() -> None:
    assert sum(reached(guillotine(40 + 4 * seed, seed), 60.0) for seed in range(10)) >= 9


@needs_ortools
@pytest.mark.slow
def test_what_is_not_closed_in_time_is_not_proven_and_never_above_the_portfolio() -> None:
    lives = guillotine(300, 5)
    blocks = blocks_of(lives, with_input=True)
    sizes = sizes_of(lives, blocks)
    found = proven(lives, blocks, sizes, CAPACITY_BYTES, time_limit_s=2.0, iterations=10)
    portfolio = best_of_portfolio(problem_of(blocks, sizes, CAPACITY_BYTES)).height_bytes
    assert CAPACITY_BYTES <= found.fitted.height_bytes <= portfolio
    assert found.is_proven == (found.fitted.height_bytes == CAPACITY_BYTES)


@needs_ortools
@pytest.mark.slow
@pytest.mark.parametrize(("count", "seed"), [(150, 0), (300, 5), (450, 3)])
def test_many_buffers_are_never_above_the_portfolio(count: int, seed: int) -> None:
    lives = accelerator(count, seed)
    blocks = blocks_of(lives, with_input=True)
    sizes = sizes_of(lives, blocks)
    bound = int(lower_bound(lives, in_place=True, with_input=True))
    found = proven(lives, blocks, sizes, bound, time_limit_s=4.0, iterations=30)
    portfolio = best_of_portfolio(problem_of(blocks, sizes, bound)).height_bytes
    assert bound <= found.fitted.height_bytes <= portfolio
    assert found.is_proven or found.fitted.height_bytes > bound
