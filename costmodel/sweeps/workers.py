"""Jobs on one process, on several, or on a Dask cluster; the results are the same."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import Any, Final

from costmodel.errors import MissingError, ToolError
from costmodel.sweeps.job import Job, JobResult, run_job
from costmodel.sweeps.space import Space

_AHEAD: Final = 2
"""Jobs that wait for each worker: enough to keep it busy, few enough to stop soon and to hold few results."""
_HEAP_BYTES: Final = 24 << 20

_SPACE: list[Space] = []
"""The space a worker process serves; sent once, not with every job."""


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
    from concurrent.futures.process import BrokenProcessPool

    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (space,))
    waiting: dict[Future[JobResult], Job] = {}
    left = iter(jobs)
    try:
        while True:
            while len(waiting) < workers * _AHEAD and (job := next(left, None)) is not None:
                waiting[pool.submit(_work, job)] = job
            if not waiting:
                return
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool:
        raise ToolError("a worker process died, perhaps for lack of memory; what is done is kept, add --resume to go on") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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
        If the scheduler does not answer.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise MissingError("a Dask cluster needs the extra [dask]: pip install 'costmodel[dask]'") from None
    try:
        client: Any = Client(scheduler) if scheduler else Client(n_workers=local_workers, threads_per_worker=1, dashboard_address=None)
    except (OSError, ValueError) as error:
        raise ToolError(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        shared = client.scatter(space, broadcast=True)
        left = iter(jobs)
        by_key: dict[str, Job] = {}
        ahead = max(1, len(client.scheduler_info(n_workers=-1)["workers"])) * _AHEAD
        stream = as_completed([])
        for first in itertools.islice(left, ahead):
            future = client.submit(run_job, shared, first, pure=False)
            by_key[future.key] = first
            stream.add(future)
        for future in stream:
            yield by_key.pop(future.key), future.result()
            if (job := next(left, None)) is not None:
                following = client.submit(run_job, shared, job, pure=False)
                by_key[following.key] = job
                stream.add(following)


def _start_worker(space: Space) -> None:
    # Ctrl-C reaches every process of the terminal; the parent alone decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    _SPACE.append(space)


def _work(job: Job) -> JobResult:
    return run_job(_SPACE[-1], job)
