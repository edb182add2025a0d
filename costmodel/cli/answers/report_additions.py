"""What `costmodel report` adds: a trace, which also gives power and duration, a battery's life, the arena of TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from costmodel.results.graphs.tflm_arena import TflmArena
    from costmodel.results.runs.trace import AnalysedTrace
    from costmodel.sources.scenario_changes import ScenarioChanges
    from costmodel.specs.scenario import Scenario


def with_trace(scenario: Scenario, capture: Path, changes: ScenarioChanges) -> tuple[Scenario, AnalysedTrace]:
    """Return a scenario with the power and duration a trace measured, and the trace.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    capture : Path
        The trace.
    changes : ScenarioChanges
        What options say; they come before the trace.

    Returns
    -------
    Scenario, AnalysedTrace
        Each number with the trace as its source.

    Raises
    ------
    InputError
        If the capture cannot be read or holds no window.
    """
    from costmodel.measurement.measured_constants import measured_scenario
    from costmodel.measurement.trace_analysis import FOUND
    from costmodel.sources.measured.captures import analysed_capture

    analysed = analysed_capture(capture, changes.supply_v, FOUND, {})
    given = {name for name in ("idle_a", "active_a", "duration_s") if getattr(changes, name) is not None}
    return measured_scenario(scenario, analysed.summary, given), analysed


def tflm_arena_of(reference: str | None) -> TflmArena | None:
    """Return what TensorFlow Lite Micro needs for a network's file; None where it is no TensorFlow Lite file."""
    from costmodel.sources.importers.model_files import is_tflite_file, load_model_graph

    if reference is None or not is_tflite_file(reference):
        return None
    from costmodel.evaluation.graphs.tflm import plan_tflm_arena

    return plan_tflm_arena(load_model_graph(Path(reference)))
