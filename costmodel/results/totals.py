"""Totals, differences and ratios over parts, as formulas, so that each can be walked down to them."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.columns import Number, is_column, largest_of, sum_of
from costmodel.provenance import formula


@formula(
    id="total",
    equation="total = sum(part_i)",
    symbols={"total": "all parts together", "part_i": "the same quantity, layer by layer or term by term"},
    unit="the parts'",
    source="definition: sum of the parts",
)
def total_of(parts: Sequence[Number]) -> Number:
    """Return the sum of parts; 0 where there are none."""
    return sum_of(parts)


@formula(
    id="largest",
    equation="m = max(0, part_i)",
    symbols={"m": "the largest part", "part_i": "the same quantity, layer by layer"},
    unit="the parts'",
    source="definition: largest of the parts",
)
def largest_part(parts: Sequence[Number]) -> Number:
    """Return the largest of parts that are at least 0; 0 where there are none."""
    return largest_of(parts)


@formula(
    id="change",
    equation="c = a / b - 1",
    symbols={
        "c": "change against the other, by its share [1]",
        "a": "one of two figures of a kind",
        "b": "the other",
    },
    unit="1",
    source="definition: relative change",
)
def change_of(value: Number, other: Number) -> Number:
    """Return by which share a figure differs from another of the same unit."""
    return value / other - 1


@formula(
    id="reciprocal",
    equation="f = 1 / T",
    symbols={"f": "how often [Hz]", "T": "time from one to the next [s]"},
    unit="Hz",
    source="definition: frequency",
)
def frequency_hz(period_s: Number) -> Number:
    """Return how often what takes a period happens."""
    return 1 / period_s


@formula(
    id="mean",
    equation="m = sum(part_i) / n",
    symbols={"m": "mean of the parts", "part_i": "the same quantity, one by one", "n": "how many there are [1]"},
    unit="the parts'",
    source="definition: arithmetic mean",
)
def _mean(parts: Sequence[Number], n: int) -> Number:
    """Return the mean of `n` parts."""
    return sum_of(parts) / n


def mean_of(parts: Sequence[Number]) -> Number:
    """Return the mean of parts, of which there is at least one."""
    return _mean(parts, len(parts))


@formula(
    id="difference",
    equation="d = a - b",
    symbols={"d": "what is left", "a": "the whole", "b": "what is taken from it"},
    unit="the parts'",
    source="definition: difference",
)
def difference_of(whole: Number, part: Number) -> Number:
    """Return what a part leaves of a whole."""
    return whole - part


@formula(
    id="plane",
    equation="n = rows * columns",
    symbols={"n": "pixels [1]", "rows": "rows of them [1]", "columns": "columns of them [1]"},
    unit="1",
    source="definition: pixels of a plane",
)
def plane_of(rows: Number, columns: Number) -> Number:
    """Return the pixels of a plane."""
    return rows * columns


@formula(
    id="ratio",
    equation="r = a / b",
    symbols={"r": "how many times b a is [1]", "a": "one of two figures of a kind", "b": "the other, or the whole a is part of"},
    unit="1",
    source="definition: ratio",
)
def ratio_of(part: Number, whole: Number) -> Number:
    """Return how many times one figure is another of the same unit."""
    return part / whole


@formula(
    id="power.increase",
    equation="r = P_active / P_idle - 1",
    symbols={"r": "increase over idle [1]", "P_active": "power during an inference [W]", "P_idle": "power of the idle device [W]"},
    unit="1",
    source="kornak2025deck: slide 'Power Consumption'",
)
def increase_ratio(active_w: Number, idle_w: Number) -> Number:
    """Return how much more power an inference draws than idling; None where idling draws nothing."""
    if not is_column(idle_w) and idle_w == 0:
        return None
    return active_w / idle_w - 1
