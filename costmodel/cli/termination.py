"""A request to end (SIGTERM) treated like Ctrl-C: what is open is closed, what is done is kept, and no worker stays behind."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Final

_AGAIN_S: Final = 0.05
"""How long after an interrupt was swallowed it is told again."""


class TerminationAsInterrupt:
    """A block in which KeyboardInterrupt is raised when the process is asked to end.

    Python swallows what is raised while it clears an object away (a finaliser, a weak reference's callback; imports have many): an
    interrupt that met one of those is told again. One may come before the block has quite begun, or after it has quite ended: who uses it
    catches the interrupt outside too.

    Outside the main thread, where Python sets no handlers, and where someone else handles the signal already, nothing is changed.
    """

    def __init__(self) -> None:
        self.asked = False
        """Whether the process was asked to end."""
        self.heard = False
        """Whether that or Ctrl-C was heard: a library's own code may turn what is raised into an error of its own."""
        self._over = threading.Event()
        self._before = sys.unraisablehook
        in_main = threading.current_thread() is threading.main_thread()
        self._ours = in_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        self._keys_ours = self._ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def __enter__(self) -> TerminationAsInterrupt:
        """Begin to listen."""
        if self._ours:
            sys.unraisablehook = self._swallowed
            signal.signal(signal.SIGTERM, self._stop)
        if self._keys_ours:
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the signal as it was."""
        self._over.set()
        if self._ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            sys.unraisablehook = self._before
        if self._keys_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _stop(self, _number: int, _frame: object) -> None:
        self.asked = self.heard = True
        raise KeyboardInterrupt

    def _interrupt(self, _number: int, _frame: object) -> None:
        self.heard = True
        raise KeyboardInterrupt

    def _swallowed(self, told: sys.UnraisableHookArgs) -> None:
        if not issubclass(told.exc_type, KeyboardInterrupt) or self._over.is_set():
            self._before(told)
            return
        timer = threading.Timer(_AGAIN_S, self._again)
        timer.daemon = True
        timer.start()

    def _again(self) -> None:
        if not self._over.is_set():
            signal.raise_signal(signal.SIGTERM if self.asked else signal.SIGINT)
