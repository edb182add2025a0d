"""A program run to its end, with no more of its output kept than fits: one that prints without an end is stopped."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

_READ_BYTES: Final = 1 << 16
_LAST_WORDS_S: Final = 5.0


def run_bounded(command: Sequence[str], folder: Path, timeout_s: float, most_bytes: int) -> subprocess.CompletedProcess[bytes]:
    """Run a program without a shell and without input.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    folder : Path
        Where it runs.
    timeout_s : float
        Longest it may take [s].
    most_bytes : int
        Most that it may print on either stream.

    Returns
    -------
    CompletedProcess
        Its status and both streams.

    Raises
    ------
    OSError
        If it cannot be started.
    TimeoutExpired
        If it takes longer; it is stopped.
    OverflowError
        If it prints more; it is stopped.
    """
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:  # the command is the user's own program, without a shell
        kept: tuple[list[bytes], list[bytes]] = ([], [])
        overflown = threading.Event()

        def read(stream: IO[bytes], parts: list[bytes]) -> None:
            size = 0
            while part := stream.read1(_READ_BYTES):  # type: ignore[attr-defined] # a pipe's buffered reader
                size += len(part)
                if size > most_bytes:
                    overflown.set()
                    process.kill()
                    return
                parts.append(part)

        streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
        readers = [threading.Thread(target=read, args=each, daemon=True) for each in zip(streams, kept, strict=True)]
        for reader in readers:
            reader.start()
        try:
            status = process.wait(timeout_s)
        except BaseException:
            process.kill()
            raise
        finally:
            for reader in readers:
                # A grandchild may hold the pipe open after the program is gone.
                reader.join(_LAST_WORDS_S)
    if overflown.is_set():
        raise OverflowError
    return subprocess.CompletedProcess(command, status, b"".join(kept[0]), b"".join(kept[1]))
