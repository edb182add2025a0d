"""The rooms that are changed, and the tests that are to notice."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.written import WRITTEN

ROOT = Path(__file__).parents[2]
EQUATIONS = "tests/test_equations.py"
"""Holds every equation equal to the function it is declared by."""
ROOMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "battery": (("costmodel/battery",), ("tests/battery", "tests/evaluation", EQUATIONS)),
    "memory": (("costmodel/memory",), ("tests/memory", "tests/sweeps/test_device_fit.py", "tests/evaluation", EQUATIONS)),
    "streaming": (("costmodel/memory/streaming",), ("tests/memory", EQUATIONS)),
    "energy": (("costmodel/energy",), ("tests/energy", "tests/evaluation", "tests/sources", EQUATIONS)),
    "closed_forms": (("costmodel/dataflows/closed_forms",), ("tests/dataflows", EQUATIONS)),
    "axis": (("costmodel/specs/axis.py",), ("tests/specs", "tests/dataflows", EQUATIONS)),
    "trace_analysis": (
        ("costmodel/measurement/trace_analysis.py", "costmodel/measurement/window_energy.py"),
        ("tests/measurement", "tests/evaluation/test_named_faults.py"),
    ),
    "windows": (("costmodel/measurement/windows",), ("tests/measurement",)),
}
"""For each room, the code that is changed and the tests that are to notice."""
QUICK = "not slow and not timing and not firmware and not emulator and not cacti"
"""The tests that are asked."""


def sources_of(room: str) -> list[Path]:
    """The files of a room, from the root; a folder with a room of its own is none of the one around it."""
    own = ROOMS[room][0]
    found = [file.relative_to(ROOT) for place in own for file in (sorted((ROOT / place).rglob("*.py")) or [ROOT / place])]
    inner = [place for places, _ in ROOMS.values() for place in places if any(place.startswith(f"{one}/") for one in own)]
    return [file for file in found if file.name != "__init__.py" and not any(file.as_posix().startswith(f"{place}/") for place in inner)]


def followed() -> list[Path]:
    """Every file that some mutant changes, from the root."""
    written = [Path(each.path) for each in WRITTEN.values()]
    return list(dict.fromkeys([*(path for room in ROOMS for path in sources_of(room)), *written]))


def mutants_in(room: str) -> list[Mutant]:
    """Every mutant of a room: its one-operation changes, then those written by hand.

    Raises
    ------
    ValueError
        If a change written by hand no longer has its place.
    """
    found = []
    for path in sources_of(room):
        source = (ROOT / path).read_text(encoding="utf-8")
        found += mutants_of(path, source)
    for name, (place, path_name, text, put) in WRITTEN.items():
        if place == room:
            source = (ROOT / path_name).read_text(encoding="utf-8")
            if source.count(text) != 1:
                raise ValueError(
                    f"{name}: {path_name} has {text!r} {source.count(text)} times; write the change anew in tests/mutants/written.py"
                )
            line = source[: source.index(text)].count("\n") + 1
            found.append(Mutant(Path(path_name), f"{path_name} {name}", source.replace(text, put), (line, line + text.count("\n")), put))
    return found
