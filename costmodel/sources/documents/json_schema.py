"""JSON Schemas of the files people write, from which editors complete and check while one types."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from costmodel.errors import UnknownNameError
from costmodel.sources.catalogue import DERIVABLE_FOLDERS, REFERENCE_FIELDS, names
from costmodel.sources.documents.derived_document import BASE
from costmodel.specs.base import Spec
from costmodel.specs.devices.battery import BatteryCell
from costmodel.specs.devices.power import DutyCycle, PowerStates
from costmodel.specs.network import Network
from costmodel.specs.scenario import Scenario
from costmodel.specs.trained.training_recipe import TrainingRecipe

_MODELS: Final[Mapping[str, type[Spec]]] = {
    "network": Network,
    "scenario": Scenario,
    "battery": BatteryCell,
    "power_states": PowerStates,
    "duty_cycle": DutyCycle,
    "recipe": TrainingRecipe,
}
SCHEMA_FILES: Final[Mapping[str, str]] = {kind: f"{kind}.schema.json" for kind in _MODELS}
"""Name of the schema file of each kind of file."""

_DEFAULTED: Final[Mapping[str, tuple[str, ...]]] = {"scenario": ("memory_energy", "compute_energy"), "duty_cycle": ("period_s",)}
"""Fields that follow where they are not given: from a scenario's device, from a cycle's phases."""


def file_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file.

    Parameters
    ----------
    kind : str
        `network`, `scenario`, `battery`, `power_states`, `duty_cycle` or `recipe`.

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
    model = _MODELS[kind]
    schema = model.model_json_schema(mode="validation")
    _describe(schema, model)
    documented = {found.__name__: found for found in _subclasses(Spec)}
    for name, definition in schema["$defs"].items():
        if name in documented:
            _describe(definition, documented[name])
    schema["required"] = [field for field in schema["required"] if field not in _DEFAULTED.get(kind, ())]
    if kind == "scenario":
        for field, folder in REFERENCE_FIELDS.items():
            schema["properties"][field] = _reference(schema["properties"][field], names(folder))
    for definition in schema["$defs"].values():
        # Editors tell layers apart by their kind, so it has to be there, as it has in a file.
        if "const" in definition.get("properties", {}).get("kind", {}):
            definition["required"] = ["kind", *definition.get("required", ())]
    if kind in DERIVABLE_FOLDERS:
        # What a file with a base leaves out comes from there.
        schema["properties"][BASE] = _reference({"type": "string"}, names(DERIVABLE_FOLDERS[kind]))
        schema["anyOf"] = [{"required": [BASE, "name"]}, {"required": schema.pop("required")}]
    schema["properties"]["$schema"] = {"type": "string"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"costmodel {kind}", **without_titles(schema)}


@cache
def schema_text(kind: str) -> str:
    """Return the JSON Schema of a kind of file as text."""
    return json.dumps(file_schema(kind), indent=1, ensure_ascii=False) + "\n"


def _describe(schema: dict[str, Any], model: type[Spec]) -> None:
    """Put each field's docstring into a schema.

    Pydantic can read docstrings itself, but does so whenever a class is made: a quarter of a second at each start, for editors only.
    """
    for name, words in _field_docstrings(model).items():
        if name in schema.get("properties", {}):
            schema["properties"][name].setdefault("description", words)


def _field_docstrings(model: type[Spec]) -> dict[str, str]:
    """The docstring below each field of a model and of those it derives from."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Spec):
            found |= _module_docstrings(base.__module__).get(base.__qualname__, {})
    return found


@cache
def _module_docstrings(module: str) -> dict[str, dict[str, str]]:
    """The docstring below each field of each class of a module; a module is read once, however many classes it has."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {definition.name: _class_docstrings(definition) for definition in tree.body if isinstance(definition, ast.ClassDef)}


def _class_docstrings(definition: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, below in itertools.pairwise(definition.body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name) or not isinstance(below, ast.Expr):
            continue
        if isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            found[field.target.id] = inspect.cleandoc(below.value.value)
    return found


def _subclasses(base: type[Spec]) -> set[type[Spec]]:
    return {each for child in base.__subclasses__() for each in {child, *_subclasses(child)}}


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


def without_titles(schema: Any) -> Any:
    """Leave out the titles Pydantic makes of names: an editor shows the description instead.

    Parameters
    ----------
    schema : JSON value
        A schema, or a part of one.

    Returns
    -------
    JSON value
        Without them.
    """
    if isinstance(schema, dict):
        return {key: without_titles(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    return [without_titles(part) for part in schema] if isinstance(schema, list) else schema
