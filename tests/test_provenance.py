"""Formulas declare themselves, a recording remembers who used what, and each record can be called again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest

from costmodel.dataflows.counting import count_work
from costmodel.provenance import FORMULAS, Record, formula, leaf, origin_of, recording
from costmodel.specs.axis import Axis
from costmodel.specs.counting import Dataflow
from costmodel.specs.operations import CONV2D
from costmodel.specs.work import LoopNest


class Pair(NamedTuple):
    double: int
    square: int


@pytest.fixture
def declared() -> Iterator[None]:
    """Forget the formulas a test declares."""
    before = dict(FORMULAS)
    yield
    FORMULAS.clear()
    FORMULAS.update(before)


def describe(name: str) -> dict[str, object]:
    return {"id": name, "equation": "y = f(x)", "symbols": {"x": "anything", "y": "anything else"}, "unit": "", "source": "this test"}


def test_outside_a_recording_a_formula_is_its_function(declared: None) -> None:
    @formula(**describe("test.double"))  # type: ignore[arg-type]
    def double(x: int) -> int:
        return 2 * x

    assert double(21) == 42
    assert type(double(21)) is int
    assert origin_of(double(21)) is None


def test_a_recording_nests_calls_as_they_were_made(declared: None) -> None:
    @formula(**describe("test.double"))  # type: ignore[arg-type]
    def double(x: int) -> int:
        return 2 * x

    @formula(**describe("test.outer"))  # type: ignore[arg-type]
    def outer(x: int, *, y: int = 5) -> int:
        return double(x) + double(y)

    with recording() as calls:
        value = outer(3)
    assert [call.formula.id for call in calls] == ["test.outer"]
    assert calls[0].inputs == {"x": 3, "y": 5}
    assert [(step.formula.id, step.inputs, step.value) for step in calls[0].steps] == [
        ("test.double", {"x": 3}, 6),
        ("test.double", {"x": 5}, 10),
    ]
    assert value == 16
    origin = origin_of(value)
    assert origin is not None
    assert origin.record is calls[0]


def test_symbols_take_their_values_by_name_by_position_or_from_terms(declared: None) -> None:
    shared = {"unit": "", "source": "this test", "equation": "y = a*b"}
    symbols = {"y": "value", "a": "first", "b": "second"}
    by_name = formula(id="test.name", symbols=symbols, **shared)(lambda a, b: a * b)  # type: ignore[arg-type]
    by_place = formula(id="test.place", symbols=symbols, **shared)(lambda width, height: width * height)  # type: ignore[arg-type]
    by_terms = formula(id="test.terms", symbols=symbols, terms=lambda pair: {"a": pair[0], "b": pair[1]}, **shared)(  # type: ignore[arg-type]
        lambda pair: pair[0] * pair[1]
    )
    with recording() as calls:
        values = by_name(2, 3), by_place(2, 3), by_terms((2, 3))
    assert values == (6, 6, 6)
    assert [dict(call.symbols) for call in calls] == [{"a": 2, "b": 3}] * 3


def test_numbers_remember_the_leaf_or_the_part_they_came_from(declared: None) -> None:
    @formula(**describe("test.pair"))  # type: ignore[arg-type]
    def pair(x: int) -> Pair:
        return Pair(2 * x, x * x)

    width = leaf(7, "conv1.width", "deck, table 3")
    with recording() as calls:
        answer = pair(width)
    assert answer == (14, 49)
    square = origin_of(answer.square)
    assert square is not None
    assert (square.part, square.name, square.record) == ("square", "test.pair", calls[0])
    source = origin_of(calls[0].inputs["x"])
    assert source is not None
    assert (source.name, source.source, source.record) == ("conv1.width", "deck, table 3", None)
    assert origin_of(width + 1) is None


def test_columns_and_other_values_pass_untouched() -> None:
    column = np.arange(3)
    assert leaf(column, "a", "b") is column
    assert leaf("text", "a", "b") == "text"
    assert leaf(True, "a", "b") is True


def test_an_id_is_taken_once(declared: None) -> None:
    formula(**describe("test.once"))(lambda x: x)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"test\.once.*twice"):
        formula(**describe("test.once"))(lambda x: x)  # type: ignore[arg-type]


def test_an_error_inside_a_formula_leaves_the_tape_in_order(declared: None) -> None:
    @formula(**describe("test.fails"))  # type: ignore[arg-type]
    def fails(x: int) -> int:
        raise ValueError(x)

    @formula(**describe("test.works"))  # type: ignore[arg-type]
    def works(x: int) -> int:
        return x

    with recording() as calls:
        with pytest.raises(ValueError, match="1"):
            fails(1)
        works(2)
    assert [call.formula.id for call in calls] == ["test.works"]


def every(records: list[Record] | tuple[Record, ...]) -> Iterator[Record]:
    for record in records:
        yield record
        yield from every(record.steps)


@pytest.mark.parametrize("dataflow", list(Dataflow))
def test_each_recorded_formula_gives_its_value_when_called_again(dataflow: Dataflow) -> None:
    nest = LoopNest(CONV2D, 2, 3, 2, Axis(9, 3, 2, 1, 0, 2), Axis(7, 3, 1, 1, 1), True)
    with recording() as calls:
        counted = count_work(nest, dataflow)
    assert counted == count_work(nest, dataflow)
    records = list(every(calls))
    assert {record.formula.id for record in records} >= {f"counts.{dataflow.name.lower()}", "axis.valid_taps", "axis.output_extent"}
    for record in records:
        bound = record.formula.signature.bind_partial()
        bound.arguments.update(record.inputs)
        assert record.formula.function(*bound.args, **bound.kwargs) == record.value


def test_every_declared_formula_says_what_it_is() -> None:
    assert FORMULAS
    for name, declared in FORMULAS.items():
        assert name == declared.id
        assert declared.source
        assert declared.symbols
        equations = [declared.equation] if isinstance(declared.equation, str) else list(declared.equation.values())
        assert all(equations)
        assert declared.function.__doc__
