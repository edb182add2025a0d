"""What every test on an emulated core needs: the target's tools, the firmware folder and a cache for builds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from costmodel.validation.targets.emulated_targets import TARGETS, missing_tools
from costmodel.validation.targets.emulators import EmulatorRun, run_on_emulator

FIRMWARE = Path(__file__).parents[3] / "firmware"


@pytest.fixture(scope="session")
def firmware() -> Path:
    return FIRMWARE


@pytest.fixture(scope="session")
def cache(builds: Path) -> Path:
    return builds


@pytest.fixture(scope="session", params=sorted(TARGETS))
def target(request: pytest.FixtureRequest) -> str:
    missing = missing_tools(TARGETS[request.param])
    if missing is not None:
        if "emulator" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail(missing)
        pytest.skip(missing)
    return str(request.param)


@pytest.fixture(scope="session")
def run_program(firmware: Path, cache: Path, target: str) -> Callable[..., EmulatorRun]:
    """Run a file of `firmware/test` on the target in place of the core."""

    def run(name: str, *, plugin: bool = False, timeout_s: float = 30.0) -> EmulatorRun:
        program = [firmware / "test" / name]
        return run_on_emulator(
            target, b"", firmware=firmware, cache=cache, build="timing", plugin=plugin, program=program, timeout_s=timeout_s
        )

    return run
