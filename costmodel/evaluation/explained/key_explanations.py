"""How the figures of an answer follow, for a page that explains itself."""

from __future__ import annotations

from typing import Final

from costmodel.evaluation.explained.explaining import explanation_of, recorded_figures
from costmodel.results.conclusions.explanation import Explanation
from costmodel.specs.scenario import Scenario

KEY_FIGURES: Final = (
    "memory.ram",
    "memory.flash_bytes",
    "latency.duration",
    "power.inference_energy",
    "battery.duty_life",
    "battery.continuous_life",
    "energy.memory",
    "power.active",
)
"""Figures that are explained."""
_LEVELS: Final = 4
"""A page shows fewer; of a network of thousands of layers all of them would fill the memory."""


def key_explanations(scenario: Scenario) -> tuple[tuple[str, Explanation], ...]:
    """Return how the key figures of a scenario follow.

    Parameters
    ----------
    scenario : Scenario
        What was asked.

    Returns
    -------
    tuple of str and Explanation
        Of its first dataflow; what cannot be told is left out.
    """
    figures = recorded_figures(scenario, scenario.dataflows[0])
    known = [name for name in KEY_FIGURES if name in figures and figures[name].value is not None]
    return tuple((name, explanation_of(name, figures[name], figures, _LEVELS)) for name in known)
