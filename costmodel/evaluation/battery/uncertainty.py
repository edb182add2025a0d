"""Uncertainty: ranges of inputs as columns, intervals of answers and of curves, and which input to measure better.

An input without a range is exact. One with a range is drawn from two right triangles, low to value and value to high, with half the
samples in each: its value is the median, however lopsided the range, and the ends are rarer than the middle. Every input has a random
stream of its own, so that adding one leaves the draws of the others alone.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from costmodel.columns import Number, any_true
from costmodel.provenance import Constant, formula, is_recording, leaf, lone, origin_of, traced
from costmodel.results.battery_life import AssumedInput, BatteryLife, LifeAgainstRate, MeasureNext, Sensitivity

if TYPE_CHECKING:
    from costmodel.evaluation.battery.question import BatteryNumbers, BatteryQuestion

Read: TypeAlias = Callable[[Constant, str, str], Number]
"""Takes a constant, the path a study names it by, and the words a person reads; returns what is computed with."""

LEVEL: Final = 0.95
"""Share of the samples an interval holds."""


_CURVE_SAMPLES: Final = 1000
_BLOCK_ELEMENTS: Final = 1 << 15
_NO_EFFECT: Final = 1e-12
"""Share of a figure below which its change is rounding."""


class Interval(NamedTuple):
    """The middle 95 % of a figure's samples; None where an end is infinite."""

    low: float | None
    high: float | None


class Swing(NamedTuple):
    """What one input does to a figure while the others stay at their values."""

    name: str
    low: float
    """The input's low end."""
    high: float
    at_low: float
    """The figure there."""
    at_high: float


def sampler(sample_count: int, seed: int) -> Read:
    """Return a reader that draws a column for each constant with a range.

    Parameters
    ----------
    sample_count : int
        Samples of each.
    seed : int
        Same seed, same columns.

    Returns
    -------
    callable
        Reads a column, or the value where the constant has no range; the words of an input are the name of its random stream.
    """

    def read(constant: Constant, _path: str, words: str) -> Number:
        return sampled(constant, words, sample_count, seed)

    return read


def sampled(constant: Constant, words: str, sample_count: int, seed: int) -> Number:
    """Return a column of samples of a constant, or its value where it has no range; see `sampler`."""
    low, high = ends(constant)
    if not any_true(low != high):
        return constant.value
    import numpy as np

    stream = np.random.default_rng((seed, zlib.crc32(words.encode("utf-8"))))
    # A uniform number gives the side by its sign and, by its size, the share of that side's triangle that lies further in.
    u = stream.uniform(-1.0, 1.0, sample_count)
    v = 1.0 - np.sqrt(1.0 - np.abs(u))
    return constant.value + v * np.where(u < 0.0, low - constant.value, high - constant.value)


def interval(column: Number) -> Interval:
    """Return the middle 95 % of a column.

    Parameters
    ----------
    column : float or column
        Samples; a lone number is its own interval.

    Returns
    -------
    Interval
        Its ends.
    """
    import numpy as np

    low, high = np.quantile(np.atleast_1d(column), (0.5 - 0.5 * LEVEL, 0.5 + 0.5 * LEVEL), method="closest_observation")
    return Interval(float(low) if math.isfinite(low) else None, float(high) if math.isfinite(high) else None)


def drawn_interval(column: Number, figure: Callable[[int], Number]) -> Interval:
    """Return the middle 95 % of a figure's samples.

    Parameters
    ----------
    column : float or column
        Samples; a lone number is its own interval.
    figure : callable
        Takes the place of a sample and computes the figure anew from what was drawn for it; called only while formulas are being recorded.

    Returns
    -------
    Interval
        Its ends; while formulas are being recorded they remember the sample they are.
    """
    found = interval(column)
    if not is_recording():
        return found
    import numpy as np

    samples = np.atleast_1d(column)

    def remembered(end: float | None) -> float | None:
        if end is None:
            return None
        origin = origin_of(figure(int(np.argmin(np.abs(samples - end)))))
        return end if origin is None else traced(end, origin)

    return Interval(remembered(found.low), remembered(found.high))


def read_constants(numbers: Callable[[Read], object]) -> dict[str, Constant]:
    """Return every constant that something reads, by the words a person reads.

    Parameters
    ----------
    numbers : callable
        Takes a reader and reads everything with it.

    Returns
    -------
    dict
        In the order of reading.
    """
    found: dict[str, Constant] = {}

    def read(constant: Constant, _path: str, words: str) -> Number:
        found[words] = constant
        return constant.value

    numbers(read)
    return found


def swings(inputs: Mapping[str, Constant], figure: Callable[[Read], float]) -> list[Swing]:
    """Vary one input at a time over its range.

    Parameters
    ----------
    inputs : mapping
        Words to constant.
    figure : callable
        Takes a reader and returns the figure under what it reads.

    Returns
    -------
    list of Swing
        The widest first; inputs without a range, or without effect, are left out.
    """
    found = []
    for words, constant in inputs.items():
        low, high = ends(constant)
        if low == high:
            continue
        if is_recording():
            low, high = leaf(low, f"{words}, low end", constant.source), leaf(high, f"{words}, high end", constant.source)
        swing = Swing(words, low, high, figure(_held_at(words, low)), figure(_held_at(words, high)))
        if not math.isclose(swing.at_low, swing.at_high, rel_tol=_NO_EFFECT):
            found.append(swing)
    return sorted(found, key=lambda each: (-_width(each), each.name))


