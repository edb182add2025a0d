"""A study: which fields of a scenario vary, what a design must satisfy, and what makes one better than another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from costmodel.sources.documents.validation_errors import found_text
from costmodel.specs.base import LARGEST, SMALLEST

MAX_OBJECTIVES = 4
"""Most objectives of a front."""
MAX_WHOLE: Final = 2**53
"""Largest whole number of an axis: beyond every field's own limit, and the last that a float holds exactly with all before it."""


def _one_of(*fields: str) -> Any:
    """What a schema says of fields of which just one is given."""
    return {"oneOf": [{"required": [field]} for field in fields]}


class StudyPart(BaseModel):
    """Frozen and strict about names, without NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


def _number(written: Any) -> int | float:
    if isinstance(written, bool) or not isinstance(written, int | float) or written != written:
        raise PydanticCustomError("number", f"expected a number, found {found_text(written)}")
    most = MAX_WHOLE if isinstance(written, int) else LARGEST
    if abs(written) > most:
        raise PydanticCustomError("number", f"expected a number of at most {most:,}, found {found_text(written)}")
    if 0.0 < abs(written) < SMALLEST:
        raise PydanticCustomError("number", f"expected 0 or a number of at least {SMALLEST:g}, found {found_text(written)}")
    return written


AnyNumber: TypeAlias = Annotated[int | float, PlainValidator(_number, json_schema_input_type=int | float)]
"""A whole number or a fraction, as it was written."""

BoundedFloat: TypeAlias = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
"""A fraction whose product with another stays within what a float holds."""


class Rounding(StrEnum):
    """How a scaled value becomes a whole number."""

    FLOOR = "floor"
    NEAREST = "nearest"
    CEILING = "ceiling"


class Steps(StudyPart):
    """Evenly spaced values, both ends included where a step reaches the last."""

    start: AnyNumber
    stop: AnyNumber
    step: Annotated[AnyNumber, Field(gt=0)] | None = None
    """Left out, 1; or, when designs are sampled between floats, anything between."""

    @model_validator(mode="after")
    def _ascending(self) -> Steps:
        if self.stop < self.start:
            raise PydanticCustomError("stop", f"stop should be at least start, found {self.start:g} to {self.stop:g}")
        return self


class LogSteps(StudyPart):
    """Values a constant factor apart, both ends included."""

    start: Annotated[AnyNumber, Field(gt=0)]
    stop: Annotated[AnyNumber, Field(gt=0)]
    count: Annotated[int, Field(ge=1)] | None = None
    """How many; left out only when designs are sampled."""
    whole: bool = False
    """Round to whole numbers, each once."""

    @model_validator(mode="after")
    def _ascending(self) -> LogSteps:
        if self.stop < self.start:
            raise PydanticCustomError("stop", f"stop should be at least start, found {self.start:g} to {self.stop:g}")
        return self


class Application(StudyPart):
    """A field an axis sets: `axis * times + plus`, or with `of_base` the axis times the base scenario's own value."""

    path: str
    """Dotted path of a scenario's field; `*` in a layer's name stands for every layer that has the field."""
    of_base: bool = False
    """Scale the base scenario's own value (a pruning ratio)."""
    times: BoundedFloat = 1.0
    plus: BoundedFloat = 0.0
    rounding: Rounding = Rounding.FLOOR
    """Applies to whole numbers that were scaled; within 1e-9 of a whole number it is that number."""
    at_least: BoundedFloat | None = None

    @property
    def scales(self) -> bool:
        """Whether the axis's value is changed on its way."""
        return self.of_base or self.times != 1.0 or self.plus != 0.0


def _plain_values(written: Any) -> Any:
    """Take NumPy's arrays and numbers as Python's."""
    listed = written.tolist() if hasattr(written, "__array__") else written
    if not isinstance(listed, list | tuple):
        return listed
    plain = [value.item() if hasattr(value, "item") else value for value in listed]
    return [_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value for value in plain]


