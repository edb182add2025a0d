"""Tries mutants in forks of one interpreter that has imported everything and run nothing.

A fork puts the changed code into the functions that are alive, runs the tests that reach the changed lines, first what is quick or noticed
a change of the same function or file before, and ends at the first that fails. What ran while modules were imported cannot be changed that
way and is left to `tests.mutants.cold`.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.operators import Mutant
from tests.mutants.reach import LineNotes, Lines, Reach, ReachFile, merged
from tests.mutants.results import SURVIVES, UNNOTICED, Outcome, Results
from tests.mutants.rooms import ROOMS, ROOT, followed

SLOWEST = 3.0
"""A mutant whose tests take this many times as long as without it, and half a minute more, never ends: it is noticed."""
LEAST_S = 5
"""The same for one test: this much more."""
WAIT = 20.0
"""The same on the clock, which other programs share: this many times the processor seconds."""
MOST_BYTES = 4 * 1024**3
"""More memory than this, over what the tests have to begin with, is not given to a mutant."""


class Warm:
    """A plugin of pytest that, in place of the tests, tries the mutants."""

    def __init__(
        self,
        chosen: Sequence[tuple[str, Mutant]],
        reach_path: Path,
        results: Results,
        tell: Callable[[str], None],
        done: Callable[[str, Mutant, Outcome], None],
        within_s: float = math.inf,
    ) -> None:
        self.chosen, self.reach_path, self.results, self.tell, self.done = chosen, reach_path, results, tell, done
        self.within_s = within_s
        """Processor seconds after which no further test is asked."""
        self.sources = followed()
        self.notes = LineNotes(self.sources)
        self.left: list[tuple[str, Mutant]] = []
        """What has to be tried the slow way."""
        self.failed = False
        self.shared: dict[str, tuple[float, Lines]] = {}
        """What fixtures that several tests share took and ran, when they were made last."""

    def pytest_sessionstart(self) -> None:
        self.notes.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        imported = Reach(0.0, {}, self.notes.stop())
        kept = ReachFile(self.reach_path, self.sources)
        unknown = [item for item in session.items if kept.of(item.nodeid, item.path) is None]
        if unknown:
            self.tell(f"noting which lines {len(unknown)} tests run")
            if _forked(lambda: self._noted(unknown, kept)) != 0:
                self.failed = True
                return True
        kept = ReachFile(self.reach_path, self.sources)
        reached = {item: reach for item in session.items if (reach := kept.of(item.nodeid, item.path)) is not None}
        alive = _alive(self.sources)
        # What is there already is not looked through again and again in each fork, which would copy all of it.
        gc.collect()
        gc.freeze()
        for room, mutant in self.chosen:
            path = mutant.path.as_posix()
            if imported.reaches(path, mutant.lines) or not replaceable(mutant, alive):
                self.left.append((room, mutant))
                continue
            asked = [item for item, reach in reached.items() if _of_room(item, room) and reach.reaches(path, mutant.lines)]
            asked = _in_order(mutant, asked, reached, self.results.noticed)
            shared_s = {name: took_s for item in asked for name, took_s in reached[item].shared_s.items()}
            limit_s = SLOWEST * (sum(reached[item].took_s for item in asked) + sum(shared_s.values())) + 30.0
            began = time.monotonic()
            took_s = {item: reached[item].whole_s for item in asked}
            told = _told(lambda mutant=mutant, took_s=took_s: _first_failing(mutant, took_s, alive, self.within_s), limit_s)
            self.done(room, mutant, Outcome(told, time.monotonic() - began))
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        began = time.process_time()
        with self.notes.apart() as lines:
            made = yield
        self.shared[_name(fixturedef)] = round(time.process_time() - began, 4), lines()
        return made

    def _noted(self, items: Sequence[pytest.Item], kept: ReachFile) -> int:
        failing = []
        for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            began, before = time.process_time(), {name: id(made) for name, made in self.shared.items()}
            self.notes.start()
            reports = runtestprotocol(item, log=False, nextitem=following)
            lines, took_s = self.notes.stop(), time.process_time() - began
            made = {name: self.shared[name] for name in map(_name, _fixtures(item)) if name in self.shared}
            took_s -= sum(own_s for name, (own_s, _) in made.items() if before.get(name) != id(self.shared[name]))
            if any(report.failed for report in reports):
                failing.append(item.nodeid)
            else:
                shared_s = {name: own_s for name, (own_s, _) in made.items()}
                kept.note(item.nodeid, item.path, Reach(round(took_s, 4), shared_s, merged([lines, *(ran for _, ran in made.values())])))
            if number % 100 == 99:
                kept.save()
                self.tell(f"noted {number + 1} of {len(items)}")
        kept.save()
        for name in failing:
            self.tell(f"fails without any change: {name}")
        return 1 if failing else 0


def _name(fixture: pytest.FixtureDef[object]) -> str:
    return f"{fixture.baseid}::{fixture.argname}"


def _fixtures(item: pytest.Item) -> Iterator[pytest.FixtureDef[object]]:
    """Those of an item, the one it would get of several of a name."""
    known = getattr(item, "_fixtureinfo", None)
    return iter(()) if known is None else (made[-1] for made in known.name2fixturedefs.values() if made)


def _of_room(item: pytest.Item, room: str) -> bool:
    path = item.path.relative_to(ROOT).as_posix()
    return any(path == place or path.startswith(f"{place}/") for place in ROOMS[room][1])


def _alive(sources: Sequence[Path]) -> dict[str, dict[tuple[str, int], list[FunctionType]]]:
    """Every function of the files that there is, by file, then name and first line."""
    names = {str(ROOT / path): path.as_posix() for path in sources}
    found: dict[str, dict[tuple[str, int], list[FunctionType]]] = {name: {} for name in names.values()}
    # The tests freeze what is there once they are collected; of what is frozen nothing is told.
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename in names:
            found[names[one.__code__.co_filename]].setdefault(_key(one.__code__), []).append(one)
    return found


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _outermost(code: CodeType, alive: Mapping[tuple[str, int], object]) -> Iterator[tuple[CodeType, bool]]:
    """Codes from the module down to functions that are alive, and whether each is; those in them follow by themselves."""
    if _key(code) in alive:
        yield code, True
        return
    yield code, False
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _outermost(constant, alive)


def _itself(code: CodeType) -> tuple[object, ...]:
    plain = tuple((type(one), one) for one in code.co_consts if not isinstance(one, CodeType))
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, plain


def replaceable(mutant: Mutant, alive: Mapping[str, Mapping[tuple[str, int], list[FunctionType]]]) -> bool:
    """Whether all that is changed stands in functions that are alive, with the names they close over as they are."""
    functions = alive.get(mutant.path.as_posix(), {})
    name = str(ROOT / mutant.path)
    original = compile((ROOT / mutant.path).read_text(encoding="utf-8"), name, "exec", dont_inherit=True)
    changed = compile(mutant.source, name, "exec", dont_inherit=True)
    before, after = list(_outermost(original, functions)), list(_outermost(changed, functions))
    if [(_key(code), there) for code, there in before] != [(_key(code), there) for code, there in after]:
        return False
    for (one, there), (other, _) in zip(before, after, strict=True):
        if not there and _itself(one) != _itself(other):
            return False
        if there and one.co_freevars != other.co_freevars:
            return False
    return True


def _in_order(
    mutant: Mutant, asked: Sequence[pytest.Item], reached: Mapping[pytest.Item, Reach], noticed: Counter[tuple[str, str]]
) -> list[pytest.Item]:
    """Tests that reach a mutant, the most promising second first; those of a file that share what is made once stay together."""

    def cost_s(item: pytest.Item) -> float:
        # A test that noticed a change of this function or file before will more likely notice the next.
        before = 4 * noticed[mutant.path.as_posix(), item.nodeid] + 16 * noticed[mutant.function, item.nodeid]
        return reached[item].whole_s / (1 + before)

    groups: dict[str, list[pytest.Item]] = {}
    for item in sorted(asked, key=cost_s):
        groups.setdefault(item.path.as_posix() if reached[item].shared_s else item.nodeid, []).append(item)
    return [item for group in groups.values() for item in group]


def _first_failing(
    mutant: Mutant,
    took_s: Mapping[pytest.Item, float],
    alive: Mapping[str, Mapping[tuple[str, int], list[FunctionType]]],
    within_s: float,
) -> str:
    functions = alive[mutant.path.as_posix()]
    for code in _codes(compile(mutant.source, str(ROOT / mutant.path), "exec", dont_inherit=True)):
        for function in functions.get(_key(code), ()):
            function.__code__ = code
    items = list(took_s)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    began = time.process_time()
    # Where no test reaches the change, none is asked.
    for item, following in zip(items, [*items[1:], None], strict=False):
        if time.process_time() - began > within_s:
            return UNNOTICED
        # One test that never ends shall not use up the time of all.
        end = min(int(time.process_time() + SLOWEST * took_s[item]) + LEAST_S, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (end, hard))
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
            return item.nodeid
    return SURVIVES


def _told(work: Callable[[], str], limit_s: float) -> str:
    """What some work in a fork answers, or `hangs`."""
    read, write = os.pipe()

    def answer() -> int:
        soft = int(limit_s) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 5))
        with contextlib.suppress(OSError, ValueError):
            size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + MOST_BYTES
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        os.write(write, work().encode())
        return 0

    try:
        status = _forked(answer, WAIT * limit_s)
        os.set_blocking(read, False)
        with contextlib.suppress(BlockingIOError):
            if told := os.read(read, 4096).decode():
                return told
        return "hangs" if status in (None, -signal.SIGXCPU, -signal.SIGKILL) else f"ends with {status}"
    finally:
        os.close(read)
        os.close(write)


def _forked(work: Callable[[], int], limit_s: float | None = None) -> int | None:
    """Run some work in a fork; its exit status, minus the signal that ended it, or None where it was not waited for any longer."""
    scratch = tempfile.mkdtemp(prefix="costmodel-mutants-")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["TMPDIR"] = scratch
            tempfile.tempdir = scratch
            status = work()
        finally:
            os._exit(status)
    end = None if limit_s is None else time.monotonic() + limit_s
    try:
        while True:
            ended, waited = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(waited)
            if end is not None and time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return None
            time.sleep(0.005)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        shutil.rmtree(scratch, ignore_errors=True)
