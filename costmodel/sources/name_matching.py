"""Names as people type them: in any case, and no longer than they need to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from costmodel.errors import SpecError, UnknownNameError

SHORTEST: Final = 3
"""Characters a beginning has at least."""


def matching_names(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the names a text may stand for.

    Parameters
    ----------
    text : str
        As typed.
    known : iterable of str
        Every valid name.

    Returns
    -------
    tuple of str
        The name itself; else those equal but for case, hyphens and underscores; else those that begin with it.
    """
    names = tuple(known)
    if text in names:
        return (text,)
    wanted = _folded(text)
    same = tuple(name for name in names if _folded(name) == wanted)
    if same or len(wanted) < SHORTEST:
        return same
    return tuple(name for name in names if _folded(name).startswith(wanted))


def matched_name(what: str, text: str, known: Iterable[str], where: str) -> str:
    """Return the one name a text stands for.

    Parameters
    ----------
    what : str
        What kind of name it is, as the user would say it.
    text : str
        As typed: `ESP32-S3` for `esp32-s3-wroom-1-n8`.
    known : iterable of str
        Every valid name.
    where : str
        Where valid names live, to end "'x' is not ...".

    Returns
    -------
    str
        One of `known`.

    Raises
    ------
    UnknownNameError
        If there is none; offers the nearest.
    SpecError
        If several begin so; names them.
    """
    names = tuple(known)
    found = matching_names(text, names)
    if not found:
        raise UnknownNameError(what, text, names, where)
    if len(found) > 1:
        raise SpecError(f"{what}: {text!r} may be {', '.join(found[:-1])} or {found[-1]}; say which")
    return found[0]


def _folded(name: str) -> str:
    return name.strip().casefold().replace("_", "-")
