"""Values by name for a block of designs: axes, choices, given figures, figures of the cost, and fields of the scenario."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from costmodel.errors import MissingError, UnknownNameError
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.figures import VERDICTS, figure_of, figures_of
from costmodel.provenance import Constant
from costmodel.specs.base import Spec
from costmodel.specs.scenario import MemoryAccounting, Scenario
from costmodel.sweeps.engine.design_blocks import Block
from costmodel.sweeps.engine.overflow import settled
from costmodel.sweeps.study.space import Part, Space


class Values(Mapping[str, Any]):
    """What names stand for in one block; each value is found when it is first asked for.

    Parameters
    ----------
    part : Part
        The block's combination of choices.
    block : Block
        The designs.
    answer : Cost
        Their cost.
    """

    def __init__(self, part: Part, block: Block, answer: Cost) -> None:
        self._part = part
        self._answer = answer
        self._known: dict[str, Any] = {**part.choices, **block.axes}

    def __getitem__(self, name: str) -> Any:
        """Return a value; raises MissingError where it cannot be told."""
        if name not in self._known:
            self._known[name] = settled(self._found(name))
        value = self._known[name]
        if value is None:
            raise MissingError(f"{name} is not known{self._where()}: {self._why(name)}")
        return value

    def __iter__(self) -> Iterator[str]:
        """Walk the names found so far."""
        return iter(self._known)

    def __len__(self) -> int:
        """Count the names found so far."""
        return len(self._known)

    def optional(self, name: str) -> Any:
        """Return a value, or NaN where it cannot be told."""
        try:
            return self[name]
        except MissingError:
            return float("nan")

    def _found(self, name: str) -> Any:
        if name in self._part.given:
            return self._part.given[name].at(self._known)
        if is_scenario_field(name, self._part.scenario):
            return scenario_field(name, self._part.scenario)
        return figure_of(self._answer, name).value

    def _where(self) -> str:
        choices = ", ".join(f"{label} = {value}" for label, value in self._part.choices.items())
        return f" for {choices}" if choices else ""

    def _why(self, name: str) -> str:
        if name.startswith(("latency", "power", "battery", "energy.leakage")) and self._answer.duration_s is None:
            return f"there is no duration ({self._part.note})"
        if name.startswith("memory.") and (found := self._answer.memory.get(self._part.scenario.shared_by)) is not None and found.reason:
            return found.reason
        if name in VERDICTS:
            return f"{self._part.scenario.device.name} states no heap regions"
        return "the scenario does not give what it needs"


def check_name(name: str, space: Space, answer: Cost, scenario: Scenario) -> None:
    """Refuse a name that stands for nothing.

    Parameters
    ----------
    name : str
        Of an objective, a constraint or a column.
    space : Space
        With the axes and given tables.
    answer : Cost
        Of the base.
    scenario : Scenario
        The base.

    Raises
    ------
    UnknownNameError
        With the nearest name.
    """
    own = {*VERDICTS, *space.labels, *(table.figure for table in space.study.given)}
    if name in own or is_scenario_field(name, scenario):
        return
    try:
        figure_of(answer, name)
    except UnknownNameError:
        # Without a near name, those of single layers would bury the others.
        known = own | set(figures_of(answer))
        near = difflib.get_close_matches(name, known, n=1)
        layers = tuple(f"{layer.step.name}." for layer in answer.layers)
        shown = near or [each for each in known if not each.startswith(layers)]
        raise UnknownNameError("figure", name, shown, "an axis, a figure or a number of the scenario") from None


def is_scenario_field(name: str, scenario: Scenario) -> bool:
    """Tell whether a dotted name is a number of the scenario, such as `device.sram_bytes`."""
    return isinstance(scenario_field(name, scenario), int | float)


def scenario_field(name: str, scenario: Scenario) -> Any:
    """Return a number of the scenario by its dotted name, or None."""
    found: Any = scenario
    for part in name.split("."):
        if not isinstance(found, Spec) or part not in type(found).model_fields:
            return None
        found = getattr(found, part)
    return found.value if isinstance(found, Constant) else found if isinstance(found, int | float) else None


def accountings_for(names: Iterable[str], scenario: Scenario) -> tuple[MemoryAccounting, ...]:
    """Return the memory accountings that names need: computing all of them would cost every design."""
    wanted = {name.removeprefix("memory.") for name in names}
    return tuple(each for each in MemoryAccounting if each.value in wanted or (each is scenario.shared_by and wanted & {"ram", *VERDICTS}))
