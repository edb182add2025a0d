"""Ports that no test can run on their hardware: the ESP-IDF project against a stub board, and the template."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest

from costmodel.deployment.deployed import Variant
from costmodel.measurement.device_log import read_device_log
from costmodel.sources.catalogue import load_network
from costmodel.validation.comparing import compare_runs
from costmodel.validation.targets.compiling import EXACT_FLAGS
from costmodel.validation.validating import expect_network

ROOT = Path(__file__).parents[3]
FIRMWARE = ROOT / "firmware"
ESP32 = FIRMWARE / "ports" / "esp32"
STUBS = Path(__file__).parent / "esp32_stubs"
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
FLAGS = (*EXACT_FLAGS, "-std=gnu17", "-fPIC")
INCLUDES = (f"-I{STUBS}", f"-I{FIRMWARE / 'app'}", f"-I{FIRMWARE / 'core'}")

pytestmark = [
    pytest.mark.long,
    pytest.mark.firmware,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc not found; apt-get install gcc"),
]


def test_esp32_port_compiles_against_the_stub_headers() -> None:
    command = ["gcc", "-std=gnu17", *WARNINGS, *INCLUDES, "-fsyntax-only", ESP32 / "main" / "main.c"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.fixture(scope="module")
def models() -> bytes:
    """What the port's README says to write."""
    (snippet,) = re.findall(r"```python\n(.*?)```", (ESP32 / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    written: list[bytes] = []
    names = {"Path": type("Path", (), {"__init__": lambda self, path: None, "write_bytes": lambda self, data: written.append(data)})}
    exec(snippet.replace("from pathlib import Path\n", ""), names)
    return written[0]


Board = Callable[..., ctypes.CDLL]


@pytest.fixture(scope="module")
def objects_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Path]]:
    """Everything of a board but its model files, compiled once for each set of definitions."""

    @cache
    def build(*defines: str) -> list[Path]:
        folder = tmp_path_factory.mktemp("objects")
        app_and_core = [*sorted((FIRMWARE / "app").glob("*.c")), *sorted((FIRMWARE / "core").glob("*.c"))]
        subprocess.run(
            ["gcc", *FLAGS, *defines, *INCLUDES, "-c", ESP32 / "main" / "main.c", STUBS / "board.c", *app_and_core], cwd=folder, check=True
        )
        return sorted(folder.glob("*.o"))

    return build


@pytest.fixture
def board_with(tmp_path: Path, objects_with: Callable[..., list[Path]]) -> Board:
    """The port, its app and core, and the stub board, as a library with these bytes for model files."""

    def build(models: bytes, *defines: str) -> ctypes.CDLL:
        models_file = tmp_path / "models.bin"
        models_file.write_bytes(models)
        library = tmp_path / "board.so"
        files = [f'-DMODELS_FILE="{models_file}"', ESP32 / "main" / "models.S", *objects_with(*defines)]
        subprocess.run(["gcc", *FLAGS, *defines, *INCLUDES, "-shared", *files, "-o", library], check=True)
        return ctypes.CDLL(str(library))

    return build


def run_app(board: ctypes.CDLL, capfd: pytest.CaptureFixture[str]) -> str:
    board.app_main()
    ctypes.CDLL(None).fflush(None)
    return capfd.readouterr().out


