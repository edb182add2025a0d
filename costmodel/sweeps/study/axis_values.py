"""The values of an axis, and what they become in the fields the axis sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError

from costmodel.errors import CostModelError, LimitError, SpecError
from costmodel.sources.documents.validation_errors import value_complaint
from costmodel.specs.base import MAX_EXTENT
from costmodel.specs.running.mapping import mapping_of
from costmodel.specs.scenario import Scenario
from costmodel.specs.spec_paths import PathEnd
from costmodel.sweeps.study.design_fields import DesignField, base_value, places_of, spec_end, with_parameter
from costmodel.sweeps.study.overrides import check_path
from costmodel.sweeps.study.study_spec import MAX_WHOLE, Application, LogSteps, Rounding, Steps, StudyAxis

MAX_LEVELS: Final = 1 << 24
"""Most values of one axis."""
_NEAR: Final = 1e-9
"""Scaled this close to a whole number, a value is that number: 0.29 * 100 is 29."""


class NumericAxis(NamedTuple):
    """An axis whose values become columns."""

    label: str
    levels: np.ndarray | None
    """Its values; None for a continuous range that is sampled."""
    low: float
    high: float
    logarithmic: bool
    """Whether a continuous range is sampled by its logarithm."""
    applied: Mapping[DesignField, np.ndarray] | None
    """For each place, what each level becomes; None for a continuous range."""
    rules: tuple[tuple[DesignField, Application, int | float | None], ...]
    """For each place, its rule and the base's value."""

    @property
    def rank(self) -> int:
        """How much of a cost depends on it, as `DesignField.rank`."""
        return min(place.rank for place, _, _ in self.rules)

    def drawn(self, units: np.ndarray) -> np.ndarray:
        """Return values at positions between 0 and 1: levels of equal share, or points of the continuous range."""
        if self.levels is not None:
            values: np.ndarray = self.levels[self.drawn_levels(units)]
        elif self.logarithmic:
            values = np.exp(np.log(self.low) + units * (np.log(self.high) - np.log(self.low)))
        else:
            values = self.low + units * (self.high - self.low)
        return values

    def drawn_levels(self, units: np.ndarray) -> np.ndarray:
        """Return positions of levels at positions between 0 and 1."""
        count = 0 if self.levels is None else len(self.levels)
        return np.minimum((units * count).astype(np.int64), count - 1)

    def columns(self, values: np.ndarray) -> dict[DesignField, np.ndarray]:
        """Return what values of the axis become in each place."""
        return {place: _applied(self.label, values, rule, place, base) for place, rule, base in self.rules}


class ChoiceAxis(NamedTuple):
    """An axis whose values are tried one after the other: names and choices."""

    label: str
    values: tuple[Any, ...]
    settings: tuple[Mapping[str, Any], ...]
    """For each value, the fields it sets."""


def resolved_axis(axis: StudyAxis, scenario: Scenario, sampled: bool) -> NumericAxis | ChoiceAxis:
    """Find what an axis sets in a scenario.

    Parameters
    ----------
    axis : StudyAxis
        As written.
    scenario : Scenario
        The base.
    sampled : bool
        Whether designs are sampled, so that a range may be continuous.

    Returns
    -------
    NumericAxis or ChoiceAxis
        With its values checked against the limits of the fields.

    Raises
    ------
    UnknownNameError
        If there is no such field; offers the nearest.
    SpecError
        If a value does not fit its field.
    """
    for path in axis.paths:
        check_path(path, scenario)
    if axis.variants is not None:
        return ChoiceAxis(axis.label, tuple(axis.variants), tuple(axis.variants.values()))
    values = axis.values
    numeric = values is None or all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    places = [(place, rule) for rule in axis.applications for place in places_of(rule.path, scenario)]
    if not numeric or not all(places_of(rule.path, scenario) for rule in axis.applications):
        return _choices(axis)
    rules = tuple((place, rule, base_value(place, scenario)) for place, rule in places)
    for place, rule, base in rules:
        if rule.of_base and base is None:
            raise SpecError(f"axis {axis.label!r}: {place.path} has no value in the base scenario to scale")
    levels, low, high, logarithmic = _levels(axis, sampled)
    applied = None
    if levels is not None:
        applied = {place: _applied(axis.label, levels, rule, place, base) for place, rule, base in rules}
        low, high = float(levels.min()), float(levels.max())
    resolved = NumericAxis(axis.label, levels, low, high, logarithmic, applied, rules)
    _check_limits(resolved, scenario)
    return resolved


def _choices(axis: StudyAxis) -> ChoiceAxis:
    for rule in axis.applications:
        if rule.scales:
            raise SpecError(f"axis {axis.label!r}: {rule.path} is not a number and cannot be scaled")
    if axis.values is not None:
        values = axis.values
    else:
        levels = _levels(axis, False)[0]
        values = () if levels is None else tuple(levels.tolist())
    told = tuple(_told(value) if "dataflow" in axis.paths else value for value in values)
    return ChoiceAxis(axis.label, told, tuple(dict.fromkeys(axis.paths, value) for value in values))


