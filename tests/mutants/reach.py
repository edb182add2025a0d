"""Which lines of the changed files each test runs, and how long it takes."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from tests.mutants.rooms import ROOT

Lines = Mapping[str, frozenset[int]]
"""By file, from the root."""


class Reach(NamedTuple):
    """What one test runs."""

    took_s: float
    """Processor seconds, noting the lines included, what it shares with other tests left out."""
    shared_s: Mapping[str, float]
    """What it shares with other tests takes, by name."""
    lines: Lines
    """By file, from the root; those of what it shares among them."""

    @property
    def whole_s(self) -> float:
        """Processor seconds of the test alone."""
        return self.took_s + sum(self.shared_s.values())

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

    def stop(self) -> Lines:
        """End; the lines that ran."""
        sys.settrace(None)
        threading.settrace(None)
        return self._found()

    @contextmanager
    def apart(self) -> Iterator[Callable[[], Lines]]:
        """Note a part by itself, while the whole goes on; what is given tells its lines afterwards."""
        whole = self.seen, self.missing
        self.seen, self.missing = {}, {}
        found: list[Lines] = []
        try:
            yield lambda: found[0]
        finally:
            found.append(self._found())
            part = self.seen
            self.seen, self.missing = whole
            for code, lines in part.items():
                self.seen.setdefault(code, set()).update(lines)
                self.missing[code] = _lines_of(code) - self.seen[code]

    def _found(self) -> Lines:
        found: dict[str, set[int]] = {}
        for code, lines in self.seen.items():
            found.setdefault(self.names[code.co_filename], set()).update(lines)
        return {name: frozenset(lines) for name, lines in found.items()}

    def _called(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if code.co_filename not in self.names:
            return None
        if code not in self.seen:
            self.seen[code] = {frame.f_lineno}
            self.missing[code] = _lines_of(code) - {frame.f_lineno}
        # A function all of whose lines ran is not followed again: that is most calls.
        return self._stepped if self.missing[code] else None

    def _stepped(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if event == "line":
            self.seen[frame.f_code].add(frame.f_lineno)
            self.missing[frame.f_code].discard(frame.f_lineno)
        return self._stepped


def _lines_of(code: CodeType) -> set[int]:
    return {line for _, _, line in code.co_lines() if line is not None}


def merged(parts: Iterable[Lines]) -> Lines:
    """The lines of several parts."""
    found: dict[str, frozenset[int]] = {}
    for part in parts:
        for name, lines in part.items():
            found[name] = found.get(name, frozenset()) | lines
    return found


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
        return Reach(known["took_s"], known["shared_s"], {name: frozenset(lines) for name, lines in known["lines"].items()})

    def note(self, test: str, file: Path, reach: Reach) -> None:
        """Keep what a test ran."""
        lines = {name: sorted(lines) for name, lines in reach.lines.items()}
        self.tests[test] = {"file": _digest([file]), "took_s": reach.took_s, "shared_s": reach.shared_s, "lines": lines}

    def save(self) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"sources": self.sources, "tests": self.tests}), encoding="utf-8")


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"\0".join((ROOT / path).read_bytes() for path in paths)).hexdigest()[:16]