def test_embedded_models_are_aligned_and_whole(board_with: Board) -> None:
    models = bytes(range(256)) * 3 + b"odd"
    board = board_with(models)
    start = ctypes.addressof(ctypes.c_char.in_dll(board, "costmodel_models_start"))
    end = ctypes.addressof(ctypes.c_char.in_dll(board, "costmodel_models_end"))
    assert start % 8 == 0
    assert end - start == -(-len(models) // 8) * 8
    assert ctypes.string_at(start, end - start) == models + bytes(-len(models) % 8)


def test_esp32_ticks_count_on_over_the_cycle_counters_wraps(board_with: Board) -> None:
    board = board_with(b"")
    ticks = board.port_ticks
    ticks.restype = ctypes.c_uint64
    clock = ctypes.c_int64.in_dll(board, "board_microseconds")
    ctypes.c_uint32.in_dll(board, "board_cycles_at_start").value = 0xFFFF_FF00
    first = ticks()
    for microseconds in (1, 17_000_000, 18_000_000, 71_582_788, 3_600_000_000):
        clock.value = microseconds
        assert ticks() - first == microseconds * 240


def test_esp32_log_equals_the_closed_form(board_with: Board, models: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    board = board_with(models, "-DCM_COUNTING")
    printed = run_app(board, capfd)
    lines = printed.splitlines()
    assert lines[0] == "costmodel settings: ESP-IDF stub, -O2, 240 MHz, flash QIO 80m, core 1, pin 4"
    assert lines[1] == "costmodel heap: largest free block before the arena: 170000 bytes"
    assert lines[2].startswith("costmodel heap: largest free block beside the arena: ")
    assert lines[-1].startswith("costmodel heap: largest free block after the run: ")

    network = load_network("cifar-aap-pruned")
    runs = read_device_log(BytesIO(printed.encode()))
    assert [(run.port, run.build, run.ticks_hz) for run in runs] == [("esp32", "counting", 240_000_000)] * 4
    for variant, own in zip(Variant, (runs[:2], runs[2:]), strict=True):
        compared = compare_runs(own, network, expect_network(network, variant, seed=7))
        assert [str(mismatch) for mismatch in compared.mismatches] == []

    layers = sum(len(run.layers) for run in runs)
    assert ctypes.c_uint32.in_dll(board, "board_pin_rises").value == layers
    assert ctypes.c_uint32.in_dll(board, "board_pin_falls").value == layers
    assert ctypes.c_uint64.in_dll(board, "board_output_pins").value == 1 << 4
    assert ctypes.c_uint32.in_dll(board, "board_pinned_core").value == 1
    assert ctypes.c_uint32.in_dll(board, "board_deleted_tasks").value == 1


def test_esp32_refuses_what_is_no_model(board_with: Board, capfd: pytest.CaptureFixture[str]) -> None:
    assert '"status":"magic"' in run_app(board_with(bytes(256)), capfd)


def test_esp32_without_heap_says_so(board_with: Board, capfd: pytest.CaptureFixture[str]) -> None:
    board = board_with(b"")
    ctypes.c_size_t.in_dll(board, "board_heap_bytes").value = 0
    assert "costmodel heap: no arena" in run_app(board, capfd)


def test_esp32_settings_are_those_the_readme_states() -> None:
    settings = (ESP32 / "sdkconfig.defaults").read_text(encoding="utf-8").split()
    for setting in (
        "CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_240=y",
        "CONFIG_COMPILER_OPTIMIZATION_PERF=y",
        "CONFIG_ESPTOOLPY_FLASHMODE_QIO=y",
        "CONFIG_ESPTOOLPY_FLASHFREQ_80M=y",
    ):
        assert setting in settings


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake not found; apt-get install cmake")
@pytest.mark.parametrize("esp_platform", [pytest.param(False, marks=pytest.mark.slow), True])
def test_component_builds_as_a_library_and_under_esp_idf(esp_platform: bool, tmp_path: Path) -> None:
    esp_idf = """
        set(ESP_PLATFORM 1)
        set(CONFIG_COSTMODEL_COUNTING y)
        set(COMPONENT_LIB __idf_firmware)
        function(idf_component_register)
            cmake_parse_arguments(given "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
            add_library(__idf_firmware STATIC ${given_SRCS})
            target_include_directories(__idf_firmware PUBLIC ${given_INCLUDE_DIRS})
        endfunction()
    """
    project = f"""
        cmake_minimum_required(VERSION 3.16)
        project(around C)
        {esp_idf if esp_platform else ""}
        add_subdirectory("{FIRMWARE.as_posix()}" firmware)
    """
    (tmp_path / "CMakeLists.txt").write_text(project, encoding="utf-8")
    for step in (["-S", ".", "-B", "out", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], ["--build", "out"]):
        finished = subprocess.run(["cmake", *step], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stdout + finished.stderr
    commands = (tmp_path / "out" / "compile_commands.json").read_text(encoding="utf-8")
    assert ("-DCM_COUNTING" in commands) is esp_platform
    assert "-fno-tree-loop-distribute-patterns" in commands


def test_template_fails_to_compile_naming_everything_a_port_owes() -> None:
    command = ["gcc", "-std=c99", "-fsyntax-only", FIRMWARE / "ports" / "template" / "port.c"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode != 0
    owed = re.findall(r"\b(port_\w+)(?:\[\])?(?:\(|;)", (FIRMWARE / "app" / "port.h").read_text(encoding="utf-8"))
    assert len(owed) == 6
    for name in owed:
        assert f'#error "{name}: ' in finished.stderr
