"""A choice of a sweep may be written as any entry of `dataflows` is: a text, a mapping of a name, or a default and layers of their own."""

from __future__ import annotations

from typing import Any

import pytest

from costmodel.errors import CostModelError
from costmodel.evaluation.evaluating import evaluate
from costmodel.sources.catalogue import load_scenario
from costmodel.sweeps.engine.running import sweep

FORMS: dict[str, tuple[Any, str]] = {
    "a name": ("row-stationary", "row-stationary"),
    "a mapping of a name": ({"row-stationary": {}}, "row-stationary"),
    "a default alone": ({"default": "weight-stationary"}, "weight-stationary"),
    "layers of their own": (
        {"default": "output-stationary", "layers": {"conv1": "row-stationary"}},
        "output-stationary[conv1=row-stationary]",
    ),
    "layers as mappings": (
        {"default": {"output-stationary": {}}, "layers": {"conv2": {"row-stationary": {}}}},
        "output-stationary[conv2=row-stationary]",
    ),
}


def study(*values: Any) -> dict[str, Any]:
    return {
        "name": "mappings",
        "base": "esp32-deck",
        "set": {"calibration": None, "calibration_network": None},
        "axes": [{"name": "how", "path": "dataflow", "values": list(values)}, {"path": "layers.conv1.out_channels", "values": [8, 25]}],
        "columns": ["network.input_read_count", "energy.memory", "memory.ram"],
        "keep": "all",
    }


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_what_its_text_gives(form: str) -> None:
    written, text = FORMS[form]
    found, same = (sweep(study(value)).columns() for value in (written, text))
    assert {name: list(column) for name, column in found.items()} == {name: list(column) for name, column in same.items()}
    assert [str(value) for value in found["how"]] == [text] * 2


def test_forms_stand_side_by_side_and_each_is_the_reports_number() -> None:
    columns = sweep(study(*(written for written, _ in list(FORMS.values())[1:]))).columns()
    for place, (how, channels) in enumerate(zip(columns["how"], columns["layers.conv1.out_channels"], strict=True)):
        if channels != 25:
            continue
        fields = load_scenario("esp32-deck").model_dump(mode="json", exclude_none=True, exclude={"calibration", "calibration_network"})
        answer = evaluate(load_scenario(fields | {"dataflows": [str(how)]}))
        assert columns["energy.memory"][place] == answer.dataflows[0].energy.memory_pj
        assert columns["network.input_read_count"][place] == answer.dataflows[0].counts.input_read_count


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"row-stationry": {}}, "row-stationary"),
        ({"default": "output-stationary", "layers": {"conv9": "row-stationary"}}, "conv9"),
        ({"default": "output-stationary", "layer": {"conv1": "row-stationary"}}, "layers"),
        ({"row-stationary": {"rows": 3}}, "rows"),
    ],
)
def test_a_mistake_in_a_form_is_told(value: Any, told: str) -> None:
    with pytest.raises(CostModelError) as refused:
        sweep(study(value))
    assert told in str(refused.value)
