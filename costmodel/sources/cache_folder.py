"""The folder for what can be computed again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

VARIABLE: Final = "COSTMODEL_CACHE"
"""Environment variable that moves it."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's cache folder of this package.

    Parameters
    ----------
    environment : mapping
        Environment variables, for the one that moves it.

    Returns
    -------
    Path
        It need not exist.
    """
    if named := environment.get(VARIABLE):
        return Path(named)
    return user_cache_path("costmodel", appauthor=False)
