"""Fixtures of the whole house: the machine's C compiler and a place to build, or a skip that says what would run the test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from costmodel.errors import ToolError
from costmodel.validation.targets.compiling import host_compiler
from costmodel.validation.validating import Workbench

FIRMWARE = Path(__file__).parents[1] / "firmware"


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """The firmware folder, a C compiler and an empty cache."""
    try:
        compiler = host_compiler()
    except ToolError as error:
        if "firmware" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(str(error))
        pytest.skip(str(error))
    return Workbench(FIRMWARE, tmp_path_factory.mktemp("builds"), compiler)