def _held_at(held: str, value: float) -> Read:
    """Return a reader that reads one input as a value and all others as theirs."""

    def read(constant: Constant, path: str, words: str) -> Number:
        number = value if words == held else constant.value
        return leaf(number, path or words, constant.source) if is_recording() else number

    return read


def ends(constant: Constant) -> tuple[float, float]:
    """Return the range of a constant; its value twice where it has none."""
    low = constant.value if constant.low is None else constant.low
    high = constant.value if constant.high is None else constant.high
    return low, high


def is_assumed(constant: Constant) -> bool:
    """Tell whether a constant's source says that nobody has measured or published it."""
    return constant.source.startswith("assumption")


def _width(swing: Swing) -> float:
    width = abs(swing.at_high - swing.at_low)
    return math.inf if math.isnan(width) else width


@formula(
    id="battery.swing",
    equation="d = abs(t_high - t_low)",
    symbols={
        "d": "how far an input's range moves a life [s]",
        "t_high": "life at the high end of the input's range [s]",
        "t_low": "life at the low end of the input's range [s]",
    },
    unit="s",
    source="definition: difference without its sign",
)
def swing_s(t_low: float, t_high: float) -> float:
    """Return how far an input's range moves a life."""
    return abs(t_high - t_low)


def sensitivities(question: BatteryQuestion) -> tuple[Sensitivity, ...]:
    """Return what each input with a range does to the asked life, the widest first."""
    inputs = read_constants(question.numbers)
    found = swings(inputs, lambda read: lone(question.life(question.rest, question.numbers(read)).life_s))
    rows = []
    for swing in found:
        low, high = (each if math.isfinite(each) else None for each in (swing.at_low, swing.at_high))
        width = None if low is None or high is None else swing_s(low, high)
        rows.append(
            Sensitivity(
                input=swing.name,
                unit=inputs[swing.name].unit,
                low=swing.low,
                high=swing.high,
                life_at_low_s=low,
                life_at_high_s=high,
                swing_s=width,
            )
        )
    return tuple(rows)


@formula(
    id="battery.swing_share",
    equation="f = d / t",
    symbols={
        "f": "how far an input's range moves a life, of the life [1]",
        "d": "how far an input's range moves a life [s]",
        "t": "life [s]",
    },
    unit="1",
    source="definition: share of the whole",
)
def swing_share_ratio(d: float, t: float) -> float:
    """Return how far an input's range moves a life, of the life."""
    return d / t


def measure_next(life: BatteryLife, sensitivities: tuple[Sensitivity, ...]) -> MeasureNext | None:
    """Return which input to measure better; None where nothing would help."""
    if not sensitivities or not life.life_s:
        return None
    first = sensitivities[0]
    return MeasureNext(input=first.input, swing_ratio=None if first.swing_s is None else swing_share_ratio(first.swing_s, life.life_s))


def curves(question: BatteryQuestion, values: BatteryNumbers) -> tuple[LifeAgainstRate, ...]:
    """Return life against rate for every rest, with intervals."""
    if not question.curve_rates_hz or question.cycle is not None:
        return ()
    import numpy as np

    rates = np.array(question.curve_rates_hz)
    periods = 1.0 / rates
    sample_count = min(question.sample_count, _CURVE_SAMPLES)
    columns = question.numbers(sampler(sample_count, question.seed))
    curves = []
    for state in values.board.rests():
        fits = values.duration_s + state.wake_s <= periods * (1 + 1e-9)
        life = np.broadcast_to(question.life(state.name, values, periods).life_s, rates.shape)
        low, high = np.empty(rates.shape), np.empty(rates.shape)
        # What depends on the samples alone is computed once a block: the larger the block, the less often.
        rows = max(1, _BLOCK_ELEMENTS // sample_count)
        for first in range(0, len(rates), rows):
            some = slice(first, first + rows)
            spread = np.asarray(question.life(state.name, columns, periods[some, None]).life_s)
            ends = np.quantile(spread.reshape(len(periods[some]), -1), (0.025, 0.975), axis=1, method="closest_observation")
            low[some], high[some] = ends
        curves.append(
            LifeAgainstRate(
                rest=state.name,
                rate_hz=tuple(question.curve_rates_hz),
                life_s=_finite(life, fits),
                life_low_s=_finite(low, fits),
                life_high_s=_finite(high, fits),
            )
        )
    return tuple(curves)


def _finite(column: Any, fits: Any) -> tuple[float | None, ...]:
    return tuple(float(value) if fit and math.isfinite(value) else None for value, fit in zip(column, fits, strict=True))


def assumptions(question: BatteryQuestion) -> tuple[AssumedInput, ...]:
    """Return the inputs whose source says that they are assumed."""
    inputs = read_constants(question.numbers)
    return tuple(AssumedInput(input=name, source=constant.source) for name, constant in inputs.items() if is_assumed(constant))
