"""Editors are given schemas that say the same as the reader."""

import json
from importlib import resources
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from costmodel.errors import UnknownNameError
from costmodel.sources.catalogue import load_battery, load_duty_cycle, load_network, load_power_states, load_scenario, names
from costmodel.sources.documents.json_schema import SCHEMA_FILES, file_schema, schema_text
from costmodel.sources.training_recipes import recipe_names

pytestmark = pytest.mark.long

LOADERS = {
    "network": load_network,
    "scenario": load_scenario,
    "battery": load_battery,
    "power_states": load_power_states,
    "duty_cycle": load_duty_cycle,
}
CELL = {"name": "c", "voltage_v": 3.7, "capacity_ah": 1, "converter_ratio": 0.9, "discharge_ratio": 1, "source": "x"}


def _validator(kind: str) -> Any:
    schema = file_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("network", "networks"),
        ("scenario", "scenarios"),
        ("battery", "batteries"),
        ("power_states", "power_states"),
        ("duty_cycle", "duty_cycles"),
    ],
)
def test_packaged_files_satisfy_their_schema(kind: str, folder: str) -> None:
    validator = _validator(kind)
    for name in names(folder):
        text = resources.files("costmodel.sources").joinpath("data", folder, f"{name}.yaml").read_text(encoding="utf-8")
        validator.validate(YAML(typ="safe", pure=True).load(text))


def test_packaged_recipes_satisfy_their_schema() -> None:
    validator = _validator("recipe")
    for name in recipe_names():
        text = resources.files("costmodel.sources").joinpath("data", "recipes", f"{name}.recipe.yaml").read_text(encoding="utf-8")
        validator.validate(YAML(typ="safe", pure=True).load(text))
    assert not validator.is_valid({"name": "typo", "fine_tunes": {"epoch_count": 1}})


@pytest.mark.parametrize(
    ("kind", "fields", "sound"),
    [
        ("network", {"name": "n", "input": "3x8x8", "layers": [{"name": "a", "kind": "relu"}]}, True),
        ("network", {"name": "n", "input": [640], "layers": [{"name": "a", "kind": "linear", "out_features": 3}]}, True),
        ("network", {"name": "n", "input": "3x8x8", "layers": [{"name": "a"}]}, False),
        ("network", {"name": "n", "input": "3x8x8", "layers": [{"name": "a", "kind": "rellu"}]}, False),
        ("network", {"name": "n", "input": "3x8x8", "layers": [{"name": "a", "kind": "relu", "kernel": 3}]}, False),
        ("network", {"name": "n", "input": "3x8", "layers": [{"name": "a", "kind": "relu"}]}, False),
        ("network", {"name": "n", "input": "3x8x8", "layers": [{"name": "c", "kind": "conv2d", "out_channels": 0, "kernel": 3}]}, False),
        (
            "network",
            {
                "name": "n",
                "input": "3x8x8",
                "layers": [{"name": "c", "kind": "conv2d", "out_channels": 2, "kernel": [3, 1], "padding": {"top": 1}}],
            },
            True,
        ),
        ("scenario", {"name": "s", "network": "resnet8", "device": "esp32-wroom"}, True),
        ("scenario", {"name": "s", "network": "resnet8", "device": "esp32-wroom", "batery": "x"}, False),
        ("scenario", {"name": "s", "network": "resnett8", "device": "esp32-wroom"}, False),
        ("scenario", {"name": "s", "network": "resnet8", "device": "esp32-wroom", "duration_s": {"value": 0.1, "source": "x"}}, True),
        ("scenario", {"name": "s", "network": "resnet8", "device": "esp32-wroom", "duration_s": "fast"}, False),
        ("scenario", {"name": "s", "network": "resnet8", "device": "esp32-wroom", "counting": {"taps": "all"}}, False),
        ("scenario", {"name": "s", "device": "esp32-wroom"}, False),
        ("battery", CELL, True),
        ("battery", {**CELL, "capacity_ah": {"value": 1, "low": 0.9, "high": 1.1, "source": "x"}}, True),
        ("battery", {**CELL, "capasity_ah": 1}, False),
        ("battery", {**CELL, "voltage_v": "3.7 V"}, False),
        ("duty_cycle", {"name": "d", "period_s": 60, "phases": [{"state": "inference", "duration_s": 0.3}, {"state": "deep"}]}, True),
        ("duty_cycle", {"name": "d", "period_s": 60, "phases": [{"state": "inference", "duration": 0.3}, {"state": "deep"}]}, False),
        ("power_states", {"name": "b", "inference": {"name": "inference", "supply_v": 3.3, "current_a": 0.08}, "source": "x"}, False),
    ],
)
def test_schema_and_reader_agree(kind: str, fields: dict[str, Any], sound: bool) -> None:
    assert _validator(kind).is_valid(fields) is sound
    try:
        LOADERS[kind](fields)
        read = True
    except Exception:
        read = False
    assert read is sound


def test_a_scenario_names_packaged_things_by_completion() -> None:
    properties = file_schema("scenario")["properties"]
    assert properties["network"]["anyOf"][0]["enum"] == list(names("networks"))
    assert properties["device"]["anyOf"][0]["enum"] == list(names("devices"))


def test_schemas_are_texts_with_words() -> None:
    for kind in SCHEMA_FILES:
        schema = json.loads(schema_text(kind))
        described = [field for field in schema["properties"].values() if "description" in field]
        assert len(described) > len(schema["properties"]) // 3
    with pytest.raises(UnknownNameError, match="'network'"):
        file_schema("networks")
