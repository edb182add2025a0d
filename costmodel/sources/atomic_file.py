"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from costmodel.errors import SpecError


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file's content in one step: a reader sees the old one or the new, never a part.

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
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise SpecError(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
        # mkstemp makes files only their owner reads; a result is as readable as any other file.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise SpecError(f"cannot write {path}: {error.strerror or error}") from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
