"""The space of a study: one part for each combination of choices, a grid or a sample of numeric axes in each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from costmodel.errors import LimitError, Location, SpecError, UnknownNameError
from costmodel.evaluation.calibrating import calibrate
from costmodel.evaluation.design import Design, design_of
from costmodel.evaluation.evaluating import check_convention
from costmodel.sources.catalogue import load_scenario
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.specs.base import with_changes
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.study.axis_values import ChoiceAxis, NumericAxis, resolved_axis
from costmodel.sweeps.study.design_fields import DesignField, with_numbers
from costmodel.sweeps.study.error_location import blamed
from costmodel.sweeps.study.given_tables import GivenFigure, given_figure, read_given
from costmodel.sweeps.study.inequality import Inequality, parse_inequality
from costmodel.sweeps.study.overrides import with_override
from costmodel.sweeps.study.settings import (
    Setting,
    choice_place,
    first_networks,
    of_every_network,
    study_settings,
    with_choices,
    with_settings,
)
from costmodel.sweeps.study.study_spec import Study, StudyAxis

_MEASURED_ON_BASE: Final = ("network", "layers.", "input", "types.", "dataflow", "device", "weights_in", "schedule", "calibration")
"""Paths that change what a measured duration was measured on."""


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
    conditions: tuple[Inequality, ...]
    notes: tuple[str, ...]
    document: YamlDocument | None = None
    """What the user wrote, where it is a file: mistakes are told with their place in it."""
    base: Scenario | None = None
    """What every design starts from, with the study's settings."""

    @property
    def designs(self) -> int:
        """Designs before conditions."""
        return sum(part.designs for part in self.parts)

    @property
    def labels(self) -> tuple[str, ...]:
        """Axis names, as the study orders them."""
        return tuple(axis.label for axis in self.study.axes)


def space_of(study: Study, beside: Path | None = None, document: YamlDocument | None = None) -> Space:
    """Resolve a study against its base scenario.

    Parameters
    ----------
    study : Study
        As written.
    beside : Path, optional
        Folder that relative paths in it start from.
    document : YamlDocument, optional
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
    return Space(study, tuple(parts), rest, tuple(notes), document, base)


def _location(document: YamlDocument | None, *place: str | int) -> Location | None:
    return None if document is None else document.location(place)


def _check_convention(scenario: Scenario, choices: Mapping[str, Any], document: YamlDocument | None) -> None:
    try:
        check_convention(scenario)
    except SpecError as error:
        told = "".join(f"{label} = {value}: " for label, value in choices.items())
        message = f"{told}{error.message}; set: {{counting: {{}}}} drops what the base counts by"
        raise SpecError(message, _location(document, "base")) from None


def _with_given(study: Study, beside: Path | None, document: YamlDocument | None) -> Study:
    tables = []
    for place, table in enumerate(study.given):
        with blamed(document, "given", place):
            tables.append(read_given(table, [axis.label for axis in study.axes], beside))
    return study.model_copy(update={"given": tuple(tables)})


def _base(study: Study, beside: Path | None, document: YamlDocument | None) -> tuple[Scenario, list[str]]:
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
        measured_on = base.power.device or base.device.name
        base = with_changes(base, {"power": with_changes(base.power, {"device": measured_on})})
        notes.append(
            f"power was measured on the board of {measured_on}: other devices take the power states packaged of theirs, or have no power;"
            " `power` under set takes one for all"
        )
    return with_settings(base, study_settings(study), beside, document), notes


def _part(
    choices: Mapping[str, Any],
    scenario: Scenario,
    numeric: Sequence[tuple[int, StudyAxis]],
    study: Study,
    document: YamlDocument | None,
    notes: Sequence[str],
) -> Part:
    axes: list[NumericAxis] = []
    seen: dict[DesignField, str] = {}
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
                    raise SpecError(f"axes {seen[place]!r} and {axis.label!r} both set {place.path}")
                seen[place] = axis.label
                if place.path == "memory_energy.access_bytes" and scenario.counting.block_bytes is not None:
                    raise SpecError(f"axis {axis.label!r}: an access and a block are one width; set counting.block_bytes to null")
        axes.append(axis)
    calibrated = calibrate(scenario, scenario.dataflows[0])
    design = design_of(scenario, scenario.dataflows[0], calibrated.rates, reach=calibrated.reach)
    ordered = tuple(sorted(axes, key=lambda axis: axis.rank))
    designs = study.sample.designs if study.sample else math.prod(len(axis.levels) for axis in ordered if axis.levels is not None)
    if designs > 1 << 53:
        raise LimitError(f"the study has about 1e{math.log10(designs):.0f} designs; sample it (sample: {{designs: 1000000, seed: 1}})")
    given = {}
    for at, table in enumerate(study.given):
        with blamed(document, "given", at):
            given[table.figure] = given_figure(table, choices, [axis.label for axis in axes])
    note = "" if calibrated.rates else "; ".join([f"not calibrated: {calibrated.basis}", *(told for told in notes if "duration_s" in told)])
    return Part(choices, scenario, design, ordered, designs, note, given)


def _conditions(study: Study, document: YamlDocument | None) -> tuple[Inequality, ...]:
    labels = [axis.label for axis in study.axes]
    found = []
    for place, text in enumerate(study.conditions):
        with blamed(document, "conditions", place):
            comparison = parse_inequality(text, "conditions", study.named_choices)
            for name in comparison.names:
                if name not in labels:
                    raise UnknownNameError("conditions", name, labels, "an axis of this study")
        found.append(comparison)
    return tuple(found)


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
    numbers: dict[DesignField, int | float] = {}
    for axis in part.axes:
        value = np.array([values[axis.label]])
        numbers |= {place: column[0].item() for place, column in axis.columns(value).items()}
    return with_numbers(part.scenario, numbers)
