"""Editors are given a schema of studies that says the same as the reader."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from costmodel.cli.app import main
from costmodel.errors import InputError
from costmodel.sweeps.engine.running import prepared_space
from costmodel.sweeps.study.study_file import STUDY_FILE, packaged_studies
from costmodel.sweeps.study.study_schema import figure_names, study_schema

AXIS = {"path": "layers.conv1.out_channels", "values": [4, 8]}
SOUND = {"name": "s", "axes": [AXIS], "objectives": [{"minimise": "energy.memory"}]}


@functools.cache
def _validator() -> Any:
    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_packaged_studies_satisfy_their_schema() -> None:
    validator = _validator()
    folders = set(packaged_studies().values())
    assert folders
    for folder in folders:
        validator.validate(YAML(typ="safe", pure=True).load((folder / STUDY_FILE).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("changes", "sound"),
    [
        ({}, True),
        ({"$schema": "study.schema.json"}, True),
        ({"base": "esp32-deck"}, True),
        ({"base": "esp32-dek"}, False),
        ({"base": {"name": "b", "network": "cifar-aap", "device": "esp32-wroom"}}, True),
        ({"base": {"name": "b", "network": "cifar-aap", "device": "esp32-wroom", "batery": "18650"}}, False),
        ({"base": {"name": "b", "device": "esp32-wroom"}}, False),
        ({"axes": []}, False),
        ({"axes": [{**AXIS, "range": {"start": 1, "stop": 2}}]}, False),
        ({"axes": [{"path": "layers.conv1.out_channels"}]}, False),
        ({"axes": [{"values": [4, 8]}]}, False),
        ({"axes": [{"path": "layers.conv1.out_channels", "range": {"start": 4, "stop": 8}}]}, True),
        ({"axes": [{"path": "layers.conv1.out_channels", "range": {"start": "4", "stop": 8}}]}, False),
        ({"axes": [{"path": "layers.conv1.out_channels", "log_range": {"start": 4, "stop": 64, "count": 3, "whole": True}}]}, True),
        ({"axes": [{"apply": [{"path": "layers.conv1.out_channels"}], "values": [4]}]}, False),
        ({"axes": [{"name": "w", "apply": [{"path": "layers.conv1.out_channels", "of_base": True}], "values": [0.5, 1]}]}, True),
        ({"axes": [{"name": "w", "apply": [{"path": "layers.conv1.out_channels", "rounding": "down"}], "values": [0.5]}]}, False),
        ({"axes": [{"name": "w", "variants": {"small": {"layers.conv1.out_channels": 4}}}]}, True),
        ({"axes": [{"variants": {"small": {"layers.conv1.out_channels": 4}}}]}, False),
        ({"objectives": [{"minimise": "energy.memory", "maximise": "network.mac_count"}]}, False),
        ({"objectives": [{"minimise": "conv1.mac_count"}, {"maximise": "memory.ram"}]}, True),
        ({"constraints": ["fits device", {"fits": "device"}, "memory.ram <= 65536"]}, True),
        ({"constraints": "fits device"}, False),
        ({"sample": {"designs": 10, "seed": 1}}, True),
        ({"sample": {"designs": 10}}, False),
        ({"keep": "some"}, False),
        ({"ties": "first"}, True),
        ({"objectve": []}, False),
    ],
)
def test_schema_and_reader_agree(changes: dict[str, Any], sound: bool) -> None:
    written = SOUND | changes
    assert _validator().is_valid(written) is sound
    try:
        prepared_space({key: value for key, value in written.items() if key != "$schema"})
        read = True
    except InputError:
        read = False
    assert read is sound


def test_figures_are_offered_by_name_and_each_is_one() -> None:
    offered = figure_names()
    assert {"network.mac_count", "energy.memory", "memory.ram", "battery.duty_life", "device.fits"} <= set(offered)
    prepared_space(SOUND | {"columns": offered})
    schema = study_schema()
    assert schema["properties"]["columns"]["items"]["anyOf"][0]["enum"] == offered
    assert all("description" in field for name, field in schema["properties"].items() if name != "$schema")


def test_it_is_among_the_schemas_that_init_writes(tmp_path: Path) -> None:
    assert main(["init", "--schemas", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "study.schema.json").read_text(encoding="utf-8")) == study_schema()
