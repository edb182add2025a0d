"""The JSON report: loads back equal, and says what it rests on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.errors import FormatError
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.formats.as_json import evaluation_from_json, evaluation_json
from costmodel.results.evaluation import Evaluation
from costmodel.specs.scenario import Scenario


@pytest.fixture(scope="module")
def text(deck: Scenario, deck_evaluation: Evaluation) -> str:
    return evaluation_json(deck_evaluation, grounds_of(deck, deck_evaluation), "1.2.3")


def test_it_loads_back_equal(text: str, deck_evaluation: Evaluation) -> None:
    assert evaluation_from_json(text) == deck_evaluation


def test_it_is_ascii_with_schema_version_and_provenance(text: str) -> None:
    assert text.isascii()
    content = json.loads(text)
    assert content["schema_version"] == content["evaluation"]["schema_version"] == 1
    constants = {constant["name"]: constant for constant in content["provenance"]["constants"]}
    assert constants["memory_energy.read_pj"]["value"] == 91.9
    assert all(constant["source"] for constant in constants.values())
    formulas = {formula["id"] for formula in content["provenance"]["formulas"]}
    assert {"energy.dynamic", "energy.packed_accesses", "latency.convolution", "battery.ideal_life"} <= formulas


@settings(max_examples=60)
@given(st.data())
def test_a_broken_report_is_refused_in_one_line(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text) - 2))
    with pytest.raises(FormatError) as refused:
        evaluation_from_json(text[:cut])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong", ["[]", "null", '{"schema_version": 2}', '{"schema_version": 1}', '{"schema_version": 1, "evaluation": {"a": 1}}']
)
def test_another_document_is_refused(wrong: str) -> None:
    with pytest.raises(FormatError, match="not a report"):
        evaluation_from_json(wrong)
