"""Search at random for inputs that end in anything but an answer or a plain error; print each with how to keep it as an example.

`make fuzz`, or `python -m tests.fuzz --seconds 600 --only yaml`. Exit status 1 where something was found.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# Tests import one another's helpers by their bare names, as pytest lets them (pythonpath in pyproject.toml).
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzz.searching import Failure, mutants_of, tried
from tests.fuzz.targets import TARGETS

_TURN_S = 5.0
"""How long one kind is searched before the next has its turn."""


def search(kinds: Sequence[str], seconds: float, mutants: int, seed: int) -> int:
    """Search some kinds in turn until the time is over or each has had its number of mutants.

    Parameters
    ----------
    kinds : sequence of str
        Keys of `TARGETS`.
    seconds : float
        How long, all kinds together; 0 for as long as the mutants take.
    mutants : int
        Of each kind; 0 for as many as there is time for.
    seed : int
        The same seed tries the same mutants.

    Returns
    -------
    int
        Different failures found.
    """
    streams = {kind: mutants_of(TARGETS[kind], seed) for kind in kinds}
    counts = dict.fromkeys(kinds, 0)
    found: dict[tuple[str, str], Failure] = {}
    end = time.monotonic() + seconds if seconds else float("inf")
    with tempfile.TemporaryDirectory(prefix="costmodel-fuzz-") as scratch:
        while time.monotonic() < end and any(not mutants or count < mutants for count in counts.values()):
            for kind in kinds:
                turn = min(end, time.monotonic() + _TURN_S)
                while time.monotonic() < turn and (not mutants or counts[kind] < mutants):
                    folder = Path(scratch) / kind
                    folder.mkdir(exist_ok=True)
                    failure = tried(kind, TARGETS[kind], next(streams[kind]), folder)
                    counts[kind] += 1
                    if counts[kind] % 200 == 0:
                        shutil.rmtree(folder)
                    if failure is not None and (kind, failure.place) not in found:
                        found[kind, failure.place] = failure
                        _print(failure)
    told = ", ".join(f"{kind} {count:,}" for kind, count in counts.items())
    sys.stdout.write(f"mutants tried: {told}; seed {seed}; {len(found)} different failures\n")
    return len(found)


def _print(failure: Failure) -> None:
    kept = Path("fuzz-failures") / failure.kind / f"{failure.file_name}{TARGETS[failure.kind].suffix}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(failure.content)
    shown = f"{failure.content[:400]!r}{' ...' if len(failure.content) > 400 else ''}"
    keep = f"mkdir -p tests/fuzz/examples/{failure.kind} && cp {kept} $_"
    sys.stdout.write(f"{failure.kind}: {failure.told}\n  input: {shown}\n  keep it as an example: {keep}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the search that the command line asks for."""
    reader = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    reader.add_argument("--only", choices=tuple(TARGETS), action="append", help="a kind of input; may be given several times")
    reader.add_argument("--seconds", type=float, default=0.0, help="how long to search, all kinds together")
    reader.add_argument("--mutants", type=int, default=0, help="how many of each kind; left out with no time either, 20,000")
    reader.add_argument("--seed", type=int, default=None, help="left out, another one each time")
    asked = reader.parse_args(arguments)
    mutants = asked.mutants if asked.mutants or asked.seconds else 20_000
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    return 1 if search(asked.only or tuple(TARGETS), asked.seconds, mutants, seed) else 0


if __name__ == "__main__":
    sys.exit(main())
