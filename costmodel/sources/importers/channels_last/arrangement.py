"""How the elements of a file's tensor lie in a network's: which axes, in which order, and when another order is the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np

Axes: TypeAlias = tuple[int | None, ...]
"""For each axis of the network's tensor, the file's axis; None is an extent of 1 that the file does not have."""
_MOST_COMPARED: Final = 1 << 22
"""Elements up to which two orders are compared one by one; beyond, they are the same only where their axes are."""


class Arrangement(NamedTuple):
    """A tensor of the network that holds a file's tensor."""

    layer: str
    """The layer that makes it."""
    extents: tuple[int, ...]
    """The file's extents, in its order."""
    axes: Axes
    shape: tuple[int, ...]
    """Of the network's tensor: the file's extents in the order of the axes, or all of them in one row."""


def usual_axes(shape: Sequence[int]) -> Axes:
    """Return the network's axes of a file's shape: channels, rows, columns; a batch of one is left out, missing extents are 1."""
    rank = len(shape)
    if rank == 4 and shape[0] == 1:
        return (3, 1, 2)
    if rank == 3:
        return (2, 1, None) if shape[0] == 1 else (2, 0, 1)
    if rank == 2:
        return (1,) if shape[0] == 1 else (1, 0, None)
    if rank < 2:
        return (0,) if rank else (None,)
    return (rank - 1, *range(rank - 1))


def every_axis(shape: Sequence[int]) -> Axes:
    """Return every axis of the file, the last first: for what happens along an axis that is usually left out."""
    return (len(shape) - 1, *range(len(shape) - 1)) if shape else (None,)


def arranged_shape(extents: Sequence[int], axes: Axes) -> tuple[int, ...]:
    """Return the network's shape of a file's extents."""
    return tuple(1 if axis is None else extents[axis] for axis in axes)


def file_order(axes: Axes) -> tuple[int, ...]:
    """Return the network's axes in the order in which the file has them; those it has not come last."""
    return tuple(sorted(range(len(axes)), key=lambda at: (axes[at] is None, axes[at] or 0)))


def places_in_file(extents: Sequence[int], axes: Axes) -> np.ndarray:
    """Return, for each element of the network's tensor in its order, where the file has it."""
    held = [axis for axis in axes if axis is not None]
    places = np.arange(math.prod(extents)).reshape(tuple(extents))
    left_out = [axis for axis in range(len(extents)) if axis not in held]
    return places.transpose(*left_out, *held).reshape(-1)


def same_order(one: tuple[Sequence[int], Axes], other: tuple[Sequence[int], Axes]) -> bool:
    """Tell whether two arrangements put each element of the file in the same place."""
    moving = [[(extents[axis], axis) for axis in axes if axis is not None and extents[axis] != 1] for extents, axes in (one, other)]
    in_order = [[axis for _, axis in found] == sorted(axis for _, axis in found) for found in moving]
    if all(in_order):
        return True
    if [tuple(extent for extent in extents if extent != 1) for extents, _ in (one, other)][:1] * 2 == [
        tuple(extent for extent in extents if extent != 1) for extents, _ in (one, other)
    ]:
        # The same extents: the same order only where the axes stand in the same order.
        ranks = [[sorted(axis for _, axis in found).index(axis) for _, axis in found] for found in moving]
        return ranks[0] == ranks[1]
    if math.prod(one[0]) > _MOST_COMPARED:
        return False
    return bool(np.array_equal(places_in_file(*one), places_in_file(*other)))
