"""JSON Schemas of network and scenario files, from which editors complete and check while one types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from costmodel.errors import UnknownNameError
from costmodel.sources.catalogue import REFERENCE_FIELDS, names
from costmodel.specs.deployment import Scenario
from costmodel.specs.network import Network

SCHEMA_FILES: Final[Mapping[str, str]] = {"network": "network.schema.json", "scenario": "scenario.schema.json"}
"""Name of the schema file of each kind of file."""

_DEFAULTED: Final = ("memory_energy", "compute_energy")
"""Fields of a scenario that come from its device where they are not given."""


def file_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file.

    Parameters
    ----------
    kind : str
        `network` or `scenario`.

    Returns
    -------
    dict
        Draft 2020-12; what may be named is a packaged name, a path or written out.

    Raises
    ------
    UnknownNameError
        If there is no schema of that kind.
    """
    if kind not in SCHEMA_FILES:
        raise UnknownNameError("schema", kind, SCHEMA_FILES, "a kind of file")
    schema = (Scenario if kind == "scenario" else Network).model_json_schema(mode="validation")
    if kind == "scenario":
        for field, folder in REFERENCE_FIELDS.items():
            schema["properties"][field] = _reference(schema["properties"][field], names(folder))
        schema["required"] = [field for field in schema["required"] if field not in _DEFAULTED]
    for definition in schema["$defs"].values():
        # Editors tell layers apart by their kind, so it has to be there, as it has in a file.
        if "const" in definition.get("properties", {}).get("kind", {}):
            definition["required"] = ["kind", *definition.get("required", ())]
    schema["properties"]["$schema"] = {"type": "string"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"costmodel {kind}", **_without_titles(schema)}


def schema_text(kind: str) -> str:
    """Return the JSON Schema of a kind of file as text."""
    return json.dumps(file_schema(kind), indent=1, ensure_ascii=False) + "\n"


def _reference(declared: Mapping[str, Any], packaged: tuple[str, ...]) -> dict[str, Any]:
    written_out = [part for part in declared.get("anyOf", [declared]) if "$ref" in part or "oneOf" in part]
    words = declared.get("description", "")
    choices: list[dict[str, Any]] = [
        {"enum": list(packaged), "description": "packaged"},
        {"type": "string", "pattern": r"\.(yaml|yml|json)$|[/\\]", "description": "a file, relative to this one"},
        *({"$ref": part["$ref"]} if "$ref" in part else {"oneOf": part["oneOf"]} for part in written_out),
        {"type": "null"},
    ]
    return {"description": f"{words} A packaged name, a file, or written out.".strip(), "anyOf": choices}


def _without_titles(schema: Any) -> Any:
    """Leave out the titles Pydantic makes of names: an editor shows the description instead."""
    if isinstance(schema, dict):
        return {key: _without_titles(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    return [_without_titles(part) for part in schema] if isinstance(schema, list) else schema
