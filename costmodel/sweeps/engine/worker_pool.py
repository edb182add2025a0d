"""Jobs on processes of this machine, each of which has a pipe of its own.

The executor of the standard library lets its workers share one pipe for results, and holds the writing end itself: when a worker is killed
in the middle of a large result, the end of it is waited for without end. Here a pipe ends with its worker, and one thread does everything,
so that an interrupt finds no lock held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar, cast

from costmodel.sweeps.engine.worker_process import end_with_parent, interrupts_held, leave_signals_to_parent

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
_AHEAD: Final = 2
"""Tasks that each worker has: the one it does and the next, so that it never waits and few are lost when it is stopped."""


class WorkerLostError(Exception):
    """A worker process ended before its work did."""


class _Failed(NamedTuple):
    """What a worker sends in place of a result."""

    error: Exception


class _Worker(Generic[_Task]):
    """A process, our end of its pipe, and what it was given and has not answered."""

    def __init__(self, prepare: Callable[[], Callable[[Any], Any]]) -> None:
        context = get_context("spawn")
        self.pipe, self._theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_serve, args=(self._theirs,), daemon=True)
        self._prepare = prepare
        self.given: deque[_Task] = deque()

    def start(self) -> None:
        """Start the process; from now on its end of the pipe is its alone.

        What it needs comes through the pipe: a process whose parent is killed while it is handed its arguments ends in a traceback.
        """
        with interrupts_held():
            self.process.start()
            self._theirs.close()
        self._send(self._prepare)

    def give(self, tasks: Iterator[_Task], ahead: int) -> None:
        """Hand over tasks until it has `ahead`."""
        while len(self.given) < ahead and (task := next(tasks, None)) is not None:
            self.given.append(task)
            self._send(task)

    def answer(self) -> Any:
        """Take the result of the oldest task."""
        try:
            found = self.pipe.recv()
        except (EOFError, OSError):
            raise WorkerLostError from None
        if isinstance(found, _Failed):
            raise found.error
        return found

    def _send(self, what: Any) -> None:
        try:
            self.pipe.send(what)
        except OSError:
            raise WorkerLostError from None

    def kill(self) -> None:
        """End the process, whatever it does."""
        self.pipe.close()
        if self.process.pid is not None:
            self.process.kill()
            self.process.join()


def run_on_workers(
    prepare: Callable[[], Callable[[_Task], _Result]], tasks: Sequence[_Task], workers: int
) -> Generator[tuple[_Task, _Result], None, None]:
    """Yield each task with its result as they are done; whoever closes the generator ends the processes at once.

    Parameters
    ----------
    prepare : callable
        Called once in each process; returns what does a task. It is sent to each process once.
    tasks : sequence
        Started in order.
    workers : int
        Processes; they are spawned, so that this works the same on every system.

    Yields
    ------
    tuple of task and result
        In the order of finishing.

    Raises
    ------
    WorkerLostError
        If a process dies.
    Exception
        What doing a task raised.
    """
    left = iter(tasks)
    by_pipe: dict[Connection, _Worker[_Task]] = {}
    try:
        for _ in range(min(workers, len(tasks))):
            worker: _Worker[_Task] = _Worker(prepare)
            by_pipe[worker.pipe] = worker
            worker.start()
        for ahead in range(1, _AHEAD + 1):  # nobody has a second while another has none
            for worker in by_pipe.values():
                worker.give(left, ahead)
        while any(worker.given for worker in by_pipe.values()):
            for ready in wait(list(by_pipe)):
                worker = by_pipe[cast(Connection, ready)]
                found = worker.answer()
                task = worker.given.popleft()
                worker.give(left, _AHEAD)
                yield task, found
    finally:
        with interrupts_held():  # a second Ctrl-C would leave a process behind
            for worker in by_pipe.values():
                worker.kill()


def _serve(pipe: Connection) -> None:
    """Do what comes through the pipe until it ends: how to do tasks, then tasks."""
    leave_signals_to_parent()
    end_with_parent()
    try:
        work = pipe.recv()()
        while True:
            task = pipe.recv()
            try:
                found = work(task)
            except Exception as error:
                found = _Failed(error)
            pipe.send(found)
    except (EOFError, OSError):  # whoever asked is gone
        return