class StudyAxis(StudyPart):
    """One thing that varies: a field, or several fields that vary together."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [_one_of("values", "range", "log_range", "variants"), _one_of("path", "apply", "variants")],
            "dependentRequired": {"apply": ["name"], "variants": ["name"]},
        }
    )

    name: str = ""
    """Name of its column; left out, its path."""
    path: str | None = None
    """The field it sets; or give `apply`."""
    apply: tuple[Application, ...] = ()
    """Fields it sets together."""
    values: Annotated[tuple[Any, ...] | None, BeforeValidator(_plain_values)] = None
    range: Steps | None = None
    log_range: LogSteps | None = None
    variants: dict[str, dict[str, Any]] | None = None
    """Names, each with the fields it sets: what goes together, a clock with its time and its current say."""

    @model_validator(mode="after")
    def _one_of_each(self) -> StudyAxis:
        if self.variants is not None:
            return self._named_variants()
        if (self.path is None) == (not self.apply):
            raise PydanticCustomError("axis", "an axis has a path, or a list of fields to apply to, and not both")
        if self.apply and not self.name:
            raise PydanticCustomError("axis", "an axis that applies to several fields needs a name")
        if sum(given is not None for given in (self.values, self.range, self.log_range)) != 1:
            raise PydanticCustomError("axis", f"axis {self.label!r} needs one of values, range, log_range and variants")
        if self.values is not None and not self.values:
            raise PydanticCustomError("values", f"axis {self.label!r} has no values: the product of the axes is empty")
        told = Counter(str(value) for value in self.values or ())
        twice, times = next(iter(told.most_common(1)), ("", 0))
        if times > 1:
            raise PydanticCustomError("values", f"axis {self.label!r} has the value {twice} twice")
        return self

    def _named_variants(self) -> StudyAxis:
        if not self.name:
            raise PydanticCustomError("axis", "an axis with variants needs a name")
        if self.path is not None or self.apply or any(given is not None for given in (self.values, self.range, self.log_range)):
            raise PydanticCustomError("axis", "variants say themselves what they set: leave path, apply and values out")
        if not self.variants:
            raise PydanticCustomError("variants", f"axis {self.label!r} has no variants: the product of the axes is empty")
        return self

    @property
    def label(self) -> str:
        """Name of its column."""
        return self.name or self.path or ""

    @property
    def applications(self) -> tuple[Application, ...]:
        """The fields it sets to its values; none where its variants say which."""
        return () if self.variants is not None else self.apply or (Application(path=self.path or ""),)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every field it sets, each once."""
        written = (path for fields in (self.variants or {}).values() for path in fields)
        return tuple(dict.fromkeys((*(rule.path for rule in self.applications), *written)))


class SampleKind(StrEnum):
    """How scattered designs are drawn."""

    RANDOM = "random"
    """Each axis uniformly, independently."""
    LATIN = "latin"
    """Latin hypercubes, one a block: each axis's range is divided into as many strata as the block has designs, each met once."""


class Sample(StudyPart):
    """Scattered designs in place of the product of all axes."""

    kind: SampleKind = SampleKind.RANDOM
    designs: Annotated[int, Field(ge=1)]
    """How many are drawn for each combination of the categorical axes."""
    seed: Annotated[int, Field(ge=0)]


class Objective(StudyPart):
    """A figure to minimise or maximise."""

    model_config = ConfigDict(json_schema_extra=_one_of("minimise", "maximise"))

    minimise: str | None = None
    maximise: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Objective:
        if (self.minimise is None) == (self.maximise is None):
            raise PydanticCustomError("objective", "an objective says minimise or maximise, and one of them")
        return self

    @property
    def figure(self) -> str:
        """Name of the figure."""
        return self.minimise or self.maximise or ""

    @property
    def ascending(self) -> bool:
        """Whether less is better."""
        return self.minimise is not None


