"""Fixtures of the whole house: the machine's C compiler and a place to build, or a skip that says what would run the test.

The same commit always gives the same answer: hypothesis searches a fixed set, drawn from each test's own code. `make fuzz` loads the
profile `fuzz` instead, which searches at random; `make mutants` loads `mutants`, which
finds a failure and does not shrink it.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from costmodel.errors import ToolError
from costmodel.validation.targets.compiling import host_compiler
from costmodel.validation.validating import Workbench

FIRMWARE = Path(__file__).parents[1] / "firmware"

# Hypothesis takes the clock of a busy machine for a slow test.
BUSY = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("fixed", derandomize=True, database=None, **BUSY)
settings.register_profile("fuzz", derandomize=False, print_blob=True, **BUSY)
settings.register_profile("mutants", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate], **BUSY)
settings.load_profile(os.environ.get("COSTMODEL_SEARCH", "fixed"))

# Modules and collected tests stay until the end: looking through them for garbage again and again was a third of the time.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what this run compiles, which its workers share: what one built the others find."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "builds"


@pytest.fixture(scope="session")
def bench(builds: Path) -> Workbench:
    """The firmware folder, a C compiler and a cache."""
    try:
        compiler = host_compiler()
    except ToolError as error:
        if "firmware" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(str(error))
        pytest.skip(str(error))
    return Workbench(FIRMWARE, builds, compiler)
