"""What importers are held against: a package that `make oracles` installs, or a skip that says so."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest


def oracle(name: str) -> Any:
    """Return an oracle's module; skip where it is not installed, and fail where COSTMODEL_REQUIRE names `oracles`."""
    try:
        return importlib.import_module(name)
    except ImportError:
        text = f"{name} is not installed: make oracles"
        if "oracles" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(text)
        pytest.skip(text)
