"""How a tensor of a file lies in the network: which of its axes is which extent there.

A network's extents are channels first; a file's tensor has a batch of one, unit axes anywhere, and features last in sequences. A tensor is
laid out once, by what reads it, and seen otherwise through views where the order of its axes allows, or moved where it does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

PADDING: Final = -1
"""An extent of 1 that is no axis of the tensor."""
_FULL_RANK: Final = 3
"""Extents of a network's tensor that is not flat, at least."""


class Laid(NamedTuple):
    """A tensor of a file as a layer of the network holds it."""

    layer: str
    """Name of the layer; `input` for the network's input."""
    axes: tuple[int, ...]
    """For each extent of the network's shape, the tensor's axis, or `PADDING`."""

    def shape(self, extents: Sequence[int]) -> tuple[int, ...]:
        """Return the network's shape of a tensor with these extents."""
        return tuple(1 if axis == PADDING else extents[axis] for axis in self.axes)


def padded(axes: Sequence[int]) -> tuple[int, ...]:
    """Return axes with unit extents behind, so that they are one or at least three."""
    return tuple(axes) if len(axes) == 1 or len(axes) >= _FULL_RANK else (*axes, *[PADDING] * (_FULL_RANK - len(axes)))


def plain_axes(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a tensor's axes in their own order: the batch of one left out, or, where the first is none, all that are not 1."""
    if len(shape) in (2, 4) and shape[0] == 1:
        return tuple(range(1, len(shape)))
    if len(shape) == _FULL_RANK and shape[0] == 1:
        return padded((1, 2))
    found = [axis for axis, extent in enumerate(shape) if extent != 1]
    return padded(found) if found else (max(len(shape) - 1, 0),) if shape else (PADDING,)


def features_first(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a tensor's axes with the last in front: features, then the steps they belong to."""
    last = len(shape) - 1
    rest = [axis for axis in range(last) if shape[axis] != 1]
    return padded((last, *rest)) if rest else (last,)


def moving(axes: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """Return the axes of more than one element, in the order they lie: what a view may not change."""
    return tuple(axis for axis in axes if axis != PADDING and shape[axis] != 1)


def groups_of(before: Sequence[int], after: Sequence[int]) -> list[tuple[tuple[int, ...], tuple[int, ...]]] | None:
    """Return which axes of a tensor become which of its reshape.

    Parameters
    ----------
    before, after : sequence of int
        Extents, of the same number of elements.

    Returns
    -------
    list or None
        Pairs of axes whose elements are the same, in order, axes of one element left out; None where the elements differ.
    """
    if math.prod(before) != math.prod(after):
        return None
    sources = [axis for axis, extent in enumerate(before) if extent != 1]
    targets = [axis for axis, extent in enumerate(after) if extent != 1]
    found = []
    at_source = at_target = 0
    while at_source < len(sources) and at_target < len(targets):
        first_source, first_target = at_source, at_target
        held, wanted = before[sources[at_source]], after[targets[at_target]]
        at_source, at_target = at_source + 1, at_target + 1
        while held != wanted:
            if held < wanted and at_source < len(sources):
                held, at_source = held * before[sources[at_source]], at_source + 1
            elif wanted < held and at_target < len(targets):
                wanted, at_target = wanted * after[targets[at_target]], at_target + 1
            else:
                return None
        found.append((tuple(sources[first_source:at_source]), tuple(targets[first_target:at_target])))
    return found
