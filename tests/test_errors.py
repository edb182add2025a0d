"""Messages lead with the place and offer what is valid."""

import pickle

import pytest

from costmodel.errors import (
    MAX_LISTED,
    CactiError,
    CactiFailure,
    CollectedError,
    CostModelError,
    InputError,
    Location,
    ShapeError,
    SpecError,
    UnknownNameError,
    did_you_mean,
)


@pytest.mark.parametrize(
    ("location", "text"), [(Location("a.yaml"), "a.yaml"), (Location("a.yaml", 3), "a.yaml:3"), (Location("a.yaml", 3, 7), "a.yaml:3:7")]
)
def test_a_place_says_what_is_known_of_it(location: Location, text: str) -> None:
    assert str(location) == text
    assert str(SpecError("is wrong", location)) == f"{text} is wrong"


def test_the_nearest_name_is_offered_and_otherwise_the_names() -> None:
    assert did_you_mean("vaild", ["valid", "nominal"]) == " (did you mean 'valid'?)"
    assert did_you_mean("x", ["valid", "nominal"]) == " (known: nominal, valid)"
    assert did_you_mean("x", []) == ""


def test_a_long_list_of_names_is_cut_and_says_so() -> None:
    names = [f"name{place:03}" for place in range(500)]
    told = did_you_mean("x", names)
    assert told.startswith(" (known: name000, ")
    assert told.endswith(f"name{MAX_LISTED - 1:03} and {500 - MAX_LISTED} more)")


def test_collected_mistakes_are_a_line_each_and_one_input_error() -> None:
    parts = [SpecError("a"), ShapeError("conv1", "b"), UnknownNameError("network", "x", ["y"], "in the zoo")]
    collected = CollectedError(parts)
    assert str(collected).splitlines() == ["a", "conv1: b", "network: 'x' is not in the zoo (known: y)"]
    assert collected.errors == tuple(parts)
    assert isinstance(collected, InputError)
    assert isinstance(collected, CostModelError)


@pytest.mark.parametrize(
    "error",
    [
        SpecError("wrong", Location("a.yaml", 3, 7), layer="conv1"),
        ShapeError("conv1", "kernel 3 on 2 rows"),
        UnknownNameError("network", "resnt8", ["resnet8"]),
        CollectedError([SpecError("one"), UnknownNameError("device", "x", [])]),
        CactiError(CactiFailure.HANG, "no answer in 60 s"),
    ],
)
def test_an_error_crosses_to_another_process_as_it_is(error: CostModelError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert {name: str(value) for name, value in vars(back).items()} == {name: str(value) for name, value in vars(error).items()}