class GivenTable(StudyPart):
    """Figures that come with some axes' values, such as trained accuracies."""

    on: tuple[str, ...] = ()
    """Axes whose values select the row; with a file, left out, all axes it has a column for."""
    figure: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.\-/]*$")]
    """Name of the figure, `accuracy` say."""
    rows: tuple[tuple[Any, ...], ...] = ()
    """The axes' values, then the figure's."""
    file: str | None = None
    """A CSV table beside the study in place of rows: a header with the axes' names and the figure's; other columns are not read."""

    @model_validator(mode="after")
    def _rows_or_file(self) -> GivenTable:
        if self.rows and self.file is not None:
            raise PydanticCustomError("given", f"given {self.figure!r} has rows or a file, and not both")
        return self


class Ties(StrEnum):
    """What becomes of designs that are equal in every objective."""

    KEEP = "keep"
    FIRST = "first"
    """The first in the order of the axes stands for them."""


class Keep(StrEnum):
    """Which designs are written."""

    FRONT = "front"
    ALL = "all"
    """Every design that satisfies the constraints."""


def _fits_text(written: Any) -> Any:
    """Take `fits: device` for `fits device`: the natural slip in YAML."""
    if isinstance(written, Mapping) and list(written) == ["fits"]:
        return f"fits {written['fits']}"
    return written


class Study(StudyPart):
    """A question about many designs."""

    name: Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$")]
    """Of its results."""
    question: str = ""
    """What it answers, in words."""
    base: Any = "esp32-deck"
    """Scenario every design starts from: a packaged name, a path, a mapping of fields, or a `Scenario`."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Dotted path to value: changes to the base before anything varies."""
    axes: Annotated[tuple[StudyAxis, ...], Field(min_length=1)]
    """What varies; every combination of their values is a design."""
    sample: Sample | None = None
    """Scattered designs; left out, the product of all axes."""
    conditions: tuple[str, ...] = ()
    """Comparisons between axes (`conv1 <= 2 * conv2`); other combinations are not evaluated."""
    constraints: tuple[Annotated[str, BeforeValidator(_fits_text, json_schema_input_type=str | dict[Literal["fits"], str])], ...] = ()
    """Comparisons of figures, axes, fields of the scenario and numbers (`battery.duty_life >= 72000`), and `fits device`."""
    objectives: Annotated[tuple[Objective, ...], Field(max_length=MAX_OBJECTIVES)] = ()
    """What makes a design better; the front holds the designs that no other betters in all of them."""
    columns: tuple[str, ...] = ()
    """Figures kept beside those of objectives and constraints."""
    given: tuple[GivenTable, ...] = ()
    """Figures of your own that come with axes' values, such as trained accuracies."""
    keep: Keep = Keep.FRONT
    """The designs to write: those of the front, or all that satisfy the constraints."""
    ties: Ties = Ties.KEEP
    """Designs equal in every objective: keep them, or let the first stand for them."""

    @model_validator(mode="after")
    def _consistent(self) -> Study:
        labels = [axis.label for axis in self.axes]
        for label in labels:
            if labels.count(label) > 1:
                raise PydanticCustomError("axes", f"two axes are called {label!r}; give one of them a name")
        if not self.objectives and self.keep is Keep.FRONT:
            raise PydanticCustomError("objectives", "a front needs objectives; give some, or keep: all")
        return self

    @property
    def named_choices(self) -> dict[str, tuple[str, ...]]:
        """Axes whose values are names, with these."""
        values = {axis.label: axis.values or tuple(axis.variants or ()) for axis in self.axes}
        named = {label: tuple(value for value in found if isinstance(value, str)) for label, found in values.items()}
        return {label: found for label, found in named.items() if found}

    @property
    def figures(self) -> tuple[str, ...]:
        """Figures of the objectives, then the columns, each once."""
        return tuple(dict.fromkeys((*(objective.figure for objective in self.objectives), *self.columns)))
