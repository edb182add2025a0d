"""How long a battery lasts, as a Python user holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from costmodel.api.shown import Shown, shown
from costmodel.evaluation.battery.question import USUAL_PERIOD_S
from costmodel.evaluation.battery.question import estimate_battery as estimate_bare
from costmodel.results.battery_life import BatteryAnswer
from costmodel.specs.devices.battery import SHELF_DEGC, BatteryCell, BatteryModelName
from costmodel.specs.devices.power import IDLE, DutyCycle, PowerStates
from costmodel.specs.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from costmodel.report.document import Section


class BatteryLifeAnswer(BatteryAnswer, Shown):
    """A battery's life that shows and draws itself."""

    def _section(self) -> Section:
        from costmodel.report.sections.battery_life import battery_section

        return battery_section(self)

    def plot(self) -> Figure:
        """Draw life against rate, a band a way of resting."""
        from costmodel.errors import MissingError
        from costmodel.report.document import Illustration
        from costmodel.report.figures.drawing import figure_of
        from costmodel.report.figures.style import house_style

        chart = next((block.chart for block in self._section().blocks if isinstance(block, Illustration)), None)
        if chart is None:
            raise MissingError("plot: nothing to draw: a written cycle has no other rates, and a life that is endless or nothing no curve")
        with house_style():
            return figure_of(chart)

    def _line(self) -> str:
        from costmodel.report.quantities import every_text, life_text
        from costmodel.report.sections.outlook import interval_words

        first = self.lives[0]
        life = first.endless_reason or interval_words(first.life_s, first.life_low_s, first.life_high_s, life_text)
        return f"{self.battery}, {self.states}: {life}, {every_text(first.period_s)}, {first.rest} in between"

    def _repr_html_(self) -> str:
        """Show the lives, in a notebook."""
        from costmodel.report.formats.as_fragment import html_fragment

        return html_fragment(self._line(), self._section().blocks)


def estimate_battery(
    battery: BatteryCell | Scenario,
    states: PowerStates | None = None,
    *,
    duration_s: float | None = None,
    period_s: float | None = USUAL_PERIOD_S,
    sleep: str = IDLE,
    cycle: DutyCycle | None = None,
    model: BatteryModelName | str = BatteryModelName.ENERGY,
    temperature_degc: float = SHELF_DEGC,
    sample_count: int = 10_000,
    seed: int = 0,
) -> BatteryLifeAnswer:
    """Return how long a battery lasts: with intervals, what it is spent on, where another rest pays, and what to measure better.

    Parameters
    ----------
    battery : BatteryCell or Scenario
        A battery; or a scenario, which says everything but `sample_count` and `seed` itself.
    states : PowerStates, optional
        What the board draws; needed with a battery.
    duration_s : float, optional
        Of one inference [s]; left out, what the states give.
    period_s : float, optional
        From one inference's start to the next [s]; None for back to back.
    sleep : str, optional
        What the board does between inferences: `idle`, or a sleep of its states.
    cycle : DutyCycle, optional
        Any periodic pattern of the states instead of period and sleep.
    model : str, optional
        `energy`, `peukert`, `kinetic`, `diffusion` or `voltage`.
    temperature_degc : float, optional
        Of the battery [degC].
    sample_count : int, optional
        Samples of the intervals.
    seed : int, optional
        Same seed, same intervals.

    Returns
    -------
    BatteryLifeAnswer
        Lives of the asked rest and of all others that fit the period.

    Raises
    ------
    InputError
        If something is missing, a name is not known, or the pattern does not fit its period.

    Examples
    --------
    >>> import costmodel
    >>> deck = costmodel.load_battery("deck-5v-1ah"), costmodel.load_power_states("esp32-deck")
    >>> costmodel.estimate_battery(*deck)
    <deck-5v-1ah, esp32-deck: 20.9 h, once a minute, idle in between>
    >>> round(costmodel.estimate_battery(*deck).lives[0].life_s)
    75135
    >>> round(costmodel.estimate_battery(costmodel.load_scenario("esp32-deck")).lives[0].life_s)
    75135
    """
    options: dict[str, Any] = {"duration_s": duration_s, "period_s": period_s, "sleep": sleep, "cycle": cycle, "model": model}
    found = estimate_bare(battery, states, **options, temperature_degc=temperature_degc, sample_count=sample_count, seed=seed)
    return shown(BatteryLifeAnswer, found)
