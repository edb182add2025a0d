"""Running a study: jobs, what they leave, and the front of all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Any, Final, NamedTuple

from costmodel.columns import is_column
from costmodel.errors import InputError, SpecError
from costmodel.evaluation.composition import cost
from costmodel.memory.scheduled import scheduled
from costmodel.sources.documents.validation_errors import checked_spec, found_text
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.sweeps.engine.design_blocks import SCATTER_BLOCK, blocks_of
from costmodel.sweeps.engine.figure_values import accountings_for, check_name
from costmodel.sweeps.engine.job import LAYERS_FIT, STAGES_FIT, Job, JobResult, constraint_names, jobs_of, objective_points
from costmodel.sweeps.engine.job_results import Gathered, JobResults
from costmodel.sweeps.engine.unread_axes import refuse_unread
from costmodel.sweeps.engine.workers import run_here, run_in_processes, run_on_cluster
from costmodel.sweeps.front.answer import SweepAnswer
from costmodel.sweeps.front.pareto import knee_row
from costmodel.sweeps.front.sensitivity import explained
from costmodel.sweeps.study.design_fields import with_numbers
from costmodel.sweeps.study.error_location import blamed
from costmodel.sweeps.study.inequality import CONSTRAINTS, parse_inequality
from costmodel.sweeps.study.space import Space, space_of
from costmodel.sweeps.study.study_file import load_study
from costmodel.sweeps.study.study_spec import Study

_WORTH_PROCESSES: Final = 8_000_000
"""Fewer designs are done before other processes have started."""


class Progress(NamedTuple):
    """How far a sweep is."""

    designs_done: int
    designs: int
    seconds: float
    designs_before: int = 0
    """Designs of those done that an earlier run had finished."""

    @property
    def rate(self) -> float:
        """Designs a second, in this run."""
        return (self.designs_done - self.designs_before) / max(self.seconds, 1e-9)


def sweep(
    study: Study | Mapping[str, Any] | Space | str | Path,
    *,
    beside: Path | None = None,
    folder: Path | None = None,
    resume: bool = False,
    replace: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    local_cluster: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> SweepAnswer:
    """Evaluate every design of a study and keep its Pareto front; `costmodel.sweep` shows it and says what each parameter is.

    Returns
    -------
    SweepAnswer
        The front (or all designs), what each constraint left, knee and sensitivities. After Ctrl-C, of what was done.

    Raises
    ------
    InputError
        If the study is wrong, its constraints leave nothing, or the disk is full.
    """
    if workers < 1 or local_cluster < 0:
        raise SpecError(f"workers: expected at least 1, found {min(workers, local_cluster)}")
    if scheduler is not None and local_cluster:
        raise SpecError("a study runs on a Dask scheduler or on a local cluster, and not on both; leave one of them out")
    if isinstance(study, str | Path):
        written = load_study(Path(study))
        space = prepared_space(written.study, beside or written.beside, written.document)
    else:
        space = study if isinstance(study, Space) else prepared_space(study, beside)
    jobs = jobs_of(space)
    kept = JobResults(space, jobs, folder, resume=resume, replace=replace)
    todo = [job for job in jobs if job.number not in kept.done]
    started = time.monotonic()
    complete = True
    stream = _stream(space, todo, workers, scheduler, local_cluster)
    try:
        before = done = sum(job.designs for job in jobs if job.number in kept.done)
        for job, result in stream:
            kept.add(job, result)
            done += job.designs
            if on_progress is not None:
                on_progress(Progress(done, space.designs, time.monotonic() - started, before))
    except KeyboardInterrupt:
        complete = False
    finally:
        stream.close()
        kept.release()
    seconds = time.monotonic() - started
    answer = _answer(space, jobs, kept, seconds, complete=complete)
    return replace_fields(answer, jobs_before=len(jobs) - len(todo), damaged=kept.damaged)


def prepared_space(study: Study | Mapping[str, Any], beside: Path | None = None, document: YamlDocument | None = None) -> Space:
    """Resolve a study and check every name in it, before anything is computed.

    Parameters
    ----------
    study : Study or mapping
        As written.
    beside : Path, optional
        Folder that relative paths start from.
    document : YamlDocument, optional
        The file it was written in, for messages to say where.

    Returns
    -------
    Space
        Ready to run.
    """
    checked = study if isinstance(study, Study) else checked_study(study)
    space = space_of(checked, beside, document)
    named: list[tuple[str, tuple[str | int, ...]]] = []
    for place, text in enumerate(checked.constraints):
        with blamed(document, "constraints", place):
            named += [(name, ("constraints", place)) for name in parse_inequality(text, CONSTRAINTS, space.study.named_choices).names]
    named += [(objective.figure, ("objectives", place)) for place, objective in enumerate(checked.objectives)]
    named += [(column, ("columns", place)) for place, column in enumerate(checked.columns)]
    parts, answers = [], []
    for part in space.parts:
        parts.append(part._replace(design=part.design._replace(accountings=accountings_for([name for name, _ in named], part.scenario))))
        answers.append(cost(parts[-1].design))
        for name, written_at in named:
            with blamed(document, *written_at):
                check_name(name, space, answers[-1], part.scenario)
    space = space._replace(parts=tuple(parts))
    refuse_unread(space, [name for name, _ in named], answers)
    return space


def checked_study(written: Mapping[str, Any]) -> Study:
    """Make a study of a mapping.

    Raises
    ------
    InputError
        With the place and the reason of each mistake.
    """
    if not isinstance(written, Mapping):
        raise SpecError(f"a study is a mapping with name, axes and objectives, or a file; found {found_text(written)}")
    return checked_spec(YamlDocument(dict(written)), Study, "study")


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
        with blamed(space.document, "conditions"):
            last = space.study.conditions[-1] if space.study.conditions else ""
            raise SpecError(f"the study is empty: no design satisfies its conditions (the last is {last!r})")
    before = evaluated
    own = len(survivors) - len(space.study.constraints)
    for place, (name, left) in enumerate(survivors):
        if left == 0:
            why = f" ({_misfit(space)})" if name in (LAYERS_FIT, STAGES_FIT) else ""
            with blamed(space.document, *(("constraints", place - own) if place >= own else ())):
                raise SpecError(f"no design is left: the constraint {name!r} removes the last {before:,} of {evaluated:,}{why}")
        before = left


def _misfit(space: Space) -> str:
    """Return what does not fit in one of a space's designs, none of which fits."""
    block = next(iter(blocks_of(space, space.parts[0], 0, min(space.parts[0].designs, SCATTER_BLOCK))))
    numbers = {place: values.flat[0].item() if is_column(values) else values for place, values in block.columns.items()}
    try:
        found = with_numbers(space.parts[0].scenario, numbers)
        if found.schedule.is_planned:
            scheduled(found.network, found.schedule)
    except InputError as error:
        return error.message
    return "each for a reason of its own"
