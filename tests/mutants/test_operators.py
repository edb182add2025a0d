"""The mutants of a file: one for each operation, named so that the name outlives moved lines."""

from __future__ import annotations

import gc
import math
import os
from pathlib import Path

import pytest

from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.operators import mutants_of
from tests.mutants.results import SURVIVES
from tests.mutants.rooms import ROOMS, ROOT, mutants_in
from tests.mutants.written import WRITTEN

SOURCE = '''"""Not a - b in a docstring."""


@formula(equation="a + b")
def life_s(energy_j: float | None, power_w: float) -> float:
    if power_w <= 0:
        raise ValueError(f"{power_w - 1} is no power" + "!")
    return max(energy_j / power_w, 0)  # µ: é
'''


def test_each_operation_is_changed_once_and_text_is_left_alone() -> None:
    found = mutants_of(Path("room.py"), SOURCE)
    assert [mutant.name for mutant in found] == [
        "room.py life_s: if power_w [<= -> <] 0:",
        "room.py life_s: return [max -> min](energy_j / power_w, 0)  # µ: é",
        "room.py life_s: return max(energy_j [/ -> *] power_w, 0)  # µ: é",
    ]
    assert all(mutant.source != SOURCE and len(mutant.source) == len(SOURCE) - (at == 0) for at, mutant in enumerate(found))


def test_equal_lines_of_a_function_have_names_of_their_own() -> None:
    found = mutants_of(Path("room.py"), "def f(a):\n    a = a + 1\n    a = a + 1\n")
    assert [mutant.name.rpartition("]")[2] for mutant in found] == [" 1", " 1 #2"]


def test_every_change_written_by_hand_has_its_place_and_every_equivalent_its_mutant() -> None:
    names = {mutant.name for room in ROOMS for mutant in mutants_in(room)}
    assert {f"{each.path} {name}" for name, each in WRITTEN.items()} <= names
    assert set(EQUIVALENTS) <= names


@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are tried in forks: needs a system that has them")
def test_functions_are_found_among_what_the_tests_have_frozen() -> None:
    from tests.mutants.warm import _alive, replaceable

    path = Path("costmodel/specs/axis.py")
    gc.freeze()
    alive = _alive([path])
    assert all(replaceable(mutant, alive) for mutant in mutants_of(path, (ROOT / path).read_text(encoding="utf-8")))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are tried in forks: needs a system that has them")
def test_a_change_that_no_test_reaches_survives() -> None:
    from tests.mutants.warm import _first_failing

    mutant = mutants_of(Path("room.py"), SOURCE)[0]
    assert _first_failing(mutant, {}, {"room.py": {}}, math.inf) == SURVIVES
