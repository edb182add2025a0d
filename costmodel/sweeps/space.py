"""The space of a study: one part for each combination of choices, a grid or a sample of numeric axes in each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.columns import Number
from costmodel.errors import LimitError, Location, SpecError, UnknownNameError
from costmodel.evaluation.calibrating import calibrate
from costmodel.evaluation.design import Design, design_of
from costmodel.evaluation.evaluating import check_convention
from costmodel.sources.catalogue import load_scenario
from costmodel.sources.yaml_document import Document
from costmodel.specs.deployment import Scenario
from costmodel.sweeps.axis_values import ChoiceAxis, NumericAxis, resolved_axis
from costmodel.sweeps.blame import blamed
from costmodel.sweeps.comparison import Comparison, parse_comparison
from costmodel.sweeps.given_tables import GivenFigure, given_figure, read_given
from costmodel.sweeps.overrides import with_override
from costmodel.sweeps.places import Place, with_numbers
from costmodel.sweeps.settings import Setting, choice_place, first_networks, of_every_network, study_settings, with_choices, with_settings
from costmodel.sweeps.study import SampleKind, Study, StudyAxis

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
    given: Mapping[str, GivenFigure]
    """Figures that the user brings along, by name."""

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
    document: Document | None = None
    """What the user wrote, where it is a file: mistakes are told with their place in it."""

    @property
    def designs(self) -> int:
        """Designs before conditions."""
        return sum(part.designs for part in self.parts)

    @property
    def labels(self) -> tuple[str, ...]:
        """Axis names, as the study orders them."""
        return tuple(axis.label for axis in self.study.axes)


def space_of(study: Study, beside: Path | None = None, document: Document | None = None) -> Space:
    """Resolve a study against its base scenario.

    Parameters
    ----------
    study : Study
        As written.
    beside : Path, optional
        Folder that relative paths in it start from.
    document : Document, optional
        What the user wrote.

    Returns
    -------
    Space
        Parts in the order of the choices.

    Raises
    ------
    InputError
        If a field does not exist, a value does not fit it, or no combination is left.
    """
    study = _with_given(study, beside, document)
    base, notes = _base(study, beside, document)
    sampled = study.sample is not None
    # What axes name is looked for in networks that are evaluated, which the base's need not be.
    reference = with_choices(base, study, first_networks(study), beside, document)
    resolved = []
    setters: dict[str, str] = {}
    for place, axis in enumerate(study.axes):
        with blamed(document, "axes", place):
            resolved.append(resolved_axis(axis, reference, sampled))
            for path in axis.paths:
                if path in setters:
                    raise SpecError(f"axes {setters[path]!r} and {axis.label!r} both set {path}")
                setters[path] = axis.label
    choice_axes = [(place, axis) for place, axis in enumerate(resolved) if isinstance(axis, ChoiceAxis)]
    numeric = [(place, study.axes[place]) for place, axis in enumerate(resolved) if isinstance(axis, NumericAxis)]
    conditions = _conditions(study, document)
    parts = []
    for chosen in itertools.product(*(range(len(axis.values)) for _, axis in choice_axes)):
        choices = {axis.label: axis.values[at] for (_, axis), at in zip(choice_axes, chosen, strict=True)}
        if not all(comparison.holds(choices) for comparison in conditions if set(comparison.names) <= set(choices)):
            continue
        settings = [
            Setting(path, value, choice_place(study, place, at, path))
            for (place, choice), at in zip(choice_axes, chosen, strict=True)
            for path, value in choice.settings[at].items()
        ]
        scenario = with_choices(base, study, settings, beside, document)
        _check_convention(scenario, choices, document)
        parts.append(_part(choices, scenario, numeric, study, document, notes))
    if not parts:
        raise SpecError("the study is empty: the conditions between its choices leave no combination", _location(document, "conditions"))
    labels = {axis.label for _, axis in choice_axes}
    rest = tuple(comparison for comparison in conditions if not set(comparison.names) <= labels)
    return Space(study, tuple(parts), rest, tuple(notes), document)


def _location(document: Document | None, *place: str | int) -> Location | None:
    return None if document is None else document.location(place)


def _check_convention(scenario: Scenario, choices: Mapping[str, Any], document: Document | None) -> None:
    try:
        check_convention(scenario)
    except SpecError as error:
        told = "".join(f"{label} = {value}: " for label, value in choices.items())
        message = f"{told}{error.message}; set: {{counting: {{}}}} drops what the base counts by"
        raise SpecError(message, _location(document, "base")) from None


def _with_given(study: Study, beside: Path | None, document: Document | None) -> Study:
    tables = []
    for place, table in enumerate(study.given):
        with blamed(document, "given", place):
            tables.append(read_given(table, [axis.label for axis in study.axes], beside))
    return study.model_copy(update={"given": tuple(tables)})


def _base(study: Study, beside: Path | None, document: Document | None) -> tuple[Scenario, list[str]]:
    with blamed(document, "base"):
        base = load_scenario(study.base, beside)
    notes = []
    paths = [path.removeprefix("network.") for axis in study.axes for path in axis.paths]
    changed = [path for path in (*paths, *study.set) if path.startswith(_MEASURED_ON_BASE)]
    if base.duration_s is not None and changed and "duration_s" not in (*paths, *study.set):
        base = with_override(base, "duration_s", None)
        notes.append(
            f"the base's duration_s is left out, since {changed[0]} changes what it was measured on;"
            " set: {duration_s: ...} takes one time for all designs"
        )
    said = (*paths, *study.set)
    if base.power is not None and "device" in said and not any(path.startswith("power") for path in said):
        notes.append(
            f"power was measured on the board of {base.device.name} and is taken for every device; `power: null` under set leaves it out"
        )
    return with_settings(base, study_settings(study), beside, document), notes


def _part(
    choices: Mapping[str, Any],
    scenario: Scenario,
    numeric: Sequence[tuple[int, StudyAxis]],
    study: Study,
    document: Document | None,
    notes: Sequence[str],
) -> Part:
    axes: list[NumericAxis] = []
    seen: dict[Place, str] = {}
    for place_in_study, written in numeric:
        with blamed(document, "axes", place_in_study):
            try:
                axis = resolved_axis(written, scenario, study.sample is not None)
            except UnknownNameError as error:
                raise of_every_network(error, written.label) from None
            if not isinstance(axis, NumericAxis):
                raise SpecError(f"axis {written.label!r} is a number for some choices only; make it a choice for all, or another study")
            for place, _, _ in axis.rules:
                if place in seen:
                    raise SpecError(f"axes {seen[place]!r} and {axis.label!r} both set {place.text}")
                seen[place] = axis.label
                if place.field == "access_bytes" and scenario.counting.block_bytes is not None:
                    raise SpecError(f"axis {axis.label!r}: an access and a block are one width; set counting.block_bytes to null")
        axes.append(axis)
    calibrated = calibrate(scenario, scenario.dataflows[0])
    design = design_of(scenario, scenario.dataflows[0], calibrated.rates)
    ordered = tuple(sorted(axes, key=lambda axis: axis.rank))
    designs = study.sample.designs if study.sample else math.prod(len(axis.levels) for axis in ordered if axis.levels is not None)
    if designs > 1 << 53:
        raise LimitError(f"the study has {designs:.3g} designs; sample it (sample: {{designs: 1000000, seed: 1}})")
    given = {}
    for at, table in enumerate(study.given):
        with blamed(document, "given", at):
            given[table.figure] = given_figure(table, choices, [axis.label for axis in axes])
    note = "" if calibrated.rates else "; ".join([calibrated.reason, *(told for told in notes if "duration_s" in told)])
    return Part(choices, scenario, design, ordered, designs, note, given)


def _conditions(study: Study, document: Document | None) -> tuple[Comparison, ...]:
    labels = [axis.label for axis in study.axes]
    found = []
    for place, text in enumerate(study.conditions):
        with blamed(document, "conditions", place):
            comparison = parse_comparison(text, "conditions", study.named_choices)
            for name in comparison.names:
                if name not in labels:
                    raise UnknownNameError("conditions", name, labels, "an axis of this study")
        found.append(comparison)
    return tuple(found)


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
    # Where all axes are choices, one design is left, in one row.
    return Block(columns, axes, block_shape or (1,), None, at)


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
        held = np.flatnonzero(conditions_hold(space.conditions, values, numbers.shape))
        for begin in range(0, len(held), SCATTER_BLOCK):
            some = held[begin : begin + SCATTER_BLOCK]
            chosen = [at[some] for at in positions]
            yield levelled_block(part, chosen, numbers[some])


def levelled_block(part: Part, positions: Sequence[np.ndarray], numbers: np.ndarray) -> Block:
    """Return designs of a grid by the position of each on every axis, and their numbers."""
    axes = {axis.label: axis.levels[at] for axis, at in zip(part.axes, positions, strict=True) if axis.levels is not None}
    columns = {place: column[at] for axis, at in zip(part.axes, positions, strict=True) for place, column in (axis.applied or {}).items()}
    return Block(columns, axes, numbers.shape, numbers, int(numbers[0]))


def conditions_hold(conditions: tuple[Comparison, ...], values: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    """Return where all conditions hold, given the values of the axes."""
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
            held = np.flatnonzero(conditions_hold(space.conditions, {**part.choices, **axes}, (count,)))
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
