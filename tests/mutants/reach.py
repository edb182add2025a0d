"""Which lines of the changed files each test runs, and how long it takes."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from tests.mutants.rooms import ROOT


class Reach(NamedTuple):
    """What one test runs."""

    took_s: float
    """Processor seconds, noting the lines included."""
    lines: Mapping[str, frozenset[int]]
    """By file, from the root."""

    def reaches(self, path: str, lines: tuple[int, int]) -> bool:
        """Whether it runs one of the lines, first and last included."""
        return any(lines[0] <= line <= lines[1] for line in self.lines.get(path, ()))


class LineNotes:
    """Notes, while it is on, which lines of some files run."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.names = {str(ROOT / path): path.as_posix() for path in paths}
        self.seen: dict[CodeType, set[int]] = {}
        self.missing: dict[CodeType, set[int]] = {}

    def start(self) -> None:
        """Begin."""
        self.seen, self.missing = {}, {}
        threading.settrace(self._called)
        sys.settrace(self._called)

    def stop(self) -> dict[str, list[int]]:
        """End; the lines that ran, by file."""
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        found: dict[str, set[int]] = {}
        for code, lines in self.seen.items():
            found.setdefault(self.names[code.co_filename], set()).update(lines)
        return {name: sorted(lines) for name, lines in found.items()}

    def _called(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if code.co_filename not in self.names:
            return None
        if code not in self.seen:
            self.seen[code] = {frame.f_lineno}
            self.missing[code] = {line for _, _, line in code.co_lines() if line is not None} - {frame.f_lineno}
        # A function all of whose lines ran is not followed again: that is most calls.
        return self._stepped if self.missing[code] else None

    def _stepped(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if event == "line":
            self.seen[frame.f_code].add(frame.f_lineno)
            self.missing[frame.f_code].discard(frame.f_lineno)
        return self._stepped


class ReachFile:
    """The reach of every test that was run once, for as long as neither its file nor a changed one is another."""

    def __init__(self, path: Path, sources: Iterable[Path]) -> None:
        self.path = path
        self.sources = _digest(sorted(sources))
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.tests: dict[str, dict[str, Any]] = kept["tests"] if kept.get("sources") == self.sources else {}

    def of(self, test: str, file: Path) -> Reach | None:
        """What is known of a test."""
        known = self.tests.get(test)
        if known is None or known["file"] != _digest([file]):
            return None
        return Reach(known["took_s"], {name: frozenset(lines) for name, lines in known["lines"].items()})

    def note(self, test: str, file: Path, began_s: float, lines: Mapping[str, list[int]]) -> None:
        """Keep what a test ran."""
        self.tests[test] = {"file": _digest([file]), "took_s": round(time.process_time() - began_s, 4), "lines": lines}

    def save(self) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"sources": self.sources, "tests": self.tests}), encoding="utf-8")


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"\0".join((ROOT / path).read_bytes() for path in paths)).hexdigest()[:16]
