"""Change one operation at a time in the rooms that compute, and run each room's tests on it: a change that no test notices is a survivor.

`make mutants`, or `python -m tests.mutants --only battery --sample 50`. Exit status 1 where a survivor is not among the equivalents, whose
file gives the reason for each.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from rich.progress import Progress, TimeRemainingColumn

from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.operators import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
ROOMS = {
    "battery": ("costmodel/battery", ["tests/battery", "tests/evaluation"]),
    "memory": ("costmodel/memory", ["tests/memory", "tests/sweeps/test_device_fit.py", "tests/evaluation"]),
    "energy": ("costmodel/energy", ["tests/energy", "tests/evaluation", "tests/sources"]),
    "closed_forms": ("costmodel/dataflows/closed_forms", ["tests/dataflows"]),
    "axis": ("costmodel/specs/axis.py", ["tests/specs", "tests/dataflows"]),
    "trace_analysis": ("costmodel/measurement", ["tests/measurement"]),
}
"""For each room, the code that is changed and the tests that are to notice."""
ONLY_FILES = {"trace_analysis": ("trace_analysis.py",)}
"""Where not the whole folder is meant."""
COPIED = (
    "costmodel",
    "tests",
    "firmware",
    "cacti_configs",
    "studies",
    "docs",
    "pyproject.toml",
    "references.bib",
    "README.md",
)
SLOWEST = 3.0
"""A mutant whose tests take this many times as long as without it, and half a minute more, never ends: it is noticed."""


def sources_of(room: str) -> list[Path]:
    """The files of a room."""
    path = ROOT / ROOMS[room][0]
    found = [path] if path.is_file() else sorted(path.rglob("*.py"))
    names = ONLY_FILES.get(room)
    return [file for file in found if file.name != "__init__.py" and (names is None or file.name in names)]


class Bench:
    """A copy of the tree in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)

    def passes(self, tests: Sequence[str], limit_s: float | None) -> bool:
        """Whether the room's tests pass; what never ends does not."""
        selected = "not slow and not timing and not firmware and not emulator and not cacti"
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", selected, *tests]
        own = {**os.environ, "PYTHONPATH": str(self.folder), "COSTMODEL_SEARCH": "mutants", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            ran = subprocess.run(command, cwd=self.folder, env=own, capture_output=True, timeout=limit_s)
        except subprocess.TimeoutExpired:
            return False
        return ran.returncode == 0

    def survives(self, mutant: Mutant, tests: Sequence[str], limit_s: float) -> bool:
        """Whether the tests pass all the same with the change in place."""
        path = self.folder / mutant.path
        original = path.read_bytes()
        path.write_text(mutant.source, encoding="utf-8", newline="\n")
        try:
            return self.passes(tests, limit_s)
        finally:
            path.write_bytes(original)


def main() -> int:
    """Run the mutants of the rooms asked for."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: python -m tests.mutants --only battery --sample 50")
    parser.add_argument("--only", choices=ROOMS, action="append", help="a room; left out, all of them")
    parser.add_argument("--sample", type=int, help="so many of each room's mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="mutants tried at once")
    parser.add_argument("--list", action="store_true", help="list the mutants and try none")
    given = parser.parse_args()
    chosen: list[tuple[str, Mutant]] = []
    for room in given.only or ROOMS:
        found = [mutant for path in sources_of(room) for mutant in mutants_of(path.relative_to(ROOT), path.read_text(encoding="utf-8"))]
        if given.sample is not None:
            found = random.Random(given.seed).sample(found, min(given.sample, len(found)))
        chosen += [(room, mutant) for mutant in found]
    if given.list:
        sys.stdout.writelines(f"{mutant.name}\n" for _, mutant in chosen)
        sys.stdout.write(f"{len(chosen)} mutants\n")
        return 0
    return tried(chosen, given.workers)


def tried(chosen: Sequence[tuple[str, Mutant]], workers: int) -> int:
    """Try each mutant, tell the survivors, and return the exit status."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(workers) as pool:
        benches: SimpleQueue[Bench] = SimpleQueue()
        for number in range(workers):
            benches.put(Bench(Path(scratch, str(number))))
        limits: dict[str, float] = {}
        for room in dict.fromkeys(room for room, _ in chosen):
            bench, begun = benches.get(), monotonic()
            if not bench.passes(ROOMS[room][1], None):
                sys.stdout.write(f"the tests of {room} fail without any change\n")
                return 2
            limits[room] = SLOWEST * (monotonic() - begun) + 30.0
            benches.put(bench)

        def attempt(room: str, mutant: Mutant) -> bool:
            bench = benches.get()
            try:
                return bench.survives(mutant, ROOMS[room][1], limits[room])
            finally:
                benches.put(bench)

        survivors = []
        with Progress(*Progress.get_default_columns()[:-1], TimeRemainingColumn()) as progress:
            task = progress.add_task("mutants", total=len(chosen))
            for (_, mutant), survived in zip(chosen, pool.map(lambda each: attempt(*each), chosen), strict=True):
                progress.advance(task)
                if survived and mutant.name not in EQUIVALENTS:
                    survivors.append(mutant.name)
                    progress.console.print(f"survives: {mutant.name}", markup=False, highlight=False, soft_wrap=True)
    sys.stdout.write(f"{len(chosen)} mutants, {len(survivors)} survive, {len(EQUIVALENTS)} equivalents are listed\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
