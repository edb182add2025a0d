"""What came of each mutant, kept from run to run: a run that was stopped goes on, and a mutant that was noticed is not tried again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.mutants.operators import Mutant, function_of

SURVIVES = "survives"
UNNOTICED = "not noticed in the time given"


class Outcome(NamedTuple):
    """What came of one mutant."""

    told: str
    """The test that noticed, `hangs`, `survives`, or that some tests were not asked."""
    took_s: float

    @property
    def survives(self) -> bool:
        """Whether no test noticed."""
        return self.told in (SURVIVES, UNNOTICED)


class Results:
    """A file of lines, one for each mutant tried; the last of several counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[str, Outcome] = {}
        self.noticed: Counter[tuple[str, str]] = Counter()
        """How many changes of a file, and of a function, each test noticed."""
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                kept = json.loads(line)
                self._keep(kept["key"], kept["name"], Outcome(kept["told"], kept["took_s"]))

    def of(self, mutant: Mutant) -> Outcome | None:
        """What came of a mutant, if this very one was tried."""
        return self.outcomes.get(_key(mutant))

    def note(self, mutant: Mutant, outcome: Outcome) -> None:
        """Keep what came of a mutant."""
        self._keep(_key(mutant), mutant.name, outcome)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(
                json.dumps({"key": _key(mutant), "told": outcome.told, "took_s": round(outcome.took_s, 3), "name": mutant.name}) + "\n"
            )

    def _keep(self, key: str, name: str, outcome: Outcome) -> None:
        self.outcomes[key] = outcome
        if not outcome.survives:
            self.noticed[name.partition(" ")[0], outcome.told] += 1
            self.noticed[function_of(name), outcome.told] += 1


def _key(mutant: Mutant) -> str:
    return hashlib.sha256(f"{mutant.name}\0{mutant.around}".encode()).hexdigest()[:20]
