"""Which rows are dominated: divide and conquer over sorted ranks, all nodes of a level at once.

Rows are sorted by their first objective, so that whatever dominates a row stands before it. At each level the rows fall into nodes of two
halves; only "does a row of the first half dominate this row of the second half" is left to ask, in one objective less. With two objectives
left, that is a running minimum. Kung, Luccio and Preparata, "On finding the maxima of a set of vectors", JACM 22(4), 1975, turned from a
recursion into levels so that NumPy walks whole columns: O(n log^(k-2) n).

Rows are padded to a power of two, so that every node of a level has the same size and its halves are a bit of the row's number. Each
objective is sorted once; the order inside the nodes of a level comes from the level above by a stable partition.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

_LEAF: Final = 16
"""Rows of a node that are compared pair by pair."""
_WIDE: Final = 32
"""Half a node from which on each node's minimum is taken on its own; for narrow nodes one pass over all of them is faster."""


class _Pad(NamedTuple):
    """Values that no rank reaches."""

    rank: int
    """Of a padding row: dominates nothing."""

    @property
    def never(self) -> int:
        """Minimum of nothing."""
        return self.rank + 1


def dominated_rows(ranks: np.ndarray) -> np.ndarray:
    """Tell which of several distinct rows another row is at most equal to in every column.

    Parameters
    ----------
    ranks : int array, shape (n, k)
        Distinct rows in lexicographic order; less is better; 1 to 4 columns. Rows and values are below 2^30.

    Returns
    -------
    bool array, shape (n,)
        True where some other row dominates.
    """
    count, objectives = ranks.shape
    if objectives == 1:
        return np.arange(count) > 0
    if objectives == 2:
        second = ranks[:, 1]
        before = np.minimum.accumulate(second)[:-1]
        return np.concatenate([np.zeros(min(count, 1), dtype=bool), before <= second[1:]])
    size = 1 << max(_LEAF.bit_length() - 1, (count - 1).bit_length())
    pad = _Pad(max(size, int(ranks.max()) + 1))
    columns = [np.concatenate([column, np.full(size - count, pad.rank)]).astype(np.int32) for column in ranks[:, 1:].T]
    dominated = np.zeros(size, dtype=bool)
    dominated[:count] = _beaten_in_leaf(columns, count)
    # A stable sort keeps equal rows in their order, so a row of a first half stands before its equal of the second.
    orders = [np.argsort(column, kind="stable").astype(np.int32) for column in columns[:-1]]
    if objectives == 3:
        _compare_halves_by_two(orders[0], columns[-1], pad, dominated)
    else:
        _compare_halves_by_three(orders[0], orders[1], columns[-1], pad, dominated)
    return dominated[:count]


def _beaten_in_leaf(columns: list[np.ndarray], count: int) -> np.ndarray:
    """Compare every row with the rows before it in its leaf."""
    beaten = np.zeros(count, dtype=bool)
    for step in range(1, min(_LEAF, count)):
        place = np.arange(step, count)
        place = place[place % _LEAF >= step]
        beaten[place] |= np.logical_and.reduce([column[place - step] <= column[place] for column in columns])
    return beaten


def _compare_halves_by_two(order: np.ndarray, last: np.ndarray, pad: _Pad, dominated: np.ndarray) -> None:
    """Mark rows of second halves that a row of their first half is at most equal to in two columns.

    Parameters
    ----------
    order : int array
        Rows by the first of the two columns.
    last : int array
        The other column, by row.
    pad : _Pad
        Values no rank reaches.
    dominated : bool array
        By row; changed in place.
    """
    row, value = order, last[order]
    width = len(order) // 2
    while width >= _LEAF:
        second = (row & width) != 0
        dominated[row[_reached(value, second, second, width, pad)]] = True
        row, value = _parted(second, width, row, value)
        width //= 2


def _compare_halves_by_three(by_first: np.ndarray, by_second: np.ndarray, last: np.ndarray, pad: _Pad, dominated: np.ndarray) -> None:
    """Mark rows of second halves that a row of their first half is at most equal to in three columns.

    Each node's rows, in the order of the first of these columns, are halved again and again: a row of an inner first half is at most equal
    to those of the inner second half in that column, which leaves two.

    Parameters
    ----------
    by_first, by_second : int array
        Rows by the first and by the second of the three columns.
    last : int array
        The third column, by row.
    pad : _Pad
        Values no rank reaches.
    dominated : bool array
        By row; changed in place.
    """
    place = np.empty_like(by_first)
    numbers = np.arange(len(place), dtype=place.dtype)
    value = last[by_second]
    width = len(place) // 2
    while width >= _LEAF:
        place[by_first] = numbers
        asking = (by_second & width) != 0
        inner_row, inner_place, inner_value, inner_asking = by_second, place[by_second], value, asking
        inner = width
        while inner:
            second = (inner_place & inner) != 0
            reached = _reached(inner_value, second & inner_asking, second | inner_asking, inner, pad)
            dominated[inner_row[reached]] = True
            if inner > 1:
                inner_row, inner_place, inner_value, inner_asking = _parted(
                    second, inner, inner_row, inner_place, inner_value, inner_asking
                )
            inner //= 2
        (by_first,) = _parted((by_first & width) != 0, width, by_first)
        by_second, value = _parted(asking, width, by_second, value)
        width //= 2


def _reached(value: np.ndarray, asking: np.ndarray, mute: np.ndarray, width: int, pad: _Pad) -> np.ndarray:
    """Find who asks and stands behind a value of its node that is at most its own.

    Parameters
    ----------
    value : int array
        Of each row, nodes one after the other.
    asking, mute : bool array
        Whose answer is wanted, and whose value counts for nobody.
    width : int
        Half the rows of a node.
    pad : _Pad
        Values no rank reaches.

    Returns
    -------
    int array
        Places in `value`.
    """
    if width >= _WIDE:
        told = np.where(mute, np.int32(pad.never), value).reshape(-1, 2 * width)
        least = np.minimum.accumulate(told, axis=1).reshape(-1)
        return np.flatnonzero((least <= value) & asking)
    nodes = len(value) // (2 * width)
    # A later node's numbers lie below all earlier ones', so the running minimum starts anew in each.
    shift = np.repeat(np.arange(nodes - 1, -1, -1) * (pad.never + 1), 2 * width)
    shifted = value + shift
    least = np.minimum.accumulate(np.where(mute, shift + pad.never, shifted))
    return np.flatnonzero((least <= shifted) & asking)


def _parted(second: np.ndarray, width: int, *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Put the first half of every node before its second half, each in the order it had."""
    halves = [np.flatnonzero(chosen).reshape(-1, width) for chosen in (~second, second)]
    order = np.stack(halves, axis=1).reshape(-1)
    return tuple(column[order] for column in columns)
