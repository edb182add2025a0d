"""The folder for what can be computed again.

Written out, not taken from platformdirs: CACTI is built for the tests by a bare interpreter that has this package's source alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "COSTMODEL_CACHE"
"""Environment variable that moves it."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's cache folder of this package.

    Parameters
    ----------
    environment : mapping
        Environment variables.

    Returns
    -------
    Path
        It need not exist.
    """
    if named := environment.get(VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        base = environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "costmodel"
