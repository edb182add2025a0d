"""Which rows are dominated: divide and conquer over sorted ranks, all nodes of a level at once.

Rows are sorted by their first objective, so that whatever dominates a row stands before it. At each level the rows fall into nodes of two
halves; only "does a row of the left half dominate this row of the right half" is left to ask, in one objective less. With two objectives
left, that is a running minimum. Kung, Luccio and Preparata, "On finding the maxima of a set of vectors", JACM 22(4), 1975, turned from a
recursion into levels so that NumPy walks whole columns: O(n log^(k-1) n).
"""

from __future__ import annotations

from typing import Final

import numpy as np

_LEAF: Final = 16
"""Rows of a node that are compared pair by pair."""


def dominated_rows(ranks: np.ndarray) -> np.ndarray:
    """Tell which of several distinct rows another row is at most equal to in every column.

    Parameters
    ----------
    ranks : int array, shape (n, k)
        Distinct rows in lexicographic order; less is better; values below n.

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
    dominated = np.zeros(count, dtype=bool)
    _compare_leaves(ranks[:, 1:], dominated)
    width = _LEAF
    while width < count:
        node = np.arange(count) // (2 * width)
        right = (np.arange(count) // width) % 2 == 1
        # A row known to be dominated need not be asked about; as a dominator, what dominates it stands in for it.
        active = ~dominated
        _mark(ranks[active][:, 1:], node[active], right[active], np.flatnonzero(active), dominated)
        width *= 2
    return dominated


def _compare_leaves(rest: np.ndarray, dominated: np.ndarray) -> None:
    """Compare every row with the rows before it in its leaf."""
    count = len(rest)
    columns = [np.ascontiguousarray(column) for column in rest.T]
    for step in range(1, _LEAF):
        if step >= count:
            return
        place = np.arange(step, count)
        place = place[place % _LEAF >= step]
        dominated[place] |= np.logical_and.reduce([column[place - step] <= column[place] for column in columns])


def _mark(values: np.ndarray, node: np.ndarray, right: np.ndarray, rows: np.ndarray, dominated: np.ndarray) -> None:
    """Mark rows on the right of a node that a row on its left is at most equal to in every value.

    Parameters
    ----------
    values : int array, shape (m, j)
        What is left to compare, j at least 2.
    node : int array
        Node of each row, ascending.
    right : bool array
        Side of its node.
    rows : int array
        Where each row stands in `dominated`.
    dominated : bool array
        Changed in place.
    """
    if not len(values) or not right.any() or right.all():
        return
    # By node, then the first value, a left row before a right one of the same value.
    # One key in place of three: ranks and nodes are below the number of rows, whose square is far from 64 bits.
    order = np.argsort((node * (int(values[:, 0].max()) + 1) + values[:, 0]) * 2 + right)
    values, node, right, rows = values[order], node[order], right[order], rows[order]
    if values.shape[1] == 2:
        top = int(values[:, 1].max()) + 2
        shift = (int(node[-1]) - node) * top
        seen = np.minimum.accumulate(np.where(right, top - 1, values[:, 1]) + shift)
        # A later node's numbers lie below all earlier ones', so the running minimum starts anew in each.
        dominated[rows[right & (seen <= values[:, 1] + shift)]] = True
        return
    _levels(values, node, right, rows, dominated)


def _levels(values: np.ndarray, node: np.ndarray, right: np.ndarray, rows: np.ndarray, dominated: np.ndarray) -> None:
    """Halve each node by its first value's order and compare left rows of first halves with right rows of second halves."""
    starts = np.flatnonzero(np.concatenate([[True], node[1:] != node[:-1]]))
    sizes = np.diff(np.concatenate([starts, [len(node)]]))
    within = np.arange(len(node)) - np.repeat(starts, sizes)
    longest = int(sizes.max())
    width = 1
    while width < longest:
        second = (within // width) % 2 == 1
        kept = (second == right) & ~dominated[rows]
        inner = node[kept] * (longest // (2 * width) + 1) + within[kept] // (2 * width)
        _mark(values[kept][:, 1:], inner, right[kept], rows[kept], dominated)
        width *= 2
