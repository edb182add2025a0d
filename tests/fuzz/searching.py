"""Mutants of each kind of input, run one after the other: a number from fixed seeds, or at random for as long as it is told."""

from __future__ import annotations

import hashlib
import random
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.mutators import mutated
from tests.fuzz.targets import Target, check

SLOW_S = 20.0
"""A mutant that takes longer, in processor seconds, is a failure too: it would look as if it hung."""
LARGE_BYTES = 400 * 1024**2
"""A mutant that takes more memory than this, over what there was before it, is a failure too."""
EXAMPLES = Path(__file__).parent / "examples"
"""A folder for each kind; each file in it failed once."""


class Failure(NamedTuple):
    """An input that no plain answer came of."""

    kind: str
    content: bytes
    told: str
    """The exception, its last places in the program first."""

    @property
    def place(self) -> str:
        """What tells one fault from another: the kind of exception and where it was raised."""
        return self.told.partition(": ")[0]

    @property
    def file_name(self) -> str:
        """A name for the input that says nothing but which it is."""
        return hashlib.sha256(self.content).hexdigest()[:12]


def mutants_of(target: Target, seed: int) -> Iterator[bytes]:
    """Yield mutants without an end, the same ones for the same seed."""
    chance = random.Random(seed)
    seeds = target.seeds()
    while True:
        yield mutated(chance, chance.choice(seeds), target.mutators)


def tried(kind: str, target: Target, content: bytes, folder: Path) -> Failure | None:
    """Run one input in a folder; return what went wrong, if anything did."""
    path = folder / f"mutant{target.suffix}"
    # A file system may wait for its disk where a file is emptied and written anew; of a new one it does not.
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    begun, before = time.process_time(), _peak_bytes()
    try:
        check(target, path, content)
    except Exception as error:
        return Failure(kind, content, _told(error))
    took_s, grown = time.process_time() - begun, _peak_bytes() - before
    if took_s > SLOW_S:
        return Failure(kind, content, f"slow: {took_s:.1f} s")
    return Failure(kind, content, f"large: {grown:,} bytes") if grown > LARGE_BYTES else None


def _peak_bytes() -> int:
    """The most memory the program ever held, where the system says."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _told(error: Exception) -> str:
    places = [place for place in traceback.extract_tb(error.__traceback__) if "costmodel" in place.filename]
    last = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else "nowhere"
    lines = [f"{type(error).__name__} at {last}: {' '.join(str(error).split())[:200]}"]
    return "\n".join([*lines, *(f"  {place.filename}:{place.lineno} {place.line}" for place in reversed(places[-6:]))])
