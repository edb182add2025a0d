"""The core as a set of files: pinned, formatted, free of warnings, with one list of counters."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from costmodel.deployment.deployed import Kernel
from costmodel.results.counts import AccessCounts
from costmodel.specs.operations import OPERATIONS, FirmwareKernel
from costmodel.validation.targets.core_hash import core_hash
from costmodel.validation.targets.host import STATUS
from costmodel.validation.validating import Workbench

FIRMWARE = Path(__file__).parents[2] / "firmware"
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror", "-O2")


class Compiled(NamedTuple):
    """What came of one source."""

    target: Path
    status: int
    told: str


def test_the_checksum_in_core_hash_h_is_that_of_the_core() -> None:
    stated = re.search(r'CM_CORE_HASH "(\w+)"', (FIRMWARE / "core" / "core_hash.h").read_text(encoding="utf-8"))
    assert stated
    assert stated[1] == core_hash(FIRMWARE), "the core changed: put the new checksum into core_hash.h"


def test_c_and_python_have_one_list_of_counters() -> None:
    listed = re.findall(r"CM_COUNTER\((\w+)\)", (FIRMWARE / "core" / "counters.def").read_text(encoding="utf-8"))
    assert tuple(listed) == AccessCounts._fields


def test_c_and_python_have_one_list_of_kinds() -> None:
    listed = re.findall(r'CM_KIND\((\w+), "(\w+)"\)', (FIRMWARE / "core" / "kinds.def").read_text(encoding="utf-8"))
    assert [name for name, _ in listed] == [kernel.name for kernel in Kernel]
    texts = {Kernel[row.kernel.name.upper()].value: kind for kind, row in OPERATIONS.items() if isinstance(row.kernel, FirmwareKernel)}
    assert [text for _, text in listed] == ["view", *(texts[value] for value in range(1, len(listed)))]


def test_python_knows_every_status_of_the_core() -> None:
    header = (FIRMWARE / "core" / "cm.h").read_text(encoding="utf-8")
    codes = dict(re.findall(r"CM_ERROR_(\w+) = (\d+)", header))
    assert {int(code): name.lower() for name, code in codes.items()} == dict(enumerate(STATUS[1:], start=1))


def test_the_core_needs_no_library() -> None:
    for path in sorted((FIRMWARE / "core").iterdir()):
        included = re.findall(r"#include <(\w+\.h)>", path.read_text(encoding="utf-8"))
        assert set(included) <= {"stddef.h", "stdint.h", "float.h"}, path.name


def test_counters_are_only_ever_incremented_by_one_access() -> None:
    for path in sorted((FIRMWARE / "core").iterdir()):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"counters->\w+ (\S+) ([^)]+)\)", text)
        assert found == ([("+=", "1u"), ("+=", "(uint64_t")] if path.name == "internal.h" else []), path.name
        # Bytes of a buffer are the one thing that is added up by more than one.
        assert text.count("CM_COUNT_BYTES") == (3 if path.name == "internal.h" else 0), path.name


@pytest.fixture(scope="module")
def compiled_with(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Mapping[Path, Compiled]]:
    """Every source with a definition: its object and what the compiler said, compiled once."""

    @cache
    def build(define: str) -> Mapping[Path, Compiled]:
        folder = tmp_path_factory.mktemp("objects")
        found = {}
        for source in (source for part in ("core", "app", "ports/host", "test/host") for source in sorted((FIRMWARE / part).glob("*.c"))):
            target = folder / f"{source.parent.name}-{source.stem}.o"
            command = [str(bench.compiler), *STRICT, "-fno-pie", define, "-c", str(source), "-o", str(target)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            found[source] = Compiled(target, done.returncode, done.stderr)
        return found

    return build


@pytest.fixture
def core_symbols(compiled_with: Callable[[str], Mapping[Path, Compiled]]) -> Mapping[str, list[list[str]]]:
    """Kind and name of each symbol of each file of the core."""
    if shutil.which("nm") is None:
        pytest.skip("nm not found; binutils bring it")
    found = {}
    for source, compiled in compiled_with("-DCM_COUNTING").items():
        if source.parent.name == "core":
            told = subprocess.run(["nm", str(compiled.target)], capture_output=True, text=True, check=True).stdout
            found[source.name] = [line.split()[-2:] for line in told.splitlines()]
    return found


@pytest.mark.firmware
@pytest.mark.parametrize("define", ["-DCM_COUNTING", pytest.param("-DCM_TIMING", marks=pytest.mark.slow)])
def test_everything_compiles_without_a_warning(compiled_with: Callable[[str], Mapping[Path, Compiled]], define: str) -> None:
    for source, compiled in compiled_with(define).items():
        assert compiled.status == 0, f"{source.name}: {compiled.told}"


@pytest.mark.firmware
def test_the_core_keeps_no_state(core_symbols: Mapping[str, list[list[str]]]) -> None:
    for name, symbols in core_symbols.items():
        written = [symbol for kind, symbol in symbols if kind in "bBdDcC"]
        assert not written, f"{name} has data that can change"


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """What is left of a graph once everything that leads nowhere else has been taken away again and again."""
    left = dict(graph)
    while free := [name for name, reached in left.items() if not reached & set(left)]:
        left = {name: reached for name, reached in left.items() if name not in free}
    return sorted(left)


def test_no_file_of_the_core_includes_itself_in_the_end() -> None:
    files = [path for path in (FIRMWARE / "core").iterdir() if path.suffix in (".c", ".h", ".inc", ".def")]
    graph = {path.name: set(re.findall(r'#include "(\S+)"', path.read_text(encoding="utf-8"))) for path in files}
    assert cycles(graph) == []


@pytest.mark.firmware
def test_no_file_of_the_core_needs_itself_in_the_end(core_symbols: Mapping[str, list[list[str]]]) -> None:
    needs = {name: {symbol for kind, symbol in symbols if kind == "U"} for name, symbols in core_symbols.items()}
    home = {symbol: name for name, symbols in core_symbols.items() for kind, symbol in symbols if kind == "T"}
    graph = {name: {home[symbol] for symbol in wanted if symbol in home} for name, wanted in needs.items()}
    assert cycles(graph) == []


@pytest.mark.firmware
def test_c_files_are_formatted() -> None:
    if shutil.which("clang-format") is None:
        if "firmware" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail("clang-format not found; apt-get install clang-format")
        pytest.skip("clang-format not found; apt-get install clang-format")
    files = sorted(path for path in FIRMWARE.rglob("*") if path.suffix in (".c", ".h", ".inc"))
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
