"""The space of a study: one part for each combination of choices, a grid or a sample of numeric axes in each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.columns import Number
from costmodel.errors import LimitError, SpecError, UnknownNameError
from costmodel.evaluation.calibrating import calibrate
from costmodel.evaluation.design import Design, design_of
from costmodel.evaluation.evaluating import check_convention
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.deployment import Scenario
from costmodel.sweeps.axis_values import ChoiceAxis, NumericAxis, resolved_axis
from costmodel.sweeps.comparison import Comparison, parse_comparison
from costmodel.sweeps.overrides import with_override
from costmodel.sweeps.places import Place, with_numbers
from costmodel.sweeps.study import SampleKind, Study

GRID_BLOCK: Final = 1 << 20
"""Designs of a grid that are evaluated at once: most sub-expressions are far smaller."""
SCATTER_BLOCK: Final = 1 << 14
"""Scattered designs that are evaluated at once: all their columns together stay in the processor's cache."""
_MEASURED_ON_BASE: Final = ("network", "layers.", "input", "types.", "dataflow", "device", "weights_in", "calibration")
"""Paths that change what a measured duration was measured on."""


class Block(NamedTuple):
    """Designs that are evaluated together."""

    columns: Mapping[Place, Number]
    """Numbers and columns that broadcast to `shape`."""
    axes: Mapping[str, Number]
    """Each numeric axis's values, likewise."""
    shape: tuple[int, ...]
    numbers: np.ndarray | None
    """Number of each design in the part's order; None where they are consecutive from `first`."""
    first: int


class Part(NamedTuple):
    """One combination of choices."""

    choices: Mapping[str, Any]
    scenario: Scenario
    design: Design
    axes: tuple[NumericAxis, ...]
    """What decides most first: the first axes vary slowest."""
    designs: int
    """Before conditions."""
    note: str
    """Why the time is not known, where it is not."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Levels of each axis."""
        return tuple(0 if axis.levels is None else len(axis.levels) for axis in self.axes)


class Space(NamedTuple):
    """Everything a study evaluates."""

    study: Study
    parts: tuple[Part, ...]
    conditions: tuple[Comparison, ...]
    notes: tuple[str, ...]

    @property
    def designs(self) -> int:
        """Designs before conditions."""
        return sum(part.designs for part in self.parts)

    @property
    def labels(self) -> tuple[str, ...]:
        """Axis names, as the study orders them."""
        return tuple(axis.label for axis in self.study.axes)


def space_of(study: Study, beside: Path | None = None) -> Space:
    """Resolve a study against its base scenario.

    Parameters
    ----------
    study : Study
        As written.
    beside : Path, optional
        Folder that relative paths in it start from.

    Returns
    -------
    Space
        Parts in the order of the choices.

    Raises
    ------
    InputError
        If a field does not exist, a value does not fit it, or no combination is left.
    """
    base, notes = _base(study, beside)
    sampled = study.sample is not None
    choice_axes = [found for axis in study.axes if isinstance(found := resolved_axis(axis, base, sampled), ChoiceAxis)]
    numeric = [axis for axis in study.axes if axis.label not in {found.label for found in choice_axes}]
    conditions = tuple(parse_comparison(text, "conditions") for text in study.conditions)
    _check_condition_names(conditions, study)
    parts = []
    for values in itertools.product(*(axis.values for axis in choice_axes)):
        choices = {axis.label: value for axis, value in zip(choice_axes, values, strict=True)}
        if not all(comparison.holds(choices) for comparison in conditions if set(comparison.names) <= set(choices)):
            continue
        scenario = base
        for axis, value in zip(choice_axes, values, strict=True):
            for path in axis.paths:
                scenario = with_override(scenario, path, value, beside)
        check_convention(scenario)
        resolved = [resolved_axis(axis, scenario, sampled) for axis in numeric]
        axes = [axis for axis in resolved if isinstance(axis, NumericAxis)]
        parts.append(_part(choices, scenario, axes, study))
    if not parts:
        raise SpecError("the study is empty: the conditions between its choices leave no combination")
    rest = tuple(comparison for comparison in conditions if not set(comparison.names) <= {axis.label for axis in choice_axes})
    return Space(study, tuple(parts), rest, tuple(notes))


