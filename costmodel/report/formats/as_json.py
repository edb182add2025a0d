"""An evaluation as JSON with what it rests on, and back."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from costmodel.errors import FormatError
from costmodel.json_text import parsed_json
from costmodel.report.additions import NO_ADDITIONS, Additions
from costmodel.report.words.finding_words import Words, words_of
from costmodel.report.words.json_words import without_evaluation_words, worded
from costmodel.results.base import Result
from costmodel.results.conclusions.grounds import Grounds
from costmodel.results.evaluation import SCHEMA_VERSION, Evaluation


def evaluation_json(evaluation: Evaluation, grounds: Grounds, version: str, additions: Additions = NO_ADDITIONS) -> str:
    """Return an evaluation as JSON: ASCII only, whatever the console.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    grounds : Grounds
        What the answer rests on.
    version : str
        Version of costmodel.
    additions : Additions, optional
        What else was asked.

    Returns
    -------
    str
        An object with `schema_version`, `costmodel_version`, `evaluation` and `provenance`, and `trace` and `battery_life` where asked,
        `tflm` of a TensorFlow Lite file.
    """
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "costmodel_version": version,
        "evaluation": _with_words(evaluation),
        "provenance": {
            "constants": [used._asdict() for used in grounds.constants],
            "formulas": [used._asdict() for used in grounds.formulas],
        },
        **additions.content(),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def content_json(content: Any) -> str:
    """Return what a command found as JSON.

    Parameters
    ----------
    content : JSON value or Result
        What programs read.

    Returns
    -------
    str
        Indented, with a line break at its end.
    """
    if isinstance(content, Result):
        return content_json(worded(content))
    if isinstance(content, BaseModel):
        return content.model_dump_json(indent=2) + "\n"
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _with_words(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as JSON values, each finding with its words beside its figures."""
    content = worded(evaluation)
    for found, finding in zip(content["findings"], evaluation.findings, strict=True):
        found |= words_of(finding, evaluation)._asdict()
    return content


def _without_words(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    content = without_evaluation_words(content)
    findings = content.get("findings")
    if not isinstance(findings, list):
        return content
    bare = [
        {key: value for key, value in found.items() if key not in Words._fields} if isinstance(found, dict) else found for found in findings
    ]
    return content | {"findings": bare}


def evaluation_from_json(text: str) -> Evaluation:
    """Return the evaluation a report's JSON holds.

    Parameters
    ----------
    text : str
        What `evaluation_json` wrote.

    Returns
    -------
    Evaluation
        Equal to the one that was written.

    Raises
    ------
    FormatError
        If it is no such report, or of another schema version.
    """
    try:
        content = parsed_json(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not a report: {error}") from None
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise FormatError(f"not a report of schema version {SCHEMA_VERSION}: found {version!r}")
    try:
        return Evaluation.model_validate(_without_words(content.get("evaluation")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in ("evaluation", *first["loc"]))
        raise FormatError(f"not a report: {place}: {first['msg']}") from None
