"""Lives of batteries for every rest and a row of rates, through the one composition: what sliders of a page snap to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from costmodel.errors import MissingError
from costmodel.evaluation.battery.inputs import plain
from costmodel.evaluation.battery.lives import SAME, fits_period
from costmodel.evaluation.battery.question import BatteryNumbers, BatteryQuestion
from costmodel.evaluation.battery.uncertainty import interval, sampler
from costmodel.evaluation.timing.outlook import outlook_question
from costmodel.provenance import lone
from costmodel.results.life_table import LifeTable, TabledLife
from costmodel.results.timing.outlook import Outlook
from costmodel.specs.devices.battery import BatteryCell
from costmodel.specs.devices.usual_use import UsualUse
from costmodel.specs.scenario import Scenario
from costmodel.units import S_PER_DAY, S_PER_HOUR, S_PER_MINUTE

_TIMES_A_DAY: Final = (1, 2, 3, 4, 6, 8, 12)
_TIMES_AN_HOUR: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 45)
_TIMES_A_MINUTE: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 36, 40, 45, 50)
_TIMES_A_SECOND: Final = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 100)
PERIODS_S: Final = tuple(
    unit_s / times
    for unit_s, counts in (
        (S_PER_DAY, _TIMES_A_DAY),
        (S_PER_HOUR, _TIMES_AN_HOUR),
        (S_PER_MINUTE, _TIMES_A_MINUTE),
        (1.0, _TIMES_A_SECOND),
    )
    for times in counts
)
"""From once a day to a hundred times a second: 61 rates as people say them."""


def life_table(scenario: Scenario, use: UsualUse, outlook: Outlook, batteries: Sequence[BatteryCell]) -> LifeTable | None:
    """Return the lives a reader may choose from.

    Parameters
    ----------
    scenario, use
        As `outlook_of` takes them.
    outlook : Outlook
        Of them.
    batteries : sequence of BatteryCell
        Besides the asked one; a cell without parameters for the scenario's battery model is left out.

    Returns
    -------
    LifeTable or None
        None where the outlook knows no life.
    """
    asked = outlook_question(scenario, outlook.time, use)
    if asked is None or outlook.life is None:
        return None
    own = [asked.cell, *(cell for cell in batteries if cell.name != asked.cell.name)]
    periods = _with_asked(asked.period_s)
    values = asked.numbers(plain)
    rests = tuple(state.name for state in values.board.rests())
    ranged = outlook.time.duration_s is None
    rows = []
    for cell in own:
        question = replace(asked, cell=cell)
        try:
            values = question.numbers(plain)
        except MissingError:
            continue
        drawn = question.numbers(sampler(question.sample_count, question.seed))
        lives = tuple(tuple(_life(question, rest, period_s, values, drawn, ranged) for period_s in periods) for rest in rests)
        rows.append((cell.name, lives))
    return LifeTable(
        batteries=tuple(name for name, _ in rows),
        rests=rests,
        periods_s=periods,
        lives=tuple(lives for _, lives in rows),
        asked_rest=rests.index(asked.rest),
        asked_period=periods.index(asked.period_s),
        trust=outlook.life.trust,
    )


def _with_asked(period_s: float) -> tuple[float, ...]:
    """The rates people say, with the one that was asked in its place."""
    others = (each for each in PERIODS_S if abs(each - period_s) > SAME * period_s)
    return tuple(sorted((*others, period_s), reverse=True))


def _life(
    question: BatteryQuestion, rest: str, period_s: float, values: BatteryNumbers, drawn: BatteryNumbers, ranged: bool
) -> TabledLife | None:
    duration_s = question.duration_s.value
    if duration_s > period_s * (1 + SAME) or not fits_period(values.board.state(rest), duration_s, period_s):
        return None
    life_s = lone(question.life(rest, values, period_s).life_s)
    span = interval(question.life(rest, drawn, period_s).life_s)
    endless = life_s == float("inf")
    return TabledLife(None if endless or ranged else life_s, span.low, span.high)
