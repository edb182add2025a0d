"""A request to end (SIGTERM) treated like Ctrl-C: what is open is closed, what is done is kept, and no worker stays behind."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_AGAIN_S: Final = 0.05
"""How long after an interrupt was swallowed it is told again."""


@contextmanager
def termination_as_interrupt() -> Iterator[Callable[[], bool]]:
    """Raise KeyboardInterrupt in the block when the process is asked to end.

    Python swallows what is raised while it clears an object away (a finaliser, a weak reference's callback; imports have many): an
    interrupt that met one of those is told again.

    Outside the main thread, where Python sets no handlers, and where someone else handles the signal already, nothing is changed.

    Yields
    ------
    callable
        Returns whether the process was asked to end.
    """
    asked: list[int] = []
    over = threading.Event()

    def stop(number: int, _: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    before = sys.unraisablehook

    def swallowed(told: sys.UnraisableHookArgs) -> None:
        if not issubclass(told.exc_type, KeyboardInterrupt) or over.is_set():
            before(told)
            return
        number = asked[-1] if asked else signal.SIGINT

        def again() -> None:
            if not over.is_set():
                signal.raise_signal(number)

        timer = threading.Timer(_AGAIN_S, again)
        timer.daemon = True
        timer.start()

    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, stop)
        sys.unraisablehook = swallowed
    try:
        yield lambda: bool(asked)
    finally:
        over.set()
        if ours:
            sys.unraisablehook = before
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
