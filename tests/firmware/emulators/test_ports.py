"""The emulated ports: arithmetic, faults and hangs, before any network runs on them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from costmodel.errors import LimitError, ToolError, UnknownNameError
from costmodel.specs.counting import Dataflow
from costmodel.validation.targets import emulated_targets, emulators
from costmodel.validation.targets.compiling import EXACT_FLAGS
from costmodel.validation.targets.emulated_targets import TARGETS, emulated_target, missing_tools
from costmodel.validation.targets.emulators import EmulatorRun, pack_job, run_on_emulator

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
Run = Callable[..., EmulatorRun]


@pytest.fixture(scope="session")
def arithmetic_of_host(firmware: Path, cache: Path) -> bytes:
    program = cache / "arithmetic"
    sources = [str(firmware / "test" / name) for name in ("arithmetic.c", "host/console.c")]
    subprocess.run(["gcc", *EXACT_FLAGS, *sources, "-o", str(program)], check=True)
    return subprocess.run([program], check=True, capture_output=True).stdout


@pytest.mark.emulator
def test_arithmetic_of_every_core_has_the_bits_of_the_hosts(run_program: Run, arithmetic_of_host: bytes) -> None:
    run = run_program("arithmetic.c")
    assert run.status == 0
    assert run.log.decode().splitlines() == arithmetic_of_host.decode().splitlines()
    assert len(run.log.splitlines()) == 19


@pytest.mark.emulator
def test_no_source_draws_a_warning_from_the_targets_compiler(firmware: Path, target: str) -> None:
    core = TARGETS[target]
    folders = ("core", "app", "ports/emulated", f"ports/{target}")
    sources = [path for folder in folders for path in sorted((firmware / folder).glob("*.c"))]
    assert {path.parent.name for path in sources} == {"core", "app", "emulated", target}
    sources += [firmware / "test" / name for name in ("accesses.c", "arithmetic.c", "fault.c", "hang.c")]
    for define in ([], ["-DCM_COUNTING"]):
        command = [core.compiler, *EXACT_FLAGS, *WARNINGS, "-ffreestanding", *core.flags, *define, "-fsyntax-only", *sources]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr


@pytest.mark.firmware
@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc not found; apt-get install gcc")
@pytest.mark.parametrize("interface", [1, 2])
def test_plugin_draws_no_warning(firmware: Path, interface: int) -> None:
    command = [
        "gcc",
        "-std=c99",
        "-O2",
        *WARNINGS,
        f"-DPLUGIN_API_VERSION={interface}",
        "-fsyntax-only",
        firmware / "plugin" / "accesses.c",
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.emulator
def test_processor_exception_ends_the_run_with_a_message(run_program: Run) -> None:
    with pytest.raises(ToolError, match="processor exception"):
        run_program("fault.c")


@pytest.mark.emulator
def test_firmware_that_hangs_is_ended(run_program: Run) -> None:
    with pytest.raises(ToolError, match=r"did not end within 0\.5 s"):
        run_program("hang.c", timeout_s=0.5)


@pytest.mark.emulator
def test_code_that_does_not_compile_is_named(firmware: Path, cache: Path, target: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.c"
    broken.write_text("int app_run(void) { return undeclared; }\n", encoding="utf-8")
    with pytest.raises(ToolError, match=f"{TARGETS[target].compiler} failed on {target}_timing.elf: .*broken.c"):
        run_on_emulator(target, b"", firmware=firmware, cache=cache, build="timing", program=[broken])


@pytest.mark.emulator
def test_second_build_comes_from_the_cache(
    run_program: Run, monkeypatch: pytest.MonkeyPatch, firmware: Path, cache: Path, target: str
) -> None:
    run_program("accesses.c")
    program = [firmware / "test" / "accesses.c"]
    monkeypatch.setattr(emulators, "EXACT_FLAGS", EXACT_FLAGS)
    before = sorted(cache.rglob("*.elf"))
    emulators.build_firmware(TARGETS[target], firmware=firmware, cache=cache, build="timing", program=program)
    assert sorted(cache.rglob("*.elf")) == before
    monkeypatch.setattr(emulators, "EXACT_FLAGS", (*EXACT_FLAGS, "-O1"))
    emulators.build_firmware(TARGETS[target], firmware=firmware, cache=cache, build="timing", program=program)
    assert len(sorted(cache.rglob("*.elf"))) == len(before) + 1


def test_missing_tools_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulated_targets.shutil, "which", lambda program: None if "xtensa" in program else program)
    assert missing_tools(TARGETS["arm"]) is None
    assert missing_tools(TARGETS["xtensa"]) == (
        "xtensa: xtensa-lx106-elf-gcc, qemu-system-xtensa not found; "
        "apt-get install --no-install-recommends gcc-xtensa-lx106 qemu-system-misc"
    )
    with pytest.raises(ToolError, match="gcc-xtensa-lx106"):
        run_on_emulator("xtensa", b"", firmware=Path(), cache=Path(), build="timing")


def test_unknown_target_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'riscv'"):
        emulated_target("risc-v")


def test_job_larger_than_flash_is_refused() -> None:
    with pytest.raises(LimitError, match="exceed the 16777216"):
        pack_job(bytes(2**24), b"", [Dataflow.OUTPUT_STATIONARY], addresses=False)


def test_job_pads_the_input_so_that_models_stay_aligned() -> None:
    job = pack_job(b"MODEL", b"abc", [Dataflow.ROW_STATIONARY], addresses=True)
    assert job[32:] == b"abc\0\0\0\0\0MODEL"
    assert len(job[:32]) == 32
