"""Reach: which rows and columns of its input each output of a window reads, and how many units a ring must keep of it."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from typing import Final, NamedTuple, TypeAlias

from costmodel.columns import ceil_div
from costmodel.specs.axis import AdaptiveAxis, Axis

Span: TypeAlias = tuple[int, int]
"""First and last index read; the last is below the first where nothing is."""
NOTHING: Final[Span] = (0, -1)


class Reach(NamedTuple):
    """What each output pixel reads of a map: rows by its row, columns by its column."""

    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    def through(self, inner: Reach) -> Reach:
        """Return what each output reads of the map behind the one it reads, where that one's own reach is `inner`."""
        return Reach(_through(self.rows, inner.rows), _through(self.columns, inner.columns))

    def of_columns(self, first: int, last: int) -> Reach:
        """Return the reach of some columns of the output alone."""
        return self._replace(columns=self.columns[first : last + 1])

    def by_rows(self) -> Reach:
        """Return the reach of whole rows, each one unit."""
        return Reach(self.rows, ((0, 0),))

    @property
    def reads_each_once(self) -> bool:
        """Whether every element from the first to the last read is read by one output alone, none left out between."""
        return all(_tiles(spans) for spans in (self.rows, self.columns))


def axis_spans(axis: Axis | AdaptiveAxis) -> tuple[Span, ...]:
    """Return what each output of an axis reads, padding left out.

    Parameters
    ----------
    axis : Axis or AdaptiveAxis
        Of a sliding or an adaptive window, plain ints.

    Returns
    -------
    tuple of span
        One an output.
    """
    if isinstance(axis, AdaptiveAxis):
        return tuple((o * axis.H // axis.n, ceil_div((o + 1) * axis.H, axis.n) - 1) for o in range(axis.n))
    spans = []
    for o in range(axis.output):
        start = o * axis.s - axis.p
        first = start + ceil_div(max(-start, 0), axis.d) * axis.d
        taps = min(axis.K - 1, (axis.H - 1 - start) // axis.d)
        last = start + taps * axis.d
        spans.append((first, last) if first <= last else NOTHING)
    return tuple(spans)


def same_spans(extent: int) -> tuple[Span, ...]:
    """Return the spans of an axis whose outputs read the inputs at their own place."""
    return tuple((place, place) for place in range(extent))


def columns_read(spans: tuple[Span, ...]) -> Span:
    """Return the first and the last index that any of them reads."""
    read = [span for span in spans if span[0] <= span[1]]
    return (min(first for first, _ in read), max(last for _, last in read)) if read else NOTHING


def ring_units(reach: Reach, width: int) -> int:
    """Return how many units a ring must keep, where one reader asks for them in raster order, each as late as it can.

    Before an output is computed, every unit up to the last of its window has been made; from the first of its window on, and of every later
    window's, all are still there. The distance of both is largest where a row of inputs serves two rows of outputs.

    Parameters
    ----------
    reach : Reach
        Of the reader's outputs, in raster order.
    width : int
        Columns of the map.

    Returns
    -------
    int
        Units, at least 1: `(KH - 1)*width + KW` of a window that is nowhere cut off.
    """
    rows, columns = _in_order(reach.rows), _in_order(reach.columns)
    if not rows or not columns:
        return 1
    window, whole_row = max(last - first for first, last in columns), columns[-1][1] - columns[0][0]
    most = 1
    for (first, last), following in itertools.zip_longest(rows, rows[1:]):
        # Of two rows of outputs that end at one row of inputs, the first begins earlier or is read from again.
        is_read_again = following is not None and following[0] == first
        most = max(most, (last - first) * width + (whole_row if is_read_again else window) + 1)
    return most


def running_units(reach: Reach) -> int:
    """Return how many results of a pooling are begun and not complete at once, where its input arrives in raster order.

    Parameters
    ----------
    reach : Reach
        Of the pooling's outputs.

    Returns
    -------
    int
        From the oldest that is not complete to the newest that has begun, at least 1.
    """
    firsts = itertools.product((first for first, _ in reach.rows), (first for first, _ in reach.columns))
    begun = sorted((pixel, place) for place, pixel in enumerate(firsts))
    # What is made in order is complete in order.
    ends = list(itertools.accumulate(itertools.product((last for _, last in reach.rows), (last for _, last in reach.columns)), max))
    most, newest = 1, 0
    for pixel, place in begun:
        newest = max(newest, place)
        most = max(most, newest - bisect_left(ends, pixel) + 1)
    return most


def _in_order(spans: tuple[Span, ...]) -> list[Span]:
    """Spans that read something, none's first or last before an earlier one's: dilation and padding may leave them so."""
    read = [span for span in spans if span[0] <= span[1]]
    firsts = list(itertools.accumulate((first for first, _ in reversed(read)), min))[::-1]
    lasts = itertools.accumulate((last for _, last in read), max)
    return list(zip(firsts, lasts, strict=True))


def _through(outer: tuple[Span, ...], inner: tuple[Span, ...]) -> tuple[Span, ...]:
    found = []
    for first, last in outer:
        reached = columns_read(inner[first : last + 1]) if first <= last else NOTHING
        found.append(reached)
    return tuple(found)


def _tiles(spans: tuple[Span, ...]) -> bool:
    return all(before[1] + 1 == after[0] for before, after in itertools.pairwise(spans)) and all(first <= last for first, last in spans)
