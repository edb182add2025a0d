"""What `costmodel report` adds: a trace, which also gives power and duration, the arena of TensorFlow Lite Micro, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from costmodel.evaluation.figures import Figure
    from costmodel.results.graphs.tflm_arena import TflmArena
    from costmodel.results.runs.known_accuracy import KnownAccuracy
    from costmodel.results.runs.trace import AnalysedTrace
    from costmodel.sources.scenario_changes import ScenarioChanges
    from costmodel.specs.network import Network
    from costmodel.specs.scenario import Scenario


ACCURACY: Final = "accuracy"
"""What the names of an accuracy's figures begin with."""
TFLM: Final = "tflm"
"""What the names of the figures of TensorFlow Lite Micro's arena begin with."""


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


def tflm_arena_of(reference: str | None, shapes: Sequence[str] | None = None) -> TflmArena | None:
    """Return what TensorFlow Lite Micro needs for the file a network is read from; None where that is no TensorFlow Lite file.

    Parameters
    ----------
    reference : str or None
        What was named: a network, a model, or a scenario.
    shapes : sequence of str, optional
        Those of `--input-shape`: what the runtime needs for the file converted with them.
    """
    from costmodel.sources.network_references import tflite_of

    path = tflite_of(reference)
    if path is None:
        return None
    from costmodel.cli.model_options import given_shapes
    from costmodel.evaluation.graphs.tflm import plan_tflm_arena
    from costmodel.sources.importers.model_files import load_model_graph

    return plan_tflm_arena(load_model_graph(path, given_shapes(shapes or ())))


def accuracy_of(reference: str | None, network: Network) -> KnownAccuracy | None:
    """Return how often a network's trained weights are right; None where no model has some for it.

    Parameters
    ----------
    reference : str or None
        What was named: a network, a model, or a scenario.
    network : Network
        That is asked about.
    """
    from costmodel.evaluation.accuracies import known_accuracy
    from costmodel.sources.stored_models.trained_weights import trained_weights_of

    found = trained_weights_of(reference, network)
    return None if found is None else known_accuracy(found.manifest, network, own=found.own)


def accuracy_figures(reference: str | None, network: Network) -> dict[str, Figure]:
    """Return the figures of `accuracy_of` that `explain` knows, each remembering what it was made from; none where nothing is known."""
    from costmodel.evaluation.explained.explaining import recorded_result

    return recorded_result(lambda: accuracy_of(reference, network) or {}, ACCURACY)
