"""Everything about one of two scenarios that are held side by side."""

from __future__ import annotations

from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.graphs.tflm import used_arena
from costmodel.evaluation.life_table import life_table
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.results.graphs.compared_side import ComparedSide
from costmodel.results.graphs.tflm_arena import TflmArena
from costmodel.specs.devices.usual_use import UsualUse
from costmodel.specs.scenario import Scenario


def compared_side(scenario: Scenario, use: UsualUse, arena: TflmArena | None = None, *, with_lives: bool = False) -> ComparedSide:
    """Return the answers of one side of a comparison.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    use : UsualUse
        What stands in for what it does not say.
    arena : TflmArena, optional
        What TensorFlow Lite Micro needs for the file it is read from.
    with_lives : bool, optional
        Whether lives at other rates are asked for too.

    Returns
    -------
    ComparedSide
        Evaluation, outlook, and lives where they are asked for.
    """
    evaluation = evaluate(scenario)
    outlook = outlook_of(scenario, evaluation, use)
    lives = life_table(scenario, use, outlook, ()) if with_lives else None
    used = None if arena is None else used_arena(arena, scenario, evaluation.memory, use.runtime)
    return ComparedSide(scenario, evaluation, outlook, used, lives)
