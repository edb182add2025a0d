"""Proving: the lowest arena there is, by OR-Tools CP-SAT (extra `exact`)."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Final, NamedTuple

from costmodel.memory.arenas.climbing import climbed
from costmodel.memory.arenas.fitting import Fitted, Problem, problem_of
from costmodel.memory.lifetimes import Lifetimes
from costmodel.memory.placement import Block, Sizes

TIME_LIMIT_S: Final = 60.0
WORKERS: Final = 2
SEED: Final = 14


class Proven(NamedTuple):
    """A low arena, and whether there is no lower one."""

    fitted: Fitted
    is_proven: bool
    reason: str | None = None
    """Why nothing was proven, where the search could not run."""


def proven(
    lives: Lifetimes,
    blocks: Sequence[Block],
    sizes: Sizes,
    bound_bytes: int,
    *,
    time_limit_s: float = TIME_LIMIT_S,
    workers: int = WORKERS,
    iterations: int | None = None,
) -> Proven:
    """Return the lowest arena, or the lowest that was found in time.

    Parameters
    ----------
    lives : Lifetimes
        The tensors in the blocks.
    blocks : sequence of Block
        In running order.
    sizes : Sizes
        Ints.
    bound_bytes : int
        The most that is alive at once.
    time_limit_s : float
        Longest search.
    workers : int
        Threads it runs on.
    iterations : int, optional
        Of the climbing that it starts from.

    Returns
    -------
    Proven
        Climbing's arena, where that reaches the bound; nothing is searched then.
    """
    problem = problem_of(blocks, sizes, bound_bytes)
    start = climbed(problem, iterations=iterations)
    if start.height_bytes <= bound_bytes:
        return Proven(start, True)
    if importlib.util.find_spec("ortools") is None:
        return Proven(start, False, "the proof needs OR-Tools: install the extra `exact`")
    # An arena of just the bound is sought first: where there is one, nothing is left to prove, and far fewer places come in question.
    low = _searched(lives, blocks, problem, start, bound_bytes, time_limit_s / 2, workers)
    if low is not None:
        return Proven(low[0], True)
    found = _searched(lives, blocks, problem, start, start.height_bytes, time_limit_s / 2, workers)
    return Proven(start, False) if found is None else Proven(*found)


def _searched(
    lives: Lifetimes, blocks: Sequence[Block], problem: Problem, start: Fitted, most_bytes: int, time_limit_s: float, workers: int
) -> tuple[Fitted, bool] | None:
    """The lowest arena that was found in time below a height, and whether there is no lower one; None where none was found."""
    from ortools.sat.python import cp_model

    bound_bytes = problem.bound_bytes
    model = cp_model.CpModel()
    height = model.new_int_var(bound_bytes, most_bytes, "height")
    offsets = []
    times, places = [], []
    for at, block in enumerate(blocks):
        alignment = problem.alignments[at]
        top = most_bytes - problem.sizes[at]
        multiple = model.new_int_var(0, top // alignment, f"m{at}")
        offset = multiple * alignment
        offsets.append(multiple)
        model.add_hint(multiple, min(start.offsets[at], top) // alignment)
        model.add(offset + problem.sizes[at] <= height)
        for number, place in enumerate(block.tensors):
            life = lives.tensors[place]
            # What is made in place is inside what it overwrites while it is made.
            begin = max(life.made, 0) + (number > 0)
            size = int(life.size_bytes)
            if begin > life.last or not size:
                continue
            times.append(model.new_fixed_size_interval_var(begin, life.last - begin + 1, f"t{at}_{number}"))
            places.append(model.new_fixed_size_interval_var(offset, size, f"p{at}_{number}"))
    model.add_no_overlap_2d(times, places)
    model.minimize(height)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit_s
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = SEED
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    found = tuple(solver.value(multiple) * alignment for multiple, alignment in zip(offsets, problem.alignments, strict=True))
    lowest = max(offset + size for offset, size in zip(found, problem.sizes, strict=True))
    return Fitted(lowest, found, start.order), status == cp_model.OPTIMAL
