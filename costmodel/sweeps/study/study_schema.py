"""JSON Schema of study files, from which editors complete and check while one types."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from costmodel.evaluation.composition import cost
from costmodel.evaluation.design import design_of
from costmodel.evaluation.figures import VERDICTS, figures_of
from costmodel.sources.catalogue import load_scenario, names
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.documents.json_schema import file_schema, without_titles
from costmodel.specs.scenario import MemoryAccounting
from costmodel.sweeps.study.study_spec import Study

STUDY_SCHEMA_FILE: Final = "study.schema.json"
"""Name of the schema file of studies."""

_EXAMPLE: Final = "esp32-deck"
"""Scenario with everything that figures need, so that all of the whole network are offered."""


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file.

    Returns
    -------
    dict
        Draft 2020-12; the base is a packaged scenario, a path or written out, and figures of the whole network are offered by name.
    """
    schema = Study.model_json_schema(mode="validation")
    scenario = file_schema("scenario")
    definitions = scenario.pop("$defs") | schema["$defs"]
    words = schema["properties"]["base"]["description"]
    schema["properties"]["base"] = {
        "description": words,
        "default": _EXAMPLE,
        "anyOf": [
            {"enum": list(names("scenarios")), "description": "packaged"},
            {"type": "string", "pattern": r"\.(yaml|yml|json)$|[/\\]", "description": "a file, relative to this one"},
            {"type": "object", "properties": scenario["properties"], "required": scenario["required"], "additionalProperties": False},
        ],
    }
    figure = {"anyOf": [{"enum": figure_names()}, {"type": "string", "description": "an axis, a layer's figure, a number of the scenario"}]}
    schema["properties"]["columns"]["items"] = figure
    for goal in ("minimise", "maximise"):
        definitions["Objective"]["properties"][goal] = {"description": f"The figure to {goal}.", **figure}
    schema["properties"]["$schema"] = {"type": "string"}
    whole = {**schema, "$defs": definitions}
    return {"$schema": scenario["$schema"], "title": "costmodel study", **without_titles(whole)}


def figure_names() -> list[str]:
    """Return the figures of a whole network that a study may name."""
    scenario = load_scenario(_EXAMPLE)
    found = cost(design_of(scenario, scenario.dataflows[0], None))
    layers = tuple(f"{layer.step.name}." for layer in found.layers)
    accountings = (f"memory.{each.value}" for each in MemoryAccounting)
    return [*(name for name in figures_of(found) if not name.startswith(layers)), *accountings, *VERDICTS]


def write_study_schema(folder: Path) -> Path:
    """Write the JSON Schema of study files into a folder, which is made if need be, and return its path."""
    path = folder / STUDY_SCHEMA_FILE
    write_whole(path, _study_schema_text())
    return path


@cache
def _study_schema_text() -> str:
    return json.dumps(study_schema(), indent=1, ensure_ascii=False) + "\n"
