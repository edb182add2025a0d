"""A folder that one program at a time writes to. The lock is the system's: whoever holds it loses it by ending, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

LOCK_NAME: Final = ".lock"


class FolderLock:
    """A lock on a folder, held from when it is made until it is released or the process ends.

    Parameters
    ----------
    folder : Path
        Exists.

    Raises
    ------
    BlockingIOError
        If another program, or another part of this one, holds it.
    OSError
        If the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            locked(self._handle)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others have the folder; once released nothing more happens."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def locked(handle: int) -> None:
    """Lock an open file for this program, or raise BlockingIOError at once where another holds it.

    Where the file system has no locks nothing is locked: two programs there are each other's risk, as they were.
    """
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from None
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return
