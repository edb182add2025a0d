"""Every kind of reason has its words, told with the values that the kind names."""

from __future__ import annotations

import ast
import inspect
import re

import pytest

from costmodel.report.words.reason_words import REASON_WORDS, reason_text
from costmodel.results.conclusions.reason import Reason, ReasonKind

NUMBERS = re.compile(r"_(degc|w|v|ohm|ratio|count|bytes)$")


def named_values() -> dict[ReasonKind, tuple[str, ...]]:
    """What each kind says that it names, in its documentation."""
    (tree,) = ast.parse(inspect.getsource(ReasonKind)).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[ReasonKind, tuple[str, ...]] = dict.fromkeys(ReasonKind, ())
    last = None
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            last = ReasonKind(node.value.value)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last is not None:
            found[last] = tuple(re.findall(r"`(\w+)`", str(node.value.value)))
    return found


@pytest.mark.parametrize(("kind", "names"), named_values().items(), ids=lambda part: part.value if isinstance(part, ReasonKind) else "")
def test_each_kind_is_told_with_the_values_it_names(kind: ReasonKind, names: tuple[str, ...]) -> None:
    values = {name: 7 if NUMBERS.search(name) else f"<{name}>" for name in names}
    text = reason_text(Reason(kind=kind, values=values))
    assert all(f"<{name}>" in text for name in names if not NUMBERS.search(name))
    assert "\n" not in text
    assert not text.endswith(".")


def test_every_kind_has_words() -> None:
    assert set(REASON_WORDS) == set(ReasonKind)


def test_a_reason_names_its_kind_and_values_in_an_error() -> None:
    assert str(Reason(kind=ReasonKind.DEVICE_NOT_TIMED, values={"device": "x"})) == "device-not-timed: x"
    assert str(Reason(kind=ReasonKind.POWER_NOT_GIVEN)) == "power-not-given"


def test_reasons_load_back_equal() -> None:
    told = Reason(kind=ReasonKind.TEMPERATURE_BEYOND, values={"cell": "a", "low_degc": -10.0, "count": 3})
    assert Reason.model_validate_json(told.model_dump_json()) == told
