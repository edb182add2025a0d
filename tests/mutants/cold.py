"""Tries a mutant in a copy of the tree and an interpreter of its own: slow, and right for everything and everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.operators import Mutant
from tests.mutants.results import SURVIVES, Outcome
from tests.mutants.rooms import QUICK, ROOMS, ROOT

COPIED = ("costmodel", "tests", "firmware", "cacti_configs", "studies", "docs", "pyproject.toml", "references.bib", "README.md")
SLOWEST = 3.0
"""A mutant whose tests take this many times as long as without it, and half a minute more, never ends: it is noticed."""


class Bench:
    """A copy of the tree in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.limits_s: dict[str, float] = {}
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)

    def tried(self, room: str, mutant: Mutant) -> Outcome:
        """What comes of the room's tests with the change in place.

        Raises
        ------
        ValueError
            If they fail without it.
        """
        tests = ROOMS[room][1]
        began = time.monotonic()
        if room not in self.limits_s:
            if self._failing(tests, None) is not None:
                raise ValueError(f"the tests of {room} fail without any change")
            self.limits_s[room] = SLOWEST * (time.monotonic() - began) + 30.0
        path = self.folder / mutant.path
        original = path.read_bytes()
        path.write_text(mutant.source, encoding="utf-8", newline="\n")
        began = time.monotonic()
        try:
            failing = self._failing(tests, self.limits_s[room])
            return Outcome(failing or SURVIVES, time.monotonic() - began)
        finally:
            path.write_bytes(original)

    def _failing(self, tests: Sequence[str], limit_s: float | None) -> str | None:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", QUICK, *tests]
        own = {**os.environ, "PYTHONPATH": str(self.folder), "COSTMODEL_SEARCH": "mutants", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            ran = subprocess.run(command, cwd=self.folder, env=own, capture_output=True, text=True, encoding="utf-8", timeout=limit_s)
        except subprocess.TimeoutExpired:
            return "hangs"
        if ran.returncode == 0:
            return None
        told = [line.split()[1] for line in ran.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return told[0] if told else f"ends with {ran.returncode}"
