"""Figures between two sizes of one family of arrays, with the error such figures are found to have."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from costmodel.errors import MissingError
from costmodel.provenance import formula


class SizePoint(NamedTuple):
    """One size of a family and one of its figures."""

    size_bytes: int
    value: float


class Interpolated(NamedTuple):
    """A figure between two sizes."""

    value: float
    error_ratio: float
    """Largest relative error found by leaving out each inner size of the family in turn."""


def _neighbours(smaller: SizePoint, larger: SizePoint, size_bytes: int) -> dict[str, float]:
    """Return the value of every symbol, for `explain`."""
    return {"a": smaller.value, "b": larger.value, "s": size_bytes, "s_a": smaller.size_bytes, "s_b": larger.size_bytes}


@formula(
    id="energy.between_sizes",
    equation="y = a * (b / a)^(ln(s / s_a) / ln(s_b / s_a))",
    symbols={
        "y": "figure at size s [the figure's]",
        "a": "figure at the next smaller size [the figure's]",
        "b": "figure at the next larger size [the figure's]",
        "s": "size asked for [B]",
        "s_a": "next smaller size [B]",
        "s_b": "next larger size [B]",
    },
    unit="the figure's",
    source="assumption: power law between neighbours; its error is measured on the rows themselves",
    terms=_neighbours,
)
def between_sizes(smaller: SizePoint, larger: SizePoint, size_bytes: int) -> float:
    """Return a figure between two sizes.

    Parameters
    ----------
    smaller, larger : SizePoint
        Neighbours, of positive figures.
    size_bytes : int
        Between theirs [B].

    Returns
    -------
    float
        In the figures' unit.
    """
    share = math.log(size_bytes / smaller.size_bytes) / math.log(larger.size_bytes / smaller.size_bytes)
    return smaller.value * math.exp(share * math.log(larger.value / smaller.value))


def interpolated(points: Sequence[SizePoint], size_bytes: int) -> Interpolated:
    """Return a figure at a size no run was made of, and the error to expect.

    Parameters
    ----------
    points : sequence of SizePoint
        Every size of the family; three or more, so that one can be left out.
    size_bytes : int
        Inside the family's range [B].

    Returns
    -------
    Interpolated
        Value, and error bound measured on left-out rows.

    Raises
    ------
    MissingError
        If the family is too small to measure an error, or the size is outside it.
    """
    known = sorted(points)
    if len(known) < 3:
        raise MissingError(f"{len(known)} size(s) of this family are packaged; an interpolation with a measured error needs 3")
    if not known[0].size_bytes < size_bytes < known[-1].size_bytes:
        raise MissingError(
            f"{size_bytes} bytes is outside the packaged sizes of this family, {known[0].size_bytes} to {known[-1].size_bytes}"
        )
    smaller, larger = neighbours([point.size_bytes for point in known], size_bytes)
    ends = {point.size_bytes: point for point in known}
    return Interpolated(between_sizes(ends[smaller], ends[larger], size_bytes), left_out_error_ratio(known))


def neighbours(sizes_bytes: Sequence[int], size_bytes: int) -> tuple[int, int]:
    """Return the sizes on both sides of one that lies inside their range.

    Parameters
    ----------
    sizes_bytes : sequence of int
        Sizes there are, in any order [B].
    size_bytes : int
        At least the smallest of them and below the largest [B].

    Returns
    -------
    tuple of int
        The next smaller, or the size itself where it is one of them, and the next larger [B].
    """
    known = sorted(sizes_bytes)
    place = bisect_right(known, size_bytes)
    return known[place - 1], known[place]


def left_out_error_ratio(known: Sequence[SizePoint]) -> float:
    """Return the largest relative error of the interpolation over the inner sizes of a family, each left out in turn.

    Parameters
    ----------
    known : sequence of SizePoint
        By ascending size; three or more.

    Returns
    -------
    float
        0.15 stands for 15 %.
    """
    inner = range(1, len(known) - 1)
    return max(abs(between_sizes(known[i - 1], known[i + 1], known[i].size_bytes) / known[i].value - 1) for i in inner)
