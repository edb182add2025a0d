"""What explains the designs a sweep shows: the figures of each one's own scenario, and what is said of all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.evaluation.figures import Figure
from costmodel.provenance import leaf
from costmodel.results.sweep_summary import SweepSummary
from costmodel.sweeps.front.answer import SweepAnswer

_COUNTED = "definition: designs counted"
_VARIANCE = "definition: share of the figure's variance over the designs that were evaluated, docs/sweeps.md"


def explained_designs(answer: SweepAnswer, shown: SweepSummary) -> dict[str, Any]:
    """Return the figures of the designs people are shown, each remembering what it was made from.

    Parameters
    ----------
    answer : SweepAnswer
        The answer.
    shown : SweepSummary
        What people see of it.

    Returns
    -------
    dict
        The knee's figures, or the first design's, by their own names; those of every design under `designs` by its row; designs left after
        each constraint under `left`, and shares of variance under `explained`.
    """
    designs = {row: _figures(answer, row, shown) for row, _ in shown.shown}
    first = shown.knee if shown.knee in designs else next(iter(designs), None)
    left = {"evaluated": shown.evaluated_count, **dict(shown.survivors)}
    return {
        **({} if first is None else designs[first]),
        "designs": {str(row): figures for row, figures in designs.items()},
        "left": {name: leaf(count, f"designs left after {name}", _COUNTED) for name, count in left.items()},
        "explained": {one.figure: {share.axis: _shares(share.axis, share) for share in one.shares} for one in shown.explained},
    }


def _shares(axis: str, share: Any) -> dict[str, float]:
    told = {"alone": share.alone, "with_interactions": share.with_interactions}
    return {name: leaf(value, f"share of {axis}", _VARIANCE) for name, value in told.items() if value is not None}


def _figures(answer: SweepAnswer, row: int, shown: SweepSummary) -> Mapping[str, Figure]:
    scenario = answer.scenario(row)
    known = recorded_figures(scenario, scenario.dataflows[0])
    return {name: known[name] for name in shown.figures if name in known}
