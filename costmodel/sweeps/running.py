"""Running a study: jobs, what they leave, and the front of all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from costmodel.errors import SpecError
from costmodel.evaluation.composition import cost
from costmodel.sweeps.answer import SweepAnswer
from costmodel.sweeps.comparison import parse_comparison
from costmodel.sweeps.figure_values import accountings_for, check_names
from costmodel.sweeps.gathering import Gathered, JobResults
from costmodel.sweeps.job import Job, JobResult, constraint_names, jobs_of, objective_points
from costmodel.sweeps.pareto import knee_row
from costmodel.sweeps.sensitivity import explained
from costmodel.sweeps.space import Space, space_of
from costmodel.sweeps.study import Study
from costmodel.sweeps.workers import run_here, run_in_processes, run_on_cluster

_WORTH_PROCESSES: Final = 8_000_000
"""Fewer designs are done before other processes have started."""


class Progress(NamedTuple):
    """How far a sweep is."""

    designs_done: int
    designs: int
    seconds: float


def sweep(
    study: Study | Mapping[str, Any],
    *,
    beside: Path | None = None,
    folder: Path | None = None,
    resume: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    local_cluster: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> SweepAnswer:
    """Evaluate every design of a study and keep its Pareto front.

    Parameters
    ----------
    study : Study or mapping
        Base scenario, axes, constraints and objectives.
    beside : Path, optional
        Folder that relative paths in the study start from.
    folder : Path, optional
        Where results of finished jobs are kept, so that a stopped sweep can go on; left out, in memory.
    resume : bool
        Go on with what the folder holds.
    workers : int
        Processes. More than one needs the caller's main module to be importable (`if __name__ == "__main__":`).
    scheduler : str, optional
        Address of a Dask scheduler to run on instead.
    local_cluster : int
        Workers of a Dask cluster on this machine to run on instead; 0 for none.
    on_progress : callable, optional
        Called after each job.

    Returns
    -------
    SweepAnswer
        The front (or all designs), what each constraint left, knee and sensitivities. After Ctrl-C, of what was done.

    Raises
    ------
    InputError
        If the study is wrong, its constraints leave nothing, or the disk is full.

    Examples
    --------
    >>> import costmodel
    >>> answer = costmodel.sweep({
    ...     "name": "widths",
    ...     "axes": [{"path": "layers.conv1.out_channels", "range": {"start": 8, "stop": 64}}],
    ...     "objectives": [{"minimise": "energy.memory"}, {"maximise": "network.mac_count"}],
    ... })
    >>> len(answer)
    57
    """
    if workers < 1 or local_cluster < 0:
        raise SpecError(f"workers: expected at least 1, found {min(workers, local_cluster)}")
    space = prepared_space(study, beside)
    jobs = jobs_of(space)
    kept = JobResults(space, jobs, folder, resume=resume)
    todo = [job for job in jobs if job.number not in kept.done]
    started = time.monotonic()
    complete = True
    stream = _stream(space, todo, workers, scheduler, local_cluster)
    try:
        done = sum(job.designs for job in jobs if job.number in kept.done)
        for job, result in stream:
            kept.add(job, result)
            done += job.designs
            if on_progress is not None:
                on_progress(Progress(done, space.designs, time.monotonic() - started))
    except KeyboardInterrupt:
        complete = False
    finally:
        stream.close()
    return _answer(space, jobs, kept, time.monotonic() - started, complete=complete)


def prepared_space(study: Study | Mapping[str, Any], beside: Path | None = None) -> Space:
    """Resolve a study and check every name in it, before anything is computed.

    Parameters
    ----------
    study : Study or mapping
        As written.
    beside : Path, optional
        Folder that relative paths start from.

    Returns
    -------
    Space
        Ready to run.
    """
    checked = study if isinstance(study, Study) else checked_study(study)
    space = space_of(checked, beside)
    compared = tuple(name for text in checked.constraints for name in parse_comparison(text, "constraints").names)
    names = (*checked.figures, *compared)
    parts = []
    for part in space.parts:
        parts.append(part._replace(design=part.design._replace(accountings=accountings_for(names, part.scenario))))
        check_names(names, space, cost(parts[-1].design), part.scenario)
    return space._replace(parts=tuple(parts))


def checked_study(written: Mapping[str, Any]) -> Study:
    """Make a study of a mapping.

    Raises
    ------
    SpecError
        With the place and the reason of the first mistake.
    """
    try:
        return Study.model_validate(dict(written))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SpecError(f"{place or 'study'}: {first['msg']}") from None


def _stream(
    space: Space, jobs: list[Job], workers: int, scheduler: str | None, local_cluster: int
) -> Generator[tuple[Job, JobResult], None, None]:
    if scheduler is not None or local_cluster:
        return run_on_cluster(space, jobs, scheduler, local_cluster)
    if workers > 1 and len(jobs) > 1 and sum(job.designs for job in jobs) >= _WORTH_PROCESSES:
        return run_in_processes(space, jobs, min(workers, len(jobs)))
    return run_here(space, jobs)


def _answer(space: Space, jobs: tuple[Job, ...], kept: JobResults, seconds: float, *, complete: bool) -> SweepAnswer:
    found = Gathered(space, kept)
    counted = tuple(zip(constraint_names(space), found.survivors.tolist(), strict=True))
    _check_left(space, counted, found.evaluated, complete=complete)
    front = found.front
    knee = None
    if front is not None and len(front.places):
        knee = int(front.places[knee_row(objective_points(dict(front.rows), space.study.objectives))])
    return SweepAnswer(
        space=space,
        kept=found.kept,
        front=front,
        designs=space.designs,
        evaluated=found.evaluated,
        survivors=counted,
        knee=knee,
        explained=explained(space) if complete else (),
        seconds=seconds,
        complete=complete,
        jobs_done=len(kept.done),
        jobs=len(jobs),
    )


def _check_left(space: Space, survivors: tuple[tuple[str, int], ...], evaluated: int, *, complete: bool) -> None:
    if not complete or (evaluated and survivors[-1][1]):
        return
    if not evaluated:
        last = space.study.conditions[-1] if space.study.conditions else ""
        raise SpecError(f"the study is empty: no design satisfies its conditions (the last is {last!r})")
    before = evaluated
    for name, left in survivors:
        if left == 0:
            raise SpecError(f"no design is left: the constraint {name!r} removes the last {before:,} of {evaluated:,}")
        before = left