def _told(value: Any) -> Any:
    """Return a dataflow in the text that tables, conditions and given figures know it by; what is none is refused where it is set."""
    try:
        return str(mapping_of(value)) if isinstance(value, dict) else value
    except CostModelError:
        return value


def _levels(axis: StudyAxis, sampled: bool) -> tuple[np.ndarray | None, float, float, bool]:
    if axis.values is not None:
        return np.array(axis.values, dtype=np.float64 if any(isinstance(v, float) for v in axis.values) else np.int64), 0.0, 0.0, False
    if axis.log_range is not None:
        return _log_levels(axis.label, axis.log_range, sampled)
    return _even_levels(axis.label, axis.range or Steps(start=0, stop=0), sampled)


def _even_levels(label: str, steps: Steps, sampled: bool) -> tuple[np.ndarray | None, float, float, bool]:
    whole = all(isinstance(value, int) for value in (steps.start, steps.stop, 1 if steps.step is None else steps.step))
    if steps.step is None and not whole:
        if sampled:
            return None, float(steps.start), float(steps.stop), False
        raise SpecError(f"axis {label!r}: a range of fractions needs a step")
    step = 1 if steps.step is None else steps.step
    count = (steps.stop - steps.start) // step if whole else (steps.stop - steps.start) / step * (1 + _NEAR)
    if count >= MAX_LEVELS:
        raise LimitError(f"axis {label!r} has {count:.4g} values; at most {MAX_LEVELS:,} are swept")
    return steps.start + np.arange(int(count) + 1) * step, 0.0, 0.0, False


def _log_levels(label: str, steps: LogSteps, sampled: bool) -> tuple[np.ndarray | None, float, float, bool]:
    if steps.count is None:
        if sampled and not steps.whole:
            return None, float(steps.start), float(steps.stop), True
        raise SpecError(f"axis {label!r}: a log_range needs a count")
    if steps.count > MAX_LEVELS:
        raise LimitError(f"axis {label!r} has {steps.count:,} values; at most {MAX_LEVELS:,} are swept")
    levels = np.geomspace(float(steps.start), float(steps.stop), steps.count)
    return (np.unique(np.rint(levels).astype(np.int64)) if steps.whole else levels), 0.0, 0.0, True


def _applied(label: str, values: np.ndarray, rule: Application, place: DesignField, base: int | float | None) -> np.ndarray:
    if not rule.scales and rule.at_least is None:
        return values
    scaled = values * rule.times if rule.times != 1.0 else values
    if rule.of_base and base is not None:
        scaled = scaled * base
    scaled = scaled + rule.plus if rule.plus != 0.0 else scaled
    if rule.at_least is not None:
        scaled = np.maximum(scaled, rule.at_least)
    if not place.whole:
        return np.asarray(scaled, dtype=np.float64)
    match rule.rounding:
        case Rounding.FLOOR:
            rounded = np.floor(scaled + _NEAR)
        case Rounding.CEILING:
            rounded = np.ceil(scaled - _NEAR)
        case Rounding.NEAREST:
            rounded = np.rint(scaled)
    if (np.abs(rounded) > MAX_WHOLE).any():
        beyond = rounded[np.argmax(np.abs(rounded))]
        raise SpecError(f"axis {label!r}: {place.path}: should be at most {MAX_EXTENT:,}, found {beyond:g}")
    return rounded.astype(np.int64)


def _check_limits(axis: NumericAxis, scenario: Scenario) -> None:
    """Hold the smallest and the largest value against the field's own limits."""
    for place, column in (axis.applied or axis.columns(np.array([axis.low, axis.high]))).items():
        if place.whole and column.dtype.kind == "f":
            fraction = next(iter(column[column % 1 != 0].tolist()), column[0].item())
            whole = "; add whole: true" if axis.logarithmic else ""
            raise SpecError(f"axis {axis.label!r}: {place.path} takes whole numbers, found {fraction:g}{whole}")
        if not np.isfinite(column).all():
            raise SpecError(f"axis {axis.label!r}: {place.path} takes finite numbers")
        if place.of_dataflow:
            for value in (column.min().item(), column.max().item()):
                with_parameter(scenario.dataflows[0], place, value)
            continue
        end = spec_end(place, scenario)
        for value in (column.min().item(), column.max().item()):
            try:
                _check_field(end, value)
            except ValidationError as error:
                raise value_complaint(error, f"axis {axis.label!r}: {place.path}") from None


def _check_field(end: PathEnd, value: int | float) -> None:
    """Check one field alone: whether the whole fits may depend on other fields that vary too."""
    info = type(end.holder).model_fields[end.field]
    limits: Any = info.annotation
    for part in info.metadata:
        limits = Annotated[limits, part]
    TypeAdapter(limits).validate_python(end.written(value))
