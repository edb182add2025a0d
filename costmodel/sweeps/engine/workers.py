"""Jobs on one process, on several, or on a Dask cluster; the results are the same."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from functools import partial
from importlib import import_module
from typing import Any, Final

from costmodel.errors import MissingError, ToolError
from costmodel.sweeps.engine.job import Job, JobResult, run_job
from costmodel.sweeps.engine.worker_pool import WorkerLostError, run_on_workers
from costmodel.sweeps.engine.worker_process import interrupts_held
from costmodel.sweeps.study.space import Space

_AHEAD: Final = 2
"""Jobs that wait for each worker of a cluster: enough to keep it busy, few enough to stop soon and to hold few results."""
_ANSWER_S: Final = 15
"""How long a scheduler and its first worker may take to answer."""
_HEAP_BYTES: Final = 24 << 20


def keep_freed_memory() -> None:
    """Make the C library keep freed memory for the next column instead of returning it to the system.

    glibc raises its thresholds to the size of a large block that is freed. Otherwise it unmaps every column as it is freed, and fetching
    zeroed pages anew takes four times as long as the arithmetic. Elsewhere this does nothing.
    """
    import numpy as np

    np.empty(_HEAP_BYTES, dtype=np.uint8)


def run_here(space: Space, jobs: Sequence[Job]) -> Generator[tuple[Job, JobResult], None, None]:
    """Yield each job with its result, one after the other."""
    keep_freed_memory()
    for job in jobs:
        yield job, run_job(space, job)


def run_in_processes(space: Space, jobs: Sequence[Job], workers: int) -> Generator[tuple[Job, JobResult], None, None]:
    """Yield each job with its result as they finish, on several processes.

    Parameters
    ----------
    space : Space
        Sent to each process once.
    jobs : sequence of Job
        Started in order.
    workers : int
        Processes; they are spawned, so that this works the same on every system.

    Yields
    ------
    tuple of Job and JobResult
        In the order of finishing.

    Raises
    ------
    ToolError
        If a process dies.
    """
    begun = False
    try:
        with closing(run_on_workers(partial(_job_runner, space), jobs, workers)) as stream:
            for job, found in stream:
                begun = True
                yield job, found
    except WorkerLostError:
        if not begun:
            raise ToolError(
                "the worker processes died before a job was done: a script that sweeps on several keeps its own work below "
                '`if __name__ == "__main__":` (or takes workers=1); otherwise perhaps for lack of memory'
            ) from None
        raise ToolError("a worker process died, perhaps for lack of memory; what is done is kept, add --resume to go on") from None


def run_on_cluster(
    space: Space, jobs: Sequence[Job], scheduler: str | None, local_workers: int
) -> Generator[tuple[Job, JobResult], None, None]:
    """Yield each job with its result as they finish, on a Dask cluster.

    Parameters
    ----------
    space : Space
        Sent to each worker once.
    jobs : sequence of Job
        Started in order.
    scheduler : str or None
        Address of a scheduler (`tcp://host:8786`); None starts a cluster on this machine.
    local_workers : int
        Workers of a cluster on this machine.

    Yields
    ------
    tuple of Job and JobResult
        In the order of finishing.

    Raises
    ------
    MissingError
        If `distributed` is not installed.
    ToolError
        If the scheduler does not answer, has no workers, its workers have no or another `costmodel`, or the cluster is lost.
    """
    try:
        # By name: its functions are partly without types.
        distributed: Any = import_module("distributed")
    except ImportError:
        raise MissingError("a Dask cluster needs the extra [dask]: pip install 'costmodel[dask]'") from None
    what = f"the Dask scheduler at {scheduler}" if scheduler else "the local Dask cluster"
    try:
        with _quiet_logs(), _client(distributed, scheduler, local_workers) as client:
            _check_workers(client, what)
            # In a list: a space is a tuple itself, which would be sent field by field.
            (shared,) = client.scatter([space], broadcast=True)
            left = iter(jobs)
            by_key: dict[str, Job] = {}
            ahead = max(1, len(client.scheduler_info(n_workers=-1)["workers"])) * _AHEAD
            stream = distributed.as_completed()

            def start(job: Job) -> None:
                future = client.submit(run_job, shared, job, pure=False)
                by_key[future.key] = job
                stream.add(future)

            for job in itertools.islice(left, ahead):
                start(job)
            for future in stream:
                yield by_key.pop(future.key), future.result()
                if (following := next(left, None)) is not None:
                    start(following)
    except (distributed.KilledWorker, CancelledError, OSError) as error:
        raise ToolError(f"{what} was lost: {_first_line(error)}; what is done is kept, add --resume to go on") from None


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """Leave out what the cluster logs of connections lost and workers stopped: the one error that is raised says it."""
    loggers = [
        logging.getLogger(name)
        for name in ("distributed", "distributed.client", "distributed.nanny", "distributed.core", "tornado", "asyncio")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _client(distributed: Any, scheduler: str | None, local_workers: int) -> Any:
    if scheduler is None:
        with interrupts_held():
            return distributed.Client(n_workers=local_workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL)
    try:
        return distributed.Client(scheduler, timeout=_ANSWER_S)
    except (OSError, ValueError, TypeError) as error:
        raise ToolError(
            f"no Dask scheduler answers at {scheduler}: {_first_line(error)}; expected an address such as tcp://host:8786"
        ) from None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _check_workers(client: Any, what: str) -> None:
    """Refuse a cluster without workers, or whose workers would compute something else."""
    try:
        client.wait_for_workers(1, timeout=_ANSWER_S)
    except TimeoutError:
        raise ToolError(f"{what} has no workers; start some, with `dask worker ADDRESS` in an environment that has costmodel") from None

    def installed() -> str:
        # Defined here, so that it is sent whole: a worker without costmodel can run it, and fails inside.
        from costmodel import __version__

        return __version__

    ours = installed()
    for worker, theirs in client.run(installed, on_error="return").items():
        if theirs != ours:
            found = "has no costmodel" if isinstance(theirs, Exception) else f"has costmodel {theirs}"
            raise ToolError(f"worker {worker} of {what} {found}, and this machine has {ours}; install the same version there")


def _job_runner(space: Space) -> Callable[[Job], JobResult]:
    keep_freed_memory()
    return partial(run_job, space)
