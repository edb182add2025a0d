"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from costmodel.errors import SpecError
from costmodel.sources.documents.folder_lock import locked

UNFINISHED: Final = ".unfinished"
"""Ending of files that are being written; one that nobody holds is what a killed run left."""
_NAME_CHARACTERS: Final = 40
_SWEPT: Final[set[Path]] = set()
"""Folders this process has looked through for what killed runs left."""


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces another in one step when all is written: a reader sees the old one or the new, never a part.

    Parameters
    ----------
    path : Path
        The file; its folder is made if need be. It stays as it was if the block ends with an error.

    Yields
    ------
    binary stream
        To write to.

    Raises
    ------
    OSError
        If the file cannot be written there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent not in _SWEPT:
        _SWEPT.add(path.parent)
        sweep_unfinished(path.parent)
    handle, temporary = _begun(path)
    stream = os.fdopen(handle, "wb")
    try:
        with stream:
            yield stream
            stream.flush()
            # Temporary files are made for their owner only; a result is as readable as any other file.
            temporary.chmod(0o644)
            if sys.platform != "win32":
                # While it is still held: nobody takes it for what a killed run left.
                temporary.replace(path)
        if sys.platform == "win32":
            put_in_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def put_in_place(temporary: Path, path: Path, tries: int = 20, wait_s: float = 0.05) -> None:
    """Rename a file over another, again and again for a while where the other is in use: Windows lets nobody replace a file somebody reads.

    Parameters
    ----------
    temporary : Path
        Written and closed.
    path : Path
        Where it goes.
    tries : int, optional
        How often; the last failure is raised.
    wait_s : float, optional
        Between two of them [s].

    Raises
    ------
    OSError
        If it cannot be put there.
    """
    for left in reversed(range(tries)):
        try:
            temporary.replace(path)
        except PermissionError:
            if not left:
                raise
            time.sleep(wait_s)
        else:
            return


def sweep_unfinished(folder: Path) -> None:
    """Delete what killed runs left unfinished in a folder; what somebody is writing stays."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            if sys.platform == "win32":
                path.unlink()  # fails while it is open
                continue
            handle = os.open(path, os.O_RDWR)
            try:
                locked(handle)
                path.unlink()
            finally:
                os.close(handle)


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file's content in one step.

    Parameters
    ----------
    path : Path
        The file; its folder is made if need be.
    content : str or bytes
        Text is written as UTF-8 with newlines as they are, and a question mark for half a character.

    Raises
    ------
    SpecError
        If the file cannot be written there.
    """
    try:
        with whole_file(path) as stream:
            stream.write(content.encode("utf-8", errors="replace") if isinstance(content, str) else content)
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from None


def _begun(path: Path) -> tuple[int, Path]:
    """Make a temporary file beside a file, and hold it."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:_NAME_CHARACTERS]}.", suffix=UNFINISHED)
        if sys.platform == "win32":
            return handle, Path(name)
        with suppress(OSError):
            locked(handle)
            if Path(name).exists():
                return handle, Path(name)
        # Somebody swept it up between the making and the holding.
        os.close(handle)
