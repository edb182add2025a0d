"""Climbing: from the best order of a portfolio to better ones, the same for the same seed."""

from __future__ import annotations

import random
from typing import Final

from costmodel.memory.arenas.fitting import Fitted, Problem, best_of_portfolio, fitted

SEED: Final = 14
WORK: Final = 120_000
"""Blocks that are placed in all: of 60 blocks, 2,000 orders."""
FEWEST_ITERATIONS: Final = 300
MOST_ITERATIONS: Final = 4_000
PATIENCE_RATIO: Final = 0.15
"""Share of the iterations without a lower arena after which the order is shaken."""


def iterations_for(problem: Problem) -> int:
    """Return how many orders are tried on a problem of its size."""
    return max(FEWEST_ITERATIONS, min(MOST_ITERATIONS, WORK // max(len(problem.sizes), 1)))


def climbed(problem: Problem, *, seed: int = SEED, iterations: int | None = None) -> Fitted:
    """Return a low arena: what ends at its top is filled in earlier, again and again.

    Parameters
    ----------
    problem : Problem
        What is to be placed.
    seed : int
        Of every choice.
    iterations : int, optional
        Orders that are tried; left out, as many as take about a second.

    Returns
    -------
    Fitted
        Never higher than the best of the portfolio; the search ends where the bound is reached.
    """
    best = current = best_of_portfolio(problem)
    draw = random.Random(seed)
    limit = iterations_for(problem) if iterations is None else iterations
    patience = max(20, int(limit * PATIENCE_RATIO))
    still = 0
    for _ in range(limit):
        if best.height_bytes <= problem.bound_bytes or len(problem.sizes) < 3:
            break
        found = fitted(problem, _neighbour(problem, current, draw))
        if found.height_bytes <= current.height_bytes:
            still = 0 if found.height_bytes < current.height_bytes else still + 1
            current = found
        else:
            still += 1
        if current.height_bytes < best.height_bytes:
            best = current
        if still > patience:
            current, still = fitted(problem, _shaken(best, draw)), 0
    return best


def _neighbour(problem: Problem, current: Fitted, draw: random.Random) -> list[int]:
    """An order in which a block at the top, or one below it that it meets, comes earlier."""
    top = [at for at, offset in enumerate(current.offsets) if offset + problem.sizes[at] == current.height_bytes]
    chosen = draw.choice(top)
    if problem.meetings[chosen] and draw.random() < 0.5:
        chosen = draw.choice(problem.meetings[chosen]).block
    order = list(current.order)
    at = order.index(chosen)
    if draw.random() < 0.7 and at:
        order.insert(draw.randrange(at), order.pop(at))
    else:
        other = draw.randrange(len(order))
        order[at], order[other] = order[other], order[at]
    return order


def _shaken(best: Fitted, draw: random.Random) -> list[int]:
    order = list(best.order)
    for _ in range(max(2, len(order) // 10)):
        a, b = draw.randrange(len(order)), draw.randrange(len(order))
        order[a], order[b] = order[b], order[a]
    return order
