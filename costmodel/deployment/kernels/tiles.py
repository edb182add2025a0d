"""Tiles: how a layer's loops are blocked, what its line buffer holds, and the order its weights lie in."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError

MOST: Final = 63
"""Most pixels or filters of a tile that a model file can name."""


class LineType(IntEnum):
    """What a kernel multiplies weights by: inputs less their zero point, in a line buffer or as they are read; the codes are the file's."""

    INT8 = 0
    UINT8 = 1
    """None is below the zero point."""
    INT16 = 2

    @property
    def c_type(self) -> str:
        """Its name in C."""
        return f"{self.name.lower()}_t"

    @property
    def size_bytes(self) -> int:
        """Bytes of one."""
        return 2 if self is LineType.INT16 else 1


class Tile(NamedTuple):
    """How one layer is blocked on one core."""

    pixels: int
    filters: int
    line: LineType
    wide: bool
    """Whether weights take two bytes, for a core that loads no signed bytes."""

    @property
    def weight_order(self) -> int:
        """The model file's code of it (docs/model_file.md)."""
        return self.pixels | self.filters << 6 | self.line << 12 | self.wide << 15

    @property
    def weight_bytes(self) -> int:
        """Bytes of a weight."""
        return 2 if self.wide else 1


def tile_of_order(order: int) -> Tile:
    """Return the tile a weight order names.

    Raises
    ------
    FormatError
        If it names none.
    """
    pixels, filters, line, wide = order & MOST, order >> 6 & MOST, order >> 12 & 3, bool(order >> 15)
    if not pixels or not filters or line >= len(LineType) or order >> 14 & 1:
        raise FormatError(f"model file: weight order {order} names no tile")
    return Tile(pixels, filters, LineType(line), wide)


def parts_of(extent: int, size: int) -> list[tuple[int, int]]:
    """Return (first, length) of each tile along an extent; the last may be narrower."""
    return [(first, min(size, extent - first)) for first in range(0, extent, size)]


def _places(shape: Sequence[int], groups: int, filters: int) -> NDArray[np.int64]:
    """Return which OIHW element lies at each place of the order: tile of filters, kernel row, kernel column, input channel, filter."""
    out_channels, in_channels, *kernel = shape
    height, width = kernel or (1, 1)
    places = np.arange(out_channels * in_channels * height * width).reshape(groups, -1, in_channels, height, width)
    parts = [
        group[first : first + length].transpose(2, 3, 1, 0).ravel()
        for group in places
        for first, length in parts_of(places.shape[1], filters)
    ]
    found: NDArray[np.int64] = np.concatenate(parts)
    return found


def tiled_weights(weights: NDArray[np.int8], groups: int, tile: Tile) -> NDArray[Any]:
    """Return weights in the order a tile's kernel reads them.

    Parameters
    ----------
    weights : array of int8
        (out, in per group, rows, columns) or (out, in).
    groups : int
        Of the convolution.
    tile : Tile
        How it is blocked.

    Returns
    -------
    array of int8 or int16
        Flat.
    """
    ordered = weights.ravel()[_places(weights.shape, groups, tile.filters)]
    return ordered.astype("<i2" if tile.wide else "i1")


def untiled_weights(ordered: NDArray[Any], shape: Sequence[int], groups: int, tile: Tile) -> NDArray[np.int8]:
    """Return weights from a tile's order; the inverse of `tiled_weights`."""
    weights = np.empty(ordered.size, np.int8)
    weights[_places(shape, groups, tile.filters)] = ordered
    return weights.reshape(shape)
