"""Comparisons: what a user may write, and what each mistake says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.study.inequality import parse_inequality

CHOICES = {"dataflow": ("row-stationary", "output-stationary"), "kind": ("a", "b")}
VALUES = {"a": 3, "b.c": np.array([1, 2, 4]), "d": 2.5, "x-y": 7, "dataflow": "row-stationary", "kind": "b"}


def holds(text):
    return np.asarray(parse_inequality(text, "constraints", CHOICES).holds(VALUES)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <= 3", True),
        ("a+b.c<5", [True, False, False]),
        ("2 * b.c >= a + 1", [False, True, True]),
        ("b.c * 2 - a == 1", [False, True, False]),
        ("b.c * b.c > 2 * d", [False, False, True]),
        ("x-y - a != 4", False),
        ("-3 < a - 5.5", True),
        ("1e2 >= 2.5 * a * d", True),
        ("dataflow == row-stationary", True),
        ("output-stationary != dataflow", True),
        ("kind == a", False),
    ],
)
def test_a_comparison_means_what_it_says(text, expected):
    assert holds(text) == expected


def test_a_product_of_wide_columns_does_not_wrap_around():
    wide = np.array([2**40, 1])
    found = parse_inequality("v * v * v > 1e30", "constraints", {}).holds({"v": wide})
    assert found.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("a", SpecError, "expected a comparison"),
        ("a <= ", SpecError, "expected a comparison"),
        ("1 <= a <= 3", SpecError, "expected a comparison"),
        ("a =< 3", SpecError, "expected a comparison"),
        ("a + * b < 3", SpecError, "expected a comparison"),
        ("(a + b) < 3", SpecError, "expected a comparison"),
        ("__import__('os') < 3", SpecError, "expected a comparison"),
        ("dataflow == row-stationery", UnknownNameError, r"is not a value of 'dataflow' \(did you mean 'row-stationary'\?\)"),
        ("dataflow < row-stationary", SpecError, "compare them by == or !="),
        ("dataflow + 1 == 2", SpecError, "compare them by == or !="),
        ("dataflow == 3", UnknownNameError, "is not a value of 'dataflow'"),
    ],
)
def test_what_is_no_comparison_is_told(text, kind, message):
    with pytest.raises(kind, match=message):
        parse_inequality(text, "constraints", CHOICES)


@given(st.text(alphabet="ab. -+*<=>!()1e_x\n", max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        found = parse_inequality(text, "conditions", CHOICES)
    except InputError as error:
        told = str(error)
    else:
        told = found.text
    assert told


def test_conditions_may_name_choices_and_add_axes():
    study = {
        "name": "c",
        "axes": [
            {"name": "a", "path": "layers.conv1.out_channels", "values": [4, 8, 16]},
            {"name": "b", "path": "layers.conv2.out_channels", "values": [4, 8, 16]},
            {"name": "types", "path": "types.activation", "values": ["int8", "float32"]},
        ],
        "conditions": ["types != float32", "a + b <= 16"],
        "constraints": ["types == int8"],
        "keep": "all",
        "columns": ["network.mac_count"],
    }
    columns = sweep(study).columns()
    pairs = sorted(zip(columns["a"].tolist(), columns["b"].tolist(), strict=True))
    assert pairs == [(4, 4), (4, 8), (8, 4), (8, 8)]
    assert set(columns["types"].tolist()) == {"int8"}
    with pytest.raises(UnknownNameError, match="did you mean 'int8'"):
        sweep(study | {"constraints": ["types == int18"]})
