"""What the results of all jobs come to, one result at a time: counts, the kept designs and the front."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from costmodel.errors import LimitError
from costmodel.sweeps.engine.job import Job, JobResult, constraint_names, empty_rows, objective_points
from costmodel.sweeps.engine.kept_designs import KeptDesigns, Rows, held_designs, joined_rows, row_count
from costmodel.sweeps.engine.kept_files import KeptFiles, study_digest
from costmodel.sweeps.front.answer import Front
from costmodel.sweeps.front.pareto import front_rows
from costmodel.sweeps.study.space import Space
from costmodel.sweeps.study.study_spec import Keep

MAX_FRONT: Final = 10_000_000
"""Most rows of a front that are held at once."""


class JobResults:
    """Results of jobs, in a folder or in memory.

    Parameters
    ----------
    space : Space
        The study's space.
    jobs : tuple of Job
        All of them.
    folder : Path, optional
        Where results are kept; left out, in memory.
    resume : bool
        Go on with what the folder holds.
    replace : bool
        Delete what earlier sweeps left in the folder first.
    """

    damaged: tuple[Path, ...]
    """Results of an earlier run that were not as they had been written; their jobs are not done."""
    done: set[int]
    """Numbers of the jobs whose results are there."""

    def __init__(self, space: Space, jobs: tuple[Job, ...], folder: Path | None, *, resume: bool, replace: bool) -> None:
        self._files = None if folder is None else KeptFiles(folder, study_digest(space, jobs), resume=resume, replace=replace)
        self._held: dict[int, JobResult] = {}
        self.damaged = () if self._files is None else self._files.drop_damaged()
        self.done = set() if self._files is None else set(self._files.done())

    def release(self) -> None:
        """Let another sweep write to the folder; results can still be read."""
        if self._files is not None:
            self._files.release()

    def add(self, job: Job, result: JobResult) -> None:
        """Keep a result."""
        if self._files is None:
            self._held[job.number] = result
        else:
            self._files.write(job, result)
        self.done.add(job.number)

    def read(self, number: int) -> JobResult:
        """Return a job's result."""
        return self._held[number] if self._files is None else self._files.read(number)


class Gathered:
    """The sum of all results.

    Parameters
    ----------
    space : Space
        The study's space.
    results : JobResults
        Of the jobs that are done.

    Raises
    ------
    LimitError
        If the front is too large to hold.
    """

    evaluated: int
    """Designs after conditions."""
    survivors: np.ndarray
    """Designs left after each constraint, in order."""
    kept: KeptDesigns
    """The front; or every design that satisfies the constraints, where it lies."""
    front: Front | None
    """None without objectives."""

    def __init__(self, space: Space, results: JobResults) -> None:
        self.evaluated = 0
        self.survivors = np.zeros(len(constraint_names(space)), dtype=np.int64)
        numbers = sorted(results.done)
        sizes: list[int] = []
        best = _Best(space)
        for number in numbers:
            result = results.read(number)
            self.evaluated += result.evaluated
            self.survivors += result.survivors
            best.take(result.rows, sum(sizes))
            sizes.append(row_count(result.rows))
        self.front = best.front() if space.study.objectives else None
        if self.front is not None and space.study.keep is Keep.FRONT:
            self.kept = held_designs(self.front.rows)
            self.front = self.front._replace(places=np.arange(len(self.front.places)))
        elif numbers:
            self.kept = KeptDesigns(tuple(sizes), lambda place: results.read(numbers[place]).rows)
        else:
            self.kept = held_designs(empty_rows(space))


class _Best:
    """The front of what was taken so far."""

    def __init__(self, space: Space) -> None:
        self._study = space.study
        self._pieces: list[Rows] = [empty_rows(space)]
        self._places: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
        self._waiting = self._front = 0

    def take(self, rows: Rows, first: int) -> None:
        """Take rows, the first of which has a number among all."""
        if not self._study.objectives:
            return
        self._pieces.append(rows)
        self._places.append(np.arange(row_count(rows)) + first)
        self._waiting += row_count(rows)
        if self._waiting > max(MAX_FRONT // 2, 2 * self._front):
            found = self.front()
            self._pieces, self._places = [found.rows], [found.places]
            self._waiting = self._front = len(found.places)
            if self._front > MAX_FRONT:
                raise LimitError(f"the front has more than {MAX_FRONT:,} designs; give fewer objectives, a constraint, or ties: first")

    def front(self) -> Front:
        """Return the front."""
        rows, places = joined_rows(self._pieces), np.concatenate(self._places)
        kept = front_rows(objective_points(dict(rows), self._study.objectives), self._study.ties)
        return Front(places[kept], {name: column[kept] for name, column in rows.items()})
