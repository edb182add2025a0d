"""A table of lives in words, for a page whose sliders snap to it."""

from __future__ import annotations

from typing import Final

from costmodel.printable_text import printable
from costmodel.report.charts import LifeChoices
from costmodel.report.quantities import every_text, life_text
from costmodel.report.sections.outlook import interval_words
from costmodel.results.life_table import LifeTable, TabledLife
from costmodel.specs.devices.power import IDLE

DOES_NOT_FIT: Final = "inference and wake-up are longer than this"
ENDLESS: Final = "does not empty"


def life_choices(table: LifeTable) -> LifeChoices:
    """Return the words of a table of lives.

    Parameters
    ----------
    table : LifeTable
        From the one composition.

    Returns
    -------
    LifeChoices
        Each life as a report words it.
    """
    return LifeChoices(
        batteries=tuple(printable(name) for name in table.batteries),
        rests=tuple("idle, awake" if rest == IDLE else printable(f"{rest} sleep") for rest in table.rests),
        rates=tuple(every_text(period_s) for period_s in table.periods_s),
        lives=tuple(tuple(tuple(life_words(life) for life in row) for row in rows) for rows in table.lives),
        rest=table.asked_rest,
        rate=table.asked_period,
        trust=table.trust.value,
    )


def life_words(life: TabledLife | None) -> str:
    """Return a tabled life with its interval."""
    if life is None:
        return DOES_NOT_FIT
    if life.life_s is None and life.low_s is None:
        return ENDLESS
    return interval_words(life.life_s, life.low_s, life.high_s, life_text)