def _base(study: Study, beside: Path | None) -> tuple[Scenario, list[str]]:
    base = load_scenario(study.base, beside)
    notes = []
    paths = [rule.path.removeprefix("network.") for axis in study.axes for rule in axis.applications]
    changed = [path for path in (*paths, *study.set) if path.startswith(_MEASURED_ON_BASE)]
    if base.duration_s is not None and changed and "duration_s" not in (*paths, *study.set):
        base = with_override(base, "duration_s", None)
        notes.append(f"duration_s was measured on the base design and is left out, since {changed[0]} changes: the calibrated time holds")
    said = (*paths, *study.set)
    if base.power is not None and "device" in said and not any(path.startswith("power") for path in said):
        notes.append(
            f"power was measured on the board of {base.device.name} and is taken for every device; `power: null` under set leaves it out"
        )
    for path, value in study.set.items():
        base = with_override(base, path, value, beside)
    return base, notes


def _part(choices: Mapping[str, Any], scenario: Scenario, axes: list[NumericAxis], study: Study) -> Part:
    seen: dict[Place, str] = {}
    for axis in axes:
        for place, _, _ in axis.rules:
            if place in seen:
                raise SpecError(f"axes {seen[place]!r} and {axis.label!r} both set {place.text}")
            seen[place] = axis.label
            if place.field == "access_bytes" and scenario.counting.block_bytes is not None:
                raise SpecError(f"axis {axis.label!r}: an access and a block are one width; set counting.block_bytes to null")
    calibrated = calibrate(scenario, scenario.dataflows[0])
    design = design_of(scenario, scenario.dataflows[0], calibrated.rates)
    ordered = tuple(sorted(axes, key=lambda axis: axis.rank))
    designs = study.sample.designs if study.sample else math.prod(len(axis.levels) for axis in ordered if axis.levels is not None)
    if designs > 1 << 53:
        raise LimitError(f"the study has {designs:.3g} designs; sample it (sample: {{designs: 1000000, seed: 1}})")
    return Part(choices, scenario, design, ordered, designs, "" if calibrated.rates else calibrated.reason)


def _check_condition_names(conditions: tuple[Comparison, ...], study: Study) -> None:
    labels = [axis.label for axis in study.axes]
    for comparison in conditions:
        for name in comparison.names:
            if name not in labels:
                raise UnknownNameError("conditions", name, labels, "an axis of this study")


def blocks_of(space: Space, part: Part, start: int, stop: int) -> Iterator[Block]:
    """Yield the designs of a part from number `start` to before `stop`, some at a time.

    Parameters
    ----------
    space : Space
        The study's space.
    part : Part
        One combination of choices.
    start, stop : int
        For a grid, any range; for a sample, multiples of the block.

    Yields
    ------
    Block
        In order.
    """
    if space.study.sample is not None:
        yield from _sampled(space, part, start, stop)
    elif space.conditions:
        yield from _filtered(space, part, start, stop)
    else:
        yield from _grid(part, start, stop)


def _grid(part: Part, start: int, stop: int) -> Iterator[Block]:
    shape = part.shape
    at = start
    while at < stop:
        yield _grid_block(part, shape, at, stop)
        at += _grid_length(shape, at, stop)


