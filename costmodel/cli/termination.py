"""A request to end (SIGTERM) treated like Ctrl-C: what is open is closed, what is done is kept, and no worker stays behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def termination_as_interrupt() -> Iterator[Callable[[], bool]]:
    """Raise KeyboardInterrupt in the block when the process is asked to end.

    Outside the main thread, where Python sets no handlers, and where someone else handles the signal already, nothing is changed.

    Yields
    ------
    callable
        Returns whether the process was asked to end.
    """
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, stop)
    try:
        yield lambda: bool(asked)
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
