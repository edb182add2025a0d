"""Results as JSON values, each with its words beside its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from costmodel.report.words.battery_words import assumed_text, crossover_text, dominance_text, measure_next_text
from costmodel.report.words.heap_words import heap_reason_text
from costmodel.report.words.imported_words import imported_text
from costmodel.report.words.power_words import power_source_text
from costmodel.report.words.reason_words import reason_text, reasons_in_words, reasons_text
from costmodel.results.base import Result
from costmodel.results.battery_life import BatteryAnswer, BatteryLife, Crossover
from costmodel.results.evaluation import Evaluation
from costmodel.results.graphs.imported_operator import ImportedOperatorCost
from costmodel.results.graphs.network_diff import FigureChange
from costmodel.results.power import PowerSummary
from costmodel.results.storage.heap_verdict import HeapVerdict
from costmodel.results.storage.largest_network import LargestVersion
from costmodel.results.storage.strategy_plan import PlanComparison
from costmodel.results.timing.latency import LatencySummary

Worded = dict[str, Any]


def worded(result: Result) -> Worded:
    """Return a result as JSON values, with the words of each part of it.

    Parameters
    ----------
    result : Result
        Of any kind.

    Returns
    -------
    dict
        Its fields, and under names of their own what they say; where a field is a reason of an answer that nobody reads back, the words
        stand in its place.
    """
    content = result.model_dump(mode="json")
    _add_words(result, content)
    return content


def without_evaluation_words(content: Worded) -> Worded:
    """Return an evaluation's JSON values without what `worded` added, as its fields are read back.

    Parameters
    ----------
    content : dict
        Of an evaluation.

    Returns
    -------
    dict
        Changed in place where parts of it are.
    """
    for name in ("reasons", "duration_source"):
        content.pop(name, None)
    if isinstance(content.get("power"), dict):
        content["power"].pop("source", None)
    memory, dataflows = content.get("memory"), content.get("dataflows")
    parts = [memory.get("heap")] if isinstance(memory, dict) else []
    parts += [one.get("latency") for one in dataflows if isinstance(one, dict)] if isinstance(dataflows, list) else []
    for part in parts:
        if isinstance(part, dict):
            part.pop("reason", None)
    return content


def _add_words(value: Any, content: Any) -> None:
    if isinstance(value, Result):
        for name in type(value).model_fields:
            _add_words(getattr(value, name), content[name])
        # What a Python user holds wraps a result, and says what it says.
        words = next((_WORDS[kind] for kind in type(value).__mro__ if kind in _WORDS), None)
        if words is not None:
            content |= words(value)
    elif isinstance(value, tuple) and isinstance(content, list):
        for part, told in zip(value, content, strict=True):
            _add_words(part, told)
    elif isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, Result):
                _add_words(part, content[name])


def _of_evaluation(found: Evaluation) -> Worded:
    return {"duration_source": reasons_text(found.duration_basis), "reasons": reasons_in_words(found)}


def _of_power(found: PowerSummary) -> Worded:
    return {"source": power_source_text(found)}


def _of_latency(found: LatencySummary) -> Worded:
    return {"reason": reason_text(found.basis)}


def _of_heap(found: HeapVerdict) -> Worded:
    return {"reason": heap_reason_text(found)}


def _of_life(found: BatteryLife) -> Worded:
    endless = None if found.endless_reason is None else reason_text(found.endless_reason)
    return {"endless_reason": endless, "dominated_by": dominance_text(found)}


def _of_crossover(found: Crossover) -> Worded:
    return {"statement": crossover_text(found)}


def _of_battery(found: BatteryAnswer) -> Worded:
    return {
        "measure_next": None if found.measure_next is None else measure_next_text(found.measure_next),
        "assumptions": [assumed_text(each) for each in found.assumptions],
        "warnings": [reason_text(each) for each in found.warnings],
        "caveats": [reason_text(each) for each in found.caveats],
    }


def _of_version(found: LargestVersion) -> Worded:
    return {"width_reason": reason_text(found.width_reason), "size_reason": reason_text(found.size_reason)}


def _of_change(found: FigureChange) -> Worded:
    return {"reason": None if found.reason is None else reason_text(found.reason)}


def _of_imported(found: ImportedOperatorCost) -> Worded:
    return {"why": imported_text(found)}


def _of_plans(found: PlanComparison) -> Worded:
    return {"why": reason_text(found.basis)}


_WORDS: Final[Mapping[type[Result], Callable[[Any], Worded]]] = {
    Evaluation: _of_evaluation,
    LatencySummary: _of_latency,
    PowerSummary: _of_power,
    HeapVerdict: _of_heap,
    BatteryLife: _of_life,
    Crossover: _of_crossover,
    BatteryAnswer: _of_battery,
    LargestVersion: _of_version,
    FigureChange: _of_change,
    PlanComparison: _of_plans,
    ImportedOperatorCost: _of_imported,
}
"""What each kind of result says in words."""
