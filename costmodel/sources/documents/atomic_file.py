"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from costmodel.errors import SpecError


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
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        # mkstemp makes files only their owner reads; a result is as readable as any other file.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file's content in one step.

    Parameters
    ----------
    path : Path
        The file; its folder is made if need be.
    content : str or bytes
        Text is written as UTF-8 with newlines as they are.

    Raises
    ------
    SpecError
        If the file cannot be written there.
    """
    try:
        with whole_file(path) as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise SpecError(f"cannot write {path}: {error.strerror or error}") from None