def _grid_length(shape: tuple[int, ...], at: int, stop: int) -> int:
    """Longest run from `at` that is a rectangle of the grid and no larger than a block."""
    inner, length = 1, 1
    for extent in reversed(shape):
        if at % (inner * extent) == 0 and inner * extent <= min(GRID_BLOCK, stop - at):
            length = inner = inner * extent
            continue
        room = extent - at // inner % extent
        return inner * max(1, min(room, min(GRID_BLOCK, stop - at) // inner))
    return length


def _grid_block(part: Part, shape: tuple[int, ...], at: int, stop: int) -> Block:
    length = _grid_length(shape, at, stop)
    positions: list[tuple[int, int]] = []
    inner, left = math.prod(shape), length
    for extent in shape:
        inner //= extent
        first = at // inner % extent
        count = max(1, min(extent, left // inner))
        positions.append((first, count))
    block_shape = tuple(count for _, count in positions)
    axes: dict[str, Number] = {}
    columns: dict[Place, Number] = {}
    for place, (axis, (first, count)) in enumerate(zip(part.axes, positions, strict=True)):
        spread = tuple(count if other == place else 1 for other in range(len(shape)))
        chosen = slice(first, first + count)
        axes[axis.label] = _spread(axis.levels, chosen, spread)
        columns |= {spot: _spread(values, chosen, spread) for spot, values in (axis.applied or {}).items()}
    return Block(columns, axes, block_shape, None, at)


def _spread(values: np.ndarray | None, chosen: slice, spread: tuple[int, ...]) -> Number:
    part = np.empty(0) if values is None else values[chosen]
    return part[0].item() if part.size == 1 else part.reshape(spread)


def _filtered(space: Space, part: Part, start: int, stop: int) -> Iterator[Block]:
    for first in range(start, stop, GRID_BLOCK):
        numbers = np.arange(first, min(stop, first + GRID_BLOCK))
        positions = np.unravel_index(numbers, part.shape)
        values: dict[str, Any] = dict(part.choices)
        for axis, at in zip(part.axes, positions, strict=True):
            if axis.levels is not None:
                values[axis.label] = axis.levels[at]
        held = np.flatnonzero(_holds(space.conditions, values, numbers.shape))
        for begin in range(0, len(held), SCATTER_BLOCK):
            some = held[begin : begin + SCATTER_BLOCK]
            chosen = [at[some] for at in positions]
            yield _levelled(part, chosen, numbers[some])


def _levelled(part: Part, positions: list[np.ndarray], numbers: np.ndarray) -> Block:
    axes = {axis.label: axis.levels[at] for axis, at in zip(part.axes, positions, strict=True) if axis.levels is not None}
    columns = {place: column[at] for axis, at in zip(part.axes, positions, strict=True) for place, column in (axis.applied or {}).items()}
    return Block(columns, axes, numbers.shape, numbers, int(numbers[0]))


def _holds(conditions: tuple[Comparison, ...], values: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    held = np.ones(shape, dtype=bool)
    for comparison in conditions:
        held &= comparison.holds(values)
    return held


def _sampled(space: Space, part: Part, start: int, stop: int) -> Iterator[Block]:
    sample = space.study.sample
    if sample is None:
        return
    # The part is in the seed, so that the same sample does not repeat under each choice; blocks are, so that any worker draws any block.
    place = next(at for at, other in enumerate(space.parts) if other is part)
    for first in range(start, stop, SCATTER_BLOCK):
        count = min(SCATTER_BLOCK, part.designs - first, stop - first)
        draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence((sample.seed, place, first))))
        axes: dict[str, Number] = {}
        columns: dict[Place, Number] = {}
        for axis in part.axes:
            units = draw.random(count)
            if sample.kind is SampleKind.LATIN:
                units = (draw.permutation(count) + units) / count
            if axis.levels is None:
                axes[axis.label] = axis.drawn(units)
                columns |= axis.columns(axes[axis.label])
            else:
                at = axis.drawn_levels(units)
                axes[axis.label] = axis.levels[at]
                columns |= {spot: column[at] for spot, column in (axis.applied or {}).items()}
        numbers = np.arange(first, first + count)
        if space.conditions:
            held = np.flatnonzero(_holds(space.conditions, {**part.choices, **axes}, (count,)))
            if not len(held):
                continue
            columns = {spot: column[held] for spot, column in columns.items()}
            axes = {label: column[held] for label, column in axes.items()}
            numbers = numbers[held]
        yield Block(columns, axes, numbers.shape, numbers, int(numbers[0]))


def scenario_at(part: Part, values: Mapping[str, int | float]) -> Scenario:
    """Return the scenario of one design, which `evaluate` and `report` read.

    Parameters
    ----------
    part : Part
        Its combination of choices.
    values : mapping
        Numeric axis to value.

    Returns
    -------
    Scenario
        Checked.
    """
    numbers: dict[Place, int | float] = {}
    for axis in part.axes:
        value = np.array([values[axis.label]])
        numbers |= {place: column[0].item() for place, column in axis.columns(value).items()}
    return with_numbers(part.scenario, numbers)
