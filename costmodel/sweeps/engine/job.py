"""A job: a run of designs evaluated, held against the constraints, and thinned to its own front."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.columns import any_true, is_column
from costmodel.evaluation.battery.lives import fits_period
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.design import own_power
from costmodel.sweeps.engine.block_cost import costs_of
from costmodel.sweeps.engine.design_blocks import SCATTER_BLOCK, Block, blocks_of
from costmodel.sweeps.engine.figure_values import Values
from costmodel.sweeps.engine.prefilter import Screen, screen_of
from costmodel.sweeps.front.pareto import front_rows
from costmodel.sweeps.study.design_fields import DesignField
from costmodel.sweeps.study.error_location import blamed
from costmodel.sweeps.study.inequality import CONSTRAINTS, Inequality, parse_inequality
from costmodel.sweeps.study.space import Part, Space
from costmodel.sweeps.study.study_spec import Keep

GRID_JOB: Final = 1 << 24
SCATTER_JOB: Final = 1 << 21
KEPT_JOB: Final = 1 << 20
_CROWD: Final = 1 << 16
_WIDE_CROWD: Final = 1 << 21
"""Candidates that are gathered before they are thinned to a front: the fewer where it is narrow, the more where it is wide, since a wide
front is dear to thin and thinning it drops little."""
_OF_FRONT: Final = 32
"""Candidates for each design of a wide front."""
LAYERS_FIT: Final = "every layer fits its input"
STAGES_FIT: Final = "every layer fits its input, and the schedule the network"
FITS_PERIOD: Final = "an inference fits its period"
ACTIVE_DRAWS_MORE: Final = "power.active_a >= power.idle_a"
PART: Final = "part"
NUMBER: Final = "design"


class Job(NamedTuple):
    """A run of designs of one part."""

    number: int
    part: int
    start: int
    stop: int

    @property
    def designs(self) -> int:
        """Designs before conditions."""
        return self.stop - self.start


class JobResult(NamedTuple):
    """What is left of a job."""

    rows: dict[str, np.ndarray]
    """Columns of the kept designs: part, number, numeric axes, figures."""
    evaluated: int
    """Designs after conditions."""
    survivors: tuple[int, ...]
    """Designs left after each constraint, in order."""


def jobs_of(space: Space) -> tuple[Job, ...]:
    """Divide a space into jobs, the same way on every machine."""
    jobs: list[Job] = []
    for place, part in enumerate(space.parts):
        scattered = space.study.sample is not None or space.conditions
        length = KEPT_JOB if space.study.keep is Keep.ALL else SCATTER_JOB if scattered else GRID_JOB
        jobs += [
            Job(len(jobs) + at, place, start, min(part.designs, start + length)) for at, start in enumerate(range(0, part.designs, length))
        ]
    return tuple(jobs)


def constraint_names(space: Space) -> tuple[str, ...]:
    """Return the constraints in the order they are applied, those that hold for every scenario first."""
    given = tuple(f"{figure} is given" for figure in given_needed(space))
    layers = STAGES_FIT if any(part.scenario.schedule.is_planned for part in space.parts) else LAYERS_FIT
    return (layers, FITS_PERIOD, ACTIVE_DRAWS_MORE, *given, *space.study.constraints)


def given_needed(space: Space) -> tuple[str, ...]:
    """Return the given figures that objectives and constraints need: designs that no row is for are left out."""
    compared = {name for text in space.study.constraints for name in parse_inequality(text, CONSTRAINTS, space.study.named_choices).names}
    needed = compared | {objective.figure for objective in space.study.objectives}
    return tuple(table.figure for table in space.study.given if table.figure in needed)


def empty_rows(space: Space) -> dict[str, np.ndarray]:
    """Return the columns of no design."""
    whole = dict.fromkeys((PART, NUMBER), np.empty(0, dtype=np.int64))
    names = (*(axis.label for axis in space.parts[0].axes), *space.study.figures)
    return whole | dict.fromkeys(names, np.empty(0, dtype=np.float64))


def run_job(space: Space, job: Job) -> JobResult:
    """Evaluate a job.

    Parameters
    ----------
    space : Space
        The study's space.
    job : Job
        Which designs.

    Returns
    -------
    JobResult
        Kept designs and counts.

    Raises
    ------
    InputError
        If a layer does not fit, a figure is not known, or 64-bit integers do not hold a result; names the designs.
    """
    part = space.parts[job.part]
    gathered = _Gathered(space, job)
    comparisons = [parse_inequality(text, CONSTRAINTS, space.study.named_choices) for text in space.study.constraints]
    survivors = np.zeros(len(constraint_names(space)), dtype=np.int64)
    evaluated = 0
    for block in blocks_of(space, part, job.start, job.stop):
        evaluated += math.prod(block.shape)
        for smaller, answer in costs_of(part, block):
            values = Values(part, smaller, answer)
            survivors[0] += math.prod(smaller.shape)
            feasible: Any = True
            for place, held in enumerate(_masks(space, part, smaller, answer, values, comparisons), start=1):
                feasible = held if feasible is True else feasible & held
                survivors[place] += _count(feasible, smaller.shape)
            gathered.take(smaller, values, feasible)
    return JobResult(gathered.rows(), evaluated, tuple(survivors.tolist()))


def _masks(space: Space, part: Part, block: Block, answer: Cost, values: Values, comparisons: list[Inequality]) -> Iterator[Any]:
    period_s, duration_s = _number(block, "period_s", part.design.period_s), answer.duration_s
    yield True if period_s is None or duration_s is None else _fits(answer, duration_s, period_s)
    board = part.design.board if own_power(part.scenario) is not None else None
    yield (
        True
        if board is None
        else _number(block, "power.active_a", board.inference.current_a) >= _number(block, "power.idle_a", board.idle.current_a)
    )
    for figure in given_needed(space):
        yield ~np.isnan(values[figure])
    for place, comparison in enumerate(comparisons):
        with blamed(space.document, "constraints", place):
            held = comparison.holds(values)
        yield held


def _number(block: Block, path: str, base: Any) -> Any:
    """Return a number of a block's designs: a column where an axis varies it, else the base's."""
    return block.columns.get(DesignField(path), base)


def _fits(answer: Cost, duration_s: Any, period_s: Any) -> Any:
    """Tell whether an inference fits its period, and with it the wake-up from the asked rest; so does an unknown one."""
    alone, found = duration_s <= period_s, answer.battery
    if found is not None and (state := found.board.state(found.rest)).wakes:
        alone = alone & fits_period(state, duration_s, period_s)
    return alone | (duration_s != duration_s) if answer.design.reach else alone


def _count(mask: Any, shape: tuple[int, ...]) -> int:
    total = math.prod(shape)
    if not is_column(mask) or mask.ndim == 0:
        return total if mask else 0
    return int(np.count_nonzero(mask)) * (total // int(mask.size))


class _Gathered:
    """Kept designs of a job so far."""

    def __init__(self, space: Space, job: Job) -> None:
        self._space = space
        self._study = space.study
        self._document = space.document
        self._job = job
        self._labels = tuple(axis.label for axis in space.parts[job.part].axes)
        self._pieces: list[dict[str, np.ndarray]] = []
        self._waiting = 0
        self._front = 0
        self._screen: Screen | None = None

    def take(self, block: Block, values: Values, feasible: Any) -> None:
        """Keep what a block adds."""
        if not any_true(feasible):
            return
        chosen = None
        if self._study.keep is Keep.FRONT:
            objectives = []
            for place, objective in enumerate(self._study.objectives):
                with blamed(self._document, "objectives", place):
                    objectives.append((values[objective.figure], objective.ascending))
            feasible = best_along_axes(objectives, feasible, block.shape)
            feasible = self._promising(block, objectives, feasible)
        if feasible is not True and not (not is_column(feasible) and bool(feasible)):
            chosen = np.flatnonzero(np.broadcast_to(feasible, block.shape))
            if self._study.keep is Keep.FRONT and self._screen is not None:
                chosen = chosen[self._screen.passes(_points(objectives, block.shape, chosen))]
            if not len(chosen):
                return
        piece = self._extracted(block, values, chosen)
        self._pieces.append(piece)
        self._waiting += len(piece[NUMBER])
        if self._study.keep is Keep.FRONT and self._waiting > self._crowd():
            self._thin()

    def rows(self) -> dict[str, np.ndarray]:
        """Return what is left, thinned."""
        if not self._pieces:
            return empty_rows(self._space)
        if self._study.keep is Keep.FRONT:
            self._thin()
        return {name: np.concatenate([piece[name] for piece in self._pieces]) for name in self._pieces[0]}

    def _promising(self, block: Block, objectives: list[tuple[Any, bool]], feasible: Any) -> Any:
        """Where a design is not worse in every objective than one of a few strong ones: cheap, on columns as they are."""
        if self._screen is None:
            self._screen = _first_screen(block, objectives, feasible)
        for strong in self._screen.strongest:
            better: Any = False
            for (column, ascending), limit in zip(objectives, strong, strict=True):
                near = column <= limit if ascending else column >= -limit
                better = near if better is False else better | near
            feasible = better if feasible is True else feasible & better
        return feasible

    def _extracted(self, block: Block, values: Values, chosen: np.ndarray | None) -> dict[str, np.ndarray]:
        total = math.prod(block.shape)
        count = total if chosen is None else len(chosen)
        places = None if chosen is None else np.unravel_index(chosen, block.shape)

        def taken(value: Any) -> np.ndarray:
            if not is_column(value):
                return np.full(count, value)
            spread = np.broadcast_to(value, block.shape)
            found = spread.reshape(-1) if places is None else spread[places]
            return np.array(found)

        numbers = block.first + (np.arange(total) if chosen is None else chosen) if block.numbers is None else taken(block.numbers)
        piece = {PART: np.full(count, self._job.part), NUMBER: numbers}
        piece |= {label: taken(block.axes[label]) for label in self._labels}
        return piece | {name: taken(values.optional(name)) for name in self._study.figures}

    def _crowd(self) -> int:
        return max(_CROWD, min(_OF_FRONT * self._front, _WIDE_CROWD), 2 * self._front)

    def _thin(self) -> None:
        merged = {name: np.concatenate([piece[name] for piece in self._pieces]) for name in self._pieces[0]}
        points = objective_points(merged, self._study.objectives)
        kept = front_rows(points, self._study.ties)
        self._pieces = [{name: column[kept] for name, column in merged.items()}]
        self._waiting = self._front = len(kept)
        self._screen = screen_of(points[kept])


def objective_points(rows: dict[str, np.ndarray], objectives: Any) -> np.ndarray:
    """Return the objectives of rows as one array in which less is better."""
    return np.stack([rows[one.figure] if one.ascending else -rows[one.figure] for one in objectives], axis=1)


def _first_screen(block: Block, objectives: list[tuple[Any, bool]], feasible: Any) -> Screen:
    total = math.prod(block.shape)
    sampled = np.arange(0, total, max(1, total // SCATTER_BLOCK))
    held = np.broadcast_to(feasible, block.shape)[np.unravel_index(sampled, block.shape)]
    return screen_of(_points(objectives, block.shape, sampled[held]))


def _points(objectives: list[tuple[Any, bool]], shape: tuple[int, ...], chosen: np.ndarray) -> np.ndarray:
    """Return the objectives of chosen designs as one array in which less is better."""
    places = np.unravel_index(chosen, shape)
    return np.stack([np.broadcast_to(column, shape)[places] * (1 if up else -1) for column, up in objectives], axis=1)


def best_along_axes(objectives: list[tuple[Any, bool]], feasible: Any, shape: tuple[int, ...]) -> Any:
    """Where a design is the best of those that differ from it only in axes that a single objective depends on.

    Along such axes all other objectives stay equal, so anything but the best is dominated: battery and period decide the life alone.

    Parameters
    ----------
    objectives : list of (column, bool)
        Columns that broadcast to `shape`, and whether less is better.
    feasible : bool or column
        What may dominate.
    shape : tuple of int
        Of the block; a block of one dimension is left as it is.

    Returns
    -------
    bool or column
        Narrower than `feasible`.
    """
    if len(shape) < 2:
        return feasible
    varying = [
        {place for place, extent in enumerate(column.shape) if extent > 1} if is_column(column) else set() for column, _ in objectives
    ]
    for place, (column, ascending) in enumerate(objectives):
        others = set().union(*(axes for other, axes in enumerate(varying) if other != place))
        alone = tuple(sorted(varying[place] - others))
        if not alone:
            continue
        worst = math.inf if ascending else -math.inf
        held = column if feasible is True else np.where(feasible, column, worst)
        best = held.min(axis=alone, keepdims=True) if ascending else held.max(axis=alone, keepdims=True)
        narrowed = held == best
        feasible = narrowed if feasible is True else narrowed & feasible
    return feasible
