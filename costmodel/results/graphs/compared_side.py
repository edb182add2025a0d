"""One of two scenarios that are held side by side, with all its answers."""

from __future__ import annotations

from typing import NamedTuple

from costmodel.results.evaluation import Evaluation
from costmodel.results.graphs.tflm_arena import TflmArena
from costmodel.results.life_table import LifeTable
from costmodel.results.timing.outlook import Outlook
from costmodel.specs.scenario import Scenario


class ComparedSide(NamedTuple):
    """What is asked on one side, and what comes of it."""

    scenario: Scenario
    evaluation: Evaluation
    outlook: Outlook
    arena: TflmArena | None = None
    """What TensorFlow Lite Micro needs for its file; None where it is read from something else."""
    lives: LifeTable | None = None
    """Lives of its battery for a row of rates; None where they are not asked for, or no life is known."""
