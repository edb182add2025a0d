"""How long a scenario's battery lasts by the time from one inference to the next."""

from __future__ import annotations

import math
from typing import Final

from costmodel.battery.duty_cycle import DutyStep
from costmodel.evaluation.battery.inputs import board_numbers, cell_numbers, plain
from costmodel.evaluation.battery.lives import life_at, life_of, pattern_of
from costmodel.evaluation.design import own_power
from costmodel.results.conclusions.grounds import LifeAgainstPeriod
from costmodel.results.evaluation import Evaluation
from costmodel.specs.scenario import Scenario
from costmodel.units import S_PER_DAY

CURVE_POINTS: Final = 97
"""Points of the curve: 24 a decade over four decades, and more where the range is wider."""


def life_against_period(scenario: Scenario, evaluation: Evaluation) -> LifeAgainstPeriod | None:
    """Return how long a battery lasts from one inference a day, or a longer period that was asked for, to as often as the rest allows.

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    evaluation : Evaluation
        Its answer.

    Returns
    -------
    LifeAgainstPeriod or None
        None without a battery's life, where an inference takes longer than a day, and where a life is endless.
    """
    battery, duration_s = evaluation.battery, evaluation.duration_s
    board = board_numbers(scenario.states, own_power(scenario), plain)
    if battery is None or board is None or scenario.battery is None or not duration_s or battery.continuous_life_s is None:
        return None
    cell = cell_numbers(scenario.battery, scenario.model, scenario.temperature_degc, plain)
    rest = board.state(scenario.sleep)
    slowest, quickest = max(S_PER_DAY, battery.period_s or 0.0), duration_s + rest.wake_s
    if slowest <= quickest:
        return None
    step = (quickest / slowest) ** (1 / (CURVE_POINTS - 1))
    periods = (*(slowest * step**place for place in range(CURVE_POINTS - 1)), quickest)
    lives = tuple(float(life_at(cell, board, duration_s, rest.name, period).life_s) for period in periods)
    if math.inf in lives:
        return None
    resting = pattern_of(cell, board, [DutyStep(rest.name, rest.supply_v, rest.current_a, 1.0)])
    longest_s = float(life_of(cell, resting, math.inf).life_s)
    return LifeAgainstPeriod(periods, lives, None if math.isinf(longest_s) else longest_s)
