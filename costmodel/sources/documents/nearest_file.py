"""Which file beside a missing one may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Container
from pathlib import Path


def nearest_file(path: Path, suffixes: Container[str]) -> str:
    """Return which file beside a missing one may have been meant, or that its folder is missing too; to append to a message.

    Parameters
    ----------
    path : Path
        What is not there.
    suffixes : container of str
        Endings of files worth offering, dots included.

    Returns
    -------
    str
        Empty where there is nothing to offer.
    """
    folder = path.parent
    if not folder.is_dir():
        return f"; nor does the folder {str(folder)!r}"
    by_stem = {entry.stem: entry.name for entry in folder.iterdir() if entry.suffix.lower() in suffixes and entry.is_file()}
    near = difflib.get_close_matches(path.stem, by_stem, n=1)
    return f" (did you mean {by_stem[near[0]]!r}?)" if near else ""
