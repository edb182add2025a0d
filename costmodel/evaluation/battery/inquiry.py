"""A question about a battery, whether its pattern is possible, and the life under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from costmodel.battery.load_profile import by_row_blocks
from costmodel.columns import Number
from costmodel.errors import SpecError
from costmodel.evaluation.battery.cell_models import BatteryModelName, battery_model, model_inputs, temperature_inputs
from costmodel.evaluation.battery.patterns import IDLE, Board, Pattern, cycle_inputs, cycle_pattern, rate_pattern, refuse_impossible_cycle
from costmodel.provenance import Constant
from costmodel.specs.devices.power import DutyCycle

SHELF_DEGC: Final = 20.0
"""Temperature where none is asked for."""
_SAME: Final = 1e-9
"""Share within which two times are the same."""
_BLOCK_ELEMENTS: Final = 1 << 15


@dataclass(frozen=True)
class BatteryQuestion:
    """One question about a battery."""

    board: Board
    duration_s: Constant
    """Of one inference."""
    period_s: float
    """From one inference's start to the next; for a written cycle, its own."""
    rest: str = IDLE
    cycle: DutyCycle | None = None
    """A written pattern instead of inference and rest."""
    model: BatteryModelName = BatteryModelName.ENERGY
    temperature_degc: float = SHELF_DEGC
    sample_count: int = 10_000
    seed: int = 0
    curve_rates_hz: tuple[float, ...] = ()
    """Rates of the chart."""

    def inputs(self) -> dict[str, Constant]:
        """Return every number the answer rests on."""
        cell = self.board.cell
        phases = {} if self.cycle is None else cycle_inputs(self.cycle)
        temperature = temperature_inputs(cell, self.temperature_degc)
        return self.board.inputs(self.duration_s) | phases | temperature | model_inputs(cell, self.model)

    def period_of(self, values: Mapping[str, Number]) -> Number:
        """Return the period at some values of the inputs: back to back, it is the inference's own duration."""
        back_to_back = abs(self.period_s - self.duration_s.value) <= _SAME * self.period_s
        return values["inference duration"] if back_to_back else self.period_s


def refuse_impossible(question: BatteryQuestion) -> None:
    """Raise SpecError where an inference and the wake-up before it are longer than their period, or a written cycle is impossible."""
    if question.cycle is not None:
        refuse_impossible_cycle(question.board, question.cycle)
        return
    duration_s, asked_s = question.duration_s.value, question.period_s
    if duration_s > asked_s * (1 + _SAME):
        raise SpecError(
            f"an inference of {duration_s:.6g} s does not fit its period of {asked_s:.6g} s; "
            f"at most {1 / duration_s:.6g} inferences a second run back to back"
        )
    if not fits(question, question.rest):
        wake_s = question.board.state(question.rest).wake_s.value
        raise SpecError(
            f"an inference of {duration_s:.6g} s and a wake-up from {question.rest} of {wake_s:.6g} s do not fit "
            f"the period of {asked_s:.6g} s; choose a lighter sleep or a lower rate"
        )


def life_s(question: BatteryQuestion, rest: str, values: Mapping[str, Number], asked_period_s: Number) -> Number:
    """Return the life under a pattern.

    Parameters
    ----------
    question : BatteryQuestion
        Board, model, temperature.
    rest : str
        State between inferences.
    values : mapping
        Each input, as a float or a column.
    asked_period_s : float or column
        Period [s].

    Returns
    -------
    float or column
        Life [s].
    """
    names = tuple(values)

    def life(period: Number, *numbers: Number) -> Number:
        block = dict(zip(names, numbers, strict=True))
        profile = pattern_of(question, rest, block, period).profile
        return battery_model(question.board.cell, question.model, block).battery.life_s(profile)

    # What depends on the samples alone is computed once a block: the larger the block, the less often.
    return by_row_blocks(life, asked_period_s, *values.values(), block_elements=_BLOCK_ELEMENTS)


def pattern_of(question: BatteryQuestion, rest: str, values: Mapping[str, Number], asked_period_s: Number) -> Pattern:
    """Return the pattern a question asks about, at a rest and a period; a written cycle has its own."""
    if question.cycle is not None:
        return cycle_pattern(question.board, values, question.cycle, question.temperature_degc)
    return rate_pattern(question.board, values, rest, asked_period_s, question.temperature_degc)


def fits(question: BatteryQuestion, rest: str) -> bool:
    """Tell whether an inference and the wake-up from a rest fit the period."""
    wake_s = question.board.state(rest).wake_s.value
    return question.duration_s.value + wake_s <= question.period_s * (1 + _SAME)
