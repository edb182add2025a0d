"""Uncertainty: ranges of inputs as columns, intervals of answers, and which input to measure better.

An input without a range is exact. One with a range is drawn from two right triangles, low to value and value to high, with half the
samples in each: its value is the median, however lopsided the range, and the ends are rarer than the middle. Every input has a random
stream of its own, so that adding one leaves the draws of the others alone.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from costmodel.columns import Number, any_true
from costmodel.provenance import Constant, is_recording, leaf, origin_of, traced

Read: TypeAlias = Callable[[Constant, str, str], Number]
"""Takes a constant, the path a study names it by, and the words a person reads; returns what is computed with."""

LEVEL: Final = 0.95
"""Share of the samples an interval holds."""


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
