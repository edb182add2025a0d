"""Standard output whose failures say what failed: a full disk, a reader that has gone, a closed stream."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, TypeVar

from costmodel.errors import OutputError

R = TypeVar("R")


class _ToldOutput:
    """A text stream that raises OutputError where writing fails; all else is the stream's own."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._failure = "" if stream is not None else "it is closed"

    def __getattr__(self, name: str) -> Any:
        if self._stream is None:
            raise OutputError(self._failure)
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return self._told(lambda stream: stream.write(text))

    def writelines(self, lines: Any) -> None:
        return self._told(lambda stream: stream.writelines(lines))

    def flush(self) -> None:
        return self._told(lambda stream: stream.flush())

    def _told(self, act: Callable[[TextIO], R]) -> R:
        # A library that tries whether it can print swallows the first failure; every later one says it again.
        if self._failure or self._stream is None:
            raise OutputError(self._failure)
        try:
            return act(self._stream)
        except BrokenPipeError:
            self._failure = "its reader has gone"
        except OSError as error:
            self._failure = error.strerror or str(error)
        # What is still buffered must not fail again, without a word for it, when Python ends.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        raise OutputError(self._failure)


@contextmanager
def told_output() -> Iterator[None]:
    """Print on a standard output that tells its failures while the block runs, and flush it at its end.

    Raises
    ------
    OutputError
        If something could not be written.
    """
    before = sys.stdout
    ours: Any = _ToldOutput(before)
    sys.stdout = ours
    try:
        yield
        if before is not None:
            ours.flush()
    finally:
        sys.stdout = before
