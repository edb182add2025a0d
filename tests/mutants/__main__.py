"""Change one operation at a time in the rooms that compute and run the tests that reach it: what no test notices survives.

`make mutants`, or `python -m tests.mutants --only battery --match diffusion`. What came of each is kept in `.mutants/`: a run that was
stopped goes on where it was, and only survivors that are not listed as equivalent are tried again. Exit status 1 where a survivor is not
among the equivalents, whose file gives the reason for each.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.operators import Mutant
from tests.mutants.results import SURVIVES, Outcome, Results
from tests.mutants.rooms import QUICK, ROOMS, ROOT, mutants_in

KEPT = ROOT / ".mutants"
TOLD_EVERY_S = 20.0


class Tally:
    """What is told while mutants are tried, and counted at the end."""

    def __init__(self, results: Results, total: int) -> None:
        self.results, self.total = results, total
        self.survivors: list[str] = []
        self.noticed = self.equivalent = 0
        # pytest takes standard output for itself.
        self.stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        self.began = self.last = time.monotonic()
        self.first: float | None = None
        self.before = 0

    def tell(self, line: str) -> None:
        """Print a line."""
        self.stream.write(f"{line}\n")
        self.stream.flush()

    def known(self, mutant: Mutant, outcome: Outcome) -> None:
        """Count one that was tried before or just now."""
        if not outcome.survives:
            self.noticed += 1
            if mutant.name in EQUIVALENTS:
                self.tell(f"listed as equivalent, but noticed by {outcome.told}: {mutant.name}")
        elif mutant.name in EQUIVALENTS:
            self.equivalent += 1
        else:
            self.survivors.append(mutant.name)
            self.tell(f"survives: {mutant.name}")

    def done(self, room: str, mutant: Mutant, outcome: Outcome) -> None:
        """Keep what came of one, and tell how far it is now and then."""
        now = time.monotonic()
        if self.first is None:
            # Which lines the tests run was noted before, and what is known took no time.
            self.first, self.before = now - outcome.took_s, self.noticed + self.equivalent + len(self.survivors)
        self.results.note(mutant, outcome)
        self.known(mutant, outcome)
        tried = self.noticed + self.equivalent + len(self.survivors)
        if now - self.last > TOLD_EVERY_S:
            left_s = (now - self.first) / (tried - self.before) * (self.total - tried)
            self.tell(f"{tried} of {self.total}, {len(self.survivors)} survive, about {left_s / 60:.0f} min left")
            self.last = now


def main() -> int:
    """Run the mutants of the rooms asked for."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: python -m tests.mutants --only battery --match diffusion")
    parser.add_argument("--only", choices=ROOMS, action="append", help="a room; left out, all of them")
    parser.add_argument("--match", default="", help="only mutants whose name contains this")
    parser.add_argument("--sample", type=int, help="so many of each room's mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--anew", action="store_true", help="try those again that were noticed before")
    parser.add_argument("--within", type=float, default=math.inf, metavar="SECONDS", help="of tests for each mutant; a first look")
    parser.add_argument("--cold", action="store_true", help="an interpreter of its own for each, as where there is no fork: hours")
    parser.add_argument("--list", action="store_true", help="list the mutants and try none")
    given = parser.parse_args()
    chosen: list[tuple[str, Mutant]] = []
    unlisted: list[str] = []
    try:
        for room in given.only or ROOMS:
            every = mutants_in(room)
            unlisted += _unlisted({mutant.name for mutant in every}, {mutant.path.as_posix() for mutant in every})
            found = [mutant for mutant in every if given.match in mutant.name]
            if given.sample is not None:
                found = random.Random(given.seed).sample(found, min(given.sample, len(found)))
            chosen += [(room, mutant) for mutant in found]
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if given.list:
        sys.stdout.writelines(f"{mutant.name}\n" for _, mutant in chosen)
        sys.stdout.write(f"{len(chosen)} mutants\n")
        return 0
    sys.stderr.writelines(f"listed as equivalent, but there is no such mutant: {name}\n" for name in unlisted)
    return tried(chosen, anew=given.anew, cold=given.cold or not hasattr(os, "fork"), within_s=given.within)


def tried(chosen: Sequence[tuple[str, Mutant]], *, anew: bool, cold: bool, within_s: float) -> int:
    """Try each mutant, tell the survivors, and return the exit status."""
    results = Results(KEPT / "results.jsonl")
    tally = Tally(results, len(chosen))
    left = []
    for room, mutant in chosen:
        outcome = results.of(mutant)
        equivalent = outcome is not None and outcome.told == SURVIVES and mutant.name in EQUIVALENTS
        if outcome is None or (outcome.survives and not equivalent) or anew:
            left.append((room, mutant))
        else:
            tally.known(mutant, outcome)
    try:
        if left and not cold:
            left = _tried_warm(left, tally, within_s)
        if left:
            from tests.mutants.cold import Bench

            tally.tell(f"{len(left)} mutants are tried in a copy of the tree")
            with tempfile.TemporaryDirectory(prefix="costmodel-mutants-") as scratch:
                bench = Bench(Path(scratch))
                for room, mutant in left:
                    tally.done(room, mutant, bench.tried(room, mutant))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    minutes = (time.monotonic() - tally.began) / 60
    tally.tell(
        f"{len(chosen)} mutants: {tally.noticed} noticed, {tally.equivalent} equivalent, {len(tally.survivors)} survive; {minutes:.1f} min"
    )
    return 1 if tally.survivors else 0


def _unlisted(names: set[str], files: set[str]) -> list[str]:
    """Equivalents of some files that are no mutants of theirs."""
    return [name for name in EQUIVALENTS if name.partition(" ")[0] in files and name not in names]


def _tried_warm(chosen: Sequence[tuple[str, Mutant]], tally: Tally, within_s: float) -> list[tuple[str, Mutant]]:
    """Try what can be tried in forks; return the rest."""
    # A fork has a session of its own, so that what it starts ends with it: it is ended by whoever waits for it, who is not to end before.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ["COSTMODEL_SEARCH"] = "mutants"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    import pytest

    from tests.mutants.warm import Warm

    run = Warm(chosen, KEPT / "reach.json", tally.results, tally.tell, tally.done, within_s)
    tests = dict.fromkeys(test for room, _ in chosen for test in ROOMS[room][1])
    asked = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", "-m", QUICK, f"--rootdir={ROOT}"]
    status = pytest.main([*asked, *(str(ROOT / test) for test in tests)], plugins=[run])
    if status == pytest.ExitCode.INTERRUPTED:
        sys.exit(128 + signal.SIGINT)
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) or run.failed:
        raise ValueError("the tests fail without any change")
    return run.left


if __name__ == "__main__":
    sys.exit(main())
