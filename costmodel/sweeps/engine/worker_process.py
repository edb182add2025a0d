"""What a worker process owes its parent: to leave interrupts to it, and to end when it is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import Final

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


def end_with_parent() -> None:
    """End this process when its parent does, however that ends: a killed parent tells nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True, name="parent-watch").start()


def leave_signals_to_parent() -> None:
    """Ignore Ctrl-C and requests to end, which reach every process of a terminal or service: the parent alone decides what follows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Start processes in the block that Ctrl-C does not reach; here it takes effect at the block's end.

    A process inherits which signals are held back. Without that, one that is still starting would print a traceback of its own.
    """
    if sys.platform == "win32":
        yield
        return
    # The first process that is started starts this one before it, and lets interrupts through again.
    resource_tracker.ensure_running()
    asked: list[int] = []
    ours = threading.current_thread() is threading.main_thread()
    # A signal that another thread takes is still told to the main one, in the middle of starting a process.
    before = {number: signal.signal(number, lambda told, _: asked.append(told)) for number in _STOPPING} if ours else {}
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        for number, handler in before.items():
            signal.signal(number, handler)
        for told in asked[:1]:
            signal.raise_signal(told)


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
