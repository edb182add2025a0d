"""Where a fault of the program is written down: one file, whole or not at all, without anything a user has written or keeps secret."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from costmodel import __version__
from costmodel.printable_text import printable, shortened

FOLDER: Final = "faults"
"""Inside the cache folder, or inside the system's folder of temporary files where that cannot be written."""
_KEPT: Final = 20
"""Files that stay; older ones are deleted."""
_SHOWN: Final = 160
"""Characters of an exception's own words that the one line holds."""


def fault_text(error: BaseException, environment: Mapping[str, str], arguments: Sequence[str]) -> str:
    """Write a fault down and say so in one line.

    Parameters
    ----------
    error : exception
        What escaped.
    environment : mapping
        Environment variables; none of them is written, they only say where the cache is.
    arguments : sequence of str
        Of the command line; its command and the names of its options are written, no values.

    Returns
    -------
    str
        One line for the terminal: that it is the program's fault, what it was, and where the details are.
    """
    told = shortened(printable(str(error)), _SHOWN)
    what = f"{type(error).__name__}: {told}" if told else type(error).__name__
    kept = _written(_details(error, arguments), environment)
    where = f"the details are in {kept}; please report it with that file" if kept else "no folder could be written for the details"
    return f"costmodel: this is a fault of the program, not of your input ({what}); {where}"


def _details(error: BaseException, arguments: Sequence[str]) -> str:
    shape = [one.split("=")[0] if place else one for place, one in enumerate(arguments) if one.startswith("-") or not place]
    trace = "".join(traceback.format_exception(error))
    head = (
        f"costmodel {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}\n"
        f"command: {printable(' '.join(shape))}\n"
    )
    return (head + "\n" + trace).replace(str(Path.home()), "~")


def _written(details: str, environment: Mapping[str, str]) -> Path | None:
    # Imported here: neither is needed until something has gone wrong.
    from costmodel.errors import CostModelError
    from costmodel.sources.documents.atomic_file import write_whole

    name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.txt"
    for folder in _folders(environment):
        try:
            path = folder / FOLDER / name
            write_whole(path, details.encode("utf-8", errors="backslashreplace"))
            for old in sorted(path.parent.glob("*.txt"))[:-_KEPT]:
                old.unlink(missing_ok=True)
        except (CostModelError, OSError):
            continue
        return path
    return None


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    from costmodel.sources.cache_folder import cache_folder

    with suppress(RuntimeError):  # A user without a home has no cache.
        yield cache_folder(environment)
    yield Path(tempfile.gettempdir()) / "costmodel"


def told_on_stderr(line: str) -> None:
    """Print a line on standard error; where even that fails nothing more can be told."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
