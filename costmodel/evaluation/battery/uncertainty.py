"""Uncertainty: ranges of inputs as columns, intervals of answers, and which input to measure better.

An input without a range is exact. One with a range is drawn from two right triangles, low to value and value to high, with half the
samples in each: its value is the median, however lopsided the range, and the ends are rarer than the middle. Every input has a random
stream of its own, so that adding one leaves the draws of the others alone.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from costmodel.columns import Number
from costmodel.provenance import Constant

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


def sampled(inputs: Mapping[str, Constant], sample_count: int, seed: int) -> dict[str, Number]:
    """Draw a column for each input with a range.

    Parameters
    ----------
    inputs : mapping
        Name to constant.
    sample_count : int
        Samples of each.
    seed : int
        Same seed, same columns.

    Returns
    -------
    dict
        Name to column, or to the value where the input has no range.
    """
    import numpy as np

    columns: dict[str, Number] = {}
    for name, constant in inputs.items():
        low, high = ends(constant)
        if low == high:
            columns[name] = constant.value
            continue
        stream = np.random.default_rng((seed, zlib.crc32(name.encode("utf-8"))))
        # A uniform number gives the side by its sign and, by its size, the share of that side's triangle that lies further in.
        u = stream.uniform(-1.0, 1.0, sample_count)
        v = 1.0 - np.sqrt(1.0 - np.abs(u))
        columns[name] = constant.value + v * np.where(u < 0.0, low - constant.value, high - constant.value)
    return columns


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


def swings(inputs: Mapping[str, Constant], figure: Callable[[Mapping[str, Number]], float]) -> list[Swing]:
    """Vary one input at a time over its range.

    Parameters
    ----------
    inputs : mapping
        Name to constant.
    figure : callable
        Takes a value for each input.

    Returns
    -------
    list of Swing
        The widest first; inputs without a range, or without effect, are left out.
    """
    values: dict[str, Number] = {name: constant.value for name, constant in inputs.items()}
    found = []
    for name, constant in inputs.items():
        low, high = ends(constant)
        if low == high:
            continue
        swing = Swing(name, low, high, figure({**values, name: low}), figure({**values, name: high}))
        if not math.isclose(swing.at_low, swing.at_high, rel_tol=_NO_EFFECT):
            found.append(swing)
    return sorted(found, key=lambda each: (-_width(each), each.name))


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
