"""Tiles: how a layer's loops are blocked, what its line buffer holds, and the order its weights lie in."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import FormatError
from costmodel.specs.running.mapping import WORD_BYTES

MOST: Final = 63
"""Most pixels or filters of a tile that a model file can name."""

HALF_BITS: Final = 16
"""Of a word that two sums share."""
_HALF: Final = 1 << HALF_BITS - 1


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
    """Whether weights loaded one by one take two bytes, for a core that loads no signed bytes."""
    swar: int = 0
    """Taps that two filters sum up in the halves of one register; 0: each by itself."""

    @property
    def weight_order(self) -> int:
        """The model file's code of it (docs/model_file.md)."""
        return self.pixels | self.filters << 6 | self.line << 12 | self.wide << 15 | self.swar << 16

    @property
    def element_bytes(self) -> int:
        """Bytes of what a load of weights brings."""
        if self.swar:
            return WORD_BYTES
        return 2 if self.wide else 1

    @property
    def weight_c_type(self) -> str:
        """The same in C."""
        return f"int{8 * self.element_bytes}_t"

    def in_pairs(self, filters: int) -> bool:
        """Tell whether so many filters of a tile share words, two each."""
        return self.swar > 0 and filters > 0 and filters % 2 == 0

    def words(self, filters: int) -> int:
        """Return the loads of weights that a tap of so many filters makes."""
        return filters // 2 if self.in_pairs(filters) else filters

    def stored_bytes(self, groups: int, out_channels: int, taps: int) -> int:
        """Return the bytes of a layer's weights: of so many groups, filters of a group, and weights of a filter."""
        elements = sum(taps * self.words(length) + self.in_pairs(length) for _, length in parts_of(out_channels, self.filters))
        return groups * elements * self.element_bytes


def tile_of_order(order: int) -> Tile:
    """Return the tile a weight order names.

    Raises
    ------
    FormatError
        If it names none.
    """
    pixels, filters, line, wide = order & MOST, order >> 6 & MOST, order >> 12 & 3, bool(order >> 15 & 1)
    tile = Tile(pixels, filters, LineType(min(line, LineType.INT16)), wide, order >> 16)
    in_halves = not tile.swar or (tile.in_pairs(filters) and tile.line is LineType.UINT8)
    if not pixels or not filters or line >= len(LineType) or order >> 14 & 1 or tile.swar > MOST or not in_halves:
        raise FormatError(f"model file: weight order {order} names no tile")
    return tile


def parts_of(extent: int, size: int) -> list[tuple[int, int]]:
    """Return (first, length) of each tile along an extent; the last may be narrower."""
    return [(first, min(size, extent - first)) for first in range(0, extent, size)]


def _places(shape: Sequence[int], groups: int, filters: int) -> list[NDArray[np.int64]]:
    """Return for each tile of filters which OIHW element lies at each place of (kernel row, kernel column, input channel, filter)."""
    out_channels, in_channels, *kernel = shape
    height, width = kernel or (1, 1)
    places = np.arange(out_channels * in_channels * height * width).reshape(groups, -1, in_channels, height, width)
    return [
        group[first : first + length].transpose(2, 3, 1, 0).reshape(-1, length)
        for group in places
        for first, length in parts_of(places.shape[1], filters)
    ]


def tiled_weights(weights: NDArray[np.int8], groups: int, tile: Tile, held: Sequence[bool] = ()) -> NDArray[Any]:
    """Return weights in the order a tile's kernel reads them.

    Parameters
    ----------
    weights : array of int8
        (out, in per group, rows, columns) or (out, in).
    groups : int
        Of the convolution.
    tile : Tile
        How it is blocked.
    held : sequence of bool
        Under SWAR, of each tile of pairs: whether halves hold their sums.

    Returns
    -------
    array of int8, int16 or int32
        Flat.
    """
    flat, told, parts = weights.ravel(), iter(held), []
    for places in _places(weights.shape, groups, tile.filters):
        part = flat[places].astype(np.int64)
        if tile.in_pairs(places.shape[1]):
            parts.append(np.array([next(told)], np.int64))
            part = part[:, 0::2] + (part[:, 1::2] << HALF_BITS)
        parts.append(part.ravel())
    return np.concatenate(parts).astype(f"<i{tile.element_bytes}")


def untiled_weights(ordered: NDArray[Any], shape: Sequence[int], groups: int, tile: Tile) -> tuple[NDArray[np.int8], tuple[bool, ...]]:
    """Return weights from a tile's order, and whether halves are said to hold their sums; the inverse of `tiled_weights`.

    Raises
    ------
    FormatError
        If a word holds no weights, or what is said of a tile is neither.
    """
    weights, held, at = np.empty(int(np.prod(shape)), np.int8), [], 0
    for places in _places(shape, groups, tile.filters):
        count, length = places.shape
        paired = tile.in_pairs(length)
        if paired:
            if ordered[at] not in (0, 1):
                raise FormatError(f"model file: a tile of pairs begins with {ordered[at]}, 0 or 1 is expected")
            held.append(bool(ordered[at]))
            at += 1
        size = count * tile.words(length)
        part = ordered[at : at + size].astype(np.int64).reshape(count, -1)
        at += size
        if paired:
            low = (part + _HALF & 2 * _HALF - 1) - _HALF
            part = np.stack([low, part - low >> HALF_BITS], axis=2).reshape(count, length)
        if part.size and (part.min() < -128 or part.max() > 127):
            raise FormatError("model file: a weight of a tile is beyond int8")
        weights[places] = part
    return weights.reshape(shape), tuple(held)
