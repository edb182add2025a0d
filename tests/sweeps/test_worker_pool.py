"""Processes with a pipe each: whatever happens to one of them, whoever waits for it goes on."""

import os
import signal
import time
from contextlib import closing
from functools import partial

import pytest

from costmodel.errors import SpecError
from costmodel.sweeps.engine.worker_pool import WorkerLostError, run_on_workers

LARGE_BYTES = 1 << 24
"""Far more than a pipe holds."""


def _square(number):
    return number * number


def _large(_number):
    return bytes(LARGE_BYTES)


def _ends(number):
    if number == 3:
        os._exit(1)
    return number


def _refuses(number):
    if number == 2:
        raise SpecError("two is too many")
    return number


def _waits(_number):
    time.sleep(3600)


def _prepared(work):
    return work


@pytest.mark.parametrize(("tasks", "workers"), [(0, 2), (1, 3), (2, 2), (7, 1), (20, 3)])
def test_every_task_is_done_once(tasks, workers):
    found = dict(run_on_workers(partial(_prepared, _square), range(tasks), workers))
    assert found == {number: number * number for number in range(tasks)}


def test_workers_that_send_large_results_can_be_stopped_at_any_time():
    with closing(run_on_workers(partial(_prepared, _large), range(8), 2)) as stream:
        _, found = next(stream)
        assert len(found) == LARGE_BYTES
        # Both are in the middle of another one, which nobody takes.
        time.sleep(0.2)


def test_a_worker_that_ends_is_told():
    with pytest.raises(WorkerLostError):
        list(run_on_workers(partial(_prepared, _ends), range(8), 2))


def test_what_a_task_raises_reaches_whoever_asked():
    with pytest.raises(SpecError, match="two is too many"):
        list(run_on_workers(partial(_prepared, _refuses), range(8), 2))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that interrupts")
@pytest.mark.parametrize("after_s", [0.001, 0.05, 0.2, 1.5])
def test_an_interrupt_stops_workers_that_never_answer(after_s):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, after_s)
        with pytest.raises(KeyboardInterrupt):
            list(run_on_workers(partial(_prepared, _waits), range(4), 2))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
