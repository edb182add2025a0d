"""Axes that change nothing a study asks for: refused, with the figures that would read them and the setting that makes asked ones do so.

What reads a numeric axis shows in its shape: a figure that depends on a column is a column. So one look at two values of an axis, all
others held, tells for every figure at once, whatever its value.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final

import numpy as np

from costmodel.errors import InputError, SpecError
from costmodel.evaluation.composition import Cost
from costmodel.evaluation.design import design_of
from costmodel.evaluation.figures import figures_of
from costmodel.specs.base import with_changes
from costmodel.specs.running.schedule import ScheduleName
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.engine.block_cost import costs_of
from costmodel.sweeps.engine.design_blocks import Block
from costmodel.sweeps.engine.figure_values import Values
from costmodel.sweeps.study.axis_values import NumericAxis, resolved_axis
from costmodel.sweeps.study.error_location import blamed
from costmodel.sweeps.study.overrides import with_override
from costmodel.sweeps.study.space import Part, Space

_NAMED: Final = 3
"""Most figures a message names."""
_OF_BATTERY: Final = ("power", "states", "battery", "sleep", "temperature_degc", "model", "period_s")
"""Fields of a scenario that decide about its battery alone."""


def refuse_unread(space: Space, names: Sequence[str], answers: Sequence[Cost]) -> None:
    """Refuse an axis that none of the figures a study asks for depends on, in any of its parts; one of a single value only sets it.

    Parameters
    ----------
    space : Space
        The study's space, its parts ready to be evaluated.
    names : sequence of str
        Figures of objectives, constraints and columns; where there are none, nothing is asked and nothing refused.
    answers : sequence of Cost
        Of each part's base.

    Raises
    ------
    SpecError
        Naming the axis, the figures that would read it, and the setting that makes the asked ones read it.
    """
    if not names:
        return
    for place, axis in enumerate(space.study.axes):
        found = _unread(space, place, axis.label, tuple(dict.fromkeys(names)), answers)
        if found is not None:
            with blamed(space.document, "axes", place):
                raise SpecError(f"axis {axis.label!r}: {found}")


def _unread(space: Space, place: int, label: str, names: tuple[str, ...], answers: Sequence[Cost]) -> str | None:
    axes = [next((axis for axis in part.axes if axis.label == label), None) for part in space.parts]
    if axes[0] is None:
        return _unread_choice(space, place, label, names, answers)
    for part, axis in zip(space.parts, axes, strict=True):
        if axis is None or axis.low == axis.high or _reads(part, axis, names):
            return None
    part, axis = space.parts[0], axes[0]
    told = f"none of the figures the study asks for ({', '.join(names)}) depends on {', '.join(rule[0].path for rule in axis.rules)}"
    would = [name for _, answer in _probed(part, axis) for name, figure in figures_of(answer).items() if _is_read(figure.value)]
    return told + _what_would(would, _settings(space, place, part, names))


def _unread_choice(space: Space, place: int, label: str, names: tuple[str, ...], answers: Sequence[Cost]) -> str | None:
    """Compare the parts that differ in one choice alone: numbers, and what decides about the battery; other choices may well be equal."""
    paths = space.study.axes[place].paths
    values = [part.choices[label] for part in space.parts]
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if len(set(map(str, values))) < 2 or not (plain or all(path.partition(".")[0] in _OF_BATTERY for path in paths)):
        return None
    would: list[str] = []
    groups: dict[str, list[int]] = {}
    for at, part in enumerate(space.parts):
        groups.setdefault(repr([value for other, value in part.choices.items() if other != label]), []).append(at)
    for group in groups.values():
        for one, other in itertools.pairwise(group):
            if any(_at_base(space.parts[one], answers[one], name) != _at_base(space.parts[other], answers[other], name) for name in names):
                return None
            first, second = figures_of(answers[one]), figures_of(answers[other])
            would += [name for name, figure in first.items() if name in second and second[name].value != figure.value]
    told = f"none of the figures the study asks for ({', '.join(names)}) depends on {', '.join(paths)}"
    return told + _what_would(would, _settings(space, place, space.parts[0], names))


def _what_would(would: Sequence[str], settings: Iterator[str]) -> str:
    """Say which figures would read an axis, and what to set so that asked ones do."""
    makes = next(settings, "")
    return (f"; {_listed(would)} would" if would else "") + (makes or ("" if would else "; under this base nothing does"))


def _at_base(part: Part, answer: Cost, name: str) -> Any:
    first = {axis.label: axis.low for axis in part.axes}
    value = Values(part, Block({}, first, (1,), None, 0), answer).optional(name)
    return None if value != value else value


def _reads(part: Part, axis: NumericAxis, names: Sequence[str]) -> bool:
    """Tell whether any of some figures depends on an axis; where no design or no figure can be told, nothing is known against it."""
    looked = False
    for block, answer in _probed(part, axis):
        looked = True
        values = Values(part, block, answer)
        found = [values.optional(name) for name in names]
        if any(_is_read(value) or value != value for value in found):
            return True
    return not looked


def _probed(part: Part, axis: NumericAxis) -> Iterator[tuple[Block, Cost]]:
    """Yield the cost of the base at both ends of an axis.

    A planned schedule is evaluated one network at a time, and nothing shows in a shape: what reads an axis layer by layer reads it there.
    """
    if part.scenario.schedule.is_planned:
        alone = {"schedule": ScheduleName.LAYER_BY_LAYER, "accounting": part.scenario.shared_by}
        scenario = with_changes(part.scenario, alone)
        design = design_of(scenario, scenario.dataflows[0], part.design.rates, reach=part.design.reach)
        part = part._replace(scenario=scenario, design=design._replace(accountings=part.design.accountings))
    ends = np.array([axis.low, axis.high]) if axis.levels is None else axis.levels[[0, -1]]
    axes = {other.label: ends if other is axis else other.low for other in part.axes}
    yield from costs_of(part, Block(axis.columns(ends), axes, (2,), None, 0))


def _is_read(value: Any) -> bool:
    return getattr(value, "ndim", 0) > 0


def _settings(space: Space, place: int, part: Part, names: Sequence[str]) -> Iterator[str]:
    """Yield what to set so that an asked figure depends on an axis, by trying every choice a scenario has."""
    for path, value in _choices(part.scenario):
        try:
            scenario = with_override(part.scenario, path, value)
            axis = resolved_axis(space.study.axes[place], scenario, space.study.sample is not None)
            if not isinstance(axis, NumericAxis):
                continue
            design = design_of(scenario, scenario.dataflows[0], part.design.rates, reach=part.design.reach)
            other = part._replace(scenario=scenario, design=design)
            for block, answer in _probed(other, axis):
                values = Values(other, block, answer)
                if found := [name for name in names if _is_read(values.optional(name))]:
                    yield f"; with `set: {{{path}: {value}}}` {_listed(found)} would"
        except InputError:
            continue


def _choices(scenario: Scenario) -> Iterator[tuple[str, str]]:
    states = scenario.states
    yield from (("sleep", rest) for rest in (() if states is None else states.rests()) if rest != scenario.sleep)
    for field in Scenario.model_fields:
        value = getattr(scenario, field)
        if isinstance(value, Enum):
            yield from ((field, str(other.value)) for other in type(value) if other is not value)


def _listed(names: Sequence[str]) -> str:
    each = list(dict.fromkeys(names))
    more = len(each) - _NAMED
    return ", ".join(each[:_NAMED]) + (f" and {more} more" if more > 0 else "")
