"""Searches against arenas whose optimum is known: rectangles of memory over time, cut to the last byte into buffers."""

from __future__ import annotations

import importlib.util
import random

import pytest

from costmodel.memory.arenas.climbing import climbed
from costmodel.memory.arenas.fitting import best_of_portfolio, problem_of
from costmodel.memory.arenas.proving import proven
from costmodel.memory.lifetimes import Lifetimes, TensorLife
from costmodel.memory.placement import blocks_of, sizes_of

CAPACITY = 4_096
STAGES = 40

needs_ortools = pytest.mark.skipif(importlib.util.find_spec("ortools") is None, reason="needs OR-Tools: pip install costmodel[exact]")


def guillotine(count: int, seed: int) -> Lifetimes:
    """A full rectangle cut from edge to edge, again and again, large pieces rather than small ones."""
    draw = random.Random(seed)
    cuts = [(0, STAGES, 0, CAPACITY)]
    while len(cuts) < count:
        areas = [(end - begin) * (high - low) * draw.random() for begin, end, low, high in cuts]
        at = areas.index(max(areas))
        begin, end, low, high = cuts[at]
        if draw.random() < 0.5 and end - begin >= 2:
            middle = draw.randrange(begin + 1, end)
            cuts[at : at + 1] = [(begin, middle, low, high), (middle, end, low, high)]
        elif high - low >= 2:
            middle = draw.randrange(low + 1, high)
            cuts[at : at + 1] = [(begin, end, low, middle), (begin, end, middle, high)]
    tensors = [TensorLife(f"t{at}", high - low, begin, end - 1) for at, (begin, end, low, high) in enumerate(sorted(cuts))]
    return Lifetimes(tuple(tensors), tuple(f"s{at}" for at in range(STAGES)), ())


def reached(lives: Lifetimes, time_limit_s: float) -> bool:
    blocks = blocks_of(lives, with_input=True)
    found = proven(lives, blocks, sizes_of(lives, blocks), CAPACITY, time_limit_s=time_limit_s, iterations=100)
    return found.is_proven and found.fitted.height_bytes == CAPACITY


@needs_ortools
def test_a_small_full_rectangle_is_found() -> None:
    lives = guillotine(20, 2)
    blocks = blocks_of(lives, with_input=True)
    problem = problem_of(blocks, sizes_of(lives, blocks), CAPACITY)
    assert best_of_portfolio(problem).height_bytes >= climbed(problem, iterations=50).height_bytes >= CAPACITY
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
    found = proven(lives, blocks, sizes, CAPACITY, time_limit_s=2.0, iterations=10)
    portfolio = best_of_portfolio(problem_of(blocks, sizes, CAPACITY)).height_bytes
    assert CAPACITY <= found.fitted.height_bytes <= portfolio
    assert found.is_proven == (found.fitted.height_bytes == CAPACITY)
