"""What would help a deployment most, from answers that are computed anyway."""

from __future__ import annotations

from typing import Final

from costmodel.evaluation.storage.strategy_plans import compare_strategies
from costmodel.results.conclusions.advice import Advice, AdviceKind
from costmodel.results.evaluation import Evaluation
from costmodel.results.timing.outlook import Outlook
from costmodel.specs.running.strategy import MemoryStrategy
from costmodel.specs.scenario import Scenario

WORTH_SAYING: Final = 1.2
"""Times better from which a change is worth a line."""
MOST_LAYERS: Final = 200
"""Networks beyond are not planned for a line of advice: `plan` takes its time for them."""
STREAMED: Final = (MemoryStrategy.PIXEL_STREAMING, MemoryStrategy.STREAMING)


def advise(scenario: Scenario, evaluation: Evaluation, outlook: Outlook) -> tuple[Advice, ...]:
    """Return what would help, largest gain first.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    evaluation : Evaluation
        Its answer.
    outlook : Outlook
        Time, energy and life, with the life in every other rest.

    Returns
    -------
    tuple of Advice
        Empty where nothing gains enough to be worth a line.
    """
    found = [*_sleeping(outlook), *_streaming(scenario, evaluation)]
    worth = [advice for advice in found if advice.gain_ratio >= WORTH_SAYING]
    return tuple(sorted(worth, key=lambda advice: -advice.gain_ratio))


def _sleeping(outlook: Outlook) -> list[Advice]:
    life = outlook.life
    if life is None or life.life_low_s is None:
        return []
    # Where only ranges are known, their low ends are compared: the promise that holds.
    now = life.life_s if life.life_s is not None else life.life_low_s
    others = [(rest, rest.life_s if life.life_s is not None else rest.life_low_s) for rest in life.other_rests if rest.keeps_memory]
    known = [(rest, value) for rest, value in others if value is not None]
    if not known:
        return []
    best, after = max(known, key=lambda pair: pair[1])
    return [Advice(kind=AdviceKind.SLEEP, choice=best.rest, before_s=now, after_s=after)]


def _streaming(scenario: Scenario, evaluation: Evaluation) -> list[Advice]:
    if len(scenario.network.layers) > MOST_LAYERS:
        return []
    now = evaluation.memory.plan.tensor_buffer_bytes
    plans = [plan for plan in compare_strategies(scenario, STREAMED).plans if plan.total_bytes]
    if not plans or now is None:
        return []
    least = min(plans, key=lambda plan: plan.total_bytes or 0)
    return [Advice(kind=AdviceKind.STREAM, choice=least.strategy.value, before_bytes=now, after_bytes=least.total_bytes)]
